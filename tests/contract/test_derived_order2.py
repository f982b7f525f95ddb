"""Drifts of order 2 that stand in no paper, by quadrature: no simulation, no random numbers.

A step from y has the mean y + τ b + (τ²/2)(∂_t b + ∇b b) + O(τ³) if b is right to the next order, so what is left,
divided by τ, must shrink like τ²; with the drift of order 1 it shrinks like τ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import PAGES, flat, parted, problem, sizes
from test_one_step_moments import PROBLEM, scaled, state, step_moments

import sdeopt as so

pytest.importorskip("sympy")

COARSE, FINE = 4e-3, 2.5e-4
DEAR = [pytest.param(name, marks=pytest.mark.slow) for name in ("Adam", "AdamW", "Lion")]
NAMES = ["SignSGD", "SignSGDW", "RMSprop", *DEAR]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = {cls: dict(cls.sdes) for cls in PAGES.values()}
    yield
    for cls, sdes in before.items():
        cls.sdes = sdes


def error(page: Any, sde: Any) -> Any:
    """What the SDE leaves of the mean of a step per unit of time, by parts, relative to the drift."""
    subject = problem(type(page), PROBLEM)
    tau = page.clock
    k = round(1.0 / tau)
    y = state(page, k, subject)
    mean, _ = step_moments(page, k, y, subject)

    def b(t: float, v: Any) -> Any:
        return flat(sde.drift(page, t, parted(v, y), subject.oracle))

    at, t, h = flat(y), k * tau, 1e-5
    b0 = b(t, at)
    along = (b(t + h, at + h * b0) - b(t - h, at - h * b0)) / (2.0 * h)
    left = mean - tau * b0 - 0.5 * tau * tau * along
    ends = np.cumsum([0, *sizes(y)])
    parts = [slice(a, c) for a, c in itertools.pairwise(ends)]
    return np.array([np.linalg.norm(left[p]) / (tau * np.linalg.norm(b0[p])) for p in parts])


@pytest.mark.parametrize("name", NAMES)
def test_the_drift_of_order_2_is_right_to_the_next_order(name: str) -> None:
    cls = PAGES[name]
    sdes = [so.derive(cls, order=order).model for order in (1, 2)]
    pages = [scaled(cls(lr=0.1), lr) for lr in (COARSE, FINE)]
    orders = []
    for sde in sdes:
        coarse, fine = (error(page, sde) for page in pages)
        orders.append(np.log(coarse / fine) / np.log(COARSE / FINE))
    assert (orders[0] < 1.3).all()
    assert (orders[1] > 1.9).all()
