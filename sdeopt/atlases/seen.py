"""How many gradients one step of a method sees: counted, by one step that is interpreted."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.contracts import Law, Method
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem
from sdeopt.engine.draws import draws
from sdeopt.engine.planning import plan

__all__ = ["count_gradients"]

SAMPLES = ("noisy_grad", "clipped_grad", "noisy_class_grads", "agent_grads", "local_grads")


class Counter:
    """A law that counts how often a step asks it for a sample of the gradient; what it asks itself does not count."""

    def __init__(self, law: Law) -> None:
        self.law, self.count, self.inside = law, 0, False

    def __getattr__(self, name: str) -> Any:
        answer = getattr(self.law, name)
        if name not in SAMPLES or self.inside:
            return answer

        def counted(*given: Any) -> Any:
            self.count, self.inside = self.count + 1, True
            try:
                return answer(*given)
            finally:
                self.inside = False

        return counted


def count_gradients(method: Method, problem: Problem) -> int:
    """Gradients of a step: 1 for SGD, 2 for SAM and extragradient steps; a mean over a batch or over agents is one.

    A page with two samples of the gradient sees two whatever it asks of them.
    """
    run = plan(method, problem, steps=1, save_at=1, observables=[], rng=0)
    law = Counter(problem.noise)
    oracle, x = Oracle(problem.objective, law), problem.x0.reshape(-1, problem.dim)[0].astype(float)
    page: Any = method
    y = page.init(x, Oracle(problem.objective, problem.noise)) if hasattr(page, "init") else x
    with np.errstate(all="ignore"):
        page.step(0, y, oracle, _half_draws(draws(run)[0]))
    return max(law.count, int(page.samples))


def _half_draws(shape: Any) -> Any:
    """Draws of one step, all 1/2."""
    return tuple(map(_half_draws, shape)) if isinstance(shape, tuple) else np.full(shape, 0.5)
