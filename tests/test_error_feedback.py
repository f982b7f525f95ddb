"""Weak orders of the methods with memory, whose SDEs are derived here: their gaps to the optimizer along lr."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan


def test_weak_order_of_clip21_without_noise() -> None:
    """f_1 = (x - 2)²/2 and f_2 = 3 (x + 1)²/2, one example for each agent; κ = (3, 2), τ = 0.5.

    Theory A, section 5: order 1 shows below lr = 0.0125 only, for the clip has kinks.
    """
    root = np.sqrt(3.0)
    line = so.LinearRegression([[1.0], [root]], [2.0, -root])
    problem = so.Problem(line, so.Agents(so.Minibatch(1), agents=2), x0=[1.0])
    page = so.Clip21SGD2M(0.1, beta1=0.3, beta2=0.2, clip=0.5)

    def end(lr: float, kind: str) -> float:
        run = plan(page.scaled(lr), problem, kind, horizon=2.0, substeps=2, save_at=1, observables=[], rng=0)
        return float(Kernel(replace(run, interpreted=True))(0, 1)[0, -1, 0])

    gaps = [end(lr, "discrete") - end(lr, "sde") for lr in (0.0125, 0.00625, 0.003125)]
    assert 0.004 < gaps[0] < 0.006
    assert all(abs(slope - 1.0) < 0.1 for slope in np.log2(np.array(gaps[:-1]) / gaps[1:]))


@pytest.mark.slow
def test_weak_order_of_top_k_with_error_feedback() -> None:
    """Means and variances of the sampled SDE on 10⁵ paths, k = 1 of 2 entries.

    The gaps are 0.022 and 0.0095 in E x₁, 0.0071 and 0.0033 in Var x₁/η, at most 2e-4 and 3e-4 of it noise: ratios of 2
    lie more than five standard errors inside the intervals. As lr → 0 the variance is that of DSGD.
    """
    agents = so.Agents([so.Gaussian(0.6), so.Gaussian([0.3, 0.5])], shifts=[[0.5, -0.4], [-0.5, 0.4]])
    problem = so.Problem(so.Quadratic([1.0, 2.0]), agents, x0=[1.0, -0.7])

    def end(lr: float, kind: str) -> Any:
        run = so.simulate(
            so.TopKEF(lr), problem, kind, horizon=1.0, paths=100_000, substeps=8, save_at=1, observables=[], rng=5
        )
        return np.array([run.mean[-1][0], run.cov[-1][0, 0] / lr])

    gaps = [end(lr, "discrete") - end(lr, "sde") for lr in (0.1, 0.05)]
    ratio = gaps[0] / gaps[1]
    assert 2.0 < ratio[0] < 2.8
    assert 1.5 < ratio[1] < 3.0
    uncompressed = 0.5 * (1.0 - np.exp(-2.0)) * (0.36 + 0.09) / 4.0
    assert abs(end(0.0125, "sde")[1] - uncompressed) < 2e-3
