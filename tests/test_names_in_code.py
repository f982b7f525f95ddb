"""No loop is linked to a function of another: the names in compiled code belong to one function in the world.

Numba would number functions from 1 in every process, and loops of several processes meet through the disk.
"""

from __future__ import annotations

import itertools

import pytest

import sdeopt as so

NAMES = """
from numba import njit
from sdeopt.engine.compiler import pipeline

f = njit(lambda x: g(x) + 1.0, **pipeline.LOOP)
g = njit(lambda x: 2.0 * x, **pipeline.OPTIONS)
f(1.0)
(made,) = f.overloads.values()
code = made.library._final_module
LOCAL = ("internal", "private")
for thing in (*code.functions, *code.global_variables):
    if not thing.is_declaration and thing.linkage.name not in LOCAL:
        print(thing.name)
"""
RUN = """
import sys
import sdeopt as so
from sdeopt.objectives.spec import parse

problem = so.Problem(parse("matrix-quadratic:rows=9,cols=9"), so.Gaussian(0.5))
for word in WORDS:
    name, *observables = word.split(":")
    e = so.simulate(getattr(so, name)(lr=0.05), problem, steps=3, paths=4, rng=0, observables=observables)
    print(word, *(float(e.observables[o][0][-1]).hex() for o in sorted(observables)))
"""
ORDERS = [":".join(order) for order in itertools.permutations(["loss", "norm2", "grad_norm2"])]


@pytest.mark.slow
def test_two_processes_give_no_name_twice(fresh):
    one, other = (set(fresh(NAMES).split()) for _ in range(2))
    assert any("NumbaEnv" in name for name in one)
    assert one.isdisjoint(other)


@pytest.mark.slow
def test_pages_that_share_functions_keep_their_observables(fresh, tmp_path, monkeypatch):
    """Each loop is compiled by a process of its own; then one process runs all pairs, in both orders."""
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "loops"))
    pages = ["Muon", "ScionSpectral", "SGD", "Adafactor", "CubicNewton", "DelayedSGD", "Shampoo", "SOAP"]
    assert {name for name, page in so.methods().items() if not page.lanes} <= set(pages)
    words = [f"{page}:{order}" for page, order in zip(pages, ORDERS, strict=False)]
    alone = {word: fresh(RUN.replace("WORDS", repr([word]))) for word in words}
    for pair in itertools.permutations(words, 2):
        assert fresh(RUN.replace("WORDS", repr(pair))) == "".join(alone[word] for word in pair)
