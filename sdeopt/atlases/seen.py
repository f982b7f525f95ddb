"""What one step of a method reads: how many gradients, and what beside them; found by one step that is interpreted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core.contracts import Method
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem
from sdeopt.engine.draws import draws
from sdeopt.engine.planning import plan

__all__ = ["EXACT", "Seen", "watch_step"]

SAMPLES = ("noisy_grad", "clipped_grad", "noisy_class_grads", "agent_grads", "local_grads")
EXACT = "f(x) without noise"
BESIDE = {"value": EXACT, "grad": "∇f(x) without noise", "hvp": "products with the Hessian without noise"}


class Seen(NamedTuple):
    """Gradients of a step, and what it reads beside them, in words."""

    gradients: int
    beside: tuple[str, ...]


class Watched:
    """A law or an objective: what it is asked is written down, but for what an answer asks in its turn."""

    def __init__(self, thing: Any, asked: list[str], inside: list[bool]) -> None:
        self.thing, self.asked, self.inside = thing, asked, inside

    def __getattr__(self, name: str) -> Any:
        answer = getattr(self.thing, name)
        if not callable(answer) or self.inside:
            return answer

        def told(*given: Any) -> Any:
            self.asked.append(name)
            self.inside.append(True)
            try:
                return answer(*given)
            finally:
                self.inside.pop()

        return told


def watch_step(method: Method, problem: Problem) -> Seen:
    """Gradients are 1 for SGD, 2 for SAM and extragradient steps; a mean over a batch or over agents is one.

    A page with two samples of the gradient sees two whatever it asks of them.
    """
    run = plan(method, problem, steps=1, save_at=1, observables=[], rng=0)
    law: Any = problem.noise
    asked: list[str] = []
    inside: list[bool] = []
    oracle = Oracle(Watched(problem.objective, asked, inside), Watched(law, asked, inside))
    x = problem.x0.reshape(-1, problem.dim)[0].astype(float)
    page: Any = method
    y = page.init(x, Oracle(problem.objective, law)) if hasattr(page, "init") else x
    with np.errstate(all="ignore"):
        page.step(0, y, oracle, _half_draws(draws(run)[0]))
    words = BESIDE | {"noisy_value": EXACT if law.exact_loss else "the loss of its sample"}
    beside = {words[name] for name in asked if name in words}
    return Seen(max(sum(name in SAMPLES for name in asked), int(page.samples)), tuple(sorted(beside)))


def _half_draws(shape: Any) -> Any:
    """Draws of one step, all 1/2."""
    return tuple(map(_half_draws, shape)) if isinstance(shape, tuple) else np.full(shape, 0.5)
