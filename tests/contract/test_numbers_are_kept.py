"""A seed keeps its numbers from version to version: means of a short run of every column, against ``numbers.json``.

The file is written anew by ``python tests/contract/test_numbers_are_kept.py``, and only where numbers are meant to
change. The runs are interpreted; that compiled ones give the same bits is tested in ``test_ways_of_running``. LAPACK
rounds as the machine likes, so the last three of sixteen digits are left free.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import PAGES, problem, suited

import sdeopt as so
from sdeopt.core.traits import SAMPLED
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

FILE = Path(__file__).with_name("numbers.json")
PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
PATHS = 3
COLUMNS = [
    (name, kind, sde)
    for name, cls in PAGES.items()
    for kind, sde in [("discrete", None), *(("sde", sde) for sde in cls.sdes)]
]
SAMPLES = [(name, "sde", SAMPLED.name) for name in ("SGD", "Adam", "SignSGD", "Muon")]


def label(case: Any) -> str:
    return "-".join(str(part) for part in case if part)


def means(name: str, kind: str, sde: str | None) -> list[float]:
    """Means over the paths of positions and loss, in the middle and at the end."""
    subject = problem(PAGES[name], PROBLEM)
    if sde in PAGES[name].sdes:
        subject = suited(PAGES[name].sdes[sde], subject)
    run = plan(
        PAGES[name](lr=0.05), subject, kind, sde=sde, steps=4, substeps=2, save_at=2, observables=["loss"], rng=2024
    )
    records = Kernel(replace(run, interpreted=True))(0, PATHS)[:, 1:]
    return [float(x) for x in records.mean(axis=0).ravel()]


@pytest.mark.parametrize("case", [*COLUMNS, *SAMPLES], ids=label)
def test_numbers_are_kept(case: Any) -> None:
    wanted = json.loads(FILE.read_text(encoding="utf-8"))
    np.testing.assert_allclose(means(*case), wanted[label(case)], rtol=1e-12, atol=1e-300)


def test_every_number_belongs_to_a_column() -> None:
    assert set(json.loads(FILE.read_text(encoding="utf-8"))) == set(map(label, [*COLUMNS, *SAMPLES]))


if __name__ == "__main__":
    rows = [f"{json.dumps(label(case))}: {json.dumps(means(*case))}" for case in [*COLUMNS, *SAMPLES]]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
