"""Every question of the oracle goes to the side, and to the function, that `who_answers` names."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from sdeopt.core import oracle, sides
from sdeopt.engine.questions import QUESTIONS, questions_of


class Heard:
    """Notes what is called of one side."""

    def __init__(self, side: str, calls: list[tuple[str, str]]) -> None:
        self._side, self._calls = side, calls

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self._calls.append((self._side, name))


@pytest.mark.parametrize("question", sorted(QUESTIONS, key=lambda q: q.__name__), ids=lambda q: q.__name__)
def test_a_question_goes_where_it_says(question: Any) -> None:
    calls: list[tuple[str, str]] = []
    o = oracle.Oracle(Heard("objective", calls), Heard("noise", calls))
    question(o, *[0.0] * (len(inspect.signature(question).parameters) - 1))
    assert calls == [sides.who_answers(question)]


def through(o: Any, x: Any) -> Any:
    return oracle.hvp(o, x, x)


def test_questions_are_found_in_helpers_and_in_modules() -> None:
    def step(o: Any, x: Any) -> Any:
        return through(o, x) + oracle.noisy_grad(o, x, x)

    assert questions_of(step) == {"hvp", "noisy_grad"}
