"""The errors that a certificate says it would have seen, against gaps that are known and SDEs with planted errors."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from planted_sdes import PLANTED, Planted, bowl

import sdeopt as so
from sdeopt.certificate import fit, sight
from sdeopt.certificate.ladder import rungs
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

STEPS = np.array([0.1, 0.05, 0.025, 0.0125])


def curve(gap: Any, stderr: float = 0.0) -> fit.Curve:
    return fit.Curve(STEPS, np.asarray(gap), np.full(4, stderr), np.full(4, 1e6))


@pytest.mark.parametrize("error", [0.0, 0.005, -0.03])
def test_the_error_of_exact_gaps_is_what_they_tend_to(error: float) -> None:
    """The parabola has it to h³, the line to h², which is more than the error here: the larger counts."""
    unit = 2.0 * STEPS * np.exp(-STEPS)
    found = sight.bound(curve((error + 0.5 * STEPS) * unit), unit, 1.0)
    assert found == pytest.approx(abs(error), abs=1e-12)
    bent = sight.bound(curve((error + 0.5 * STEPS + 3.0 * STEPS**2) * unit), unit, 1.0)
    assert bent >= abs(error) - 1e-12
    assert bent == pytest.approx(max(abs(error), abs(error - 3.0 * STEPS[-1] * STEPS[-2])), abs=1e-12)


def test_an_error_that_hides_in_the_bend_is_not_missed() -> None:
    """With error = 3 h₃ h₄ the line through the smallest two goes through 0."""
    error = 3.0 * STEPS[-1] * STEPS[-2]
    assert sight.bound(curve(error + 3.0 * STEPS**2), np.ones(4), 1.0) == pytest.approx(error, rel=1e-9)


def test_standard_errors_widen_the_bound() -> None:
    """Line: weights (-1, 2). Parabola: (1/3, -2, 8/3), the root of 11.2. By hand, with 1.96."""
    found = sight.bound(curve(0.0 * STEPS, 0.01), np.ones(4), 1.0)
    assert found == pytest.approx(1.95997 * 0.01 * math.sqrt(1 / 9 + 4 + 64 / 9), rel=1e-4)
    assert sight.bound(curve(STEPS, 0.01), 0.0 * STEPS, 1.0) == math.inf  # where the drift does not show


def test_bounds_cover_the_error() -> None:
    """1000 draws of noisy gaps; at least 95 %, less five standard deviations of a binomial: 3e-7."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(1000):
        c = curve(0.004 + 0.5 * STEPS + STEPS**2, 0.002)
        hits += sight.bound(c._replace(gap=c.gap + c.stderr * rng.standard_normal(4)), np.ones(4), 1.0) >= 0.004
    assert hits / 1000 > 0.95 - 5.0 * math.sqrt(0.95 * 0.05 / 1000)


def test_the_flow_is_stretched_by_its_drift() -> None:
    """x(T) = exp(-(1 + δ) H T) x(0), to the O(dt²) of the scheme; the same of f(x)."""
    run = rungs(so.SGD(0.1), bowl(2), None, 1.0, 8, None, ["loss"], 0)[-1]
    h, x = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    moved = -h * np.exp(-h) * x
    expected = [*moved, (h * np.exp(-h) * x * moved).sum()]
    assert sight.stretch(run).tolist() == pytest.approx(expected, rel=1e-3)
    sampled = rungs(so.SGD(0.1), bowl(2), None, 1.0, 8, "sampled", [], 0)[-1]
    assert np.isnan(sight.stretch(sampled)).all()


def test_a_page_of_a_users_own_is_compiled() -> None:
    """The generated methods of a named tuple are no part of what is compiled, and have no value for a key."""
    assert Kernel(plan(Planted(0.1), bowl(2), "sde", steps=2, rng=0)).mode == "lanes"


def certified(page: Planted, d: int) -> so.Certificate:
    words: dict[str, Any] = {"lrs": [0.1, 0.05, 0.025], "horizon": 1.0, "rng": 7, "substeps": 4}
    return so.certify(page, bowl(d), paths=4096, max_paths=2**15, **words)


def honest(c: so.Certificate, drift: float, diffusion: float) -> bool:
    """Not certified, or certified to errors that are larger."""
    return c.verdict != "certified" or (abs(drift) <= c.sight.drift and abs(diffusion) <= c.sight.diffusion)


@pytest.mark.parametrize("what", ["nothing", "drift x 1.002", "diffusion x 1.005", "diffusion x 1.4"])
def test_planted_errors_pass_only_below_what_is_stated(what: str) -> None:
    page, drift, diffusion = PLANTED[what]
    c = certified(page, 2)
    assert honest(c, drift, diffusion), str(c)
    assert c.sight.drift < 0.02  # a statement that says something; 0.006 to 0.012 over seeds where noise is x 1.4
    assert what == "diffusion x 1.4" or c.sight.diffusion < 0.02
    assert (c.verdict == "certified") == (what != "diffusion x 1.4"), str(c)
    stated = re.search(r"would have been seen: a drift wrong by ([\d.]+) %", str(c))
    assert stated and 1.0 <= float(stated[1]) / (100.0 * c.sight.drift) <= 1.1  # two digits, rounded up


@pytest.mark.study
@pytest.mark.parametrize("d", [2, 65])
@pytest.mark.parametrize("what", PLANTED)
def test_no_planted_error_is_certified_beyond_what_is_stated(what: str, d: int) -> None:
    """All of them; four run by default. It stays a study, for the 46 ladders take minutes together."""
    page, drift, diffusion = PLANTED[what]
    c = certified(page, d)
    assert honest(c, drift, diffusion), str(c)
    assert max(abs(drift), abs(diffusion)) < 0.05 or c.verdict != "certified"


def test_a_wrong_drift_is_not_blamed_on_the_diffusion() -> None:
    page, _, _ = PLANTED["drift x 1.1"]
    c = certified(page, 2)
    assert (c.means, c.covariance) == ("refuted", "wrong")
    assert "if the diffusion is wrong" not in str(c)
    assert "makes covariances wrong: the diffusion may be right" in " ".join(str(c).split())


def test_covariances_without_an_interval_are_not_judged() -> None:
    for nu, words in ((2.0, "has no variance"), (3.0, "has moments up to the order 3, and a certificate judges by")):
        problem = so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(nu, 0.5))
        with pytest.raises(ValueError, match=words):
            so.certify(so.SGD(0.1), problem, horizon=1.0, rng=0)
