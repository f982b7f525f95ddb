"""The command line: the words of Python, one sentence for an error, and what a run prints and writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import sdeopt as so
from sdeopt.cli import facts, main
from sdeopt.cli.config import settled
from sdeopt.cli.references import bibliography, entries
from sdeopt.cli.words import BUDGET, DEMONSTRATION, NUMBER_COST, PATHS, SLOW_COST, STEP_COST, Job, paths, read, schedule
from sdeopt.noise.spec import FORMS as NOISES
from sdeopt.objectives.spec import FORMS as OBJECTIVES

METHODS = sorted(so.methods().items())
TINY = ["--steps", "4", "--paths", "8"]
DATA = ["--objective", "diagonal-linear-network:n=6,p=3"]


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def succeeded(*args: str) -> Result:
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    return result


def content(*args: str) -> Any:
    return json.loads(succeeded(*args, "--json").stdout)


def job(command: str, *args: str) -> Job:
    """What would be run."""
    ctx = main.commands[command].make_context(command, list(args))
    return read(command, settled(ctx, ctx.params))


# the fast commands


def test_help_loads_click_only(fresh: Callable[[str], str]) -> None:
    heavy = ("numpy", "numba", "llvmlite", "scipy", "matplotlib", "sklearn", "torch", "sdeint")
    script = f"""
        import sys
        from sdeopt.cli import main
        for words in (["--help"], ["--version"]):
            try:
                main(words)
            except SystemExit as stop:
                assert stop.code == 0
        print([m for m in {heavy} if m in sys.modules])
    """
    printed = fresh("\n".join(line[8:] for line in script.splitlines()))
    assert "compare" in printed
    assert printed.endswith(f"sdeopt {so.__version__}\n[]\n")


def test_without_a_command_there_is_help() -> None:
    assert succeeded().stdout == succeeded("--help").stdout


@pytest.mark.parametrize("command", ["simulate", "compare", "certify"])
def test_help_names_every_hyperparameter(command: str) -> None:
    said = succeeded(command, "--help").stdout
    fields = {field for _, cls in METHODS for field in cls._fields}  # type: ignore[attr-defined]
    assert [f for f in fields if f"--{f.replace('_', '-')} FLOAT" not in said] == []


def test_list_has_the_whole_catalogue() -> None:
    said = " ".join(succeeded("list").stdout.split())
    sdes = {name for _, cls in METHODS for name in cls.sdes}  # type: ignore[attr-defined]
    specs = {form.usage for forms in (OBJECTIVES, NOISES) for form in forms.values()}
    assert [w for w in {name for name, _ in METHODS} | sdes | specs if w not in said] == []


def test_list_puts_the_default_sde_first() -> None:
    assert re.search(r"^ +HeavyBall\(lr, momentum=0\.9\)\s+order1, order2\s", succeeded("list").stdout, re.MULTILINE)


def test_list_puts_methods_under_their_families() -> None:
    listed = [line.split("(")[0].strip() for line in succeeded("list").stdout.splitlines()]
    places = [
        listed.index(name) for name in ("Sharpness-aware", "SAM", "Signs", "SignSGD", "Adaptive step sizes", "Adam")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(("name", "cls"), METHODS)
def test_every_method_has_a_problem_of_its_own(name: str, cls: Any) -> None:
    """Without options a method runs on the small problem that its page names, and `show` says which."""
    planned = job("compare", name)
    assert planned.method == cls(lr=0.05)
    assert [side in succeeded("show", name).stdout for side in cls.example] == [True, True]


@pytest.mark.parametrize(("name", "cls"), METHODS, ids=[name for name, _ in METHODS])
def test_show_prints_the_whole_page(name: str, cls: Any) -> None:
    said = succeeded("show", name.upper()).stdout
    rivals = [sde.doc for key, sde in cls.sdes.items() if key != cls.default_sde]
    assert facts.head(cls) in said
    assert f"\n{facts.constructor(cls)}" in f"\n{said}"
    assert [f for f in cls._fields if not re.search(rf"^    (\w+, )*{f}(, \w+)* : float$", said, re.MULTILINE)] == []
    words = set(said.split())
    assert [w for doc in rivals for w in doc.split() if w not in words and len(w) < 30] == []


@pytest.mark.parametrize(("name", "formula"), [("SGD", "lr"), ("HeavyBall", "sqrt(lr)")])
def test_show_gives_the_clock_as_a_formula(name: str, formula: str) -> None:
    assert f"One step takes {formula} units of time" in succeeded("show", name).stdout


# sources


@pytest.mark.parametrize(("name", "cls"), METHODS, ids=[name for name, _ in METHODS])
def test_every_source_of_every_page_can_be_cited(name: str, cls: Any) -> None:
    named = facts.identifiers(facts.sources(cls))
    assert named
    assert [one for one in named if one not in entries()] == []
    said = succeeded("cite", name).stdout
    assert [one for one in named if f"{{{one.partition(':')[2]}}}" not in said] == []


def test_identifiers_are_found() -> None:
    text = "A, arXiv:1412.6980. B (1964), doi:10.1016/0041-5553(64)90137-5. A, arXiv:1412.6980; (doi:10.2307/2332716)."
    found = ["arXiv:1412.6980", "doi:10.1016/0041-5553(64)90137-5", "doi:10.2307/2332716"]
    assert facts.identifiers(text) == found


def test_a_source_without_identifier_is_cited_too() -> None:
    assert "@misc{tieleman2012rmsprop," in succeeded("cite", "rmsprop").stdout
    assert "tieleman" not in succeeded("cite", "rmspropw").stdout


def test_the_bibliography_is_bibtex() -> None:
    everything = "\n".join(bibliography(cls) for _, cls in METHODS)
    for entry in re.findall(r"^@\w+\{.*?^\}$", everything, re.MULTILINE | re.DOTALL):
        assert entry.count("{") == entry.count("}")
        assert {"author", "title", "year"} <= set(re.findall(r"^  (\w+) = \{.*\},$", entry, re.MULTILINE))
    keys = [entry.partition("{")[2].partition(",")[0] for entry in entries().values()]
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)


def test_sdeopt_is_cited_with_its_version() -> None:
    said = succeeded("cite", "sgd").stdout
    assert "@software{sdeopt,\n  author = {{The sdeopt developers}},\n" in said
    assert f"computed with sdeopt {so.__version__}" in said


# errors


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compar sgd", "did you mean 'compare'?"),
        ("compare sgdd", "did you mean 'SGD'?"),
        ("show adm", "did you mean 'Adam'?"),
        ("compare sgd --momentun 1", "did you mean '--momentum'?"),
        ("compare signsgd --momentum 0.9", "SignSGD has no --momentum, its hyperparameters are --lr"),
        ("simulate adamw --rho 1", "AdamW has no --rho, its hyperparameters are --lr, --beta1, --beta2, --eps, --weig"),
        ("compare", "METHOD"),
        ("compare sgd --lr x", "'--lr'"),
        ("compare sgd --lr -1", "lr must be in (0, inf), got -1"),
        ("compare sgd --objective quadratc:1", "did you mean 'quadratic'?"),
        ("compare sgd --noise gausian", "did you mean 'gaussian'?"),
        ("compare sgd --objective diagonal-linear-network", "--batch or --noise"),
        ("compare sgd --objective diagonal-linear-network --batch 4 --noise none", "not both"),
        ("compare sgd --batch 4", "not a finite sum"),
        ("compare sgd --horizon 1 --steps 3", "exactly one of horizon and steps"),
        ("compare sgd --horizon inf", "horizon must be in (0, inf)"),
        ("compare sgd --steps 0", "steps must be at least 1"),
        ("compare sgd --dt 0", "dt must be in (0, inf)"),
        ("compare sgd --dt 0.03", "dt must divide"),
        ("compare sgd --substeps 1", "substeps=1"),
        ("compare sgd --x0 1", "x0 must have shape (2,)"),
        ("compare sgd --x0 1,a", "got 'a'"),
        ("compare sgd --threads 0", "threads must be at least 1"),
        ("compare sgd --seed -1", "seed must be at least 0"),
        ("compare sgd --schedule cosin", "did you mean 'cosine'?"),
        ("compare sgd --sde order3", "did you mean 'order2'?"),
        ("compare sgd --tolerance 2", "tolerance must be in (0, 1]"),
        ("compare sgd --kind sde", "unknown option '--kind'"),
        ("compare sgd --out missing/stem", "no folder 'missing'"),
        ("compare sgd --config missing.toml", "missing.toml: No such file"),
        ("simulate sgd --kind both", "known: discrete, sde"),
        ("simulate sgd --observables los", "did you mean 'loss'?"),
        (
            "simulate dnsam --objective diagonal-linear-network --batch 3 --kind sde --sde order1",
            "DNSAM needs root_additive_cov",
        ),
    ],
)
def test_an_error_is_one_sentence(line: str, says: str) -> None:
    result = run(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"sdeopt: [^\n]+\n", result.stderr)
    assert says in result.stderr


@pytest.mark.parametrize(("line", "code"), [("list", 0), ("compare sgdd", 2)])
def test_exit_codes_of_the_process(line: str, code: int, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(so.__file__).parent.parent), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", "-m", "sdeopt", *line.split()]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == (code > 0)


# words


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_simulate_is_the_python_function(kind: str) -> None:
    words = ["--lr", "0.1", "--steps", "5", "--paths", "300", "--seed", "7", "--x0", "1,-2", "--save-at", "3"]
    said = content("simulate", "sgd", "--kind", kind, *words, "--substeps", "4", "--observables", "loss,norm2")
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -2.0])
    want = so.simulate(
        so.SGD(lr=0.1), problem, kind, steps=5, paths=300, rng=7, save_at=3, substeps=4, observables=["loss", "norm2"]
    )
    assert said["times"] == want.times.tolist()
    assert said["mean"] == want.mean.tolist()
    assert said["variance"] == np.einsum("nii->ni", want.cov).tolist()
    assert said["observables"]["norm2"]["stderr"] == want.observables["norm2"][1].tolist()
    assert sorted(said["observables"]) == ["loss", "norm2"]


def test_compare_is_the_python_function() -> None:
    words = ["--lr", "0.1", "--steps", "5", "--paths", "300", "--seed", "7", "--tolerance", "0.2"]
    said = content("compare", "sgd", *words)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    want = so.compare(so.SGD(lr=0.1), problem, steps=5, paths=300, rng=7, tolerance=0.2)
    assert said == json.loads(want.to_json())


def test_defaults_are_those_of_the_help() -> None:
    said = job("compare", "sgd")
    assert said.method == so.SGD(lr=0.05)
    assert repr(said.problem.objective) == "Quadratic(H=[1.0, 2.0], center=[0.0, 0.0])"
    assert repr(said.problem.noise) == "Gaussian(scale=0.5)"
    assert said.arguments == {"horizon": 10.0, "rng": 0, "paths": 4000, "progress": None}


def test_every_hyperparameter_reaches_the_method() -> None:
    words = ["--lr", "0.1", "--beta1", "0.5", "--beta2", "0.75", "--eps", "1e-3", "--weight-decay", "0.25"]
    want = so.AdamW(lr=0.1, beta1=0.5, beta2=0.75, eps=1e-3, weight_decay=0.25)
    assert job("simulate", "adamw", *words).method == want


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--batch", "4"], "Minibatch(batch=4, replace=True)"),
        (["--noise", "minibatch:4,replace=false"], "Minibatch(batch=4, replace=False)"),
        (["--noise", "gaussian:0.1"], "Gaussian(scale=0.1)"),
    ],
)
def test_data_get_the_noise_that_is_asked_for(words: list[str], shown: str) -> None:
    assert repr(job("simulate", "sgd", *DATA, *words).problem.noise) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--schedule", "cosine", "--horizon", "2"], so.Cosine(0.1, horizon=2.0)),
        (["--schedule", "cosine:final=0.1", "--steps", "5"], so.Cosine(0.1, horizon=0.5, final=0.1)),
        (["--schedule", "power:0.25", "--steps", "5"], so.Power(0.1, exponent=0.25)),
    ],
)
def test_a_schedule_starts_from_the_learning_rate(words: list[str], shown: Any) -> None:
    assert job("simulate", "sgd", "--lr", "0.1", *words).method == so.SGD(lr=shown)


def test_a_cosine_ends_with_the_run_in_the_time_of_the_method() -> None:
    words = ["--lr", "0.01", "--steps", "5", "--schedule", "cosine"]
    assert job("simulate", "heavyball", *words).method.lr == so.Cosine(0.01, horizon=5 * np.sqrt(0.01))


@pytest.mark.parametrize("spec", ["power", "power:0.5", "power:exponent=0.5", "Power:0.5"])
def test_a_power_has_the_exponent_of_the_library(spec: str) -> None:
    assert schedule(spec, 0.1, 1.0) == so.Power(0.1)


def test_threads_and_quiet_reach_the_engine() -> None:
    said = job("simulate", "sgd", "--threads", "3", "--quiet").arguments
    assert (said["executor"]._max_workers, said["progress"]) == (3, False)


def test_threads_do_not_change_the_numbers() -> None:
    words = ["simulate", "sgd", "--steps", "4", "--paths", "600"]
    assert content(*words, "--threads", "1") == content(*words, "--threads", "3")


# the default number of paths


def test_small_problems_get_all_paths_and_say_so() -> None:
    said = succeeded("simulate", "sgd", "--steps", "2").stdout
    assert "4000 paths, the default" in said
    assert re.search(r"^paths +4000, none diverged", said, re.MULTILINE)


def test_paths_that_are_given_stay_and_need_no_remark() -> None:
    said = succeeded("simulate", "sgd", "--steps", "2", "--paths", "10").stdout
    assert re.search(r"^paths +10, none diverged", said, re.MULTILINE)
    assert "default" not in said


def test_the_help_states_the_rule_of_the_default() -> None:
    said = succeeded("compare", "--help").stdout
    assert f"{', '.join(map(str, PATHS))}\n" in said
    for number in (
        f"({DEMONSTRATION:g} s without",
        f"{1e6 * STEP_COST:g} µs,",
        f"{1e6 * SLOW_COST:g} µs for",
        "two minutes",
    ):
        assert number in said
    assert f"{1e9 * NUMBER_COST:g} ns for every" in said
    assert BUDGET == 120.0


def test_costlier_paths_are_fewer() -> None:
    small = so.Problem(so.Quadratic([1.0, 2.0]))
    large = so.Problem(so.Quadratic(np.ones(1000)))
    counts = [paths(small, work, compared=True) for work in (1e2, 1e5, 1e6, 1e7, 1e12)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == PATHS[0]
    assert counts[-1] == PATHS[-1]
    assert paths(large, 4e5, compared=True) < paths(small, 4e5, compared=True) < paths(small, 4e5, compared=False)


# what is printed and written


def test_a_simulation_is_printed_with_intervals() -> None:
    said = succeeded("simulate", "sgd", "--steps", "20", "--paths", "100").stdout
    assert re.search(r"^ *1  +\d\.\d+ ± \d\.\d+  ", said, re.MULTILINE)
    assert "Quadratic(H=[1.0, 2.0], center=[0.0, 0.0]), Gaussian(scale=0.5), x0 = [1, -1]" in said


def test_a_report_is_printed() -> None:
    said = succeeded("compare", "sgd", *TINY, "--lr", "0.1").stdout
    assert re.search(r"^verdict +(agree|differ|inconclusive)", said, re.MULTILINE)
    assert "against its SDE order1" in said


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


def test_paths_that_diverge_are_reported() -> None:
    words = ["sgd", "--lr", "1.5", "--steps", "400", "--paths", "8", "--noise", "none"]
    assert re.search(r"^paths +8, 8 diverged", succeeded("simulate", *words).stdout, re.MULTILINE)
    said = content("simulate", *words)
    assert (said["counts"][-1], said["diverged"]) == (0, list(range(8)))
    assert "diverged: 8 discrete, 0 SDE" in succeeded("compare", *words).stdout


# Ctrl-C


def test_ctrl_c_before_anything_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Any, first: int, count: int) -> Any:
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


# --config


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        file = tmp_path / "run.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


def test_a_config_says_the_same_words(toml: Callable[[str], str]) -> None:
    file = toml('method = "sgd"\nlr = 0.1\nsteps = 4\npaths = 8\nx0 = [1.0, -2.0]\nsave-at = 2\nobservables = ["loss"]')
    words = ["sgd", "--lr", "0.1", *TINY, "--x0", "1,-2", "--save-at", "2", "--observables", "loss"]
    assert content("simulate", "--config", file) == content("simulate", *words)


def test_a_table_is_for_its_command_and_wins(toml: Callable[[str], str]) -> None:
    file = toml("steps = 4\npaths = 8\n[simulate]\npaths = 6\nweight_decay = 0.5\n[compare]\ntolerance = 0.5\n")
    said = job("simulate", "adamw", "--config", file)
    assert (said.arguments["paths"], said.arguments["steps"]) == (6, 4)
    assert said.method.weight_decay == 0.5


def test_the_command_line_wins_over_the_config(toml: Callable[[str], str]) -> None:
    file = toml("lr = 0.1\npaths = 8\nhorizon = 0.4\ndt = 0.01\n")
    said = job("simulate", "sgd", "--config", file, "--lr", "0.2", "--steps", "3", "--substeps", "2")
    assert said.method == so.SGD(lr=0.2)
    assert said.arguments == {"steps": 3, "substeps": 2, "paths": 8, "rng": 0, "progress": None}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path = 8", "did you mean 'paths'?"),
        ("[simulate]\nweight-decey = 1.0", "did you mean 'weight-decay'?"),
        ("[simulat]\npaths = 8", "did you mean 'simulate'?"),
        ("tolerance = 0.5", "tolerance"),
        ("simulate = 1", "simulate must be a table, got 1"),
        ("config = 'other.toml'", "unknown key"),
        ("rho = 0.1", "SGD has no --rho"),
        ("paths = 8.5", "paths must be an integer, got 8.5"),
        ("lr = true", "lr must be a number, got True"),
        ("quiet = 1", "quiet must be true or false, got 1"),
        ("steps = ", "is not TOML"),
    ],
)
def test_a_bad_config_is_refused(text: str, says: str, toml: Callable[[str], str]) -> None:
    result = run("simulate", "sgd", "--config", toml(text))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"sdeopt: [^\n]+\n", result.stderr)
    assert says in result.stderr
