"""In batches a rare class has the noisier direction, so that it learns more slowly though each class pulls with length
1; drawing as many of every class (+O) mends that, rescaling the directions (+R) all but the batches without the class.

Source: Francazi, Baity-Jesi & Lucchi (2022), arXiv:2207.00391, the abstract and the README of the code: directional
noise of the minority, and the variants PCNSGD+R and +O. The numbers are derived here.
Measured: two classes alike but for their size, 8 and 72 examples, logistic regression from 0, each in a plane of its
own, with examples at +45° and -45° of its mean. With k of m drawn examples at +45° the direction has the share
c = m/√(m² + (2k - m)²) along that of the class: one step of PCNSGD with batches of 20, and with 10 of each class (+O),
over E c (0 where none is drawn), and of +R over P(m > 0); E of the square at right angles under +R over the mean of
1/c² - 1 where some are drawn; the falls of the losses until t = 0.3, η = 0.01, rare class over the other.
Refuted by: a first step other than these numbers; under PCNSGD a fall of the rare class above 0.9 of the other's; under
+O a quotient other than 1, under +R one that is not P(m > 0) = 0.88.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import binom

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

N, RARE, BATCH, LR, HORIZON = 80, 8, 20, 0.01, 0.3
IS_RARE = np.arange(N) < RARE
SIDE = np.where(np.arange(N) % 2 == 0, 1.0, -1.0)
X = np.where(IS_RARE[:, None], np.column_stack([np.ones(N), SIDE, 0.0 * SIDE, 0.0 * SIDE]), 0.0)
X = X + np.where(IS_RARE[:, None], 0.0, np.column_stack([0.0 * SIDE, 0.0 * SIDE, np.ones(N), SIDE]))
CLASSES = {"rare": (0, 1.0, RARE / N), "other": (2, -1.0, 1.0 - RARE / N)}  # where, its sign, its part
FEW = 200  # paths of networks


def network() -> so.TorchObjective:
    """The same loss, as +R takes it."""
    import torch

    module = torch.nn.Linear(4, 1, bias=False, dtype=torch.float64)
    torch.nn.init.zeros_(module.weight)
    return so.TorchObjective(
        module, lambda out, y: torch.nn.functional.softplus(-(2 * y - 1) * out[..., 0]), X, IS_RARE.astype(int)
    )


def shares(part: float | None) -> tuple[float, float, float]:
    """E c, P(m > 0) and E[1/c² - 1; m > 0]; with ``part`` None of m = 10."""
    sizes = {10: 1.0} if part is None else {m: float(binom.pmf(m, BATCH, part)) for m in range(1, BATCH + 1)}
    mean = across = 0.0
    for m, chance in sizes.items():
        k = np.arange(m + 1)
        c, weight = m / np.hypot(m, 2.0 * k - m), chance * binom.pmf(k, m, 0.5)
        mean, across = mean + float(weight @ c), across + float(weight @ (1.0 / c**2 - 1.0))
    return mean, sum(sizes.values()), across


def first(page: Any, problem: so.Problem, number: int, index: int, sign: float) -> tuple[Estimate, Estimate]:
    """Mean of the first step along the direction of a class, and of its square at right angles, in units of η."""
    x = run(page, problem, number, steps=1).final / LR
    along, across = sign * x[:, index], x[:, index + 1] ** 2
    root = np.sqrt(number)
    return tuple(Estimate(float(v.mean()), float(v.std()) / root) for v in (along, across))  # type: ignore[return-value]


def falls(page: Any, problem: so.Problem, number: int) -> Estimate:
    """How far the loss of the rare class has fallen over how far the other has."""
    e = run(page, problem, number, horizon=HORIZON, observables=["class_losses"])
    seen = [e.observables[name] for name in sorted(e.observables)]  # the rare class is 1, the other one -1 or 0
    other, rare = (Estimate(float(v[0] - v[-1]), float(s[-1])) for v, s in seen)
    return rare / other


def measure(size: float = 1.0) -> list[Finding]:
    logistic, net, page = so.Logistic(X, IS_RARE, l2=0.0), network(), so.PCNSGD(LR)
    number, few, found = paths(20_000, size), max(64, round(FEW * size)), []
    plain, over = (so.Problem(logistic, law, x0=np.zeros(4)) for law in (so.Minibatch(BATCH), so.Oversampled(10)))
    scaled, both = (so.Problem(net, law, x0=np.zeros(4)) for law in (so.Minibatch(BATCH), so.Oversampled(10)))
    for name, (index, sign, part) in CLASSES.items():
        step = first(page, plain, number, index, sign)[0]
        found.append(finding(f"{name} class: first step / E c", (0.97, 1.03), step / shares(part)[0]))
        step = first(page, over, number, index, sign)[0]
        found.append(finding(f"{name} class, +O: first step / E c", (0.97, 1.03), step / shares(None)[0]))
        step, across = first(so.Rescaled(page), scaled, few, index, sign)
        found.append(finding(f"{name} class, +R: first step / P(m > 0)", (0.9, 1.1), step / shares(part)[1]))
        if name == "rare":
            found.append(finding("rare class, +R: square across / formula", (0.7, 1.3), across / shares(part)[2]))
    found += [
        finding("falls, rare / other", (0.0, 0.9), falls(page, plain, number)),
        finding("falls, rare / other, +O", (0.97, 1.03), falls(page, over, number)),
        finding("falls, rare / other, +R", (0.84, 0.92), falls(so.Rescaled(page), scaled, few)),
        finding("falls, rare / other, +R and +O", (0.97, 1.03), falls(so.Rescaled(page), both, few)),
    ]
    return found
