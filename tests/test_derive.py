"""Optimizers that are in no registry, derived from their step alone: by quadrature, in every mode, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bare_pages import PAGES, Counted, Parity, Saturated, Undamped

import sdeopt as so
from sdeopt.noise.spec import parse as law
from sdeopt.optimizers.registry import methods

pytest.importorskip("sympy")

SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[1.1, -0.9])
LAW = law("gaussian:0.6,batch=4")
PER_COORDINATE = ["Tanh", "SoftSign", "CoordinateClip", "Drag", "DeadZone"]
REFUSED = ("LargestSquare", "Branches", "Backtracked", "GlobalClip")
JUMPS = (0.0, 0.7, -0.7, 0.4, -0.4)  # gradients seen at which one of those bends or jumps


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Derived rivals are taken out of the registry again."""
    before = {cls: dict(cls.sdes) for cls in methods().values()}
    yield
    for cls, sdes in before.items():
        cls.sdes = sdes


def panels(ends: list[float], n: int) -> tuple[Any, Any]:
    """Gauss-Legendre nodes for a standard normal, n panels between each two of ``ends``."""
    points, weights = np.polynomial.legendre.leggauss(12)
    edges = np.unique(np.concatenate([np.linspace(a, b, n + 1) for a, b in zip(ends, ends[1:], strict=False)]))
    half = 0.5 * np.diff(edges)[:, None]
    nodes = (edges[:-1, None] + half * (points + 1.0)).ravel()
    return nodes, (half * weights).ravel() * np.exp(-0.5 * nodes**2) / np.sqrt(2.0 * np.pi)


@pytest.mark.parametrize("name", PER_COORDINATE)
@pytest.mark.parametrize("sigma", [0.05, 0.7, 3.0])
def test_a_drift_is_the_mean_of_the_step(name: str, sigma: float) -> None:
    """At both signs of every argument, against an integral over the step itself."""
    sde, page = so.derive(PAGES[name]).model, PAGES[name](lr=0.1)
    for g in (-1.9, -0.55, -0.2, 0.0, 0.1, 0.45, 1.2):
        kinks = [z for z in ((jump - g) / sigma for jump in JUMPS) if abs(z) < 9.0]
        z, weights = panels(sorted({-9.0, *kinks, 9.0}), 40)
        x = np.full(z.size, g)  # a coordinate for every node
        o = so.Problem(so.Quadratic(np.ones(z.size)), so.Gaussian(sigma)).oracle
        mean = weights @ (page.step(0, x, o, (z,)) - x) / 0.1
        assert sde.drift(page, 0.0, x, o)[0] == pytest.approx(mean, rel=1e-9, abs=1e-11)


def test_a_sign_may_be_turned_around() -> None:
    """x + η sign(-(g + ξ)) is SignSGD, written another way."""
    assert so.derive(PAGES["Turned"]).equations == so.derive(so.SignSGD).equations


def test_a_drift_without_noise_is_the_step() -> None:
    for name in PER_COORDINATE:
        sde, page = so.derive(PAGES[name]).model, PAGES[name](lr=0.1)
        o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
        x = np.array([0.9, -0.3])
        step = (page.step(0, x, o, ()) - x) / 0.1
        assert sde.drift(page, 0.0, x, o) == pytest.approx(step, rel=1e-9)


@pytest.mark.parametrize("name", ["CoordinateClip", pytest.param("Averaged", marks=pytest.mark.slow)])
def test_a_check_agrees(name: str) -> None:
    assert so.derive(PAGES[name]).check(SADDLE).agrees


def test_a_check_compiles_a_step_once() -> None:
    """Each time with other draws, also where the oracle holds functions of its own, as that of agents does."""
    from sdeopt.engine.compiler.compile import LOOPS
    from sdeopt.engine.draws import draws
    from sdeopt.engine.images import images
    from sdeopt.engine.simulate import plan

    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.Gaussian(0.5), agents=2))
    run = plan(so.DSGD(lr=0.1), problem, "discrete", steps=2, rng=0)
    z = np.random.default_rng(0).standard_normal((8, sum(v.size for v in draws(run)[1])))
    step, x = so.DSGD.step, np.array([0.4, -1.3])
    moved = [images(run, step, 0, x, z * scale) for scale in (1.0, 1.0, 2.0)]
    assert np.array_equal(moved[0], moved[1]) and not np.array_equal(moved[0], moved[2])
    (compiled,) = [loop for (key, _), loop in LOOPS.items() if key[1] is so.DSGD]
    assert len(compiled.overloads) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in PAGES if n not in REFUSED])
def test_every_check_agrees(name: str) -> None:
    check = so.derive(PAGES[name]).check(SADDLE)
    assert check.agrees, str(check)


CHECKED: dict[str, Any] = dict.fromkeys(
    ("AntiPGD", "Scion", "SEGIndependent", "PCNSGD", "SAM", "DPSGD", "DCSGDNatural", "Clip21SGD2M")
)
CHECKED["DPSignSGD"] = so.DPSignSGD(lr=0.1, clip=60.0, sigma_dp=0.02)  # in a phase: no example is longer than C


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKED)
def test_checks_of_the_registry_agree(name: str) -> None:
    """Errors of one step shrink by 11 at least where it lasts a sixteenth, or are below what the integrals show."""
    assume = {"clip": "inactive"} if name == "DPSignSGD" else None
    check = so.derive(getattr(so, name), assume=assume).check(method=CHECKED[name])
    assert check.agrees, str(check)


def times(factor: float, right: Any) -> Any:
    def noise(self: Any, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return factor * right(self, t, x, o, dw)

    return noise


@pytest.mark.slow
def test_a_check_refutes_the_flow_and_doubled_noise() -> None:
    from sdeopt.derivation.check import CLOCKS, compare_moments, scale

    d = so.derive(PAGES["CoordinateClip"])
    pages = [scale(vars(d)["live"], PAGES["CoordinateClip"](lr=0.1), tau) for tau in CLOCKS]
    right = d.model.diffusion
    for factor in (0.0, 2.0):
        wrong = replace(d.model, diffusion=times(factor, right))
        assert compare_moments(wrong, pages, SADDLE).wrong == ("cov x x",)
    late = replace(d.model, drift=lambda *a: 1.01 * d.model.drift(*a))
    assert compare_moments(late, pages, SADDLE).wrong == ("mean x",)


LADDERS = {  # of which most of the second coordinate's first gradients are clipped
    "Drag": (PAGES["Drag"](lr=0.1), [0.1, 0.05, 0.025]),
    "CoordinateClip": (PAGES["CoordinateClip"](lr=0.1, clip=1.5), [0.2, 0.1, 0.05]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDERS)
def test_derived_sdes_are_certified_and_wrong_noise_is_refuted(name: str) -> None:
    """Of paths, by verdicts whose false-alarm rate is below 1e-3 each, from one seed."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    so.derive(PAGES[name]).model  # noqa: B018  (registers it)
    page, lrs = LADDERS[name]
    ladder = {"lrs": lrs, "horizon": 1.0, "paths": 20_000, "rng": 0, "progress": False}
    found = so.certify(page, problem, sde="derived", **ladder)
    assert found.verdict == "certified"
    noise = {row.model: row.verdict for row in found.rows if row.kind == "covariance"}
    assert noise == {"SDE": "right", "flow": "wrong", "noise x2": "wrong"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "LargestSquare",
            ["top moves by", "-top + maximum(top, v)", "a running maximum or minimum reflects"],
            marks=pytest.mark.slow,
        ),
        ("Branches", ["the step takes single entries of x"]),
        ("Backtracked", ["where(", "chooses by a condition that moves with η", "'sampled'"]),
        ("GlobalClip", ["the length |ξ + ∇f(x)|", "stands elsewhere than in v/|v|", "'sampled'"]),
    ],
)
def test_what_has_no_sde_is_refused_by_its_term(name: str, words: list[str]) -> None:
    d = so.derive(PAGES[name])
    assert d.refused is not None
    assert [word for word in words if word not in d.refused] == []
    with pytest.raises(ValueError, match=f"{name} has no derived SDE"):
        d.latex()


def test_other_sizes_are_not_tried_where_a_rule_is_missing() -> None:
    """DP-Adam has an SDE, of which no rule gives E G²; with V of order 1/η that term would be gone."""
    assert "no word for the mean of rho_beta2*η*clipped_grad(clip)**2" in str(so.derive(so.DPAdam).refused)


def test_order_2_differentiates_kinks_and_refuses_jumps() -> None:
    """WarmupSGD's rate is 1/(h₀ + h₁ max(f - f*, 0)); a sign that is integrated over has no derivative by rules."""
    d = so.derive(so.WarmupSGD, order=2)
    assert r"\mathbf{1}\left[- \mathrm{minimum} + f(X) > 0\right]" in d.latex("x")
    page, x, o = so.WarmupSGD(lr=0.1), np.array([0.4, -1.3]), SADDLE.oracle
    one = so.derive(so.WarmupSGD).model

    def b(v: Any) -> Any:
        return one.drift(page, 0.0, v, o)

    slope = (b(x + 1e-6 * b(x)) - b(x - 1e-6 * b(x))) / 2e-6
    assert d.model.drift(page, 0.0, x, o) == pytest.approx(b(x) - 0.05 * slope, rel=1e-7)
    assert "sign(ζ + ∇f(x)) where it jumps" in str(so.derive(PAGES["Rooted"], order=2).refused)


def test_a_limit_is_found_where_none_is_stated() -> None:
    d = so.derive(PAGES["Belief"])
    assert d.regime == "t = k η; beta1 ~ 1 - η; beta2 ~ 1 - η"
    assert d.limits[0] == d.regime
    assert so.derive(so.HeavyBall).regime == "t = k sqrt(η); momentum ~ 1 - sqrt(η); v ~ 1/sqrt(η)"
    assert so.derive(so.AntiPGD).limits == ("t = k η; sigma ~ sqrt(η)", "t = k η; sigma ~ η")
    assert so.derive(so.SGD).limits == ("t = k η",)


def test_order_2_of_descent_has_a_modified_loss() -> None:
    """Li, Tai & E (2019): f + (η/4)|∇f|²; a momentum has none."""
    note = r"Modified loss: the drift is -∇(f + c |∇f|²) with c = \frac{\eta}{4}."
    assert note in so.derive(so.SGD, order=2).notes
    assert not any("Modified" in line for line in (*so.derive(so.HeavyBall, order=2).notes, *so.derive(so.SGD).notes))


def test_a_fast_linear_buffer_is_averaged_out() -> None:
    """Heavy ball with a fixed momentum is SGD at η/(1 - μ)."""
    d = so.derive(Undamped, limit={"mu": "fixed", "m": "fixed"}, eliminate=("m",))
    x, o = np.array([0.4, -1.3]), SADDLE.oracle
    page, sgd, w = Undamped(lr=0.1, mu=0.75), so.SGD(lr=0.1), np.array([0.3, -0.8])
    assert d.model.drift(page, 0.0, (x, x), o)[0] == pytest.approx(4.0 * so.SGD.drift(sgd, 0.0, x, o), rel=1e-12)
    kick = d.model.diffusion(page, 0.0, (x, x), o, w)[0]
    assert kick == pytest.approx(4.0 * so.SGD.diffusion(sgd, 0.0, x, o, w), rel=1e-12)
    assert "m relaxes" in d.assumed[0]
    fast = so.derive(so.Signum, limit={"momentum": "fixed"}, eliminate=("m",))
    assert "m enters non-linearly" in str(fast.refused)


def test_other_noise_than_the_assumed_is_told() -> None:
    from sdeopt.engine.simulate import plan

    page = PAGES["SoftSign"]
    so.derive(page).model  # noqa: B018  (registers it)
    quadratic = so.Quadratic([1.0, 2.0])
    for noise in (so.StudentT(nu=5.0), so.Batch(so.Laplace(1.0), 4), so.Agents([so.Gaussian(1.0), so.Laplace(1.0)])):
        with pytest.warns(UserWarning, match=r"the SDE 'derived' of SoftSign assumes normal ξ, and .* is not normal"):
            plan(page(lr=0.1), so.Problem(quadratic, noise), "sde", sde="derived", steps=2)
        plan(page(lr=0.1), so.Problem(quadratic, noise), "sde", sde="sampled", steps=2)
    for noise in (so.Gaussian(cov=np.eye(2)), so.Batch(so.Gaussian(1.0), 4), so.Agents(so.Gaussian(1.0), agents=2)):
        plan(page(lr=0.1), so.Problem(quadratic, noise), "sde", sde="derived", steps=2)


def test_increments_that_are_named_twice_are_two() -> None:
    from sdeopt.engine.draws import draws
    from sdeopt.engine.simulate import plan

    so.derive(so.DPSignSGD, assume={"clip": "inactive"}).model  # noqa: B018  (registers it)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), LAW)
    run = plan(so.DPSignSGD(lr=0.1), problem, "sde", sde="derived", steps=2)
    assert [v.stream for v in draws(run)[1]] == ["gradient", "gradient2.0", "own.0", "own2.0"]


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"order": 3}, "order must be 1 or 2, got 3"),
        ({"limit": {"beta": "1 - lr"}}, "unknown limit 'beta'"),
        ({"limit": {"momentum": "slow"}}, "limit: momentum must be one of 'fixed', 'lr'"),
        ({"limit": {"t": "1/lr"}}, "t must be a positive power of lr"),
        ({"assume": {"clip": "off"}}, "unknown phase 'off'"),
        ({"eliminate": ("m",)}, r"eliminate must name parts of the state beside x, \['v'\], got 'm'"),
        ({"sde": "order7"}, "unknown sde 'order7'"),
    ],
)
def test_bad_words_are_named(how: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        so.derive(so.HeavyBall, **how)


def test_what_is_no_method_is_named() -> None:
    with pytest.raises(TypeError, match="method must be a method of sdeopt"):
        so.derive(3)


def test_noise_inside_a_function_that_saturates_is_not_small() -> None:
    """E tanh(1.5 (M + ∇f + ξ)) by Gauss-Hermite quadrature, where M is of order 1."""
    x, m = np.array([0.4, 1.0]), np.array([0.2, -0.3])
    found, _ = so.derive(Saturated).model.drift(Saturated(lr=1e-3), 0.0, (x, m), SADDLE.oracle)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    inside = (m + SADDLE.oracle.objective.grad(x))[:, None] + np.array(SADDLE.oracle.noise.scale)[:, None] * nodes
    assert found == pytest.approx(-np.tanh(1.5 * inside) @ (weights / weights.sum()), abs=1e-7)


def test_a_branch_on_equality_is_refused() -> None:
    assert "asks whether k % 2 equals 0, so that steps differ by their number" in str(so.derive(Parity).refused)


def test_equal_entries_are_counted() -> None:
    """Also in an objective of three coordinates, entry by entry."""
    assert so.derive(Counted).latex("x") == r"dX = - d \nabla f(X)\,dt - \sqrt{\eta} d \Sigma^{1/2}dW"
    f = so.Objective(value=lambda x: so.core.total(0.0 * x + 1.0) * x[0] * x[0], dim=3)
    assert f.grad(np.array([0.5, 1.0, 2.0])).tolist() == [3.0, 0.0, 0.0]


def test_an_sde_of_another_time_than_the_page_is_not_run() -> None:
    """Its formula stands, in t = k √η; on the page's clock its drift would be wrong by 1/√η."""
    d = so.derive(Undamped)
    assert d.refused is None and "t = k sqrt(η)" in d.regime
    with pytest.raises(ValueError, match=r"lives in the time t = k sqrt\(lr\), and the page's own clock says t = k lr"):
        d.model  # noqa: B018
