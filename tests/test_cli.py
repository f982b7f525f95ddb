"""The command line tells what there is: help, list, show and cite."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import llvmlite
import numba
import numpy as np
import pytest
from command import METHODS, job, succeeded

import sdeopt as so
from sdeopt.cli import facts
from sdeopt.cli.references import bibliography, entries, entry
from sdeopt.noise.spec import FORMS as NOISES
from sdeopt.objectives.spec import FORMS as OBJECTIVES


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
    version, engine, loaded = printed.splitlines()[-3:]
    assert (version, loaded) == (f"sdeopt {so.__version__}", "[]")
    assert f"NumPy {np.__version__}, Numba {numba.__version__}, llvmlite {llvmlite.__version__}" in engine


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
    assert planned.method == cls(**{"lr": 0.05} | cls.at)
    assert [side in succeeded("show", name).stdout for side in cls.shown] == [True, True]


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
    said = succeeded("cite", name).stdout
    assert [one for one in named if f"{{{one.partition(':')[2]}}}" not in said] == []


def test_identifiers_are_found() -> None:
    text = "A, arXiv:1412.6980. B (1964), doi:10.1016/0041-5553(64)90137-5. A, arXiv:1412.6980; (doi:10.2307/2332716)."
    found = ["arXiv:1412.6980", "doi:10.1016/0041-5553(64)90137-5", "doi:10.2307/2332716"]
    assert facts.identifiers(text) == found


def test_a_source_without_identifier_is_cited_too() -> None:
    assert "@misc{tieleman2012rmsprop," in succeeded("cite", "rmsprop").stdout
    assert "tieleman" not in succeeded("cite", "rmspropw").stdout


def test_a_paper_without_an_entry_is_cited_by_its_number() -> None:
    fields = ("  howpublished = {arXiv:2401.00001}", "  eprint = {2401.00001}", "  archiveprefix = {arXiv}")
    assert entry("arXiv:2401.00001") == ",\n".join(("@misc{2401.00001", *fields, "}"))
    assert entry("doi:10.1/a(b)") == "@misc{10.1-a-b-,\n  doi = {10.1/a(b)},\n}"


def test_the_bibliography_is_bibtex() -> None:
    everything = "\n".join(bibliography(cls) for _, cls in METHODS)
    for text in re.findall(r"^@\w+\{.*?^\}$", everything, re.MULTILINE | re.DOTALL):
        assert text.count("{") == text.count("}")
        fields = set(re.findall(r"^  (\w+) = \{.*\},$", text, re.MULTILINE))
        assert {"author", "title", "year"} <= fields or fields & {"eprint", "doi"}
    keys = [text.partition("{")[2].partition(",")[0] for text in entries().values()]
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)


def test_sdeopt_is_cited_with_its_version() -> None:
    said = succeeded("cite", "sgd").stdout
    assert "@software{sdeopt,\n  author = {{The sdeopt developers}},\n" in said
    assert f"computed with sdeopt {so.__version__}" in said
