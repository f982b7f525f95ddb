"""What stands in a file of the user's: FILE.py:NAME, a page or a function that makes an objective."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sdeopt.core import checks

__all__ = ["OWN", "load", "method_of", "told"]

OWN = re.compile(r"(.+\.py):(\w+)")


def load(file: Path, what: str) -> ModuleType:
    """Run a file once, as ``import`` does, its folder first among those that are searched, also by other processes.

    ``what`` it is for begins the sentence of a ``ValueError``, which names the line of an error in the file.
    """
    if not file.is_file():
        raise ValueError(f"{what}: there is no file {str(file)!r}")
    place = file.resolve()
    known = sys.modules.get(place.stem)
    if known is not None and getattr(known, "__file__", None) == str(place):
        return known
    description = importlib.util.spec_from_file_location(place.stem, place)
    assert description is not None and description.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(description)
    if str(place.parent) not in sys.path:
        sys.path.insert(0, str(place.parent))
    if known is None:
        sys.modules[place.stem] = module
    try:
        with told(f"{what}: {file}", place):
            description.loader.exec_module(module)
    except ValueError:
        if known is None:
            del sys.modules[place.stem]
        raise
    return module


@contextmanager
def told(what: str, file: Path) -> Iterator[None]:
    """What is raised inside becomes a ``ValueError`` that begins with ``what`` and names the line of ``file``."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{what}{_line(error, str(file.resolve()))}: {type(error).__name__}: {error}") from error


def _line(error: Exception, file: str) -> str:
    """Where in the file it was raised."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f", line {lines[-1]}" if lines and lines[-1] else ""


def method_of(name: str) -> Any:
    """The page of the registry called ``name``, in any case, or the class FILE.py:NAME."""
    from sdeopt.optimizers.registry import lookup

    own = OWN.fullmatch(name)
    if own is None:
        if name.startswith("torch."):
            raise ValueError(
                f"method must be a page of sdeopt, such as adamw, got {name!r}: in Python so.torch.Optimizer(make) "
                "runs an optimizer of PyTorch beside a page's SDE"
            )
        return lookup(name)
    file, owner = Path(own[1]), own[2]
    there = vars(load(file, "method"))
    if isinstance(there.get(owner), type) and not hasattr(there[owner], "sdes"):
        raise TypeError(f"method: {owner} in {file} must be a page, a NamedTuple under @sdeopt.core.method")
    pages = {key: cls for key, cls in there.items() if isinstance(cls, type) and hasattr(cls, "sdes")}
    if not pages:
        raise ValueError(f"method: {file} has no page, a NamedTuple under @sdeopt.core.method")
    return pages[checks.choice(f"method in {file}", owner, pages)]
