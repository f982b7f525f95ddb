"""The quick lane of the fuzz suite (`fuzz`): the same tries in every run; ``python -m tests.fuzz`` is the long one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest
from fuzz import constructors, functions, verbs
from fuzz.lane import KINDS, lane

import sdeopt as so
from sdeopt.results.result import Result


@pytest.mark.parametrize("kind", KINDS)
def test_every_try_gets_an_answer_or_a_sentence(kind: str) -> None:
    found = lane(kind, KINDS[kind].quick, fixed=True)
    assert found.tries >= KINDS[kind].quick // 2
    assert [f"{often} times {mark}: {found.first[mark][1]}" for mark, often in found.often.items()] == []


def test_every_public_constructor_and_verb_is_tried() -> None:
    results = {n for n in so.__all__ if isinstance(c := getattr(so, n), type) and issubclass(c, Result | Warning)}
    others = {n for n in so.__all__ if isinstance(getattr(so, n), ModuleType | str)} | {"load", "methods"}
    tried = {*constructors.GOOD, *constructors.PAGES, *verbs.GOOD}
    assert set(so.__all__) - results - others - constructors.APART - tried == set()


def test_every_closed_form_is_tried() -> None:
    modules = [importlib.import_module(f"sdeopt.theory.{m.name}") for m in pkgutil.iter_modules(so.theory.__path__)]
    known = {(m.__name__, n) for m in modules for n in m.__all__ if inspect.isfunction(getattr(m, n))}
    assert {f"{module}.{n}".removeprefix("sdeopt.") for module, n in known} == set(functions.GOOD)
