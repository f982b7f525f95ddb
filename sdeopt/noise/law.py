"""What every noise law shares: how its draws are counted, and what it refuses.

A law is a frozen dataclass. Its functions are written like pages (they are compiled by the engine), take the oracle
``o`` first, and receive draws, never make them:

    sample(self, o, x, z)                  ξ(x, z)
    noisy_grad(self, o, x, z)              ∇f(x) + ξ(x, z)
    root_cov(self, o, x, dw)               Σ(x)^{1/2} dw
    var(self, o, x)                        diag Σ(x)
    mean_sign(self, o, x, g)               E sign(g + ξ)
    root_sign_cov(self, o, x, g, dw)       Cov(sign(g + ξ))^{1/2} dw
    root_square_cov(self, o, x, dw)        Λ^{1/2} dw, Λ_ij = Cov(ξ_i², ξ_j²)
    expect_direction, direction_jacobian, direction_residual      see ``sdeopt.core.oracle``

Draws are tuples of vectors. ``draws(d)`` lists those of one step: ("normal", size) or ("uniform", size); the first
normal vector is the one that common random numbers share with the "gradient" Brownian motion. ``brownian(question,
d)`` lists the sizes of the standard normal vectors in the increment of a question; the first is shared likewise.
An answer may be non-linear in its increment as long as it has mean 0, the stated covariance and no third moments for
unit normals: that is all a weak scheme of order 1 needs.
"""

from __future__ import annotations

from typing import Any

from sdeopt.core.oracle import grad, noise

__all__ = ["Law"]


class Law:
    """Defaults of a noise law with one normal per coordinate."""

    def check(self, objective: Any) -> None:
        """Raise a ``ValueError`` if the law does not fit the objective."""

    def lacks(self, question: str) -> str | None:
        """Why the law cannot answer ``question``, or None."""
        return None

    def draws(self, d: int) -> tuple[tuple[str, int], ...]:
        """Kinds and sizes of the raw draws of one step."""
        return (("normal", d),)

    def brownian(self, question: str, d: int) -> tuple[int, ...]:
        """Sizes of the standard normal vectors of one increment of ``question``."""
        return (d,)

    def noisy_grad(self, o: Any, x: Any, z: Any) -> Any:
        """∇f(x) + ξ(x, z)."""
        return grad(o, x) + noise(o, x, z)
