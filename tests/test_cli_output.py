"""What a run of the command line prints and writes, to its end or until Ctrl-C."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from command import TINY, content, run, succeeded

import sdeopt as so


def test_a_simulation_is_printed_with_intervals() -> None:
    said = succeeded("simulate", "sgd", "--steps", "20", "--paths", "100").stdout
    assert re.search(r"^ *1  +\d\.\d+ ± \d\.\d+  ", said, re.MULTILINE)
    assert "Quadratic(H=[1.0, 2.0], center=[0.0, 0.0]), Gaussian(scale=0.5), x0 = [1, -1]" in said


def test_a_report_is_printed() -> None:
    said = succeeded("compare", "sgd", *TINY, "--lr", "0.1").stdout
    assert re.search(r"^verdict +(agree|differ|open|not judged)", said, re.MULTILINE)
    assert "against its SDE order1" in said


@pytest.mark.usefixtures("interpreted")
def test_many_coordinates_are_summed_up() -> None:
    said = succeeded("simulate", "sgd", "--objective", "quadratic:1,1,1,1", *TINY).stdout
    assert "tr Cov x" in said
    assert "x₁" not in said


def test_compare_writes_the_figure_and_the_report(tmp_path: Path) -> None:
    stem = str(tmp_path / "run.1")
    result = succeeded("compare", "sgd", *TINY, "--lr", "0.1", "--out", stem)
    assert result.stderr == f"wrote {stem}.png and {stem}.npz\n"
    assert Path(f"{stem}.png").read_bytes().startswith(b"\x89PNG")
    assert so.Report.load(f"{stem}.npz").meta["method"] == "SGD(lr=0.1)"


def test_simulate_writes_the_ensemble(tmp_path: Path) -> None:
    stem = str(tmp_path / "run")
    result = succeeded("simulate", "sgd", *TINY, "--out", stem, "--quiet")
    assert result.stderr == ""
    assert so.Ensemble.load(f"{stem}.npz").final.shape == (8, 2)
    assert Path(f"{stem}.png").read_bytes().startswith(b"\x89PNG")


def test_paths_that_diverge_are_reported() -> None:
    words = ["sgd", "--lr", "1.5", "--steps", "400", "--paths", "8", "--noise", "none"]
    assert re.search(r"^paths +8, 8 diverged", succeeded("simulate", *words).stdout, re.MULTILINE)
    said = content("simulate", *words)
    assert (said["counts"][-1], said["diverged"]) == (0, list(range(8)))
    assert "diverged: 8 discrete, 0 SDE" in succeeded("compare", *words).stdout


# Ctrl-C


def test_ctrl_c_before_anything_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Any, *arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("sdeopt.engine.blocks.Worker.__call__", interrupt)
    result = run("simulate", "sgd", *TINY)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "interrupted" in result.stderr


@pytest.mark.parametrize("command", ["simulate", "compare"])
def test_ctrl_c_prints_what_is_finished(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Any, done: int) -> None:
        if self._label.startswith("SGD"):
            raise KeyboardInterrupt

    monkeypatch.setattr("sdeopt.engine.progress.Progress.advance", interrupt)
    said = succeeded(command, "sgd", "--lr", "0.1", "--steps", "4", "--paths", "600").stdout
    assert re.search(r"^paths +256, interrupted", said, re.MULTILINE)


def test_wide_tables_have_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    words = ("compare", "sgd", *TINY, "--lr", "0.1")
    narrow, wide = (succeeded(*words, *more).stdout for more in ((), ("--wide",)))
    heading = next(line for line in wide.splitlines() if line.startswith("quantity"))
    assert heading.split() == "quantity discrete SDE gap largest gap dt/2 change flow theory off verdict".split()
    assert "dt/2 change" not in narrow


@pytest.mark.parametrize("command", ["simulate", "compare", "certify", "scale", "sweep", "noise"])
def test_every_table_can_be_wide(command: str) -> None:
    assert "--wide" in succeeded(command, "--help").stdout


def test_the_step_size_that_is_chosen_is_the_one_that_help_names() -> None:
    from sdeopt.comparison.budget import LEVELS
    from sdeopt.engine.simulate import DEFAULT_SUBSTEPS

    said = " ".join(succeeded("compare", "--help").stdout.split())
    assert (LEVELS, DEFAULT_SUBSTEPS) == ((2, 4, 8), 8)
    assert "a half, a 4th or an 8th of the optimizer's; with --paths an 8th" in said
    assert "[default: an 8th of the optimizer's]" in " ".join(succeeded("simulate", "--help").stdout.split())


@pytest.mark.parametrize("columns", [80, 100])
def test_piped_output_obeys_columns_and_ends_its_lines(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns numbers fall away; what is compared and what is said of it stay."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = succeeded("compare", "sgd", *TINY, "--lr", "0.1").stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert [line for line in lines if line != line.rstrip()] == []
    heading = next(line for line in lines if line.startswith("quantity"))
    assert heading.endswith("verdict") and "off" in heading


def test_the_name_of_the_numbers_names_all_files(tmp_path: Path) -> None:
    succeeded("simulate", "sgd", *TINY, "--out", str(tmp_path / "r.npz"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.npz", "r.png"]
