"""More agents calm DSignSGD but do not hasten it, larger batches hasten its last phase by √B; unequal agents pull it to
where their mean sign is 0.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009, of which the abstract was read; the phases are those of
SignSGD (`signsgd_phases`) with the noise σ/√B of one agent, since the mean sign of equal agents is that of one. That
unequal ones rest where Σ_i erf((∇f + b_i)√B/(√2σ)) = 0, near the median of the -b_i if the noise is small and at the
minimum of f if it is large, is derived here.
Measured: the mean of one step at |∇f|√B/(√2σ) = 2 and 1.1 over erf, and its variance over (1 - erf²)/N; the rate at
which the mean decays from x = 0.2 over √(2/π)√B/σ; on f = x²/2 with three agents, b = (-1, -1, 2), E x at rest over
that root for σ = 1/2, 1 and 2; |E x| of DSGD, which has no such bias.
Refuted by: a quotient other than 1.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import erf

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

LR, BOWL = 0.01, so.Quadratic([1.0])
SHIFTS = (-1.0, -1.0, 2.0)
TIGHT = (0.97, 1.03)


def sample(x: np.ndarray) -> tuple[Estimate, Estimate]:
    """Mean and variance, with their errors."""
    n, v = len(x), float(x.var())
    fourth = float(np.mean((x - x.mean()) ** 4))
    return Estimate(float(x.mean()), math.sqrt(v / n)), Estimate(v, math.sqrt((fourth - v * v) / n))


def equal(agents: int, batch: int, x0: float) -> so.Problem:
    return so.Problem(BOWL, so.Agents(so.Batch(so.Gaussian(1.0), batch), agents=agents), x0=[x0])


def root(sigma: float) -> float:
    """Where the mean sign of the unequal agents is 0."""
    return float(brentq(lambda x: sum(erf((x + b) / (math.sqrt(2.0) * sigma)) for b in SHIFTS), -1.0, 2.0))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for agents, batch in ((1, 4), (4, 1), (4, 4)):
        label = f"N = {agents}, B = {batch}"
        for y in (2.0, 1.1):
            x0 = y * math.sqrt(2.0 / batch)
            x = run(so.DSignSGD(LR), equal(agents, batch, x0), paths(200_000, size), steps=1).final[:, 0]
            centre, spread = sample((x0 - x) / LR)
            found.append(finding(f"{label}: mean step at Y = {y:g} / erf", TIGHT, centre / float(erf(y))))
            wanted = (1.0 - float(erf(y)) ** 2) / agents
            found.append(
                finding(
                    f"{label}: variance at Y = {y:g} / formula", (0.85, 1.15) if y > 1.5 else TIGHT, spread / wanted
                )
            )
        start, time = 0.2 / math.sqrt(batch), 0.8 / math.sqrt(batch)
        x = run(so.DSignSGD(LR), equal(agents, batch, start), paths(40_000, size), horizon=time).final[:, 0]
        centre, _ = sample(x)
        rate = Estimate(-math.log(centre.value / start) / time, centre.stderr / centre.value / time)
        found.append(finding(f"{label}: last rate / formula", (0.93, 1.07), rate / math.sqrt(2.0 * batch / math.pi)))
    for sigma in (0.5, 1.0, 2.0):
        law = so.Agents(so.Gaussian(sigma), agents=3, shifts=[[b] for b in SHIFTS])
        problem = so.Problem(BOWL, law, x0=[root(sigma)])
        x = run(so.DSignSGD(LR), problem, paths(20_000, size), horizon=8.0).final[:, 0]
        found.append(finding(f"unequal agents, σ = {sigma:g}: E x / root", (0.93, 1.07), sample(x)[0] / root(sigma)))
    x = run(so.DSGD(LR), problem, paths(20_000, size), horizon=8.0).final[:, 0]
    return [*found, finding("the same, DSGD: E x", (-0.01, 0.01), sample(x)[0])]
