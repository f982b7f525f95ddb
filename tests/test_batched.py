"""Which pages take many paths at a time: those that never look at the shape of a vector."""

from __future__ import annotations

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.batched import suits
from sdeopt.engine.simulate import plan


class Together(so.MatrixQuadratic):
    """An objective that says that it answers for many paths at once."""

    batched = True


@pytest.mark.parametrize(("page", "together"), [
    (so.SGD(0.1), True), (so.AdamW(0.1), True), (so.Lion(0.1), True),
    (so.Muon(0.1), False),  # loops over the entries of a matrix
    (so.ScionSpectral(0.1), False),
    (so.DCSGDRandK(0.1), True),  # ranks by basis vectors, which are columns then
], ids=lambda v: type(v).__name__)  # fmt: skip
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_a_page_that_looks_at_shapes_runs_path_by_path(page: object, together: bool, kind: str) -> None:
    problem = so.Problem(Together(np.ones((2, 3))), so.Gaussian(0.5))
    assert suits(plan(page, problem, kind, steps=2, rng=0)) == together


def test_what_a_law_lacks_is_named_for_many_paths_too() -> None:
    problem = so.Problem(Together(np.ones((2, 3))), so.Laplace(0.5))
    with pytest.raises(ValueError, match="the SDE 'levy' of SGD needs root_levy"):
        so.simulate(so.SGD(0.1), problem, "sde", sde="levy", steps=2, paths=2, rng=0)
