"""More steps as researchers write them: letters, NumPy's arguments, limits with two ties, checks that tell nothing."""

from __future__ import annotations

import functools
import warnings
from typing import Any, NamedTuple

import bare_pages
import numpy as np
import other_pages
import pytest

import sdeopt as so
from sdeopt.core import Decay, Positive, grad, noisy_grad
from sdeopt.derivation.check import Check

sp = pytest.importorskip("sympy")

MORE: dict[str, Any] = {}
page = functools.partial(other_pages.page, shelf=MORE)


@page(parts=("x", "m"), beta=(Decay, 0.9), rho=(Positive, 0.05))
def SharpMomentum(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Momentum along a gradient that is asked for uphill: two hyperparameters that must move with η."""
    (x, m), g = y, noisy_grad(o, y[0], z)
    m = self.beta * m + (1 - self.beta) * noisy_grad(o, x + self.rho * g, z)
    return x - self.lr * m, m


@page(parts=("x", "m", "v"), beta1=(Decay, 0.9), beta2=(Decay, 0.99), eps=(Positive, 1e-8))
def GuardedBelief(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """AdaBelief with its guard added in every step, so that it must fall with η."""
    (x, m, v), g = y, noisy_grad(o, y[0], z)
    m = self.beta1 * m + (1 - self.beta1) * g
    v = self.beta2 * v + (1 - self.beta2) * (g - m) ** 2 + self.eps
    return x - self.lr * m / np.sqrt(v), m, v


@page(parts=("x", "a", "b", "c"), b1=(Decay, 0.5), b2=(Decay, 0.9), b3=(Decay, 0.99))
def ThreeMomenta(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """AggMo (Lucas et al., arXiv:1804.00325)."""
    (x, a, b, c), g = y, noisy_grad(o, y[0], z)
    a, b, c = self.b1 * a - g, self.b2 * b - g, self.b3 * c - g
    return x + self.lr / 3 * (a + b + c), a, b, c


@page(parts=("x", "v"), own=True, gamma=(Positive, 1.0), temperature=(Positive, 0.5))
def Splitting(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Langevin's equation, split (Leimkuhler & Matthews 2013), with noise in the gradient."""
    (x, v), (z, (w,)) = y, z
    c = np.exp(-self.gamma * self.lr)
    x = x + 0.5 * self.lr * v
    v = c * v + np.sqrt(self.temperature * (1 - c * c)) * w - self.lr * noisy_grad(o, x, z)
    return x + 0.5 * self.lr * v, v


@page(
    parts=("x", "sigma", "nu"), momentum=(Decay, 0.9), mu=(Positive, 2.0), theta=(Positive, 1.0), gamma=(Positive, 1.0)
)
def OneLetterEach(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Names whose letters others have: Σ and σ² of the noise, μ of the momentum; LaTeX has no capital ν."""
    x, sigma, nu = y
    g = self.theta * noisy_grad(o, x, z) + self.gamma * x
    sigma = self.momentum * sigma + (1 - self.momentum) * self.mu * g
    return x - self.lr * sigma, sigma, nu + self.lr * (g - nu)


@page()
def NumpysArguments(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    """Sums along the one axis of vectors, the norm of order 1, arrays of the shape of x."""
    g, mean = noisy_grad(o, x, z), grad(o, x)
    down = g / (np.ones(x.shape) + np.linalg.norm(mean, 1)) - np.mean(g, axis=0) - g.sum(0) / x.size
    return x - self.lr * (down + np.zeros(len(x)))


@page()
def NumpysOrder(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * noisy_grad(o, x, z) / np.linalg.norm(grad(o, x), ord=3)


@page()
def ReturnsDict(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return {"x": x - self.lr * noisy_grad(o, x, z)}


@page(parts=("x", "v"), beta=(Decay, 0.9))
def InPlace(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, v = y
    v += (1 - self.beta) * (noisy_grad(o, x, z) - v)
    return x - self.lr * v, v


@page(parts=("x", "last"), mu=(Decay, 0.9))
def TwoPositions(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Heavy ball as Polyak wrote it."""
    x, last = y
    return x - self.lr * noisy_grad(o, x, z) + self.mu * (x - last), x


def from_a_number(self: Any, x: Any, o: Any) -> Any:
    return x, 0.0


@page(parts=("x", "v"), beta=(Decay, 0.9), eps=(Positive, 1e-8))
def OneScale(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """One mean square for all entries, a number of the state that begins at 0."""
    (x, v), g = y, noisy_grad(o, y[0], z)
    v = self.beta * v + (1 - self.beta) * np.sum(g * g)
    return x - self.lr * g / (np.sqrt(v) + self.eps), v


MORE["OneScale"].init = from_a_number


DERIVED = {  # by hand; the lines that say what rates stand for are left out
    "SharpMomentum": (
        r"dX &= - M\,dt",
        r"dM &= \rho_{\beta} \left(- M + \nabla f(X) + \rho \nabla^2\! f(X)\,\nabla f(X)\right)\,dt"
        r" + \rho_{\beta} \sqrt{\eta} \left(\Sigma^{1/2}dW + \rho \nabla^2\! f(X)\,\Sigma^{1/2}dW\right)",
    ),
    "GuardedBelief": (
        r"dX &= - \frac{M}{\sqrt{V}}\,dt",
        r"dM &= \rho_1 \left(- M + \nabla f(X)\right)\,dt + \rho_1 \sqrt{\eta} \Sigma^{1/2}dW",
        r"dV &= \left(\frac{\varepsilon}{\eta} - \rho_2 V + \rho_2 \sigma^2"
        r" + \rho_2 \left(- M + \nabla f(X)\right)^{2}\right)\,dt"
        r" + \rho_2 \sqrt{\eta} \left(\Lambda^{1/2}dW' - 2 M \Sigma^{1/2}dW + 2 \nabla f(X) \Sigma^{1/2}dW\right)",
    ),
    "ThreeMomenta": (
        r"dX &= \frac{\sqrt{\eta}}{3} \left(A + B + C\right)\,dt",
        *(
            rf"d{c} &= - \left(\rho_{{b,{i}}} {c} + \frac{{1}}{{\sqrt{{\eta}}}} \nabla f(X)\right)\,dt"
            r" - \eta^{-1/4} \Sigma^{1/2}dW"
            for i, c in enumerate("ABC", 1)
        ),
    ),
    "Splitting": (
        r"dX &= V\,dt",
        r"dV &= - \left(\gamma V + \nabla f(X)\right)\,dt + \sqrt{2 \gamma T} dW'' - \sqrt{\eta} \Sigma^{1/2}dW",
    ),
    "OneLetterEach": (
        r"dX &= - \mathrm{sigma}\,dt",
        r"d\mathrm{sigma} &= \hat\mu \left(- \mathrm{sigma} + \gamma \mu X + \mu \theta \nabla f(X)\right)\,dt"
        r" + \hat\mu \sqrt{\eta} \mu \theta \Sigma^{1/2}dW",
        r"d\nu &= \left(- \nu + \gamma X + \theta \nabla f(X)\right)\,dt + \sqrt{\eta} \theta \Sigma^{1/2}dW",
    ),
    "NumpysArguments": (
        r"dX &= \left(- \frac{1}{1 + \mathbf{1}^{\top}(\left|{\nabla f(X)}\right|)} \nabla f(X)"
        r" + \frac{2 \mathbf{1}^{\top}(\nabla f(X))}{d}\right)\,dt"
        r" + \sqrt{\eta} \left(\frac{2 \mathbf{1}^{\top}(\Sigma^{1/2}dW)}{d}"
        r" - \frac{1}{1 + \mathbf{1}^{\top}(\left|{\nabla f(X)}\right|)} \Sigma^{1/2}dW\right)",
    ),
}
REFUSED = {
    "TwoPositions": "last moves by O(η^0) in one step, by -last + x, faster than time passes: last relaxes within steps"
    " and x with it, so that it is not averaged out by itself: keep the difference x - last, a velocity, in its place",
    "NumpysOrder": "it takes the norm of order 3, and the rules know those of order 1 and 2",
    "ReturnsDict": "step returns a dict where a part of the state is expected",
}


LONG = {"GuardedBelief", "ThreeMomenta"}  # seconds each


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in LONG else ()) for n in DERIVED])
def test_an_sde_is_that_by_hand(name: str) -> None:
    d = so.derive(MORE[name])
    assert d.refused is None, d.refused
    assert d.equations[: len(d.parts)] == DERIVED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_what_is_wrong(name: str) -> None:
    assert so.derive(MORE[name]).refused == REFUSED[name]


def test_the_gradient_that_is_seen_has_a_letter_of_its_own() -> None:
    d = so.derive(MORE["OneLetterEach"])
    assert d.update[-1] == r"& \hat g = \nabla f(x_k) + \xi_k"
    assert r"\left(\gamma x_k + \theta \hat g\right)" in d.update[0]


def test_a_sum_before_a_root_stands_in_brackets() -> None:
    from sdeopt.derivation.latex import print_latex

    a, b, c = sp.symbols("a b c", positive=True)
    assert print_latex(sp.sqrt(b) * (a - 2) * sp.sqrt(c), {}) == r"\left(a - 2\right) \sqrt{b c}"


def test_a_check_without_numbers_does_not_agree() -> None:
    """NaN is no error that shrinks, and integrals known to a tenth tell nothing."""
    rows = ("mean x",), np.array([1e-2]), np.array([1e-3])
    nan = np.array([np.nan])
    assert Check(*rows, np.array([1e-4]), (0.16, 0.01)).agrees
    assert Check(("mean x",), nan, nan, nan, (0.16, 0.01)).wrong == ("mean x",)
    rough = Check(*rows, np.array([0.05]), (0.16, 0.01))
    assert rough.open == ("mean x",) and not rough.wrong and not rough.agrees
    assert str(rough).endswith("open: the integrals are too rough in mean x; try another problem")


def test_a_check_wants_a_step_that_stays_finite_and_pure() -> None:
    steep = so.Problem(so.Quadratic([1e50]), so.Gaussian(1.0), x0=[1.0])
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="SharpMomentum diverges within time 1, so check"):
        so.derive(MORE["SharpMomentum"]).check(steep)
    with pytest.raises(ValueError, match="step of InPlace must not write into the state that it is given"):
        so.derive(MORE["InPlace"]).check(steep)


def test_a_number_of_the_state_runs_from_the_first_step_on_above_its_floor() -> None:
    """It is 0 at first, where a step has no bound; noise would drive it below 0 under its root."""
    d = so.derive(MORE["OneScale"])
    assert any(note.startswith("Under a root v stands for") for note in d.notes)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    x, v = d.model.start(MORE["OneScale"](lr=0.1), np.array([1.0, -1.0]), problem.oracle)
    assert np.ndim(v) == 0 and abs(v - 0.1 * (5.0 + 1.25)) < 1e-12  # (1 - β)(|∇f|² + tr Σ)
    with warnings.catch_warnings():
        warnings.simplefilter("error", so.DivergedWarning)
        warnings.simplefilter("ignore", so.OnePathWarning)  # a state with a number in it runs on vectors
        e = so.simulate(
            MORE["OneScale"](lr=0.02), problem, kind="sde", sde="derived", horizon=1.0, substeps=2, paths=200, rng=0
        )
    assert np.isfinite(e.final).all()


@bare_pages.method(samples=2, parts=("x", "v"))
class TwoSquares(NamedTuple):
    """Squares of what two samples have between them."""

    lr: Positive
    beta: Decay = 0.9
    level: Positive = 2.0

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, v = y
        a, b = noisy_grad(o, x, z[0]), noisy_grad(o, x, z[1])
        g = 0.5 * (a + b) + 0.5 * np.sqrt(2.0 * self.level - 1.0) * (a - b)
        v = self.beta * v + (1.0 - self.beta) * g * g
        return x - self.lr * g / (np.sqrt(v / (1.0 - self.beta ** (k + 1))) + 1e-3), v


def test_where_a_singular_sde_starts_has_the_noise_of_both_samples() -> None:
    """At t = 0 the root is of V/(1 - e^{-ρt}), so the state begins after one step: V at (1 - β) (g² + l σ²)."""
    d = so.derive(TwoSquares)
    page, o = TwoSquares(lr=0.1), so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5])).oracle
    x = np.array([1.1, -0.7])
    _, v = d.model.start(page, x, o)
    assert v == pytest.approx(0.1 * (grad(o, x) ** 2 + 2.0 * o.noise.var(o, x)), rel=1e-12)


@page(parts=("x", "v", "m"), beta=(Decay, 0.99), eps=(Positive, 1e-8))
def CentredRMSprop(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """torch.optim.RMSprop(centered=True)."""
    (x, v, m), g = y, noisy_grad(o, y[0], z)
    v, m = self.beta * v + (1 - self.beta) * g * g, self.beta * m + (1 - self.beta) * g
    return x - self.lr * g / (np.sqrt(v - m * m) + self.eps), v, m


def test_a_difference_under_a_root_is_kept_above_the_floor_of_its_part() -> None:
    """V - M² where noise has driven V below M²: a tenth of (1 - e^{-ρt}) σ², in drift and noise."""
    d = so.derive(MORE["CentredRMSprop"])
    assert any(note.startswith("Under a root v - m^{2} stands for") for note in d.notes)
    page, o = MORE["CentredRMSprop"](lr=0.1, beta=0.8), so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5)).oracle
    y, gained = (np.array([2.0]), np.array([0.1]), np.array([1.0])), 0.1 * (1.0 - np.exp(-2.0)) * 0.25
    assert d.model.drift(page, 1.0, y, o)[0] == pytest.approx(-2.0 / (np.sqrt(gained) + 1e-8), rel=1e-12)
    kick = d.model.diffusion(page, 1.0, y, o, (np.ones(1), np.zeros(1)))[0]
    assert kick == pytest.approx(-np.sqrt(0.1) * 0.5 / (np.sqrt(gained) + 1e-8), rel=1e-12)
    high = (y[0], np.array([3.0]), y[2])
    assert d.model.drift(page, 1.0, high, o)[0] == pytest.approx(-2.0 / (np.sqrt(2.0) + 1e-8), rel=1e-12)
