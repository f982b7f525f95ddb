"""The command line within a test: what it prints, what it would run, and two sets of words."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import sdeopt as so
from sdeopt.cli import main
from sdeopt.cli.config import settle
from sdeopt.cli.words import Job, read

METHODS = sorted(so.methods().items())
TINY = ["--steps", "4", "--paths", "8"]


def tool(name: str) -> str:
    """Where a program of the extra lint is, or the test is skipped."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"needs {name}")
    return found


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def succeeded(*args: str) -> Result:
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    return result


def content(*args: str) -> Any:
    return json.loads(succeeded(*args, "--json").stdout)


def job(command: str, *args: str) -> Job:
    """What would be run."""
    ctx = main.commands[command].make_context(command, list(args))
    return read(command, settle(ctx, ctx.params))
