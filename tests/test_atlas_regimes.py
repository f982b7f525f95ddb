"""The laws of an atlas, what it tells of its methods, and the page of the full one: what it says is what was found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from benchmarks.regimes import COMPARED, problem, total
from benchmarks.regimes_page import HEAD, general, page, pair, some
from sdeopt.atlases.lines import MEASURES
from sdeopt.atlases.regimes import unit, usual_methods, usual_regimes
from sdeopt.atlases.seen import EXACT, watch_step
from sdeopt.core import dot
from sdeopt.results.estimate import Estimate, failed

FILE = Path(__file__).resolve().parent.parent / "docs" / "regimes.md"
META: dict[str, Any] = {
    "gradients": 200, "paths": 400, "tuning": 100, "lrs": [0.1, 0.2], "level": None, "minimum": 0.0, "partial": False,
    "problem": "f", "left out": {"D": "needs players"}, "compared": ["quiet", "loud"],
    "laws": {"quiet": "Gaussian(scale=0.1)", "loud": "StudentT(nu=1.0, scale=1.0)"},
}  # fmt: skip


def entry(median: float, low: float, high: float, error: tuple[float, float], lost: float = 0.0) -> Any:
    """A learning rate and what was measured at it."""
    off = Estimate(error[0], 0.0, *error) if np.isfinite(error[0]) else failed("no SDE", "missing")
    measured = {"median": Estimate(median, 0.1, low, high), "error": off, "diverged": Estimate(lost, 0.0, lost, lost)}
    return 0.1, measured | ({"time": Estimate(5.0, 0.5, 4.0, 6.0)} if median == 3.0 else {})


def test_the_page_says_who_wins_and_whose_sde_holds() -> None:
    none = (np.nan, np.nan)
    table = [
        [entry(1.0, 0.9, 1.1, (0.01, 0.02)), entry(9.0, 8.0, 10.0, none, lost=0.5)],
        [entry(1.2, 1.05, 1.3, (0.2, 0.4)), entry(3.0, 2.0, 4.0, (0.05, 0.3))],
        [entry(2.0, 1.8, 2.2, (0.3, 0.6)), entry(3.5, 3.0, 4.5, none)],
    ]
    found = so.Atlas.of(META, ["A", "B", "C"], ["quiet", "loud"], table)
    text = page(found, 7.4, "1 May 2026")
    assert "3 methods of 1 May 2026" in text and " 7 minutes of processor time." in text
    assert "| quiet | A, B | 1.00 ± 0.10 | C: [1.64, 2.44] | none |" in text
    assert "| loud | B, C | 3.0 ± 1.0 | A: [2, 5] | A |" in text
    assert "Best or tied with the best, of the 2 laws under which most methods run: B 2, A 1, C 1. 0 methods" in text
    assert "| quiet | 1: A | 2: B, C | 0: none | 0: none |" in text
    assert "| loud | 0: none | 0: none | 1: B | 2: C, A |" in text
    assert "| loud | 1 of 3 | 5: B | 1 | 3 of 3 |" in text and "| quiet | 0 of 3 | -: none | 0 | 3 of 3 |" in text
    assert "Of 6 learning rates 6 lie at an end of the grid." in text and "| D | needs players |" in text
    assert "| B | 0.1* | 3.0 ± 1.0 | - … | 5.0 ± 1.0 | - … | 0 ± 0 | 5-30 % |" in text
    assert "### loud" in text and "- loss (3), spread (3), time (2): not run" in text
    for measure in found.measures:
        assert f"figures/regimes-{measure}.png" in text


def test_a_pair_is_told_apart_where_their_intervals_are() -> None:
    none = (np.nan, np.nan)
    table = [
        [entry(1.0, 0.5, 1.0, none), entry(4.0, 3.0, 5.0, none), entry(9.0, 8.0, 10.0, none)],
        [entry(3.0, 2.0, 4.0, none), entry(4.5, 4.0, 6.0, none), entry(2.0, 2.0, 2.0, none)],
    ]
    meta = META | {"laws": dict.fromkeys(("q", "l", "h"), "law")}
    said = pair(so.Atlas.of(meta, ["A", "B"], ["q", "l", "h"], table), "A", "B")
    assert (
        said == "- **A against B**, ratio of medians: lower under q [0.125, 0.5]; higher under h [4, 5]; tied under l."
    )


def test_long_lists_and_reasons_are_shortened() -> None:
    assert some(["a", "b", "c"], 2) == "a, b, c" and some([*"abcd"], 2) == "a, b and 2 more" and some([]) == "none"
    assert general("the SDE 'x' of SGD needs root_cov: no", "SGD") == (
        "its SDE needs root_cov, which this noise does not have"
    )
    assert general("changed by +19 % of SGD", "SGD") == "changed by so many % of the method"


def test_the_page_is_of_this_benchmark() -> None:
    """Rows are of the methods of its date, which may be fewer than there are today."""
    assert {*COMPARED} <= {*usual_regimes(problem())}
    assert problem().objective.lacks("batch_grad") is None
    text = FILE.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    count = int(re.search(r"^(\d+) methods of \d", text, re.MULTILINE)[1])
    law = text.split("### Gaussian 1\n")[1].split("\n### ")[0]
    assert count > 40 and sum(line.startswith("| ") for line in law.splitlines()) == count + 1
    for measure in MEASURES:
        assert (FILE.parent / "figures" / f"regimes-{measure}.png").exists()


def test_every_method_is_on_the_page() -> None:
    """Ranked under a law, left out with a reason, or named as newer than the run."""
    text = FILE.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| (\w+) \|", text, re.MULTILINE))
    newer = re.search(r"^Newer than this run:[^.]*\.", text, re.MULTILINE)
    late = set(re.findall(r"`(\w+)`", newer[0])) if newer else set()
    assert set(so.methods()) <= rows | late


def test_minutes_of_a_run_in_parts_are_added(tmp_path: Path) -> None:
    assert (total(None, 2.0), total(tmp_path, 2.0), total(tmp_path, 0.5)) == (2.0, 2.0, 2.5)


def test_what_is_read_beside_gradients_is_told() -> None:
    data = so.LinearRegression(np.eye(3), np.ones(3))
    laws = {"normal": so.Gaussian(0.5), "batch": so.Minibatch(1)}
    for method, words in (
        (so.SGD(0.1), {"normal": (), "batch": ()}),
        (so.NGN(0.1), {"normal": (EXACT,), "batch": ("the loss of its sample",)}),
        (so.WarmupSGD(0.1), {"normal": (EXACT,), "batch": (EXACT,)}),
        (so.CubicNewton(0.1), dict.fromkeys(laws, ("products with the Hessian without noise",))),
    ):
        assert {name: watch_step(method, so.Problem(data, law)).beside for name, law in laws.items()} == words
    small = {"gradients": 4, "lrs": [0.1], "paths": 60, "tuning": 4, "rng": 0}
    found = so.atlas(so.Problem(data), [so.SGD(0.1), so.NGN(0.1)], laws["normal"], **small)
    assert found.meta["beside"] == {"SGD": [], "NGN": [EXACT]}
    assert "Read beside gradients, and not counted: f(x) without noise, by NGN." in " ".join(str(found).split())


def test_an_unknown_minimum_is_said_to_be_unknown() -> None:
    """f = ½|x|² - 5 from x = 1: losses are below 0, and none of them is a distance."""
    f = so.Objective(dim=1, value=lambda x: 0.5 * dot(x, x) - 5.0, grad=lambda x: x, start=[1.0])
    small = {"gradients": 20, "lrs": [0.1], "paths": 60, "tuning": 4, "rng": 0}
    found = so.atlas(so.Problem(f), [so.SGD(0.1), so.SignSGD(0.1)], {"normal": so.Gaussian(0.1)}, **small)
    assert (found.meta["minimum"], found.meta["level"]) == (None, None)
    assert -5.0 <= found.at("median", "SGD", "normal").value < -4.9
    assert found.at("time", "SGD", "normal").reason.startswith("no level: f* is not known")
    text = " ".join(str(found).split())
    assert "f* is not known" in text and "f - f*" not in text and "median f(x)" in text
    assert "f*" not in found.plot().figure.axes[-1].get_ylabel()
    timed = so.atlas(so.Problem(f), so.SGD(0.1), {"normal": so.Gaussian(0.1)}, level=-4.9, **small)
    assert 0.0 < timed.at("time", "SGD", "normal").value < 20.0


def test_methods_are_at_their_defaults() -> None:
    """And not where their SDEs fit: heavy ball's momentum is 0.97 there."""
    pages = usual_methods()
    assert {
        name: page for name, page in pages.items() if page._asdict() != type(page)._field_defaults | {"lr": 0.05}
    } == {}
    assert so.HeavyBall.at["momentum"] > pages["HeavyBall"].momentum == 0.9


def lost(z: float, epsilon: float) -> float:
    """δ = E[(p/q - e^ε)⁺] under q, of normal densities p and q with means 1 and 0 and deviation z, by quadrature."""
    x = np.linspace(-40.0, 40.0, 400_001) * z
    p, q = (np.exp(-0.5 * ((x - mean) / z) ** 2) / (z * np.sqrt(2.0 * np.pi)) for mean in (1.0, 0.0))
    return float(np.maximum(p - np.exp(epsilon) * q, 0.0).sum() * (x[1] - x[0]))


def test_the_usual_laws_are_those_that_were_asked_for() -> None:
    data = so.Problem(so.LinearRegression(np.eye(8), np.ones(8)))
    found = usual_regimes(data)
    assert len(found) == 3 + 3 + 1 + 1 + 1 + 3 + 1 + 3 + 3
    assert unit(data) == pytest.approx(1.0 / 8.0, rel=0.05)  # two digits
    z = [regime.settings["sigma_dp"] for label, regime in found.items() if label.startswith("private")]
    for epsilon, least in zip((4.0, 1.0, 0.25), z, strict=True):  # of one release, by its definition; z is rounded up
        assert 0.98e-5 < lost(least, epsilon) <= 1e-5
    kept = [regime.settings["k"] for label, regime in found.items() if label.startswith("compressed")]
    assert [8.0 / k - 1.0 for k in kept] == [1.0, 3.0, 7.0]
    for regime in found.values():
        so.Problem(data.objective, regime.law)
    assert len(usual_regimes(so.Problem(so.Quadratic([1.0, 2.0])))) == 9 + 1 + 1 + 3
