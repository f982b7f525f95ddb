"""What a page must say, and the shapes of what its functions return."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import numpy as np
import pytest

import sdeopt as so

PAGES = so.methods()
SECTIONS = ("Discrete", "SDE", "Regime", "Claim", "Sources")
MOTIONS = {"gradient", "sign", "square", "direction", "state"}
IDENTIFIER = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}/\S+")


def sections(text: str) -> dict[str, str]:
    """Title -> body of the parts of a docstring; a title stands alone on an unindented line."""
    parts = re.split(r"^(\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def head(cls: Any) -> str:
    return inspect.getdoc(sys.modules[cls.__module__]) or ""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("where", ["file", "class"])
def test_the_parts_stand_in_order(name: str, where: str) -> None:
    found = sections(head(PAGES[name]) if where == "file" else inspect.getdoc(PAGES[name]) or "")
    assert [title for title in found if title in SECTIONS] == list(SECTIONS)
    assert all(found[title].strip() for title in SECTIONS)


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


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", PAGES)
def test_functions_return_states(name: str, d: int) -> None:
    """As many vectors of length d as the page names parts."""
    cls = PAGES[name]
    page, n = cls(lr=0.1), len(cls.parts)
    problem = so.Problem(so.EmbeddedSaddle(np.linspace(-0.5, 1.0, d)), so.Gaussian(0.6))
    x, o = np.array(problem.x0), problem.oracle

    def assert_state(y: Any) -> None:
        vectors = y if n > 1 else (y,)
        assert isinstance(y, tuple) == (n > 1)
        assert len(vectors) == n
        assert [(v.shape, v.dtype) for v in vectors] == [((d,), np.float64)] * n
        assert np.isfinite(vectors).all()

    first = cls.init(page, x, o) if hasattr(cls, "init") else x
    after = page.step(0, first, o, (np.ones(d),))
    assert_state(first)
    assert_state(after)
    for sde in cls.sdes.values():
        names = [
            [d] if motion == "state" else problem.noise.brownian(motion, problem.objective) for motion in sde.brownian
        ]
        vectors = [tuple(np.ones(k) for k in sizes) if len(sizes) > 1 else np.ones(sizes[0]) for sizes in names]
        dw = tuple(vectors) if len(vectors) > 1 else vectors[0]
        y = after if sde.start is None else sde.start(page, x, o)
        assert_state(y)
        assert_state(sde.drift(page, page.clock, y, o))
        assert_state(sde.diffusion(page, page.clock, y, o, dw))
