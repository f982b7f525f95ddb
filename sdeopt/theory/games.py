"""Two numbers at play: closed forms of the methods for games on f = a x²/2 + λxy - a y²/2 (bilinear: a = 0).

The Jacobian of the field is J = ((a, λ), (-λ, a)), multiplication by j = a - iλ in the complex plane of x + iy, and
every method multiplies by a polynomial A of j as well:

    SGDA   A = j              SEG   A = (1 - ρj) j              SHGD   A = |j|²

With independent noise of variance σ² on the field's entries, the SDE of order 1 and the steps move the level
m = E(x² + y²)/2 as `Level` says. They differ by a rate η|A|², which SEG feels at ρ ~ η: on bilinear games its decay
2 Re A = 2ρλ² is then no larger.

Source: the SDEs and their levels are of Compagnoni et al. (2024), arXiv:2402.12508; the steps' are computed here.
"""

from __future__ import annotations

import numpy as np

from sdeopt.core import checks
from sdeopt.theory.level import Level, Rates

__all__ = [
    "Level",
    "Rates",
    "lowest_rho",
    "matching_rho",
    "seg",
    "seg_matrix_noise",
    "sgda",
    "shgd",
    "shgd_matrix_noise",
]


def _game(a: float, coupling: float, lr: float, sigma: float) -> tuple[complex, float, float]:
    """j, η and the variance of the noise, checked."""
    j = complex(checks.number("a", a), -checks.number("coupling", coupling))
    lr = checks.positive("lr", lr)
    return j, lr, checks.number("sigma", sigma, low=0.0) ** 2


def _level(A: complex, lr: float, variance: float) -> Level:
    return Level(lr, 2.0 * A.real, lr * variance, abs(A) ** 2)


def sgda(*, a: float, coupling: float, lr: float, sigma: float) -> Level:
    """Level of SGDA with equal step sizes: k = 2a, c = ησ².

    Parameters
    ----------
    a, coupling : float
        a and λ of the game.
    lr, sigma : float
        Learning rate η > 0 and standard deviation σ >= 0 of the noise.

    Raises
    ------
    ValueError, TypeError
        If a number is not finite or out of range.

    Examples
    --------
    On a bilinear game the SDE's level grows linearly, that of the steps exponentially:

    >>> from sdeopt.theory import games
    >>> level = games.sgda(a=0.0, coupling=1.0, lr=0.1, sigma=1.0)
    >>> round(float(level.at(2.0, start=1.0)), 6), round(level.after(20, start=1.0), 6)
    (1.2, 1.44038)
    """
    j, lr, variance = _game(a, coupling, lr, sigma)
    return _level(j, lr, variance)


def seg(*, a: float, coupling: float, lr: float, sigma: float, rho: float, samples: int = 1) -> Level:
    """Level of SEG: k = 2[a + ρ(λ² - a²)], c = ησ²[(1 - ρa)² + ρ²λ²], or ησ²[1 + ρ²(a² + λ²)] with two samples.

    Parameters
    ----------
    a, coupling, lr, sigma : float
        As `sgda`.
    rho : float
        Extrapolation ρ of any sign.
    samples : int
        1: the same sample at both points (`SEG`), default; 2: independent ones (`SEGIndependent`).

    Raises
    ------
    ValueError, TypeError
        If a number is not finite or out of range.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> level = games.seg(a=3.0, coupling=1.0, lr=0.01, sigma=1.0, rho=0.25)
    >>> f"{level.stationary():.6g} {level.stationary_steps():.9g}"
    '0.000625 0.000628930818'
    """
    j, lr, variance = _game(a, coupling, lr, sigma)
    rho, samples = checks.number("rho", rho), checks.integer("samples", samples, low=1)
    look = 1.0 - rho * j
    spread = abs(look) ** 2 if samples == 1 else 1.0 + rho**2 * abs(j) ** 2
    return _level(look * j, lr, variance * spread)


def shgd(*, a: float, coupling: float, lr: float, sigma: float, samples: int = 1) -> Level:
    """Level of SHGD: k = 2(a² + λ²), c = ησ²(a² + λ²), or half of that c with two samples; ησ²/2 at rest.

    Parameters
    ----------
    a, coupling, lr, sigma : float
        As `sgda`.
    samples : int
        1 (`SHGD`), default, or 2 (`SHGD2`).

    Raises
    ------
    ValueError, TypeError
        If a number is not finite or out of range.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> level = games.shgd(a=0.0, coupling=2.0, lr=0.01, sigma=1.0)
    >>> f"{level.stationary():.6g} {level.stationary_steps():.6g}"
    '0.005 0.00510204'
    """
    j, lr, variance = _game(a, coupling, lr, sigma)
    return _level(complex(abs(j) ** 2), lr, variance * abs(j) ** 2 / checks.integer("samples", samples, low=1))


def matching_rho(*, a: float, coupling: float) -> float:
    """ρ at which the SDE of SEG decays as fast as that of SHGD: (a² + λ² - a)/(λ² - a²); it may be negative.

    Raises
    ------
    ValueError
        If |a| = |λ|: the rate of SEG is then 2a for every ρ.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> games.matching_rho(a=3.0, coupling=1.0)
    -0.875
    """
    a, coupling = checks.number("a", a), checks.number("coupling", coupling)
    slope = coupling**2 - a**2
    if slope == 0.0:
        raise ValueError(f"a and coupling must differ in size, got {a:g} and {coupling:g}: no ρ changes the rate")
    return (a**2 + coupling**2 - a) / slope


def lowest_rho(*, a: float, coupling: float) -> float:
    """ρ at which the SDE of SEG has its lowest stationary level: 1/(a + |λ|), where it decays at the rate 2|λ|.

    Raises
    ------
    ValueError
        If λ = 0 or a = -|λ|: then no ρ is best.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> games.lowest_rho(a=3.0, coupling=1.0)
    0.25
    """
    a, size = checks.number("a", a), abs(checks.number("coupling", coupling))
    if size == 0.0 or a + size == 0.0:
        raise ValueError(f"coupling must not be 0, nor a + |coupling|, got a = {a:g}, |coupling| = {size:g}")
    return 1.0 / (a + size)


def seg_matrix_noise(*, coupling: float, lr: float, sigma: float, rho: float) -> Rates:
    """Rates of SEG on f = λxy whose λ is seen as λ + σN, N standard normal and new at each of its four uses in a step.

    SDE: 2ρλ² - ησ²[1 + ρ²(2λ² + σ²)], the paper's, with the exact covariance of a step; the steps' rate is lower by
    η(λ² + ρ²λ⁴), to leading order in η.

    Parameters
    ----------
    coupling, lr, sigma, rho : float
        λ, η > 0, σ >= 0 and ρ of any sign.

    Raises
    ------
    ValueError, TypeError
        If a number is not finite or out of range.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> rates = games.seg_matrix_noise(coupling=2.0, lr=0.01, sigma=1.0, rho=0.01)
    >>> f"{rates.sde:.5f} {rates.steps:.5f}"
    '0.06999 0.02998'
    """
    j, lr, variance = _game(0.0, coupling, lr, sigma)
    square, rho = abs(j) ** 2, checks.number("rho", rho)
    rate = 2.0 * rho * square - lr * variance * (1.0 + rho**2 * (2.0 * square + variance))
    return _rates(rate, square * (1.0 + rho**2 * square), lr)


def shgd_matrix_noise(*, coupling: float, lr: float, sigma: float) -> Rates:
    """Rates of SHGD on f = λxy whose λ is seen as λ + σN, N standard normal and new in the field and in its Jacobian.

    SDE: 2λ² - ησ²(2λ² + σ²); the steps' rate is lower by ηλ⁴, to leading order in η. (The page `SHGD` knows J
    exactly: this is the method that samples it.)

    Parameters
    ----------
    coupling, lr, sigma : float
        λ, η > 0 and σ >= 0.

    Raises
    ------
    ValueError, TypeError
        If a number is not finite or out of range.

    Examples
    --------
    >>> from sdeopt.theory import games
    >>> round(games.shgd_matrix_noise(coupling=2.0, lr=0.01, sigma=1.0).sde, 6)
    7.91
    """
    j, lr, variance = _game(0.0, coupling, lr, sigma)
    square = abs(j) ** 2
    return _rates(2.0 * square - lr * variance * (2.0 * square + variance), square**2, lr)


def _rates(sde: float, square: float, lr: float) -> Rates:
    with np.errstate(divide="ignore"):  # a step that ends the game has the rate ∞
        return Rates(sde, float(-np.log1p(max(-lr * sde + lr**2 * square, -1.0)) / lr))
