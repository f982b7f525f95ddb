"""``Reshuffled``: minibatches in epochs, each a permutation of the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sdeopt.core.contracts import Draws, Vector
from sdeopt.core.oracle import Oracle, batch_class_grads, batch_grad, batch_value
from sdeopt.noise.minibatch import Minibatch, mean_clipped

__all__ = ["Reshuffled"]


@dataclass(frozen=True, eq=False, repr=False)
class Reshuffled(Minibatch):
    """Random reshuffling: every epoch walks a new permutation of the n examples, B at a time.

    This is what training loops do. A batch alone has the law of ``Minibatch(batch, replace=False)``, and that is what
    the SDE gets: fresh batches in every step. The optimizer's batches of one epoch depend on one another, since they
    share no example, and over a whole epoch their noise nearly cancels. What the discrete column has and the SDE has
    not, beyond their weak error, is due to that; the SDE "epoched" of SGD has it. The n mod B examples that are left at
    the end of an epoch wait for the next permutation (``drop_last=True`` of PyTorch's loader).

    Parameters
    ----------
    batch : int
        Batch size B, 1 <= B <= n.

    Raises
    ------
    ValueError, TypeError
        As ``Minibatch(batch, replace=False)``.

    References
    ----------
    Mishchenko, Khaled & Richtárik (2020), arXiv:2006.05988: random reshuffling converges to smaller neighbourhoods;
    Smith et al. (2021), arXiv:2101.12176: the mean over permutations of an epoch.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0], [1.0]], [1.0, -1.0])  # of the two halves of an epoch each pulls to one side
    >>> noise = [so.Reshuffled(1), so.Minibatch(1)]
    >>> runs = [so.simulate(so.SGD(0.1), so.Problem(f, law, x0=[0.0]), steps=40, paths=20, rng=0) for law in noise]
    >>> [float(e.cov[-1, 0, 0].round(4)) for e in runs]
    [0.0002, 0.0704]
    """

    replace: bool = field(default=False, init=False, repr=False)

    def draws(self, objective: Any) -> tuple[Any, ...]:
        """The numbers of the batch's examples."""
        return (("epochs", self.batch, int(objective.examples())),)

    def epoch(self, objective: Any) -> int:
        """N = ⌊n/B⌋."""
        return int(objective.examples()) // self.batch

    @property
    def independent(self) -> Minibatch:
        return Minibatch(self.batch, replace=False)

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return batch_value(o, x, z[0])

    def noisy_class_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return batch_class_grads(o, x, z[0][0])

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return batch_grad(o, x, z[0])

    def clipped_grad(self, o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
        return mean_clipped(o, x, z[0], clip)
