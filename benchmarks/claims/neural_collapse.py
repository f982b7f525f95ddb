"""Neural collapse needs a classifier whose rows add up to 0: coupled decay brings that about, decoupled decay beside
signs does not.

Source: Zhao et al. (2026), arXiv:2602.16642, of which the abstract was read, for SGD and SignGD with either decay and
for momentum, and of Adam as against AdamW; NC0 is `sdeopt.nc0` here, |1ᵀW|²/|W|², which is 0 where the rows of W make a
simplex, and what follows is derived here. Gradients of a cross-entropy have 1ᵀ∇_W f = 0, for softmax and labels both
add up to 1. So under gradient descent 1ᵀW is multiplied by 1 - ηλ in a step, whatever the data; and faster with
momentum, by its linear recursion. Under signs 1ᵀ sign(∇_W f) is K - 2 in size where the K entries of a column have one
sign but one, so that decoupled decay θ keeps 1ᵀW at (K - 2)/θ in such columns; coupled, 1ᵀW ends within the steps. Adam
and AdamW end where signs do.
Measured: softmax regression on K = 4 classes of fixed features, one for each class, from a start with 1ᵀW = 1 each: 1ᵀW
after 100 steps over these powers; NC0 at the end of SignGD and of Adam with either decay, of AdamW with θ = 1/2, so
that gradients stay above its ε.
Refuted by: a quotient other than 1; an NC0 of coupled signs that stays, one of decoupled ones that goes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding
from sdeopt.core import exp, log

K, LR, DECAY, MOMENTUM = 4, 0.1, 0.05, 0.9
STEPS = 100
FEATURES = np.array([[1.0, 0.2, -0.1, 0.3], [0.1, 1.2, 0.2, -0.2], [-0.2, 0.1, 0.9, 0.1], [0.3, -0.1, 0.2, 1.1]])
X0 = np.random.default_rng(0).normal(0.0, 0.3, (K, K))
X0 += (1.0 - X0.sum(axis=0)) / K  # columns add up to 1


def logits(W: Any, c: int) -> Any:
    """Of the example of class c; W is flattened, row by row, a row for a class."""
    out = np.zeros(K)
    for k in range(K):
        for j in range(K):
            out[k] += W[K * k + j] * FEATURES[c, j]
    return out


def value(W: Any) -> Any:
    loss = 0.0
    for c in range(K):
        z = logits(W, c)
        loss += (log(np.sum(exp(z))) - z[c]) / K
    return loss


def grad(W: Any) -> Any:
    out = np.zeros(K * K)
    for c in range(K):
        p = exp(logits(W, c))
        p = p / np.sum(p)
        p[c] -= 1.0
        for k in range(K):
            for j in range(K):
                out[K * k + j] += p[k] * FEATURES[c, j] / K
    return out


PROBLEM = so.Problem(so.Objective(value=value, grad=grad, dim=K * K, start=X0.ravel()), x0=X0.ravel())


def end(page: Any, steps: int) -> np.ndarray:
    return np.asarray(
        so.simulate(page, PROBLEM, steps=steps, paths=1, save_at=1, observables=[], rng=0).final[0]
    ).reshape(K, K)


def left(page: Any) -> float:
    """1ᵀW, of which all columns have the same, after so many steps over that at the start."""
    sums = end(page, STEPS).sum(axis=0)
    assert np.ptp(sums) < 1e-9
    return float(sums[0])


def nc0(W: np.ndarray) -> float:
    return float(so.nc0(K, K)(W.ravel()))


def with_momentum() -> float:
    """1ᵀW under the heavy ball with coupled decay, by its recursion: b' = μb + λs, s' = s - ηb'."""
    s, b = 1.0, 0.0
    for _ in range(STEPS):
        b = MOMENTUM * b + DECAY * s
        s -= LR * b
    return s


def measure(size: float = 1.0) -> list[Finding]:
    plain = (1.0 - LR * DECAY) ** STEPS
    ball = so.L2(so.HeavyBall(LR, MOMENTUM), DECAY)
    found = [
        finding(
            "gradient descent, coupled: 1ᵀW / (1 - ηλ)^K",
            (0.999, 1.001),
            Estimate(left(so.L2(so.SGD(LR), DECAY)) / plain),
        ),
        finding("with momentum: 1ᵀW / that of its recursion", (0.999, 1.001), Estimate(left(ball) / with_momentum())),
        finding("with momentum: |1ᵀW| / that without", (0.0, 0.2), Estimate(abs(left(ball)) / plain)),
    ]
    small = 0.01
    for name, page, claimed in (
        ("coupled", so.SignSGDW(small, weight_decay=0.0, l2=DECAY), (0.0, 0.02)),
        ("decoupled", so.SignSGDW(small, weight_decay=DECAY), (0.2, math.inf)),
    ):
        W = end(page, 20_000)
        found.append(finding(f"signs, {name}: NC0 at the end", claimed, Estimate(nc0(W))))
        if name == "decoupled":
            sums = np.abs(W.sum(axis=0)) / ((K - 2.0) / DECAY)
            found.append(
                finding("signs, decoupled: largest |1ᵀW| over (K - 2)/θ", (0.97, 1.03), Estimate(float(sums.max())))
            )
    for name, page, claimed in (
        ("Adam, coupled", so.L2(so.Adam(small), DECAY), (0.0, 0.02)),
        ("AdamW, θ = 1/2", so.AdamW(small, weight_decay=0.5), (0.2, math.inf)),
    ):
        found.append(finding(f"{name}: NC0 at the end", claimed, Estimate(nc0(end(page, 20_000)))))
    return found
