"""The SDE of any method, sampled: increments made of fresh draws of the optimizer's own step.

With step(y) = y + Δ, the SDE of order 1 has drift E[Δ]/η and diffusion matrix Cov(Δ)/η. Where these have no closed
form (the sign of a minibatch gradient, a clipped or compressed one), two independent draws Δ₁, Δ₂ at the same state
give both: (Δ₁ + Δ₂)/2 has mean E[Δ], and (Δ₁ - Δ₂)/√2 has mean 0, covariance Cov(Δ) and, being antisymmetric, no
third moments. With r = dt/η the increment

    r (Δ₁ + Δ₂)/2 + c (Δ₁ - Δ₂),    2c² = r - r²/2,

has mean r E[Δ] and covariance r Cov(Δ) exactly, which is all that a weak scheme of order 1 needs. "heun" averages the
mean over the state and a predicted one, with draws of its own: two more steps, 2c² = r - r²/4.

Normal draws of the pair are (b ± a)/√2 with a the increment that the discrete run shares, so that the linear part of
Δ₁ - Δ₂ moves with it. Uniforms, which pick examples, cannot be turned: the first Δ₁ in a step of the optimizer takes
those of its step, and the noises of the two have the correlation c + r/2 ("heun": c + r/4), 0.41 at four integrator
steps to a step of the optimizer. A state that the noise has driven out of its domain (a running mean of squares below
zero) is put back by the page's ``domain(self, y)``.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from sdeopt.core.halves import fold_halves
from sdeopt.core.math import each

__all__ = ["anywhere", "euler", "euler_part", "heun", "heun_part", "rotator"]

HALF = math.sqrt(0.5)


def rotator(kinds: Any) -> Any:
    """A function from two sets of draws (a, b) to two independent ones: (b ± a)/√2 of normals, else a and b.

    ``kinds`` is nested as the draws are.
    """
    first, second = _turn(kinds, 1.0), _turn(kinds, -1.0)
    return lambda a, b: (first(a, b), second(a, b))


@functools.cache
def _turn(kinds: Any, sign: float) -> Any:
    """One half of a rotation, one function for all draws of the same kinds."""
    if kinds == "normal":
        return lambda a, b: HALF * (b + sign * a)
    if isinstance(kinds, str):
        return (lambda a, b: a) if sign > 0 else (lambda a, b: b)

    turns = [_turn(kind, sign) for kind in kinds]
    if kinds and len(set(turns)) == 1:
        turn = turns[0]
        return lambda a, b: each(turn, a, b)

    def one(i: int, turn: Any) -> Any:
        return lambda a, b: (turn(a[i], b[i]),)

    def both(left: Any, right: Any) -> Any:
        return lambda a, b: (*left(a, b), *right(a, b))

    return fold_halves(both, [one(i, turn) for i, turn in enumerate(turns)]) if kinds else lambda a, b: ()


def euler_part(S: Any, q: Any) -> Any:
    """y + r (Δ₁ + Δ₂)/2 + c (Δ₁ - Δ₂)."""
    y, y1, y2 = S
    r, c = q
    return y + r * (0.5 * (y1 + y2) - y) + c * (y1 - y2)


def heun_part(S: Any, q: Any) -> Any:
    """The same with the mean averaged over y and the predicted state p."""
    y, y1, y2, p, p1, p2 = S
    r, c = q
    return y + (0.5 * r) * ((0.5 * (y1 + y2) - y) + (0.5 * (p1 + p2) - p)) + c * (y1 - y2)


def anywhere(self: Any, y: Any) -> Any:
    """The domain of a state without constraints."""
    return y


def euler(step: Any, rotate: Any, domain: Any, combine: Any) -> Any:
    """One integrator step from two steps of the optimizer; ``combine`` is `euler_part` for the state at hand."""

    def move(m: Any, o: Any, j: int, y: Any, z: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        r = 1.0 / substeps
        za, zb = rotate(z[0], z[1])
        c = noise_factor * math.sqrt(0.5 * (r - 0.5 * r * r))
        return domain(m, combine((y, step(m, j * r, y, o, za), step(m, j * r, y, o, zb)), (r, c)))

    return move


def heun(step: Any, rotate: Any, domain: Any, predict: Any, combine: Any) -> Any:
    """One integrator step from four; ``predict`` and ``combine`` are `euler_part` and `heun_part`."""

    def move(m: Any, o: Any, j: int, y: Any, z: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        r = 1.0 / substeps
        q = (r, noise_factor * math.sqrt(0.5 * (r - 0.25 * r * r)))
        za, zb = rotate(z[0], z[1])
        y1, y2 = step(m, j * r, y, o, za), step(m, j * r, y, o, zb)
        p = domain(m, predict((y, y1, y2), q))
        zc, zd = rotate(z[2], z[3])
        return domain(m, combine((y, y1, y2, p, step(m, j * r + r, p, o, zc), step(m, j * r + r, p, o, zd)), q))

    return move
