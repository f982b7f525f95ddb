"""What a page must say, and the shapes of what its functions return."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import numpy as np
import pytest
from cases import PAGES, drawn, first_state, flat, ordinary, problem, run, sizes, suited

import sdeopt as so

SECTIONS = ("Discrete", "SDE", "Regime", "Claim", "Sources")
OF_THE_FILE = ("Discrete", "SDE", "Regime", "Claim", "Heavy tails", "Sources")
MOTIONS = {"gradient", "gradient2", "sign", "square", "direction", "levy", "epoched", "own", "state"}
IDENTIFIER = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}/\S+")


def sections(text: str) -> dict[str, str]:
    """Title -> body of the parts of a docstring; a title stands alone on an unindented line."""
    parts = re.split(r"^(\w+(?: \w+)?)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def head(cls: Any) -> str:
    return inspect.getdoc(sys.modules[cls.__module__]) or ""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("where", ["file", "class"])
def test_the_parts_stand_in_order(name: str, where: str) -> None:
    found = sections(head(PAGES[name]) if where == "file" else inspect.getdoc(PAGES[name]) or "")
    expected = OF_THE_FILE if where == "file" else SECTIONS
    assert [title for title in found if title in OF_THE_FILE] == list(expected)
    assert all(found[title].strip() for title in expected)


@pytest.mark.parametrize("name", PAGES)
def test_sources_can_be_looked_up(name: str) -> None:
    assert IDENTIFIER.search(sections(head(PAGES[name]))["Sources"])


@pytest.mark.parametrize("name", PAGES)
def test_every_hyperparameter_is_explained(name: str) -> None:
    cls = PAGES[name]
    listed = re.findall(r"^([\w, ]+) : float$", sections(inspect.getdoc(cls) or "")["Parameters"], re.MULTILINE)
    assert [field for line in listed for field in line.split(", ")] == list(cls._fields)


@pytest.mark.parametrize("name", PAGES)
def test_every_sde_is_introduced_and_claims_something(name: str) -> None:
    cls = PAGES[name]
    assert cls.default_sde in cls.sdes
    introduction = sections(head(cls))["SDE"]
    for sde in cls.sdes.values():
        assert re.search(rf"^\s+{re.escape(sde.name)}\s", introduction, re.MULTILINE), sde.name
        assert re.search(r"Sources?\b", sde.doc), sde.name
        assert sde.order > 0.0
        assert set(sde.brownian) <= MOTIONS


@pytest.mark.parametrize(
    ("name", "d"), [(n, d) for n, cls in PAGES.items() for d in (1, 2, 3) if d == 2 or ordinary(cls)]
)
def test_functions_return_states(name: str, d: int) -> None:
    """As many finite vectors as the page names parts, the position first, of the sizes of the first state."""
    cls = PAGES[name]
    page, n = cls(lr=0.1), len(cls.parts)
    subject = problem(cls, so.Problem(so.EmbeddedSaddle(np.linspace(-0.5, 1.0, d)), so.Gaussian(0.6)))
    o, point = subject.oracle, np.random.default_rng(0)
    first = first_state(page, subject)

    def assert_state(y: Any) -> None:
        assert isinstance(y, tuple) == (n > 1)
        assert sizes(y) == sizes(first)
        assert all(part.ndim == 1 and part.dtype == np.float64 for part in (y if n > 1 else (y,)))
        assert np.isfinite(flat(y)).all()

    assert len(sizes(first)) == n
    assert sizes(first)[0] == subject.dim
    after = page.step(0, first, o, drawn(run(page, subject, "discrete"), point))
    assert_state(first)
    assert_state(after)
    for sde in cls.sdes.values():
        if sde.drift is not None:
            y = after if sde.start is None else sde.start(page, np.array(subject.x0), o)
            assert_state(y)
            assert_state(sde.drift(page, page.clock, y, o))
            its = suited(sde, subject)
            dw = drawn(run(page, its, "sde", sde.name), point)
            assert_state(sde.diffusion(page, page.clock, y, its.oracle, dw))
