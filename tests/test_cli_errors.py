"""The command line's errors: one sentence, and the exit code of the process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import TINY, run

import sdeopt as so


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compar sgd", "did you mean 'compare'?"),
        ("compare sgdd", "did you mean 'SGD'?"),
        ("show adm", "did you mean 'Adam'?"),
        ("compare sgd --momentun 1", "did you mean '--momentum'?"),
        ("compare signsgd --momentum 0.9", "SignSGD has no --momentum, its hyperparameters are --lr"),
        ("simulate adamw --rho 1", "AdamW has no --rho, its hyperparameters are --lr, --beta1, --beta2, --eps, --weig"),
        ("compare", "METHOD"),
        ("compare sgd --lr x", "'--lr'"),
        ("compare sgd --lr -1", "lr must be in (0, inf), got -1"),
        ("compare sgd --objective quadratc:1", "did you mean 'quadratic'?"),
        ("compare sgd --noise gausian", "did you mean 'gaussian'?"),
        ("compare sgd --objective diagonal-linear-network --batch 4 --noise none", "not both"),
        ("compare sgd --batch 4", "not a finite sum"),
        ("compare sgd --horizon 1 --steps 3", "exactly one of horizon and steps"),
        ("compare sgd --horizon inf", "horizon must be in (0, inf)"),
        ("compare sgd --steps 0", "steps must be at least 1"),
        ("compare sgd --dt 0", "dt must be in (0, inf)"),
        ("compare sgd --dt 0.03", "dt must divide"),
        ("compare sgd --substeps 1", "substeps=1"),
        ("compare sgd --x0 1", "x0 must have shape (2,)"),
        ("compare sgd --x0 1,a", "got 'a'"),
        ("compare sgd --threads 0", "threads must be at least 1"),
        ("compare sgd --seed -1", "seed must be at least 0"),
        ("compare sgd --schedule cosin", "did you mean 'cosine'?"),
        ("compare sgd --sde order3", "did you mean 'order2'?"),
        ("compare sgd --tolerance 2", "tolerance must be in (0, 1]"),
        ("compare sgd --kind sde", "unknown option '--kind'"),
        ("compare sgd --out missing/stem", "no folder 'missing'"),
        ("compare sgd --out .", "file must have a name, got '.'"),
        (f"compare sgd --out {'9' * 300}", "file must have a name of at most 255 bytes"),
        ("compare sgd --config missing.toml", "missing.toml: No such file"),
        ("simulate sgd --kind both", "known: discrete, sde"),
        ("simulate sgd --observables los", "did you mean 'loss'?"),
        (
            "simulate dnsam --objective diagonal-linear-network --batch 3 --kind sde --sde order1",
            "DNSAM needs root_additive_cov",
        ),
    ],
)
def test_an_error_is_one_sentence(line: str, says: str) -> None:
    result = run(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"sdeopt: [^\n]+\n", result.stderr)
    assert says in result.stderr


@pytest.mark.parametrize(("line", "code"), [("list", 0), ("compare sgdd", 2)])
def test_exit_codes_of_the_process(line: str, code: int, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(so.__file__).parent.parent), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", "-m", "sdeopt", *line.split()]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == (code > 0)


def test_a_figure_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "r.png").mkdir()
    result = run("simulate", "sgd", *TINY, "--out", str(tmp_path / "r"))
    assert result.exit_code == 2
    assert re.fullmatch(r"sdeopt: [^\n]*r\.png[^\n]*\n", result.stderr)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.npz", "r.png"]
