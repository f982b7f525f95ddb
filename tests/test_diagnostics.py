"""``diagnose``: exact constants on functions where they are known, what the intervals say, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so

QUADRATIC = so.Problem(so.Quadratic([0.5, 3.0], center=[1.0, -2.0]))


def along(direction: Any, *lengths: float) -> Any:
    return np.array([1.0, -2.0]) + np.outer(lengths, direction)


@pytest.mark.parametrize("axis, curvature", [([1.0, 0.0], 0.5), ([0.0, 1.0], 3.0)])
def test_along_an_eigenvector_every_constant_is_exact(axis: Any, curvature: float) -> None:
    found = so.diagnose(QUADRATIC, along(axis, 2.0, -0.3, 0.01, 5.0), alpha=3.0)
    assert found["PL mu"].value == pytest.approx(curvature, rel=1e-10)
    assert found["KL theta"].value == pytest.approx(0.5, rel=1e-10)
    assert found["KL mu"].value == pytest.approx(curvature, rel=1e-10)
    assert found["beta"].value == pytest.approx(1.0, rel=1e-9)  # ⟨∇f, x - c⟩ = 2 (f - f*)


def test_pl_is_the_smallest_ratio_of_all_positions_and_at_least_the_smallest_curvature() -> None:
    steps = np.array([[1.0, 1.0], [2.0, 0.1], [0.3, -0.4]])
    ratios = [(0.25 * a * a + 9.0 * b * b) / (0.5 * a * a + 3.0 * b * b) for a, b in steps]
    found = so.diagnose(QUADRATIC, np.array([1.0, -2.0]) + steps)
    assert found["PL mu"].value == pytest.approx(min(ratios), rel=1e-12)
    assert found["PL mu"].value > 0.5
    assert found["beta"].value == 0.0


def test_flat_minima_have_their_own_exponent() -> None:
    """f = x⁴/4: |∇f| = (4f)^{3/4}, that is θ = 3/4 and √(2μ) = 4^{3/4}; PL fails as x → 0, its constant is x²."""
    quartic = so.Objective(
        value=lambda x: 0.25 * x[0] ** 4, grad=lambda x: x * x * x, dim=1, optimum=[0.0], minimum=0.0
    )
    found = so.diagnose(so.Problem(quartic), [[1.0], [0.5], [-0.2]])
    assert found["KL theta"].value == pytest.approx(0.75, rel=1e-12)
    assert found["KL mu"].value == pytest.approx(4.0, rel=1e-12)
    assert found["PL mu"].value == pytest.approx(2.0 * 0.2**2, rel=1e-12)


def test_a_saddle_breaks_pl() -> None:
    well = so.Problem(so.DoubleWell(1))
    found = so.diagnose(well, [[0.0], [0.5]])
    assert found["PL mu"].value == 0.0
    assert np.isnan(found["KL theta"].value)


def test_beta_is_the_smallest_over_positions_and_examples() -> None:
    """f_i = ½ (x ∓ 1)², x_p = 0: at α = 2 the right side misses -xy, so β = max -xy/(½ (x - y)²) = ½ at x = 1, y = -1.

    At α = 1 it misses -x²/2 < 0: convex examples need no β.
    """
    problem = so.Problem(so.LinearRegression([[1.0], [1.0]], [1.0, -1.0]))
    positions = [[0.5], [1.0]]
    assert so.diagnose(problem, positions, alpha=2.0)["beta"].value == pytest.approx(0.5, rel=1e-12)
    assert so.diagnose(problem, positions, alpha=1.0)["beta"].value == 0.0


@pytest.fixture(scope="module")
def network() -> Any:
    pytest.importorskip("torch")
    f = so.networks.mlp("breast_cancer", (2,), holdout=0.9)
    problem = so.Problem(f, so.Minibatch(8))
    return problem, so.simulate(so.SGD(0.5), problem, steps=12, paths=2, keep_paths=True, save_at=4, rng=0)


def by_hand(f: Any, x: Any) -> tuple[Any, Any]:
    """f_i(x) and ∇f_i(x) of every example, by PyTorch alone."""
    import torch

    net, values, gradients = f.module(x), [], []
    for X, y in zip(f._X, f._y, strict=True):
        net.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(X[None]), y[None])
        loss.backward()
        values.append(loss.item())
        gradients.append(np.concatenate([p.grad.numpy().ravel() for p in net.parameters()]))
    return np.array(values), np.array(gradients)


@pytest.mark.extras("torch")
@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_of_a_network_the_last_position_stands_for_the_minimiser(network: Any, alpha: float) -> None:
    problem, e = network
    found = so.diagnose(problem, e, alpha=alpha, minimum=0.05)
    betas, ratios = [], []
    for path in e.paths:
        best, _ = by_hand(problem.objective, path[-1])
        for x in path:
            values, g = by_hand(problem.objective, x)
            ratios.append(np.sum(g.mean(axis=0) ** 2) / (2.0 * (values.mean() - 0.05)))
            betas.append(((alpha * (values - best) - g @ (x - path[-1])) / values).max())
    assert found["beta"].value == pytest.approx(max(0.0, *betas), rel=1e-9) and found["beta"].value > 0.01
    assert found["PL mu"].value == pytest.approx(min(ratios), rel=1e-9)
    assert found.last and "the last position of each path stands for the minimiser" in str(found)
    assert not so.diagnose(QUADRATIC, [[2.0, 1.0]]).last


def test_the_minimiser_of_alpha_beta_is_yours_to_choose() -> None:
    """By hand on f = (x₁²/2 + 3x₂²)/2 about (1, -2): "last" is the end of each path, which is no minimiser here."""
    paths = np.array([1.0, -2.0]) + np.array([[[2.0, 1.0], [0.5, -0.5]], [[-1.0, 0.3], [0.2, 0.4]]])

    def by_hand(ends: Any) -> float:
        betas = []
        for path, p in zip(paths, ends, strict=True):
            q, at = np.subtract(p, [1.0, -2.0]), path - np.array([1.0, -2.0])
            f, best = 0.5 * at**2 @ [0.5, 3.0], 0.5 * q**2 @ [0.5, 3.0]
            betas += [*((8.0 * (f - best) - ((at - q) * at * [0.5, 3.0]).sum(axis=1)) / f)]
        return float(max(0.0, *betas))

    for given, ends in (("last", paths[:, -1]), ([1.2, -1.9], [[1.2, -1.9]] * 2), (None, [[1.0, -2.0]] * 2)):
        found = so.diagnose(QUADRATIC, paths, alpha=8.0, optimum=given)
        assert found["beta"].value == pytest.approx(by_hand(ends), rel=1e-12)
        assert found.last == (given == "last")
    with pytest.raises(ValueError, match="optimum must be a position or 'last', got 'first'"):
        so.diagnose(QUADRATIC, paths, optimum="first")
    with pytest.raises(ValueError, match=r"optimum must have shape \(2,\)"):
        so.diagnose(QUADRATIC, paths, optimum=[1.0])


@pytest.mark.extras("torch")
def test_a_network_asks_for_its_minimum(network: Any) -> None:
    problem, e = network
    with pytest.raises(ValueError, match="known minimum, and TorchObjective.* has none: give minimum=, a lower bound"):
        so.diagnose(problem, e)
    with pytest.raises(ValueError, match="minimum must be at most every loss, got 9 and a loss 0"):
        so.diagnose(problem, e, minimum=9.0)


def test_a_lower_sample_minimum_asks_for_less() -> None:
    problem = so.Problem(so.LinearRegression([[1.0], [1.0]], [1.0, -1.0]))
    found = so.diagnose(problem, [[1.0]], alpha=2.0, sample_minimum=-2.0)
    assert found["beta"].value == pytest.approx(1.0 / (2.0 + 2.0), rel=1e-12)


def test_intervals_are_order_statistics_of_the_paths() -> None:
    """79 paths, one position each: the second smallest and the second largest, coverage 76/80."""
    angles = np.linspace(0.05, 1.5, 79)
    directions = np.array([np.cos(angles), np.sin(angles)]).T
    found = so.diagnose(QUADRATIC, np.array([along(u, 1.0) for u in np.random.default_rng(0).permutation(directions)]))
    ratios = np.sort([(0.25 * a * a + 9.0 * b * b) / (0.5 * a * a + 3.0 * b * b) for a, b in directions])
    mu = found["PL mu"]
    assert found.coverage == pytest.approx(0.95)
    assert (mu.low, mu.high) == (pytest.approx(ratios[1]), pytest.approx(ratios[-2]))
    assert mu.value == pytest.approx(ratios[0])
    assert np.sort(mu.of_paths) == pytest.approx(ratios)


def test_a_new_path_falls_into_the_interval_as_often_as_it_says() -> None:
    """600 rounds of 9 paths and one more, all independent: coverage 8/10.

    The hits are binomial; outside 480 ± 58 with probability below 1e-8.
    """
    draw = np.random.default_rng(7).standard_normal((600, 10, 3, 2))
    hits = 0
    for paths in draw:
        found = so.diagnose(QUADRATIC, np.array([1.0, -2.0]) + paths[:9], level=0.9)
        assert found.coverage == pytest.approx(0.8)
        new = so.diagnose(QUADRATIC, np.array([1.0, -2.0]) + paths[9])
        hits += found["PL mu"].low <= new["PL mu"].value <= found["PL mu"].high
    assert 480 - 58 < hits < 480 + 58


@pytest.mark.usefixtures("interpreted")
def test_ensembles_and_replays_are_positions() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.3))
    ensemble = so.simulate(so.SGD(lr=0.1), problem, horizon=1.0, paths=3, keep_paths=True, rng=0)
    with pytest.raises(ValueError, match="keep_paths"):
        so.diagnose(problem, replace(ensemble, paths=None))
    found = so.diagnose(problem, ensemble)
    assert found.positions == 33
    assert 1.0 <= found["PL mu"].value <= found["PL mu"].low <= found["PL mu"].high <= 2.0
    again = so.diagnose(problem, ensemble.replay(1))
    assert again["PL mu"].value == found["PL mu"].of_paths[1]
    assert again.coverage == 0.0


def test_minimisers_and_lost_positions_are_left_out() -> None:
    positions = along([0.0, 1.0], 0.0, 1.0, np.nan)
    found = so.diagnose(QUADRATIC, positions)
    assert found.positions == 1
    assert found["PL mu"].value == pytest.approx(3.0)
    assert np.isnan(found["KL theta"].value)  # one position gives no slope


def test_it_prints_what_it_found() -> None:
    text = str(so.diagnose(QUADRATIC, np.array([along([1.0, 0.0], 2.0, 1.0), along([0.0, 1.0], 2.0, 1.0)])))
    assert "4 positions on 2 paths\n" in text
    assert "one more path falls into the interval with probability 33.3 %" in text
    assert any(line.split()[:3] == ["PL", "mu", "0.5"] and "[0.5, 3]" in line for line in text.splitlines())


def test_it_is_drawn_on_the_axes_given() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    found = so.diagnose(QUADRATIC, along([0.0, 1.0], 2.0, 1.0, 0.1))
    ax = plt.figure().subplots()
    assert found.plot(ax) is ax
    points, *bounds = ax.get_lines()
    assert len(bounds) == 2
    for line in bounds:  # both bounds touch the positions: |∇f| = √(2·3) (f - f*)^½
        assert line.get_ydata() == pytest.approx([points.get_ydata().min(), points.get_ydata().max()])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert found.plot().figure is not ax.figure


@pytest.mark.parametrize(
    "call, reason",
    [
        (lambda: so.diagnose(so.Problem(so.EmbeddedSaddle()), np.ones((3, 2))), "known minimum"),
        (lambda: so.diagnose(QUADRATIC, np.ones((3, 4))), "xs must have shape"),
        (lambda: so.diagnose(QUADRATIC, [[1.0, -2.0]]), "no minimiser"),
        (lambda: so.diagnose(QUADRATIC, np.ones((1, 2)), alpha=0.0), "alpha"),
        (lambda: so.diagnose(QUADRATIC, np.ones((1, 2)), level=1.0), "level"),
        (
            lambda: so.diagnose(so.Problem(so.LinearRegression([[1.0]], [1.0])), [[2.0]], sample_minimum=1.0),
            "sample_minimum",
        ),
    ],
)
def test_bad_input_is_refused(call: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        call()
