"""The bound of SignSGD under schedules, as the claim has it: against the constant rate and the chain's own moments."""

import math

import numpy as np
import pytest

import sdeopt as so
from benchmarks.claims import signsgd_loss_bound
from benchmarks.claims.signsgd_schedules import bound

A = math.sqrt(2.0 / math.pi)


def test_a_constant_schedule_has_the_bound_of_a_constant_rate():
    for t in (0.3, 2.0):
        got = bound(0.5 * 1.2**2, signsgd_loss_bound.LR, lambda s: 1.0, t, 1.0, 1.0, 1.0)
        assert got == pytest.approx(signsgd_loss_bound.bound(1.2, t), rel=1e-7)


def recursion(lr, schedule, steps, start):
    """E x²/2 of the linear chain: E x'² = E x² - 2η_k E[x E sign] + η_k², exactly, with E sign = √(2/π) x/σ, σ = 1."""
    second = start**2
    for k in range(steps):
        rate = lr * float(schedule.factor(k * lr))
        second += -2.0 * rate * A * second + rate * rate
    return 0.5 * second


def test_it_is_the_second_moment_of_the_chain_to_first_order():
    """The relative distance halves with η; a ψ in the place of ψ², or a factor 2, would leave one of order 1."""
    for exponent in (0.5, 2.0):
        apart = []
        for lr in (0.02, 0.01, 0.005):
            schedule = so.Power(lr, exponent)
            exact = recursion(lr, schedule, round(4.0 / lr), math.sqrt(lr))
            apart.append(bound(0.5 * lr, lr, schedule.factor, 4.0, 1.0, 1.0, 1.0) / exact - 1.0)
        assert abs(apart[0]) < 0.03
        assert np.log2(np.array(apart[:-1]) / apart[1:]) == pytest.approx(1.0, abs=0.1)
