"""The more antipersistent the injected noise, the wider the basin in which it stays; persistent noise prefers a narrow
one.

Source: Lucchi et al. (2022), arXiv:2209.09162, of which the abstract was read: fPGD explores otherwise than Anti-PGD
(H → 0) and PGD (H = 1/2), in some cases better. What decides here is derived: in a valley of curvature h the mean of f
is σ̂² HΓ(2H) h^{1 - 2H}/2, more in steep valleys below H = 1/2 and more in flat ones above it, and a barrier is of one
height. For Brownian noise the shares are those of exp(-2f/σ̂²), as the widths: 3/4 in the basin three times as wide.
Measured: of two basins of one depth the share in the wide one at t = 60, from both alike, for H = 0.2, 1/2, 0.8, PGD
and Anti-PGD with σ = σ̂/√2; the share that is out of the narrow one, and of the wide one, at t = 10.
Refuted by: shares of PGD and of H = 1/2 other than 3/4; a smaller share at a smaller H; Anti-PGD below 0.95; fewer that
leave the narrow basin at a smaller H, or more that leave the wide one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run
from sdeopt.core import where

LR, SIGMA, WIDE = 0.02, 1.0, 3.0
MINIMA = {"narrow": -1.0, "wide": WIDE}
HURST = (0.2, 0.5, 0.8)


def slope(x: Any) -> Any:
    w = where(x < 0.0, 1.0, 1.0 / WIDE)
    return 4.0 * w * (w * x) * ((w * x) ** 2 - 1.0)


BASINS = so.Objective(dim=1, grad=slope, start=[-1.0])  # of (u² - 1)², u = x to the left of 0 and x/3 to the right


def share(page: Any, begin: str, end: str, horizon: float, size: float) -> Estimate:
    """How many of those that begin in one basin are in another at last; "both" begins half in each."""
    number = paths(8000, size)
    x0 = np.full((number, 1), MINIMA.get(begin, WIDE))
    if begin == "both":
        x0[::2] = MINIMA["narrow"]
    x = run(page, so.Problem(BASINS, x0=x0), number, horizon=horizon).final[:, 0]
    p = float(((x > 0.0) == (end == "wide")).mean())
    return Estimate(p, math.sqrt(max(p * (1.0 - p), 1.0 / number) / number))


def less(first: Estimate, second: Estimate) -> Estimate:
    return Estimate(first.value - second.value, math.hypot(first.stderr, second.stderr))


def measure(size: float = 1.0) -> list[Finding]:
    pages = {hurst: so.FPGD(LR, SIGMA, hurst) for hurst in HURST}
    rest = {hurst: share(page, "both", "wide", 60.0, size) for hurst, page in pages.items()}
    pgd = share(so.PGD(LR, SIGMA), "both", "wide", 60.0, size)
    anti = share(so.AntiPGD(LR, SIGMA / math.sqrt(2.0)), "both", "wide", 60.0, size)
    out = {name: {h: share(p, name, other, 10.0, size) for h, p in pages.items()} for name, other in
           (("narrow", "wide"), ("wide", "narrow"))}  # fmt: skip
    found = [
        finding("PGD: share in the wide basin / (3/4)", (0.96, 1.04), pgd / 0.75),
        finding("H = 0.5: share in the wide basin / (3/4)", (0.96, 1.04), rest[0.5] / 0.75),
        finding("Anti-PGD: share in the wide basin", (0.95, math.inf), anti),
    ]
    for small, large in ((0.2, 0.5), (0.5, 0.8)):
        label, pair = f"H = {small:g} less H = {large:g}", (small, large)
        found.append(finding(f"share in the wide basin: {label}", (0.0, 1.0), less(*(rest[h] for h in pair))))
        found.append(finding(f"out of the narrow one: {label}", (0.0, 1.0), less(*(out["narrow"][h] for h in pair))))
        found.append(finding(f"out of the wide one: {label}", (-1.0, 0.0), less(*(out["wide"][h] for h in pair))))
    return found
