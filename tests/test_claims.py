"""The frame of the claims: what a finding is, and that the page is of these files."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

import benchmarks.claims
import benchmarks.claims.networks
import sdeopt as so
from benchmarks.claims import frame, runner
from benchmarks.claims.__main__ import main
from benchmarks.claims.frame import Estimate

UNCLAIMED: set[str] = set()  # methods that no claim is about yet
DOCS = Path(__file__).resolve().parent.parent / "docs"
FOLDERS = {"claims": benchmarks.claims, "claims_networks": benchmarks.claims.networks}
PAGES = {page: (DOCS / f"{page}.md").read_text(encoding="utf-8") for page in FOLDERS}


@pytest.mark.parametrize(
    ("value", "stderr", "verdict"),
    [(1.0, 0.02, "holds"), (1.0, 0.03, "inconclusive"), (1.06, 0.02, "inconclusive"), (1.2, 0.02, "fails")],
)
def test_a_finding_is_judged_by_its_interval(value: float, stderr: float, verdict: str) -> None:
    found = frame.finding("q", (0.95, 1.05), Estimate(value, stderr))
    assert found.verdict == verdict
    assert (found.high - found.low) / (2.0 * stderr) == pytest.approx(1.96, abs=1e-4)


def test_a_claim_is_as_good_as_its_worst_finding() -> None:
    good, open_, bad = (frame.finding("q", (0.9, 1.1), Estimate(v)) for v in (1.0, math.nan, 2.0))
    assert frame.worst([good, good]) == "holds"
    assert frame.worst([good, open_]) == "inconclusive"
    assert frame.worst([open_, bad]) == "fails"
    assert frame.worst([good, bad.rather()]) == "holds"


def test_errors_of_quotients_and_powers() -> None:
    # 40 000 draws of each: a standard deviation is known to 0.4 %, six of them are 2.1 %; false alarm 2e-9 each
    rng = np.random.default_rng(0)
    a, b = 2.0 + 0.02 * rng.standard_normal(40_000), 5.0 + 0.1 * rng.standard_normal(40_000)
    first, second = Estimate(2.0, 0.02), Estimate(5.0, 0.1)
    assert first / second == pytest.approx((0.4, (a / b).std()), rel=0.022)
    assert first / 4.0 == (0.5, 0.005)
    power = frame.exponent((1.0, 3.0), first, second)
    assert power == pytest.approx((math.log(0.4) / math.log(1 / 3), np.log(a / b).std() / math.log(3)), rel=0.022)


def test_a_share_has_the_interval_of_clopper_and_pearson() -> None:
    none = frame.share("q", (0.0, 0.1), np.zeros(100, dtype=bool))
    assert (none.measured, none.low, none.verdict) == (0.0, 0.0, "holds")
    assert none.high == pytest.approx(1.0 - 0.025 ** (1.0 / 100.0))  # (1 - p)^100 = 2.5 %


def test_a_turning_point_is_bracketed() -> None:
    for turned in (False, True):
        found = frame.bracket("q", (1.4, 1.42), lambda x, turned=turned: (x * x < 2.0) != turned, (1.0, 2.0), 20)
        assert found.low <= math.sqrt(2.0) <= found.high
        assert found.high - found.low == 2.0**-20
        assert found.verdict == "holds"
    assert frame.bracket("q", (1.4, 1.42), lambda x: True, (1.0, 2.0)).verdict == "inconclusive"


def test_runs_have_draws_of_their_own() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
    first, again = (frame.mean("loss", so.SGD(0.1), problem, 256, steps=1) for _ in range(2))
    assert first == again
    assert first.value == pytest.approx(0.005, rel=0.5)  # E x²/2 after one step; 256 paths know it to 9 %
    assert frame.seed(so.SGD(0.1), {"steps": 1}) != frame.seed(so.SGD(0.1), {"steps": 2})


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, at in FOLDERS.items() for name in runner.names(at)])
def test_the_page_is_of_these_files(page: str, name: str) -> None:
    folder = FOLDERS[page]
    text = inspect.getdoc(runner.load(name, folder)) or ""
    assert [word for word in ("\nSource: ", "\nMeasured", "\nRefuted by: ") if word not in text] == []
    assert f"## {name}\n\n{runner.paragraphs(text)[0]}\n" in PAGES[page], (
        f"run: python -m {folder.__name__} --write docs/{page}.md"
    )


def pages_in(folder: ModuleType) -> set[str]:
    """The methods that the claims of a folder name, as in ``so.SGD``."""
    trees = [ast.parse(inspect.getsource(runner.load(name, folder))) for name in runner.names(folder)]
    named = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return named & set(so.methods())


def test_every_method_occurs_in_a_claim() -> None:
    """What is missing is listed, and the list only shrinks."""
    own = {name for name, cls in so.methods().items() if cls.__module__.startswith("sdeopt.optimizers.")}
    assert own - pages_in(benchmarks.claims) == UNCLAIMED


@pytest.mark.parametrize("page", FOLDERS)
def test_the_page_begins_as_its_command_says_and_has_no_other_claims(page: str) -> None:
    head: str = importlib.import_module(f"{FOLDERS[page].__name__}.__main__").HEAD
    assert PAGES[page].startswith(head)
    assert [line[3:] for line in PAGES[page].splitlines() if line.startswith("## ")] == runner.names(FOLDERS[page])


@pytest.mark.parametrize("words", [["nope"], ["sgd_orders", "--write", "x.md"], ["--size", "2", "--write", "x.md"]])
def test_a_wrong_call_is_refused(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "Invalid value" in result.output


def test_one_claim_from_the_command_line() -> None:
    result = CliRunner().invoke(main, ["momentum_coefficient"])
    assert result.exit_code == 0, result.output
    assert "momentum_coefficient" in result.output and "claims: 0 hold, 1 fail, 0 inconclusive" in result.output


def test_what_is_found_is_written() -> None:
    found = [
        frame.finding("E |x|²", (-math.inf, 1.0), Estimate(2.0, 0.1)),
        frame.finding("*", (1.0, math.inf), Estimate(2.0)),
    ]
    page = runner.markdown("# Head", [runner.Outcome("name", "Claim.\n\nSource: us.\nMeasured: x.", found, 60.0)])
    assert "| E \\|x\\|² | ≤ 1 | 2 | 1.804 to 2.196 | fails |\n| \\* | ≥ 1 | 2 | 2 | holds |\n" in page
    assert "\n\nClaim.\n\n**Source**: us.\n\n**Measured**: x.\n\n" in page
    assert "\nClaims: 0 hold, 1 fail, 0 inconclusive; 1 minutes of processor time.\n" in page
    assert "\n\nVerdict: **fails**, in 60 s of processor time.\n\n" in page


def test_single_claims_are_renewed_on_a_page() -> None:
    good, bad = (frame.finding("q", (0.0, 1.0), Estimate(v)) for v in (0.5, 2.0))
    first, second, again = (
        runner.Outcome(name, f"Claim of |{name}|.\n\nSource: us.", [found], seconds)
        for name, found, seconds in (("a", good, 60.0), ("b", bad, 120.0), ("b", good, 30.0))
    )
    before = runner.markdown("# Head", [first, second])
    assert runner.renewed("# Head", before, []).replace("; put together of runs of single claims,", ";") == before
    after = runner.renewed("# Head", before, [again])
    whole = runner.markdown("# Head", [first, again])
    assert after == whole.replace("inconclusive;", "inconclusive; put together of runs of single claims,")
    assert "minutes of processor time, without those of a.\n" in runner.renewed(
        "# Head", before.replace(", in 60 s of processor time", ""), [again]
    )
    assert "| [b](#b): Claim of \\|b\\|. | holds |\n" in after and " 2 minutes of processor time." in after


def test_a_claim_that_cannot_be_measured_here_is_told_before_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "names", lambda folder: ["momentum_coefficient", "sgd_orders"])
    monkeypatch.setattr(runner, "lacking", lambda name, folder: "no text" if name == "sgd_orders" else None)
    for words in (["sgd_orders"], ["--write", str(tmp_path / "page.md")]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 2 and "sgd_orders cannot be measured here: no text" in result.output
    result = CliRunner().invoke(main, [])
    assert "sgd_orders is left out: no text" in result.output and "claims: 0 hold, 1 fail" in result.output
