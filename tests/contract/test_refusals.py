"""A problem that cannot answer what a page asks is refused in a sentence, before anything compiles.

What a page asks is watched here, on a problem that answers everything; the engine reads it from the page's code.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import PAGES, drawn, first_state, ordinary

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.engine import kernels
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.compiler.compile import LOOPS
from sdeopt.engine.run import Run, refuse
from sdeopt.engine.simulate import plan

RICH = so.Problem(so.EmbeddedSaddle(), so.Gaussian(0.6))
LAST = so.Objective(grad=lambda x: x, dim=2)
NORMAL = {  # what normal noise alone answers
    "expect_direction", "direction_jacobian", "direction_cov", "direction_residual",
    "sign_response", "root_sign_residual",
}  # fmt: skip
LACKING = {  # a problem, and all answers that it lacks, by their names on the objective or on the law
    "Hessian": (so.Problem(LAST, so.Gaussian(0.6)), {"value", "hvp"}),
    "normality": (so.Problem(so.EmbeddedSaddle(), so.StudentT(nu=5)), NORMAL),
    "fourth moments": (so.Problem(so.EmbeddedSaddle(), so.StudentT(nu=3)), NORMAL | {"root_square_cov"}),
    "covariance": (
        so.Problem(so.EmbeddedSaddle(), so.StudentT(nu=1)),
        NORMAL | {"root_square_cov", "root_cov", "var"},
    ),
}


class Watched:
    """An objective or a law that notes what a page asks it; what the answers ask in turn is not noted."""

    def __init__(self, subject: Any, notes: set[str]) -> None:
        self._subject, self._notes = subject, notes

    def __getattr__(self, name: str) -> Any:
        self._notes.add(name)
        answer = getattr(self._subject, name)
        return lambda *given: answer(*(RICH.oracle if isinstance(one, Oracle) else one for one in given))


def asked(run: Run) -> set[str]:
    """What a column asks for; a sampled SDE wants the variance of a noise that its steps do not bound."""
    notes: set[str] = set()
    o = Oracle(Watched(RICH.objective, notes), Watched(RICH.noise, notes))
    run = replace(run, problem=RICH, interpreted=True)
    if run.kind == "discrete" or run.model.drift is None:
        draws = drawn(replace(run, kind="discrete"), np.random.default_rng(0))
        run.method.step(0, first_state(run.method, RICH), o, draws)
        return notes | ({"var"} if run.kind == "sde" and not run.method.bounded else set())
    draws, y = drawn(run, np.random.default_rng(0)), initial_states(run)[1]
    run.model.drift(run.method, 0.1, y, o)
    run.model.diffusion(run.method, 0.1, y, o, draws)
    return notes


def columns(name: str, problem: so.Problem) -> list[Run]:
    page = PAGES[name](lr=0.1)
    kinds = [("discrete", None), *(("sde", sde) for sde, m in page.sdes.items() if "levy" not in m.brownian)]
    return [plan(page, problem, kind, sde=sde, steps=2, observables=[], rng=0) for kind, sde in kinds]


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("name", [name for name, cls in PAGES.items() if ordinary(cls)])
def test_what_cannot_be_answered_is_refused_by_name(name: str, lacking: str) -> None:
    problem, answers = LACKING[lacking]
    for run in columns(name, problem):
        before = set(LOOPS)
        if asked(run) & answers:
            column = "the discrete" if run.kind == "discrete" else f"the SDE '{run.sde}' of"
            with pytest.raises(ValueError, match=rf"^{column} {name} needs \w+: "):
                kernels.Kernel(run)
            assert set(LOOPS) == before
        else:
            assert np.isfinite(kernels.Kernel(replace(run, interpreted=True))(0, 1)).all()


@pytest.mark.parametrize("name", [name for name, cls in PAGES.items() if not ordinary(cls)])
def test_what_needs_a_problem_of_its_own_is_refused_elsewhere_or_runs(name: str) -> None:
    """A game without players, a compressor without agents: a sentence, not a traceback."""
    for run in columns(name, RICH):
        try:
            refuse(run)
        except ValueError as error:
            assert re.match(rf"(the discrete|the SDE '{run.sde}' of) {name} needs \w+: .{{20}}", str(error))
        else:
            assert np.isfinite(kernels.Kernel(replace(run, interpreted=True))(0, 1)).all()


def test_the_watch_sees_what_is_known() -> None:
    """Which columns ask for the Hessian."""
    asking = {
        name: [run.sde for run in columns(name, RICH) if run.kind == "sde" and "hvp" in asked(run)]
        for name in ("SGD", "HeavyBall", "Adam", "SignSGD", "USAM")
    }
    assert asking["SGD"] == ["order2", "order2-corrected", "curvature"]
    assert asking["HeavyBall"] == ["order2"]
    assert asking["Adam"] == asking["SignSGD"] == []
    assert "order1" in asking["USAM"]
