"""Without gradients noise counts d + 2 times, and the learning rate must fall like 2/(d + 2).

Source: that two-point methods pay a factor of the order of d is in Nesterov & Spokoiny (2017),
doi:10.1007/s10208-015-9296-2, recalled; the level E|x|² = ηd[(d + 2)σ² + s²/(2μ²)]/(2h - η(d + 2)h²) on f = h|x|²/2 is
derived for `ZOSGD`.
Measured: E|x|² at rest over the level, h = 1, for d = 2 and d = 20 without errors of the values, and with s = μ; over
that of SGD, d = 20, at an η small enough; by its SDE; E|x|² after 10 steps at ηh = 1.9/(d + 2) and 2.4/(d + 2) without
noise over that at the start, against its mean, the powers of 1 - 2ηh + (d + 2)η²h².
Refuted by: a quotient other than 1.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths


def level(page: Any, d: int) -> float:
    """E|x|² at rest, for h = σ = 1."""
    return page.lr * d * (d + 2 + 0.5 * (page.value_noise / page.mu) ** 2) / (2.0 - page.lr * (d + 2))


def measure(size: float = 1.0) -> list[Finding]:
    found, number = [], paths(10_000, size)
    for d, lr, s in ((2, 0.1, 0.0), (2, 0.1, 0.2), (20, 0.02, 0.0)):
        problem, page = so.Problem(so.Quadratic([1.0] * d), so.Gaussian(1.0), x0=[0.0] * d), so.ZOSGD(lr, 0.2, s)
        rest = mean("norm2", page, problem, number, steps=round(4.0 / lr))
        found.append(finding(f"d = {d}, s = {s:g}: E|x|² at rest / level", (0.9, 1.1), rest / level(page, d)))
    model = mean("norm2", page, problem, number, "sde", steps=round(4.0 / lr))
    found.append(finding("d = 20: E|x|² of the SDE / of the optimizer", (0.9, 1.1), model / rest))
    small = so.ZOSGD(0.002)
    ratio = mean("norm2", small, problem, paths(2000, size), steps=2000) / (0.002 * 20 / (2.0 - 0.002))
    found.append(finding("d = 20, η = 0.002: E|x|² / that of SGD, over d + 2", (0.93, 1.12), ratio / 22.0))
    d, steps, quiet = 20, 10, so.Problem(so.Quadratic([1.0] * 20), x0=[20**-0.5] * 20)
    for share in (1.9, 2.4):
        lr = share / (d + 2)
        wanted = (1.0 - 2.0 * lr + (d + 2) * lr * lr) ** steps
        end = mean("norm2", so.ZOSGD(lr), quiet, 4 * number, steps=steps)
        found.append(finding(f"ηh = {share:g}/(d + 2): E|x|² after 10 steps / its mean", (0.9, 1.1), end / wanted))
    return found
