"""The two columns of every page against each other, by quadrature: no simulation, no random numbers.

One step from the state y has the mean y + τ b(y) and the covariance τ σσᵀ(y), up to a relative O(τ), τ being the time
of a step. Where a step draws two normals both are compared at two learning rates, each part of the state on its own
scale, and what is left must shrink like τ. Where it draws more (agents, masks, noise of its own) the integrals are
taken over a Sobol sequence, and what is left must be below 3 %: a factor 2, a sign or a root is far above. The page
says what its regime ties to the learning rate (``scaled``; else nothing). A sampled SDE has these moments by
construction, see test_sampled; noise with memory has no moments of a step.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from cases import PAGES, first_state, flat, nest, of_every_family, parted, problem, product, run, sizes
from scipy.stats import norm, qmc

import sdeopt as so
from sdeopt.certificate.ladder import exponent
from sdeopt.engine import draws

Rule = list[tuple[Any, float]]  # values of a vector of draws, and their weights

SCALE = np.array([0.7, 0.5])
PROBLEM = so.Problem(so.EmbeddedSaddle(), so.Gaussian(SCALE), x0=[1.1, -0.9])
TIME = 1.0
ACCURACY = 1e-6  # of the quadratures, relative to what is compared
SOBOL, ROUGH = 2**14, 0.03

MARKOV = [name for name, cls in PAGES.items() if cls.sdes[cls.default_sde].drift is not None]


def scaled(page: Any, lr: float) -> Any:
    """The page at another learning rate, with what its regime ties to it."""
    return page.scaled(lr) if hasattr(page, "scaled") else page._replace(lr=lr)


def vectors(column: Any) -> Any:
    """Shape and vectors of the draws of a column."""
    return draws.draws(column)


def two_normals(column: Any) -> bool:
    """Whether the product rules below apply: the Gaussian noise of ``PROBLEM`` and nothing else."""
    return column.problem is PROBLEM and [(v.kind, v.size) for v in vectors(column)[1]] == [("normal", 2)]


def line(kinks: list[float], n: int) -> list[tuple[float, float]]:
    """One standard normal: n points of Gauss-Legendre from each kink to the middle of the next, denser at the kink."""
    points, weights = np.polynomial.legendre.leggauss(n)
    s, nodes = (points + 1.0) / 2.0, []
    kinks = sorted(kinks)
    ends = [-9.0, *((a + b) / 2.0 for a, b in itertools.pairwise(kinks)), 9.0]
    for i, kink in enumerate(kinks):
        for length in (ends[i] - kink, ends[i + 1] - kink):
            z = kink + length * s * s
            mass = np.abs(length) * s * weights * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
            nodes += list(zip(z.tolist(), mass.tolist(), strict=True))
    return nodes


def gradient_rule(x: Any, n: int) -> Rule:
    """The noise of the gradient at x. Functions may jump or bend where the gradient seen, or an entry of it, is 0."""
    return product([line([k], n) for k in -PROBLEM.objective.grad(x) / SCALE])


def step_rule(page: Any, k: int, y: Any, n: int) -> Rule:
    """The same for a step, which may also jump elsewhere: where it does is bisected, one coordinate at a time."""
    x, o = y[0] if isinstance(y, tuple) else y, PROBLEM.oracle
    kinks = []
    for i, kink in enumerate(-PROBLEM.objective.grad(x) / SCALE):
        unit = np.eye(x.size)[i]
        low, high = -6.0, 6.0
        for _ in range(40):  # into the part over which x_i changes most; without a jump the end is as good as any point
            grid = np.linspace(low, high, 9)
            ends = np.array([flat(page.step(k, y, o, (z * unit,)))[i] for z in grid])
            steepest = int(np.abs(np.diff(ends)).argmax())
            low, high = grid[steepest], grid[steepest + 1]
        kinks.append(line([kink, low] if abs(low - kink) > 1e-6 else [kink], n))
    return product(kinks)


def sobol_rule(column: Any) -> Rule:
    """All draws of a column at once."""
    uniform = np.concatenate([np.full(v.size, v.kind == "uniform") for v in vectors(column)[1]])
    points = qmc.Sobol(uniform.size, rng=5).random(SOBOL)
    values = np.where(uniform, points, norm.ppf(np.clip(points, 1e-12, 1 - 1e-12)))
    return [(value, 1.0 / SOBOL) for value in values]


def step_moments(page: Any, k: int, y: Any, subject: so.Problem) -> tuple[Any, Any]:
    column = run(page, subject, "discrete")
    rule = step_rule(page, k, y, 24) if two_normals(column) else sobol_rule(column)
    shape = vectors(column)[0]
    moves = np.array([flat(page.step(k, y, subject.oracle, nest(shape, z))) - flat(y) for z, _ in rule])
    weights = np.array([w for _, w in rule])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def motions(column: Any) -> list[list[slice]]:
    """Where the vectors of each independent Brownian motion stand in a flat increment; the page's own are one each."""
    shape, drawn = vectors(column)
    ends = np.cumsum([0, *(v.size for v in drawn)])
    places = [slice(a, b) for a, b in itertools.pairwise(ends)]
    if len(column.model.brownian) == 1:
        return [places]
    counts = [1 if isinstance(member, int) else len(member) for member in shape]
    groups = [places[a:b] for a, b in itertools.pairwise(np.cumsum([0, *counts]))]
    parts = [[[p] for p in g] if name == "own" else [g] for name, g in zip(column.model.brownian, groups, strict=True)]
    return [group for part in parts for group in part]


def noise_covariance(page: Any, sde: Any, t: float, y: Any, subject: so.Problem) -> Any:
    """Cov σ dw, one Brownian motion after the other: independent motions must enter additively, and this is checked."""
    column = run(page, subject, "sde", sde.name)
    shape, point, x = vectors(column)[0], np.random.default_rng(0), y[0] if isinstance(y, tuple) else y
    some = point.standard_normal(sum(v.size for v in vectors(column)[1]))

    def act(places: list[slice], values: list[Any]) -> Any:
        increment = np.zeros(some.size)
        for place, value in zip(places, values, strict=True):
            increment[place] = value
        return flat(sde.diffusion(page, t, y, subject.oracle, nest(shape, increment)))

    alone = [act(places, [some[place] for place in places]) for places in motions(column)]
    assert np.allclose(sum(alone), act([slice(None)], [some]), rtol=1e-12, atol=1e-13)
    cov = 0.0
    for places in motions(column):
        rules: list[Rule] = []
        for j, place in enumerate(places):
            u, v = point.standard_normal((2, some[place].size))
            kicks = [act(places, [w if m == j else some[q] for m, q in enumerate(places)]) for w in (u, v, u + v)]
            linear = np.allclose(kicks[0] + kicks[1], kicks[2], rtol=1e-9, atol=1e-13)
            assert linear or subject is PROBLEM, "a rule for this increment is missing"
            rules.append([(e, 1.0) for e in np.eye(u.size)] if linear else gradient_rule(x, 10))
        for node in itertools.product(*rules):
            kick = act(places, [z for z, _ in node])
            cov = cov + np.prod([w for _, w in node]) * np.outer(kick, kick)
    return cov


def state(page: Any, k: int, subject: so.Problem) -> Any:
    """Where k steps lead, every entry stretched by a factor of its own; noise of the right size that averages out."""
    y = first_state(page, subject, k)
    stretch = np.random.default_rng(1).uniform(0.8, 1.25, flat(y).size)
    return parted(stretch * flat(y), y)


def errors(page: Any) -> Any:
    """Errors of the drift, by parts, and of the covariance, by pairs of parts, each relative to its own scale."""
    subject = problem(type(page), PROBLEM)
    sde, tau = page.sdes[page.default_sde], page.clock
    k = round(TIME / tau)
    y = state(page, k, subject)
    ends = np.cumsum([0, *sizes(y)])
    parts = [slice(a, b) for a, b in itertools.pairwise(ends)]
    mean, cov = step_moments(page, k, y, subject)
    drift = tau * flat(sde.drift(page, k * tau, y, subject.oracle))
    noise = tau * noise_covariance(page, sde, k * tau, y, subject)
    # a part without noise of its own is measured by its motion, and one at rest by 1
    size = [np.linalg.norm(noise[p, p]) or drift[p] @ drift[p] or 1.0 for p in parts]
    means = [np.linalg.norm(mean[p] - drift[p]) / (np.linalg.norm(drift[p]) or 1.0) for p in parts]
    pairs = itertools.combinations_with_replacement(range(len(parts)), 2)
    covs = [
        np.linalg.norm((cov - noise)[parts[p], parts[q]]) / np.sqrt(size[p] * size[q]) for p, q in pairs
    ]  # fmt: skip
    return np.array([*means, *covs])


LONG = {"NAdam": "RMSprop", "ScionSpectral": "Scion", "SAM": "USAM"}  # a page of the family that takes a tenth of it
OFTEN = {"SGD", *(LONG.get(name, name) for name in of_every_family())}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in OFTEN else pytest.mark.slow) for n in MARKOV])
def test_one_step_has_the_moments_of_the_sde(name: str) -> None:
    cls = PAGES[name]
    column = run(cls(lr=0.1), problem(cls, PROBLEM), "discrete")
    if any(v.code == 2 for v in vectors(column)[1]):
        pytest.skip("noise with memory")
    power = 1.0 / exponent(cls(lr=0.1))
    if not two_normals(column):
        assert (errors(scaled(cls(lr=0.1), 5e-4 ** max(1.0, power))) < ROUGH).all()
        return
    power = min(1.0, power)
    pages = [scaled(cls(lr=0.1), lr**power) for lr in (1.6e-3, 1e-4)]
    coarse, fine = (errors(page) for page in pages)
    shrinkage = pages[1].clock / pages[0].clock
    assert (fine < 1.4 * shrinkage * coarse + ACCURACY).all(), (coarse, fine)
