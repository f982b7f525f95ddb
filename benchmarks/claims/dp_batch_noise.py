"""Where the batch is noisy enough, σ/√B > √(π/2), DP-SignSGD ends below DP-SGD for every ε; else only for small ε.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, whose abstract was read: signs win under strong privacy or
large noise of the batch. That the levels at rest of equal learning rates meet where s = √(π/2), s² = σ²/B + C²z²/B², is
derived here, as in `dp_crossing`: with z = 0 the batch alone decides.
Measured: E f of DP-SGD over that of DP-SignSGD at rest on f = x²/2, B = 4, C = 20, which clips nothing; for σ/√B = 2
and 1/2, with s at most 5 % above it, and twice the 2.
Refuted by: a quotient below 1 for σ/√B = 2; one above 1 for 1/2 without private noise; quotients other than s/√(π/2).
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths
from sdeopt.theory.private import private_scale

LR, CLIP, MEETING = 0.01, 20.0, math.sqrt(math.pi / 2.0)
SETTINGS = ((2.0, 0.01), (2.0, 0.4), (2.0, 0.8), (0.5, 0.01), (0.5, 0.4))  # σ/√B and z


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for root, z in SETTINGS:
        sigma = 2.0 * root
        problem = so.Problem(so.Quadratic([1.0]), so.Batch(so.Gaussian(sigma), batch=4), x0=[0.0])
        s = private_scale(sigma, 4, CLIP, z)
        number = paths(24_000, size)
        sgd = mean("loss", so.DPSGD(LR, clip=CLIP, sigma_dp=z), problem, number, steps=500)
        signs = mean("loss", so.DPSignSGD(LR, clip=CLIP, sigma_dp=z), problem, number, steps=round(400 * s))
        above = s > MEETING
        label = f"σ/√B = {root:g}, z = {z:g}: E f of DP-SGD / DP-SignSGD"
        found.append(finding(label, (1.0, math.inf) if above else (-math.inf, 1.0), sgd / signs))
        found.append(finding(f"{label}, over s/√(π/2)", (0.92, 1.08), sgd / signs / (s / MEETING)))
    return found
