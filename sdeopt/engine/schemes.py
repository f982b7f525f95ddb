"""The schemes: one integrator step each, as ``move`` functions for the loop of `loops.assemble_sde`.

A scheme is built from ``drift(m, t, y, o)``, ``diffusion(m, t, y, o, dw)``, an action on the increment, and
``lift(g)``, which makes of g, a function of vectors such as `advance`, one of states of several parts.
``dw`` is standard normal; a scheme that draws more says so.

"euler" and "heun" are good for states of several parts and serve every SDE; the others are for one vector. Write
h = dt, ξ = ΔW/√h.

milstein    y + h b + √h σξ + (√h/2) (σ(t, y + √h σ) - σ)(ξ² - 1) for diagonal noise, σ_i a function of t and y_i:
            strong order 1. Kloeden & Platen (1992), section 11.1, with σ'σ as a difference; the support value has no
            drift, so that the step is Milstein's own where σ is linear.
weak2       weak order 2 for any noise, commutative or not, see `weak2`; `weak2_diagonal` is what is left of it where
            the noise is diagonal.
stratonovich  Heun's scheme for equations in the sense of Stratonovich, see `stratonovich`.
implicit    drift-implicit Euler, see `implicit`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sdeopt.core.elementary import fma
from sdeopt.core.math import basis, dot
from sdeopt.engine.implicit import implicit

__all__ = ["SCHEMES"]


def forward(S: Any, q: Any) -> Any:
    """y + dt b + √dt w."""
    y, b, w = S
    dt, root = q
    return fma(root, w, fma(dt, b, y))


def advance(S: Any, q: Any) -> Any:
    """y + dt (a + b)/2 + √dt w."""
    y, a, b, w = S
    dt, root = q
    return fma(root, w, fma(0.5 * dt, a + b, y))


def euler(drift: Any, diffusion: Any, lift: Any) -> Any:
    """Euler–Maruyama."""
    step = lift(forward)

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        noise = diffusion(m, j * dt, y, o, dw)
        return step((y, drift(m, j * dt, y, o), noise), (dt, noise_factor * math.sqrt(dt)))

    return move


def heun(drift: Any, diffusion: Any, lift: Any) -> Any:
    """The trapezoidal drift, with the noise of the middle of the step: σ(t + h/2, y + hb/2).

    Where the noise is small (its factor √η), what σσᵀ changes during a step is what the drift does to it; frozen at
    the start of the step it would leave an error O(η dt) in covariances, at the middle O(η² dt + η dt²).
    Source: Milstein & Tretyakov, SIAM J. Sci. Comput. 18 (1997) 1067, on schemes for small noise.
    """
    predict, correct = lift(forward), lift(advance)

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        t = j * dt
        b = drift(m, t, y, o)
        w = diffusion(m, t + 0.5 * dt, predict((y, b, b), (0.5 * dt, 0.0)), o, dw)
        q = (dt, noise_factor * math.sqrt(dt))
        return correct((y, b, drift(m, t + dt, predict((y, b, w), q), o), w), q)

    return move


def milstein(drift: Any, diffusion: Any, lift: Any) -> Any:
    """Milstein's scheme for diagonal noise, whose σ is the action on the number 1."""
    step = lift(forward)

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        t, root = j * dt, noise_factor * math.sqrt(dt)
        b, s = drift(m, t, y, o), diffusion(m, t, y, o, 1.0)
        ahead = diffusion(m, t, y + root * s, o, 1.0)
        return step((y, b, s * dw + 0.5 * (ahead - s) * (dw * dw - 1.0)), (dt, root))

    return move


def _iterated(diffusion: Any) -> Any:
    """The last line of `weak2`, ½ Σ_r [g_r(t, y + σJ_r) - g_r(t, y - σJ_r)]; ``half`` is h/2."""

    def sum_over_columns(m: Any, t: float, y: Any, o: Any, dw: Any, chi: Any, half: float) -> Any:
        later = 0.0 * dw + 1.0  # 1 on the noises after r, -1 on those before, 0 on r
        change = 0.0 * y
        for r in range(dw.size):
            e = basis(dw, r)
            later = later - e
            J = half * (dot(e, dw) * dw - dot(e, chi) * (later * chi) - e)
            shift = diffusion(m, t, y, o, J)
            change = change + 0.5 * (diffusion(m, t, y + shift, o, e) - diffusion(m, t, y - shift, o, e))
            later = later - e
        return change

    return sum_over_columns


def weak2(drift: Any, diffusion: Any, lift: Any) -> Any:
    """Weak order 2 for any noise: Talay's scheme without derivatives.

    With the columns g_r of σ, Σ_r over them, signs χ_r = ±1 drawn beside ξ, and k = y + h b(t, y),

        y + (h/2) (b(t, y) + b(t + h, k + √h σξ))
          + (√h/2) [σ(t + h/2, (y + k)/2 + √(h/2) σχ) + σ(t + h/2, (y + k)/2 - √(h/2) σχ)] ξ
          + ½ Σ_r [g_r(t, y + σJ_r) - g_r(t, y - σJ_r)],
        J_qr = (h/2) (ξ_q ξ_r + sgn(r - q) χ_q χ_r) for q ≠ r,   J_rr = (h/2) (ξ_r² - 1),

    where σ without arguments is that at (t, y). J stands for the iterated integrals: for weak order 2 its parts beside
    ξξᵀ need mean 0, variance h²/4 and no correlation, which products of two signs have for any number of noises. One
    sign per noise in their place would correlate J_13 with J_23: order 1 from three noises on.
    Needs b and σ four times differentiable with derivatives of polynomial growth. Per step 2 drifts and 3m + 4 actions.

    Sources: Abdulle, Vilmart & Zygalakis, SIAM J. Sci. Comput. 35 (2013) A1792, doi:10.1137/12088954X (the
    derivative-free form); Kloeden & Platen (1992), section 14.2 (what J must satisfy).
    """
    iterated, predict, correct = _iterated(diffusion), lift(forward), lift(advance)

    def move(m: Any, o: Any, j: int, y: Any, draws: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dw, chi = draws[0], np.sign(draws[1] - 0.5)
        dt = clock / substeps
        t, root = j * dt, noise_factor * math.sqrt(dt)
        b = drift(m, t, y, o)
        ahead = predict((y, b, diffusion(m, t, y, o, dw)), (dt, root))
        middle, aside = y + (0.5 * dt) * b, (math.sqrt(0.5) * root) * diffusion(m, t, y, o, chi)
        w = diffusion(m, t + 0.5 * dt, middle + aside, o, dw) + diffusion(m, t + 0.5 * dt, middle - aside, o, dw)
        after = correct((y, b, drift(m, t + dt, ahead, o), 0.5 * w), (dt, root))
        return after + iterated(m, t, y, o, dw, chi, 0.5 * root * root)

    return move


def weak2_diagonal(drift: Any, diffusion: Any, lift: Any) -> Any:
    """`weak2` for diagonal noise: the signs drop out, J is diagonal. Five evaluations of σ, however many noises."""
    predict, correct = lift(forward), lift(advance)

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        t, root = j * dt, noise_factor * math.sqrt(dt)
        b, s = drift(m, t, y, o), diffusion(m, t, y, o, 1.0)
        ahead = predict((y, b, s * dw), (dt, root))
        middle, aside = y + (0.5 * dt) * b, (math.sqrt(0.5) * root) * s
        w = diffusion(m, t + 0.5 * dt, middle + aside, o, dw) + diffusion(m, t + 0.5 * dt, middle - aside, o, dw)
        shift = (0.5 * root * root) * s * (dw * dw - 1.0)
        iterated = 0.5 * (diffusion(m, t, y + shift, o, 1.0) - diffusion(m, t, y - shift, o, 1.0))
        return correct((y, b, drift(m, t + dt, ahead, o), 0.5 * w), (dt, root)) + iterated

    return move


def stratonovich(drift: Any, diffusion: Any, lift: Any) -> Any:
    """Heun's scheme in drift and noise: y + (h/2) (b + b') + (√h/2) (σ + σ')ξ, primes at (t + h, y + h b + √h σξ).

    It converges to the solution in the sense of Stratonovich: weak order 1; strong order 1 for commutative noise, such
    as one Brownian motion or diagonal noise, else 1/2. Source: Rümelin, SIAM J. Numer. Anal. 19 (1982) 604,
    doi:10.1137/0719041.
    """
    predict, correct = lift(forward), lift(advance)

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        t, q = j * dt, (dt, noise_factor * math.sqrt(dt))
        b, w = drift(m, t, y, o), diffusion(m, t, y, o, dw)
        ahead = predict((y, b, w), q)
        return correct((y, b, drift(m, t + dt, ahead, o), 0.5 * (w + diffusion(m, t + dt, ahead, o, dw))), q)

    return move


SCHEMES: dict[str, Any] = {
    "euler": euler,
    "heun": heun,
    "implicit": implicit,
    "milstein": milstein,
    "stratonovich": stratonovich,
    "weak2": weak2,
    "weak2_diagonal": weak2_diagonal,
}
