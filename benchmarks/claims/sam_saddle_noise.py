"""SAM with noisy gradients is attracted to a saddle from |x| < ρ, as without noise.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203, whose condition |HX| < ρ|h| is that of full batches. With
isotropic noise of standard deviation σ much above the gradient E[u] is m g/σ and not g/|g|, so that SAM acts as USAM of
radius ρm/σ and a direction h < 0 attracts if and only if ρm|h| > σ, m = Γ((d+1)/2)/(√2 Γ(d/2+1)) (derived here).
Measured: how often SAM that begins on the saddle is still within ρ of it, for radii on both sides of σ/(m|h|).
Refuted by: runs that escape although they begin at distance 0. Instead: above σ/(m|h|) they stay.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, paths, run, share

SIGMA, CURVATURE = 0.2, -1.0
EDGE = SIGMA / (math.sqrt(2.0 / math.pi) * abs(CURVATURE))  # 0.2507: m = √(2/π) in one dimension


def stay(rho: float, size: float) -> Finding:
    problem = so.Problem(so.Quadratic([CURVATURE]), so.Gaussian(SIGMA), x0=[0.0])
    end = run(so.SAM(0.01, rho=rho), problem, paths(2000, size), horizon=40.0).final[:, 0]
    what = f"share within ρ = {rho:g} = {rho / EDGE:.2f} σ/(m|h|) at t = 40"
    return share(what, (0.98, 1.0), np.abs(end) < rho)


def measure(size: float = 1.0) -> list[Finding]:
    return [stay(0.15, size), stay(0.2, size), stay(0.35, size).rather(), stay(0.45, size).rather()]
