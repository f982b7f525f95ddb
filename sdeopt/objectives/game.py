"""``Game``: your own game of two players, in the place of one of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array
from sdeopt.objectives.minimax import Minimax, first
from sdeopt.objectives.objective import Objective, expect_vector

__all__ = ["Game"]

ADJOINT = 1e-6  # relative gap of uᵀ(Jv) and vᵀ(Jᵀu) above which the two are no transposes


def no_vjp(x: Any, v: Any) -> Any:
    """Stand where the user gave no vjp."""
    raise ValueError("this Game has no vjp; give it one: Game(vjp=...)")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Game(Minimax, Objective):
    """A zero-sum game min_x max_y f(x, y) from Python functions of the position z = (x, y), as `Objective`.

    Parameters
    ----------
    grad : callable
        z -> F(z) = (∇_x f, -∇_y f), an array of shape (d,): the field, with the sign of the maximising player turned.
    minimisers : int
        Length of x: the first so many coordinates of z minimise, the others maximise.
    dim : int
        Dimension d of z.
    value : callable, optional
        z -> f(x, y), the payoff, a number. Without it, payoffs cannot be observed.
    hvp : callable, optional
        (z, v) -> J v with J = ∇F, an array of shape (d,); SEG's SDE needs it.
    vjp : callable, optional
        (z, v) -> Jᵀ v, an array of shape (d,); SHGD needs it.
    start : array_like, shape (d,), optional
        Default starting point; default ones.

    Raises
    ------
    TypeError
        If a function is not callable or does not return a number (value) or an array (grad, hvp, vjp).
    ValueError
        If a function returns another shape or a non-finite number at ``start``, if vjp is not the transpose of hvp
        there, or if a player has no coordinate. Errors raised inside your functions reach you unchanged.

    Examples
    --------
    f = x²y, F = (2xy, -x²):

    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.Game(grad=lambda z: np.array([2.0 * z[0] * z[1], -z[0] * z[0]]), minimisers=1, dim=2)
    >>> f.grad(np.array([1.0, 3.0])).tolist(), f.players(f.start).tolist()
    ([6.0, -1.0], [1.0, 0.0])
    >>> f.lacks("vjp")
    'Game has no vjp'
    """

    vjp_function: Callable[[Any, Any], Any]
    minimising: Array

    def __init__(
        self,
        *,
        grad: Callable[[Any], Any],
        minimisers: int,
        dim: int,
        value: Callable[[Any], Any] | None = None,
        hvp: Callable[[Any, Any], Any] | None = None,
        vjp: Callable[[Any, Any], Any] | None = None,
        start: Any = None,
    ) -> None:
        if not callable(vjp or no_vjp):
            raise TypeError(f"vjp must be a function, got {checks.short(vjp)}")
        refuse_random("vjp", vjp)
        d = checks.dimension("dim", dim, low=2)
        object.__setattr__(self, "vjp_function", vjp or no_vjp)
        if checks.integer("minimisers", minimisers, low=1) >= d:
            raise ValueError(
                f"minimisers must be below dim = {d}, got {minimisers}: the other player has no coordinate"
            )
        object.__setattr__(self, "minimising", first(minimisers, d))
        super().__init__(grad=grad, dim=d, value=value, hvp=hvp, start=start)

    TURNED = ", with the other sign for the player that maximises"

    def _rise(self, x: Array) -> Array:
        g = np.asarray(self.grad(x))
        return np.where(self.minimising, g, -g)

    def _try(self, x: Array) -> None:
        super()._try(x)
        if self.lacks("vjp") is not None:
            return
        u, v = np.cos(np.arange(self.dim) + 0.5), np.sin(np.arange(self.dim) + 1.0)
        expect_vector("vjp", steady("vjp", self.vjp, x, u), self.dim)
        if self.lacks("hvp") is None:
            there, back = float(u @ self.hvp(x.copy(), v)), float(v @ self.vjp(x.copy(), u))
            if abs(there - back) > ADJOINT * (abs(there) + abs(back)):
                raise ValueError(
                    f"vjp must be the transpose of hvp, but at start uᵀ(Jv) = {there:g}, vᵀ(Jᵀu) = {back:g}"
                )

    def vjp(self, x: Vector, v: Vector) -> Any:
        return self.vjp_function(x, v)

    def lacks(self, question: str) -> str | None:
        """Why the game cannot answer ``question``, or None."""
        if question == "vjp" and self.vjp_function is no_vjp:
            return "Game has no vjp"
        return super().lacks(question)

    def __repr__(self) -> str:
        given = [name for name in ("value", "grad", "hvp", "vjp") if self.lacks(name) is None]
        return f"Game({', '.join(given)}, minimisers={int(self.minimising.sum())}, dim={self.dim})"
