"""Bounds of the largest relative error, on arrays: their level, where one or all quantities are at the margin."""

from __future__ import annotations

import numpy as np
import pytest
from tilted import ALMOST_NEVER

from sdeopt.results import paired
from sdeopt.results.bounds import Sizes, allowance, bounds, decide
from sdeopt.results.quantities import Quantity, _along

DEGREES, TOLERANCE, ALPHA = 399.0, 0.1, 0.05
REPETITIONS = 1000
ERROR = ALMOST_NEVER * np.sqrt(ALPHA * (1.0 - ALPHA) / REPETITIONS)  # of a rate of 5 %


def sizes(size: object, stderr: object = 0.01, floor: float = 0.0, left: float = 0.0, share: object = 0.0) -> Sizes:
    shape = np.atleast_2d(np.asarray(size, dtype=float))
    return Sizes(shape, *(np.broadcast_to(np.asarray(a, dtype=float), shape.shape)
                          for a in (stderr, DEGREES, floor, left, share, stderr)))  # fmt: skip


def verdict(s: Sizes, paths: float = 400.0) -> str:
    return decide(s, bounds(s, ALPHA), np.full(len(s.size), paths), TOLERANCE, ALPHA).verdict


def rate(true: np.ndarray, stderr: float, word: str) -> float:
    """How often independent normal gaps (with their sign) around ``true`` end in ``word``."""
    random = np.random.default_rng(0)
    found = [
        verdict(sizes(np.abs(true + stderr * random.standard_normal(true.shape)), stderr)) for _ in range(REPETITIONS)
    ]
    return found.count(word) / REPETITIONS


def test_the_upper_bound_has_its_level_where_one_quantity_is_at_the_margin() -> None:
    true = np.zeros((8, 5))
    true[3, 2] = TOLERANCE
    assert abs(rate(true, 0.005, "agree") - ALPHA) < ERROR


@pytest.mark.slow
def test_the_lower_bound_has_its_level_where_all_are_at_the_margin() -> None:
    """Bonferroni, for independent quantities: 1 - (1 - α/80)^40, each being told on one side only."""
    assert abs(rate(np.full((8, 5), TOLERANCE), 0.005, "differ") - ALPHA / 2.0) < ERROR


@pytest.mark.parametrize(
    ("size", "stderr", "word"),
    [(0.05, 0.01, "agree"), (0.2, 0.01, "differ"), (0.09, 0.01, "open"), (0.12, 0.01, "open"), (0.1, 0.0, "agree"),
     (np.inf, 0.0, "differ"), (np.nan, 0.01, "not judged")],
)  # fmt: skip
def test_verdicts_are_statements_about_bounds(size: float, stderr: float, word: str) -> None:
    assert verdict(sizes([[0.0, size]], [[0.0, stderr]])) == word


def test_a_quantity_that_is_known_to_differ_is_not_saved_by_one_that_is_unknown() -> None:
    assert verdict(sizes([[0.5, np.nan]])) == "differ"


def test_the_floor_of_a_length_is_no_gap() -> None:
    """Thirty-one equal errors of 0.04 make a length of 0.22, all of it noise."""
    length = 0.04 * np.sqrt(31.0)
    found = bounds(sizes(length, 0.04, floor=length), ALPHA)
    assert found.low.max() == 0.0
    assert found.high.max() == pytest.approx(length + 1.6487 * 0.04, rel=1e-4)  # and no less above


def test_what_the_step_size_leaves_widens_both_ways() -> None:
    with_left, without = (bounds(sizes(0.3, 0.01, left=left), ALPHA) for left in (0.02, 0.0))
    assert with_left.high - without.high == pytest.approx(0.02)
    assert without.low - with_left.low == pytest.approx(0.02)
    s = sizes(0.09, 0.001, left=0.02)
    d = decide(s, bounds(s, ALPHA), np.array([400.0]), TOLERANCE, ALPHA)
    assert (d.verdict, d.why, d.more) == ("open", "step size", np.inf)


def test_one_path_decides_nothing() -> None:
    assert verdict(sizes([[0.01, 0.5]], share=[[0.0, 0.9]])) == "not judged"
    assert verdict(sizes([[0.4, 0.5]], share=[[0.0, 0.9]])) == "differ"  # by the other
    assert verdict(sizes([[0.01, 0.05]], share=[[0.0, 0.9]])) == "not judged"
    assert verdict(sizes([[0.05, 0.01]], share=[[0.0, 0.9]])) == "agree"  # where it decides nothing


def test_more_paths_are_those_after_which_a_verdict_can_be_expected() -> None:
    """Inside by 0.02 with a bound of 1.65 · 0.05, and 1.64 · 0.05 to spare: 68 times the paths; outside by q."""
    for size, factor in ((0.08, (3.2936 * 0.05 / 0.02) ** 2), (0.15, (3.6108 * 0.05 / 0.05) ** 2)):
        s = sizes(size, 0.05)
        more = decide(s, bounds(s, ALPHA), np.array([400.0]), TOLERANCE, ALPHA).more
        assert factor <= more * (1 + 1e-9) and more <= 2.0**0.5 * max(factor, 1.0) * (1 + 1e-9)


def test_few_paths_allow_one_of_them_more() -> None:
    """The square of a normal number: over 400 samples of 200 and of 4000, the largest share is hardly ever above."""
    random = np.random.default_rng(0)
    for n in (200, 4000):
        square = (random.standard_normal((400, n)) ** 2 - 1.0) ** 2
        share = square.max(axis=1) / square.sum(axis=1)
        assert (share > allowance(np.array([float(n)]))).mean() < 0.01


@pytest.mark.parametrize("n", [50, 100, 200, 300])
def test_what_two_paths_carry_is_not_judged(n: int) -> None:
    """Values that are 1 for k of n paths and 0 for the others, of which each has (1 - k/n)/k of the squares."""
    for k, word in ((1, "not judged"), (2, "not judged"), (3, "agree")):
        x = np.arange(n) < k
        square = (x - x.mean()) ** 2
        assert square.max() / square.sum() == pytest.approx((1.0 - k / n) / k)
        assert verdict(sizes(0.05, share=square.max() / square.sum()), n) == word


def test_the_upper_bound_is_the_farthest_reach_of_the_ellipsoid() -> None:
    """max_u ⟨u, ĝ⟩ + z √(uᵀΣu), by 100 000 directions: reached where the eigenvalues are two, of which one is 0."""
    from scipy.stats import t

    random, z = np.random.default_rng(3), float(t.isf(ALPHA, DEGREES))
    u = random.standard_normal((100_000, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    for sd in ([0.3, 0.0, 0.0], [0.3, 0.3, 0.0], [0.3, 0.2, 0.1]):
        for g in ([0.1, 0.4, 0.2], [0.0, 0.5, 0.0], [0.2, -0.1, 0.0]):
            length = float(np.linalg.norm(g))
            stderr = float(np.linalg.norm(np.array(g) * sd)) / length
            reach = float((u @ g + z * np.sqrt((u * u) @ np.square(sd))).max())
            s = sizes(length, stderr)._replace(widest=np.array([[max(sd)]]))
            high = float(bounds(s, ALPHA).high[0, 0])
            assert high >= reach
            if sd[2] == 0.0:
                assert high == pytest.approx(reach, rel=1e-3)


def test_the_worst_direction_of_groups_is_their_largest_eigenvalue() -> None:
    """Of gaps whose sums over 40 groups of one path are given; d = 4, so that a vector is judged."""
    random, n, d = np.random.default_rng(4), 40, 4
    a = random.standard_normal((n, 1, d))
    b = a + random.standard_normal((n, 1, d)) * [3.0, 1.0, 1.0, 1.0]
    reduced = paired.reduce(0, a, b, d=d, keep=0, vectors=True)
    means = Quantity("means", "mean", tuple(range(d)))
    (stderr, widest), _ = _along(paired.estimates(reduced, d), reduced.groups, means, np.eye(d)[:1], 0)
    found = np.cov((b - a)[:, 0].T) / n
    assert stderr[0] == pytest.approx(found[0, 0] ** 0.5, rel=1e-9)
    assert widest[0] == pytest.approx(np.linalg.eigvalsh(found)[-1] ** 0.5, rel=1e-9)
