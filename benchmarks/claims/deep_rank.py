"""Gradient descent on a product of matrices from a small start learns one singular value after the other, and the more
so the deeper the product: its effective rank rises in steps.

Source: Saxe, McClelland & Ganguli (2014), arXiv:1312.6120, and Arora et al. (2019), arXiv:1905.13655, both recalled:
from a balanced start each singular value obeys ds/dt = N s^{2 - 2/N} (m - s), m that of the target, N the depth. So
small s take the time log(1/s)/(2m) at depth 2, and s^{-1/3}/m at depth 3 (derived here), each mode its own.
Measured: f = |W_N...W_1 - M|²/2 of a symmetric M with eigenvalues 1, 0.6 and 0.3 from W_i = ε^{1/N} I, ε = 1e-4: the
singular values over the solutions of that equation, half-way of either mode; the effective rank, e to the entropy of
s/Σs, when the first is half-way; with noise of the gradient, the time at which depth 3 has half of its first mode over
that without: noise ends the wait at a saddle. (The rank as the second mode sets in, and a quarter of the noise, came
first.)
Refuted by: a quotient other than 1; effective ranks that do not fall with the depth; noise that does not hasten.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed

VALUES, START, LR = np.array([1.0, 0.6, 0.3]), 1e-4, 0.01
Q = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
TARGET = np.ascontiguousarray(Q * VALUES @ Q.T)
END = {1: 6.0, 2: 24.0, 3: 70.0}  # of the runs
SPREAD = 0.2  # of the noise


def deep(depth: int) -> so.Objective:
    """|W_N...W_1 - M|²/2 of 3 by 3 matrices; x holds W_1 first."""

    def above(x: Any, i: int) -> Any:
        """W_N...W_{i+1}."""
        left = np.eye(3)
        for j in range(i, depth):
            left = x[9 * j : 9 * j + 9].copy().reshape(3, 3) @ left
        return left

    def below(x: Any, i: int) -> Any:
        """W_i...W_1."""
        right = np.eye(3)
        for j in range(i):
            right = x[9 * j : 9 * j + 9].copy().reshape(3, 3) @ right
        return right

    def value(x: Any) -> Any:
        r = below(x, depth) - TARGET
        return 0.5 * np.sum(r * r)

    def grad(x: Any) -> Any:
        r, out = below(x, depth) - TARGET, np.zeros(9 * depth)
        for i in range(depth):
            out[9 * i : 9 * i + 9] = (above(x, i + 1).T @ r @ below(x, i).T).copy().reshape(9)
        return out

    return so.Objective(value=value, grad=grad, dim=9 * depth, start=np.ones(9 * depth), minimum=0.0)


def modes(depth: int, noise: float, number: int, saves: int) -> tuple[np.ndarray, np.ndarray]:
    """Times, and the singular values at them, of every path."""
    x0 = np.tile(START ** (1.0 / depth) * np.eye(3).ravel(), depth)
    law = so.Gaussian(noise) if noise else so.NoNoise()
    run = so.simulate(so.SGD(LR), so.Problem(deep(depth), law, x0=x0), horizon=END[depth], paths=number, save_at=saves,
                      keep_paths=True, observables=[], rng=seed(depth, noise))  # fmt: skip
    W = run.paths.reshape(number, len(run.times), depth, 3, 3)
    product = W[:, :, 0]
    for i in range(1, depth):
        product = W[:, :, i] @ product
    return np.asarray(run.times), np.linalg.svd(product, compute_uv=False)


def rank(s: np.ndarray) -> float:
    """e to the entropy of s/Σs."""
    p = s / s.sum()
    return float(math.exp(-np.sum(p * np.log(p))))


def measure(size: float = 1.0) -> list[Finding]:
    found, ranks = [], {}
    for depth in END:
        t, s = modes(depth, 0.0, 1, 700)
        s = s[0]
        law = solve_ivp(
            lambda _, y, n=depth: n * y ** (2.0 - 2.0 / n) * (VALUES - y), (0.0, END[depth]), np.full(3, START),
            t_eval=t, rtol=1e-9, atol=1e-14,
        ).y.T  # fmt: skip
        for mode in (0, 1):
            k = int(np.argmax(law[:, mode] > 0.5 * VALUES[mode]))
            what = f"depth {depth}: singular value {mode + 1}, half-way, / solution"
            found.append(finding(what, (0.9, 1.1), Estimate(float(s[k, mode] / law[k, mode]))))
        ranks[depth] = rank(s[int(np.argmax(s[:, 0] > 0.5 * VALUES[0]))])
    for depth, claimed in ((1, (2.0, 3.0)), (2, (1.1, 1.5)), (3, (1.0, 1.1))):
        what = f"depth {depth}: effective rank with the first mode half-way"
        found.append(finding(what, claimed, Estimate(ranks[depth])))
    half = 0.5 * VALUES[0]
    t, s = modes(3, 0.0, 1, 700)
    still = float(t[int(np.argmax(s[0, :, 0] > half))])
    t, s = modes(3, SPREAD, 64, 700)
    first = t[np.argmax(s[:, :, 0] > half, axis=1)] / still
    noisy = Estimate(float(first.mean()), float(first.std() / math.sqrt(len(first))))
    return [*found, finding("depth 3: time of the first mode, noisy / still", (0.0, 0.9), noisy)]
