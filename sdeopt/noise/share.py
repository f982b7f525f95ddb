"""``Share``: minibatches of one agent's part of the data, what `Agents` makes of `Minibatch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, total
from sdeopt.core.contracts import Draws, Vector
from sdeopt.core.oracle import Oracle, agent_means, batch_grad, batch_value, examples, noisy_grad, weighted_grad
from sdeopt.noise.minibatch import Minibatch, correction, draw_examples, root_size

__all__ = ["Share"]


@dataclass(frozen=True, eq=False, repr=False)
class Share(Minibatch):
    """Batches of the examples n i/N to n (i + 1)/N - 1 of a finite sum: ∇f_i and Σ_i are those of this share.

    Every function that `Agents` asks for is that of `Minibatch` on m = n/N examples in the place of n.

    Parameters
    ----------
    batch, replace : int, bool
        As for `Minibatch`; without replacement the batch is at most n/N.
    agent, agents : int
        i, counted from 0, and N.

    Raises
    ------
    ValueError, TypeError
        As `Minibatch`; in a `Problem`, if n is not a multiple of N.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.LinearRegression(np.eye(4), [1.0, 2.0, 3.0, 4.0])
    >>> o = so.Problem(f, so.Agents(so.Minibatch(1), agents=2)).oracle
    >>> [g.tolist() for g in so.core.agent_means(o, np.zeros(4))]  # of the first two examples, of the last two
    [[-0.5, -1.0, 0.0, 0.0], [0.0, 0.0, -1.5, -2.0]]
    """

    agent: int = 0
    agents: int = 1

    def check(self, objective: Any) -> None:
        super().check(objective)
        n = objective.examples()
        if n % self.agents:
            raise ValueError(f"agents must divide the number of examples, {n}, got {self.agents}")
        if not self.replace:
            checks.number("batch", self.batch, low=1.0, high=n // self.agents)

    def brownian(self, question: str, objective: Any) -> tuple[int, ...]:
        """One normal per example of the share."""
        return (int(objective.examples()) // self.agents,)

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return batch_grad(o, x, pick_examples(self, o, z))

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return batch_value(o, x, pick_examples(self, o, z))

    def agent_means(self, o: Oracle, x: Vector) -> Any:
        m = examples_each(o, self.agents)
        return (weighted_grad(o, x, place_weights(o, np.ones(m) / m, self.agent * m)),)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return noisy_grad(o, x, z) - agent_means(o, x)[0]

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        m = examples_each(o, self.agents)
        return root_size(self, m) * weighted_grad(o, x, place_weights(o, dw - total(dw) / m, self.agent * m))

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        m = examples_each(o, self.agents)
        slopes = o.objective.example_slopes(x, v)[self.agent * m : (self.agent + 1) * m]
        return root_size(self, m) ** 2 * weighted_grad(
            o, x, place_weights(o, slopes - total(slopes) / m, self.agent * m)
        )

    def var(self, o: Oracle, x: Vector) -> Any:
        """One gradient after the other: sums of squares are kept for all the data only."""
        m = examples_each(o, self.agents)
        mean = agent_means(o, x)[0]
        spread = 0.0 * x
        for j in range(m):
            gap = batch_grad(o, x, np.full(1, float(self.agent * m + j))) - mean
            spread = spread + gap * gap
        return correction(m, self.batch, self.replace) / self.batch * (spread / m)

    def __repr__(self) -> str:
        return f"Minibatch(batch={self.batch}, replace={self.replace})"


def examples_each(o: Oracle, agents: Any) -> Any:
    """m = n/N."""
    return examples(o) // agents


def pick_examples(self: Any, o: Oracle, z: Draws) -> Any:
    """Numbers of the drawn examples."""
    m = examples_each(o, self.agents)
    return draw_examples(z[0], m, self.replace) + float(self.agent * m)


def place_weights(o: Oracle, weights: Any, first: Any) -> Any:
    """Weights of all examples: those given, from the example ``first`` on, else 0."""
    w = np.zeros(examples(o))
    for j in range(len(weights)):
        w[first + j] = weights[j]
    return w
