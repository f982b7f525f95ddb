"""`compare` itself, over and over, where the truth is exact: SGD on a quadratic with additive normal noise.

With Hessian diag(h) and noise of variance s², mean and variance of a coordinate are

    m_k = (1 - ηh)^k x₀        v_{k+1} = (1 - ηh)² v_k + η² s²         of the optimizer
    m = e^{-ht} x₀             v = ηs² (1 - e^{-2ht})/(2h)             of the SDE, t = ηk

and of Σ w_i x_i², which all observables are, the mean Σ w_i (m_i² + v_i) and the variance Σ w_i² (2v_i² + 4m_i² v_i).
"""

from __future__ import annotations

import functools
from typing import Any
from unittest import mock

import numpy as np

import sdeopt as so
from sdeopt.comparison import budget
from sdeopt.results import quantities
from sdeopt.results.columns import labels
from sdeopt.results.paired import Estimates

__all__ = ["report", "true_error"]

H, SCALE, LR, STEPS = np.array([1.0, 2.0]), 0.5, 0.1, 20
START = np.array([1.0, -1.0])
PROBLEM = so.Problem(so.Quadratic(H), so.Gaussian(SCALE), x0=START)
WEIGHTS = {"loss": 0.5 * H, "norm2": np.ones(2), "grad_norm2": H**2}
KINDS, NAMES = labels(2, tuple(WEIGHTS))
WORK = 0.02  # seconds of the budget, of 12: the rules are the same


def _values(m: Any, v: Any) -> tuple[Any, Any]:
    """All columns of a report, (n, Q), and the standard deviations of the first, for moments (n, 2)."""
    w = np.array(list(WEIGHTS.values())).T
    none = np.zeros((len(m), 1))
    sd = np.sqrt(np.hstack([v, (2.0 * v**2 + 4.0 * m**2 * v) @ w**2]))
    values = np.hstack([m, (m**2 + v) @ w, v, none, v.sum(axis=1, keepdims=True), none])
    return values, np.hstack([sd, np.full((len(m), values.shape[1] - sd.shape[1]), np.nan)])


@functools.cache
def true_error() -> float:
    """The largest relative error of the SDE itself, at all saves, by the scales of a comparison that knows both."""
    k = np.arange(STEPS + 1.0)[:, None]
    t, pull = LR * k, 1.0 - LR * H
    discrete, sd = _values(START * pull**k, (LR * SCALE) ** 2 * (1.0 - pull ** (2.0 * k)) / (1.0 - pull**2))
    line = START * np.exp(-H * t)
    sde, sde_sd = _values(line, LR * SCALE**2 * (1.0 - np.exp(-2.0 * H * t)) / (2.0 * H))
    flow, nothing = _values(line, np.zeros_like(line))[0], np.zeros_like(discrete)
    paths = np.full(len(k), 1e9)
    exact = Estimates(discrete, sde, nothing, nothing, sde - discrete, nothing, sd, sde_sd, nothing, paths)
    scales = quantities.scales(exact, KINDS, t[:, 0], flow)
    judged = quantities.choose_judged(KINDS, NAMES, False, "all", False)
    return float(quantities.apart(exact, None, scales, judged, len(WEIGHTS)).size[1:].max())


def report(factor: float, seed: int, **words: Any) -> Any:
    """A comparison whose margin is so many times the true error."""
    with mock.patch.object(budget, "WORK", WORK):
        return so.compare(
            so.SGD(LR), PROBLEM, steps=STEPS, tolerance=factor * true_error(), rng=seed, progress=False, **words
        )
