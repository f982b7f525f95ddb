"""Noise without a variance: every optimizer runs under it, and every page says truly what its SDE does."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import PAGES, heavy, run

from sdeopt.engine.kernels import Kernel

ADDITIVE = [name for name, cls in PAGES.items() if "gaussian:" in cls.example[1]]


def statement(cls: Any) -> str:
    """The first word of what the page says."""
    found = re.search(r"^Heavy tails\n\s+(\w+)", inspect.getdoc(sys.modules[cls.__module__]) or "", re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_happens(name: str) -> None:
    assert statement(PAGES[name]) in ("Runs", "Refused")


@pytest.mark.parametrize("name", ADDITIVE)
def test_the_optimizer_runs(name: str) -> None:
    page = PAGES[name](lr=0.1)
    records = Kernel(replace(run(page, heavy(type(page)), "discrete", steps=20), interpreted=True))(0, 4)
    assert np.isfinite(records).all()


@pytest.mark.parametrize("name", ADDITIVE)
def test_the_sde_does_as_the_page_says(name: str) -> None:
    page = PAGES[name](lr=0.1)
    column = replace(run(page, heavy(type(page)), "sde", page.default_sde, steps=5), interpreted=True)
    if statement(type(page)) == "Refused":
        with pytest.raises(ValueError, match=rf"the SDE '{page.default_sde}' of {name} needs \w+: .{{20}}"):
            Kernel(column)
    else:
        assert np.isfinite(Kernel(column)(0, 4)).all()
