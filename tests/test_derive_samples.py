"""Steps that see several samples of the gradient, as many as a hyperparameter says: one after the other, by hand."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import other_pages
import pytest

import sdeopt as so
from sdeopt.core import Count, Decay, Positive, agent_grads, average, clipped_grad, each, local_grads, noisy_grad
from sdeopt.engine.draws import draws
from sdeopt.engine.simulate import plan

pytest.importorskip("sympy")

SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[1.1, -0.9])
SHELF: dict[str, Any] = {}
page = functools.partial(other_pages.page, shelf=SHELF)


@page(samples="inner", inner=(Count, 4.0), alpha=(Positive, 0.5))
def Lookahead(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    """Zhang et al., arXiv:1907.08610, with descent inside; a step is ``inner`` of its steps."""
    y = x
    for h in range(len(z)):
        y = y - self.lr * noisy_grad(o, y, z[h])
    return x + self.alpha * (y - x)


@page(samples="inner", inner=(Count, 2.0), mu=(Decay, 0.5))
def InnerMomentum(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    """Heavy ball that is stopped after every ``inner`` steps."""
    y, m = x, 0.0 * x
    for h in range(len(z)):
        m = self.mu * m + noisy_grad(o, y, z[h])
        y = y - self.lr * m
    return y


@page(samples="inner", parts=("x", "a", "b"), inner=(Count, 3.0))
def OneEach(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Three parts with a sample of their own each."""
    x, a, b = y
    second, third = noisy_grad(o, x, z[1]), noisy_grad(o, x, z[2])
    return x - self.lr * noisy_grad(o, x, z[0]), a - self.lr * second, b - 2.0 * self.lr * third


@page(samples="inner", parts=("x", "a"), inner=(Count, 2.0))
def SumAndDifference(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Two samples that enter both parts, in another ratio each."""
    first, second = noisy_grad(o, y[0], z[0]), noisy_grad(o, y[0], z[1])
    return y[0] - self.lr * (first + second), y[1] - self.lr * (first - second)


@page(samples="inner", inner=(Count, 2.0))
def LocalSquares(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    """Agents that take a step each and see their gradient again, of which the mean is the step."""
    at = each(lambda x, g, lr: x - lr * g, x, agent_grads(o, x, z[0]), self.lr)
    return x - self.lr * average(local_grads(o, at, z[1]))


@page(samples="inner", inner=(Count, None))
def NoDefault(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * noisy_grad(o, x, z[0])


@page(samples=2)
def ClippedTwice(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * (clipped_grad(o, x, z[0], 1.0) + clipped_grad(o, x, z[1], 1.0))


@page(samples=2)
def BothAtOnce(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * noisy_grad(o, x, z)


BY_HAND = {
    "Lookahead": r"dX = - 4 \alpha \nabla f(X)\,dt - 2 \alpha \sqrt{\eta} \Sigma^{1/2}dW",
    "InnerMomentum": r"dX = \left(\delta_{\mu} - 3\right) \nabla f(X)\,dt"
    r" - \sqrt{\eta \left(5 + \delta_{\mu}^{2} - 4 \delta_{\mu}\right)} \Sigma^{1/2}dW",
    "LocalSquares": r"dX = - \nabla f(X)\,dt - \sqrt{\eta} \Sigma^{1/2}d\tilde W",
}


@pytest.mark.parametrize("name", BY_HAND)
def test_an_sde_is_that_by_hand(name: str) -> None:
    """At order 1 a point that is one step away is x: nothing is assumed of the noise there."""
    d = so.derive(SHELF[name])
    assert d.refused is None, d.refused
    assert d.latex("x").startswith(BY_HAND[name])
    assert d.assumed == (f"inner = {4 if name == 'Lookahead' else 2}, as with these hyperparameters",)


def test_samples_that_enter_alike_are_one() -> None:
    """The first sample of two goes through the momentum: noise √((1 + μ)² + 1), in one increment."""
    sde = so.derive(SHELF["InnerMomentum"]).model
    assert sde.brownian == ("gradient",)
    got = sde.diffusion(SHELF["InnerMomentum"](lr=0.09, mu=0.5), 0.0, np.zeros(2), SADDLE.oracle, np.array([1.0, -2.0]))
    assert got == pytest.approx(-0.3 * np.sqrt(1.5**2 + 1.0) * np.array([0.7, -1.0]), rel=1e-14)


def test_samples_in_another_ratio_have_increments_of_their_own() -> None:
    d = so.derive(SHELF["SumAndDifference"])
    assert d.brownian == ("gradient", "gradient2")
    page, x = SHELF["SumAndDifference"](lr=0.04), np.array([1.1, -0.9])
    a, b = np.array([1.0, -2.0]), np.array([3.0, 4.0])
    kicks = d.model.diffusion(page, 0.0, (x, x), SADDLE.oracle, (a, b))
    assert np.array(kicks) == pytest.approx(-0.2 * np.array([a + b, a - b]) * np.array([0.7, 0.5]), rel=1e-14)


def test_samples_that_do_not_have_increments_of_their_own() -> None:
    d = so.derive(SHELF["OneEach"])
    assert d.brownian == ("gradient", "gradient2", "gradient3")
    sde, page = d.model, SHELF["OneEach"](lr=0.04)
    assert sde.brownian == ("gradient", "gradient2", "gradient")
    run = plan(page, SADDLE, "sde", sde="derived", steps=2, rng=0)
    assert len({draw.stream for draw in draws(run)[1]}) == 3
    dw, x = np.array([[1.0, -2.0], [3.0, 4.0], [-5.0, 6.0]]), np.array([1.1, -0.9])
    kicks = sde.diffusion(page, 0.0, (x, x, x), SADDLE.oracle, tuple(dw))
    want = -0.2 * np.array([[1.0], [1.0], [2.0]]) * dw * np.array([0.7, 0.5])
    assert np.array(kicks) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (SHELF["NoDefault"], "as many samples of the gradient as inner says, which has no default: derive a method"),
        (SHELF["Lookahead"](lr=0.1, inner=32.0), "32 samples of the gradient, as inner says, .* up to 8"),
        (SHELF["ClippedTwice"], "clips the examples of a second sample"),
        (SHELF["BothAtOnce"], "with draws that are not those of one sample"),
    ],
)
def test_what_has_no_rule_is_refused(method: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        so.derive(method).source()


def test_a_round_is_written_point_by_point() -> None:
    """H points at which gradients are seen, not one formula in the other; ``outer_lr`` is no η."""
    d = so.derive(so.FedAvgM(lr=0.1, local_steps=3.0))
    assert d.regime == "t = 3 k η; outer_lr ~ η; momentum ~ 1 - η"
    one, two, *_ = d.update
    assert one == r"y^{(1)}_i &= x_k - \eta \xi^{(1)}_i - \eta \nabla f_i(x_k)"
    assert two.startswith(r"y^{(2)}_i &= x_k - ") and two.count(r"\nabla f_i(y^{(1)}_i)") == 1
    assert r"\frac{1}{N}\sum_i \nabla f_i(y^{(2)}_i)" in d.update[-1]


def test_noise_that_is_not_additive_is_asked_for_only_where_points_are_far() -> None:
    """SAM's ascent is longer than a step, and the next order of any second point counts."""
    far = "additive noise, ξ(x) = ξ(y): the step asks for its gradient at a second point"
    assert far in so.derive(so.SAM).assumed
    assert far not in so.derive(so.LocalSGD).assumed
    assert far in so.derive(so.LocalSGD, order=2).assumed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Lookahead", "InnerMomentum", "OneEach"])
def test_checks_agree(name: str) -> None:
    check = so.derive(SHELF[name]).check(SADDLE)
    assert check.agrees, str(check)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LocalSGD", "FedAvgM"])
def test_checks_of_rounds_agree(name: str) -> None:
    check = so.derive(getattr(so, name)(lr=0.1, local_steps=2.0)).check()
    assert check.agrees, str(check)
