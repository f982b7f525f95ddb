"""Reshuffled SGD rests at N/(N - 1) [1 - (2/hT) tanh(hT/2)] of the variance of independent batches, and
so does its epoched SDE.

Source: Perko (2025), arXiv:2512.04703, of which the abstract was read (an equation driven by an epoched Brownian
motion); the variances are derived for `theory.reshuffled_variance`.
Measured: with T = ηN the time of an epoch, variances at the end of an epoch, after many, over the closed forms, of both
columns, on a line with additive noise; that of the SDE of independent batches over the optimizer's, where the epoch is
short; and for 64 examples in three dimensions tr Cov x of the epoched SDE over the optimizer's, where the noise depends
on x.
Refuted by: a quotient other than 1 (of independent batches: below 10). That of independent batches was first asked to
be at least 3 of the long epoch too, where it is 1.37.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

Y = np.random.default_rng(7).standard_normal(32)
LINE = so.LinearRegression(np.ones((32, 1)), Y)
BATCH, N = 4, 8


def variance(lr: float, problem: so.Problem, number: int, kind: str, steps: int, sde: str | None = None) -> Estimate:
    """tr Cov x at the end, of nearly normal x."""
    words = {} if sde is None else {"sde": sde, "substeps": 4}
    cov = run(so.SGD(lr), problem, number, kind, steps=steps, **words).cov[-1]
    return Estimate(float(np.trace(cov)), math.sqrt(2.0 * float((cov * cov).sum()) / number))


def measure(size: float = 1.0) -> list[Finding]:
    found, number = [], paths(20_000, size)
    spread = math.sqrt(np.var(Y) / BATCH * (32 - BATCH) / 31)
    for lr in (0.05, 0.4):
        problem, steps = so.Problem(LINE, so.Reshuffled(BATCH), x0=[float(Y.mean())]), round(6.0 / lr / N + 1) * N
        level = variance(lr, problem, number, "discrete", steps)
        exact = so.theory.reshuffled_variance(lr, 1.0, spread, N, discrete=True)
        limit = so.theory.reshuffled_variance(lr, 1.0, spread, N)
        what = f"T = {lr * N:g}: variance of "
        found.append(finding(what + "the optimizer / closed form", (0.93, 1.07), level / exact))
        epoched = variance(lr, problem, number, "sde", steps, "epoched")
        found.append(finding(what + "the epoched SDE / closed form", (0.9, 1.1), epoched / limit))
        if lr < 0.1:
            free = variance(lr, problem, number, "sde", steps, "order1")
            found.append(
                finding(what + "the SDE of independent batches / the optimizer", (10.0, math.inf), free / level)
            )
    rng = np.random.default_rng(0)
    cloud = so.LinearRegression(rng.standard_normal((64, 3)), rng.standard_normal(64))
    problem = so.Problem(cloud, so.Reshuffled(8), x0=cloud.optimum)
    pair = [variance(0.1, problem, number, *words) for words in (("sde", 80, "epoched"), ("discrete", 80))]
    found.append(finding("three dimensions: tr Cov of the epoched SDE / the optimizer", (0.8, 1.2), pair[0] / pair[1]))
    return found
