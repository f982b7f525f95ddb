"""A page of the user's own: what it may leave out, and what is refused in a sentence before anything compiles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import Decay, NonNegative, Positive, Real, grad, method, noisy_grad, root_cov
from sdeopt.core.method import REGISTRY, _parts
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))


@contextlib.contextmanager
def registered(cls: Any, **options: Any) -> Iterator[Any]:
    """The class as a page, for a while."""
    try:
        yield method(**({"order": 1} | options))(cls)
    finally:
        REGISTRY.pop(cls.__name__, None)


class Own(NamedTuple):
    """Gradient descent with a fault."""

    lr: Positive
    fault: NonNegative = 0.0

    def init(self, x: Any, o: Any) -> Any:
        if self.fault == 8.0:
            return undefined(x)  # noqa: F821
        return (x, 0.0 * x) if self.fault == 1.0 else [*x] if self.fault == 6.0 else x

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        if self.fault == 2.0:
            x -= self.lr * noisy_grad(o, x, z)
        if self.fault == 3.0:
            return x[0]
        if self.fault == 4.0:
            return x, x
        if self.fault == 7.0:
            return x - self.lr * o.gradient(x)
        return x + 1j if self.fault == 5.0 else x - self.lr * noisy_grad(o, x, z)


@pytest.mark.parametrize(
    ("error", "words", "fault"),
    [
        (ValueError, "init of Own returns 2 parts, and its state has 1, 'x': name one for each", 1.0),
        (ValueError, "step of Own must not write into the state that it is given", 2.0),
        (ValueError, r"step of Own must return vectors of the shapes of the state, \(2,\), got \(\)", 3.0),
        (ValueError, r"shapes of the state, \(2,\), got \(2,\), \(2,\)", 4.0),
        (TypeError, "step of Own must return real numbers, got complex128", 5.0),
        (TypeError, "init of Own must return a vector, or a tuple of them that begins with x, got", 6.0),
        (ValueError, "step of Own fails, AttributeError: 'Oracle' object has no attribute 'gradient'", 7.0),
        (ValueError, "init of Own fails, NameError: name 'undefined' is not defined", 8.0),
    ],
)
def test_pages_that_are_refused(error: Any, words: str, fault: float) -> None:
    with registered(Own) as page, pytest.raises(error, match=words):
        Kernel(plan(page(0.1, fault), PROBLEM, steps=2, rng=0))


@pytest.mark.parametrize("page", [so.Shampoo(0.1), so.Adafactor(0.1), so.Muon(0.1)], ids=lambda p: type(p).__name__)
def test_a_page_of_matrices_says_so_where_there_is_none(page: Any) -> None:
    """Also where ``init`` is the first to ask for the rows."""
    with pytest.raises(ValueError, match=f"the discrete {type(page).__name__} needs matrix_rows: Quadratic is no func"):
        so.simulate(page, PROBLEM, steps=2, paths=2, rng=0)


class Swapped(NamedTuple):
    """Heavy ball, with its learning rate last."""

    momentum: Decay
    lr: Positive

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, v = y
        v1 = self.momentum * v + noisy_grad(o, x, z)
        return x - self.lr * v1, v1


class Seven(NamedTuple):
    """Gradient descent with seven fields."""

    a: Real
    b: Real
    c: Real
    lr: Positive
    d: Real
    e: Real
    f: Real

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * (self.a + self.b + self.c + self.d + self.e + self.f) / 21.0 * noisy_grad(o, x, z)

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -(self.a + self.b + self.c + self.d + self.e + self.f) / 21.0 * grad(o, x)

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)


def test_a_schedule_finds_the_learning_rate_by_its_name() -> None:
    schedule = so.Power(0.1, exponent=1.0)
    rates = 0.1 * np.array([float(schedule.factor(0.1 * k)) for k in range(4)])
    x, v = PROBLEM.x0, np.zeros(2)
    for rate in rates:
        v = 0.5 * v + np.array([1.0, 2.0]) * x
        x = x - rate * v
    still = so.Problem(so.Quadratic([1.0, 2.0]))
    with registered(Swapped, parts=("x", "v")) as page:
        e = so.simulate(page(0.5, schedule), still, steps=4, paths=1, rng=0, observables=[])
    np.testing.assert_allclose(e.final[0], x, rtol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_a_page_may_have_any_number_of_fields(kind: str) -> None:
    schedule = so.Power(0.1, exponent=1.0)
    with registered(Seven) as page:
        mine = so.simulate(
            page(1.0, 2.0, 3.0, schedule, 4.0, 5.0, 6.0), PROBLEM, kind, steps=3, paths=2, rng=0, observables=[]
        )
    theirs = so.simulate(so.SGD(schedule), PROBLEM, kind, steps=3, paths=2, rng=0, observables=[])
    np.testing.assert_allclose(mine.final, theirs.final, rtol=1e-13)


class ByModule(NamedTuple):
    """Gradient descent whose vocabulary is asked of a module."""

    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * so.core.noisy_grad(o, x, z)


def test_a_page_may_ask_a_module() -> None:
    with registered(ByModule) as page:
        kernel = Kernel(plan(page(0.1), PROBLEM, steps=3, rng=0))
        with pytest.raises(ValueError, match="needs hvp|lacks|has no"):
            so.simulate(asks_hvp(), so.Problem(so.Objective(grad=lambda x: x, dim=2)), steps=1)
    assert kernel.mode == "lanes"
    assert np.array_equal(kernel(0, 4), Kernel(plan(so.SGD(0.1), PROBLEM, steps=3, rng=0))(0, 4))


def asks_hvp() -> Any:
    class Asks(NamedTuple):
        """A page that needs what an objective may lack."""

        lr: Positive

        def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
            return x - self.lr * so.core.hvp(o, x, x)

    page = method(order=1)(Asks)
    REGISTRY.pop("Asks")
    return page(0.1)


class Heavy(NamedTuple):
    """Heavy ball that names no parts."""

    lr: Positive
    momentum: Decay = 0.5

    def init(self, x: Any, o: Any) -> Any:
        return x, grad(o, x) * 0.0

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, v = y
        v1 = self.momentum * v + noisy_grad(o, x, z)
        return x - self.lr * v1, v1


@pytest.mark.usefixtures("interpreted")
def test_parts_follow_from_init_and_parentheses_may_be_left_out() -> None:
    try:
        page: Any = method(Heavy)
        assert page is Heavy and page.parts == ("x", "v") and page.order == 1.0
        mine = so.simulate(page(0.1, 0.5), PROBLEM, steps=3, paths=2, rng=0)
        theirs = so.simulate(so.HeavyBall(0.1, momentum=0.5), PROBLEM, steps=3, paths=2, rng=0)
    finally:
        REGISTRY.pop("Heavy", None)
    np.testing.assert_allclose(mine.final, theirs.final, rtol=1e-13)


@pytest.mark.parametrize("name", [name for name, cls in so.methods().items() if cls.parts != ("x",)])
def test_the_parts_of_our_pages_are_as_many_as_their_init_returns(name: str) -> None:
    """Where zeros can answer what it asks."""
    page = so.methods()[name]
    found = _parts(page)
    assert found == ("x",) or len(found) == len(page.parts)


class Bare(NamedTuple):
    """A page whose field states no bounds."""

    lr: Positive
    share: float = 0.5

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x


class Rated(NamedTuple):
    """A page whose learning rate has another name."""

    eta: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x


class Half(NamedTuple):
    """A page with half an SDE."""

    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -x


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Rated, "Rated: a page must have a field lr, its learning rate"),
        (Half, "Half: an SDE must have drift and diffusion, got no diffusion"),
        (Bare, "Bare: share must say where it may lie: write share: Positive, .* or Annotated"),
        (3, "a page must be a class of typing.NamedTuple with a function step, got 3"),
        (dict, "a page must be a class of typing.NamedTuple with a function step, got <class 'dict'>"),
    ],
)
def test_what_is_no_page_is_refused(page: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        method(page)
    assert "Bare" not in REGISTRY


def test_a_page_keeps_the_bounds_beside_its_fields() -> None:
    with registered(Heavy) as page:
        assert page.bounds["momentum"] == so.SGD.bounds["lr"].__class__(0.0, 1.0, open_high=True)
        with pytest.raises(ValueError, match=r"Heavy: momentum must be in \[0, 1\), got 1.0"):
            page(0.1, 1.0)
        with pytest.raises(ValueError, match=r"Heavy: lr must be in \(0, inf\), got 0"):
            page(0.1)._replace(lr=0)


class Rooted(NamedTuple):
    """RMSprop whose running mean of squares nothing keeps above 0."""

    lr: Positive
    beta: Decay = 0.5

    def init(self, x: Any, o: Any) -> Any:
        return x, 1e-4 + 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, v = y
        g = noisy_grad(o, x, z)
        v1 = self.beta * v + (1.0 - self.beta) * g * g
        return x - self.lr * g / np.sqrt(v1), v1


def _kept(self: Any, y: Any) -> Any:
    return y[0], np.maximum(y[1], 1e-6)


@pytest.mark.slow
def test_where_a_running_mean_of_squares_falls_below_0_the_advice_is_domain() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(1.0), x0=[1.0, 1.0])
    run = {"steps": 40, "substeps": 2, "paths": 50, "rng": 0}
    with registered(Rooted) as page:
        with pytest.warns(so.DivergedWarning, match=r"falls below 0 under a root: give the page domain\(self, y\)"):
            so.simulate(page(0.1), problem, "sde", **run)
        page.domain = _kept
        try:
            e = so.simulate(page(0.1), problem, "sde", **run)
        finally:
            del page.domain
    assert e.diverged.count == 0
