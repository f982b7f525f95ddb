"""What two-player zero-sum games share: min over x, max over y of f(x, y), in the position z = (x, y)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.objectives.contract import Array, Smooth, frozen

__all__ = ["Minimax", "first"]


def first(minimisers: int, dim: int) -> Array:
    """1 in the first coordinates, those of the minimising player, and 0 in the others."""
    return frozen(np.where(np.arange(dim) < minimisers, 1.0, 0.0))


class Minimax(Smooth):
    """Base of the games min_x max_y f(x, y), in the position z = (x, y): x minimises f, y maximises it.

    ``value`` is the payoff f; ``grad`` is the field F = (∇_x f, -∇_y f), along whose negative both players want to
    move; ``hvp`` is J v and ``vjp`` is Jᵀ v with the Jacobian

        J = ∇F = S ∇²f,    S = diag(1 for x, -1 for y),    Jᵀ = ∇²f S,

    which is not symmetric; ``players`` is 1 on the coordinates of x and 0 on those of y. The noise of a `Problem` is
    noise on F: noise of covariance Σ on (∇_x f, ∇_y f) is noise of covariance SΣS on F, whose block between x and y has
    the other sign. The observable "loss" is the payoff, "grad_norm2" is |F|².
    """

    minimising: Array

    def players(self, x: Any) -> Any:
        """1 in the coordinates of the minimising player, 0 in those of the maximising one."""
        return self.minimising + 0.0 * x
