"""On a noisy bilinear game SHGD reaches the saddle if its step falls like 1/(1 + t), as slowly as log t allows.

Source: Compagnoni et al. (2024), arXiv:2402.12508, of which the abstract was read; derived here: with η ψ(t), ψ = 1/(1
+ t), D = E|z|² obeys D' = -2ψλ²D + 2ηψ²λ²σ² on f = λxy, so that with u = log(1 + t) D is D₀e^{-2λ²u} + 2ηλ²σ² (e^{-u} -
e^{-2λ²u})/(2λ² - 1), which goes to 0 where the constant step rests at ησ².
Measured: D over the formula at t = 3, 15 and 63 for λ = 1, η = 0.02, σ = 1, from |z| = 1; by the SDE at t = 15; D of
the constant step at t = 15 over ησ²; and, of a game that is not affine (`NonlinearGame`), the level of SHGD about its
saddle over that of the linearised game, from the saddle, σ = 0.05.
Refuted by: a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import root

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LR, ONE = 0.02, (0.93, 1.07)
GAME = so.Problem(so.BilinearGame(1.0), so.Gaussian(1.0), x0=[1.0, 0.0])
FALLING = so.SHGD(so.Schedule(LR, lambda t: 1.0 / (1.0 + t)))
SMALL = 0.05  # the noise of the game that is not affine


def formula(t: float) -> float:
    """D at λ = 1."""
    u = math.log(1.0 + t)
    return math.exp(-2.0 * u) + 2.0 * LR * (math.exp(-u) - math.exp(-2.0 * u))


def curved(size: float) -> Finding:
    """SHGD about the saddle of a game of fifth powers: dZ = -JᵀJ Z dt - √η σ Jᵀ dW to leading order."""
    game = so.NonlinearGame()
    saddle = root(game.grad, [0.078, 0.412], tol=1e-13).x
    J = np.array([game.hvp(saddle, e) for e in np.eye(2)]).T
    cov = solve_continuous_lyapunov(J.T @ J, LR * SMALL**2 * J.T @ J)
    problem = so.Problem(game, so.Gaussian(SMALL), x0=saddle)
    x = so.simulate(so.SHGD(LR), problem, steps=800, paths=paths(20_000, size), save_at=1, observables=[], rng=7).final
    square = np.sum((x - saddle) ** 2, axis=1)
    level = Estimate(float(square.mean()), float(square.std() / math.sqrt(len(square))))
    return finding("NonlinearGame: E|z - z*|² at rest / linearised", ONE, level / float(np.trace(cov)))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for t in (3.0, 15.0, 63.0):
        square = mean("norm2", FALLING, GAME, paths(8000, size), horizon=t)
        found.append(finding(f"t = {t:g}: E|z|² / formula", ONE, square / formula(t)))
    square = mean("norm2", FALLING, GAME, paths(8000, size), "sde", horizon=15.0)
    found.append(finding("t = 15: E|z|² of the SDE / formula", ONE, square / formula(15.0)))
    constant = mean("norm2", so.SHGD(LR), GAME, paths(8000, size), horizon=15.0)
    return [*found, finding("constant step: E|z|² / (ησ²)", ONE, constant / LR), curved(size)]
