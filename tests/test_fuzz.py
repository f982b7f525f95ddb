"""The quick lane of the fuzz suite (`fuzz`): the same tries in every run; ``python -m tests.fuzz`` is the long one."""

from __future__ import annotations

import pytest

pytest.importorskip("hypothesis")

from fuzz.kinds import KINDS, lane

import sdeopt as so
from fuzz import constructors
from sdeopt import noise, objectives


@pytest.mark.parametrize("kind", KINDS)
def test_every_try_gets_an_answer_or_a_sentence(kind: str) -> None:
    found = lane(kind, KINDS[kind].quick, fixed=True)
    assert found.tries >= KINDS[kind].quick // 2
    assert [f"{often} times {mark}" for mark, often in found.often.items()] == []


def test_every_public_constructor_is_tried() -> None:
    public = {*noise.__all__, *objectives.__all__, "Problem", "SDE", "Schedule", "Cosine", "Power"}
    assert public - set(constructors.GOOD) == constructors.APART
    assert set(constructors.PAGES) == set(so.methods())
