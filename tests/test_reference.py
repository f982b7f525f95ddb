"""The engine against sdeint, on the same increments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import sdeopt as so
from sdeopt import reference
from sdeopt.core import Positive, grad, method, noisy_grad, root_cov
from sdeopt.core.method import REGISTRY

QUADRATIC = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[1.0, -1.0])
MULTIPLICATIVE = so.Problem(so.DoubleWell(dim=2), so.Gaussian(lambda x: 0.5 + x * x), x0=[0.5, -0.3])


def test_additive_noise_agrees_and_euler_has_strong_order_one() -> None:
    check = reference.crosscheck(so.SGD(lr=0.1), QUADRATIC)
    assert check.agrees and check.euler < 1e-14
    assert check.expected == 1.0 and check.commutative
    assert 0.9 < check.order < 1.1  # the gap is h/2 · (drift error): deterministic at leading order


def test_multiplicative_noise_agrees_and_euler_has_strong_order_one_half() -> None:
    check = reference.crosscheck(so.SGD(lr=0.1), MULTIPLICATIVE)
    assert check.agrees and check.euler < 1e-14
    assert check.expected == 0.5 and check.commutative
    assert 0.3 < check.order < 0.8  # fixed seed; 240 steps on three paths measure it to about 0.05


def test_states_of_several_parts() -> None:
    check = reference.crosscheck(so.HeavyBall(lr=0.1, momentum=0.5), QUADRATIC)
    assert check.agrees and check.expected == 1.0 and 0.9 < check.order < 1.1


def test_an_sde_that_starts_after_the_first_step() -> None:
    check = reference.crosscheck(so.Adam(lr=0.01), QUADRATIC, steps=4, paths=2, refine=4)
    assert check.euler < 1e-12 and check.gaps[1] < check.gaps[0]


def test_no_noise_is_an_ordinary_equation() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), x0=[1.0, -1.0])
    check = reference.crosscheck(so.SGD(lr=0.1), problem, paths=1)
    assert check.agrees and 0.95 < check.order < 1.05


def test_noise_that_does_not_commute_is_recognised() -> None:
    page = _page(diffusion=lambda self, t, x, o, dw: np.array([dw[0], x[0] * dw[1]]))
    check = reference.crosscheck(page, QUADRATIC, steps=4)
    again = reference.crosscheck(page, QUADRATIC, steps=4)
    assert not check.commutative and check.expected == 0.5 and check.euler < 1e-12
    assert check == again, "iterated integrals are drawn from the same seed"


def _page(**functions: Any) -> Any:
    class Page(NamedTuple):
        lr: Positive

        def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
            return x - self.lr * noisy_grad(o, x, z)

        def drift(self, t: Any, x: Any, o: Any) -> Any:
            return -grad(o, x)

        diffusion = functions["diffusion"]

    page = method(order=1)(Page)
    REGISTRY.pop("Page")
    return page(lr=0.1)


def test_a_difference_in_the_drift_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference._Equation.f
    monkeypatch.setattr(reference._Equation, "f", lambda self, y, t: right(self, y, t) * (1.0 + 1e-6))
    assert not reference.crosscheck(so.SGD(lr=0.1), QUADRATIC, steps=2).agrees


def test_a_difference_in_the_increments_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference._Equation.integrated
    monkeypatch.setattr(
        reference._Equation, "integrated", lambda self, run, normals, random: right(self, run, normals[::-1], random)
    )
    assert not reference.crosscheck(so.SGD(lr=0.1), QUADRATIC, steps=2).agrees


def test_what_sdeint_cannot_do_is_refused() -> None:
    bent = _page(diffusion=lambda self, t, x, o, dw: root_cov(o, x, dw) * np.abs(dw))
    with pytest.raises(ValueError, match="not linear in its increment"):
        reference.crosscheck(bent, QUADRATIC)
    with pytest.raises(ValueError, match="d <= 10"):
        reference.crosscheck(so.SGD(lr=0.1), so.Problem(so.Quadratic(np.ones(11)), so.Gaussian(1.0)))
    with pytest.raises(ValueError, match="constant hyperparameters"):
        reference.crosscheck(so.SGD(lr=so.Power(0.1)), QUADRATIC)
    with pytest.raises(ValueError, match="refine"):
        reference.crosscheck(so.SGD(lr=0.1), QUADRATIC, refine=1)


def test_the_summary_is_one_line() -> None:
    text = str(reference.crosscheck(so.SGD(lr=0.1), QUADRATIC, steps=2, paths=1))
    assert text.startswith("SGD(lr=0.1), SDE order1: itoEuler to ") and text.endswith("(expected 1); agrees")
