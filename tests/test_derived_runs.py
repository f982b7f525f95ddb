"""Derived SDEs in other processes, in pickles, in certificates: what runs is the SDE that was derived, or nothing."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import pytest

import sdeopt as so
from sdeopt.certificate.warm import start_warm
from sdeopt.core.traits import model
from sdeopt.engine.simulate import plan
from sdeopt.sweeps.cells import Settings, compute
from sdeopt.sweeps.grid import lay_out

pytest.importorskip("sympy")

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = {cls: dict(cls.sdes) for cls in (so.SignSGD, so.Adam, so.LocalSGD)}
    yield
    for cls, sdes in before.items():
        cls.sdes = sdes


def test_a_process_that_derived_nothing_runs_the_same_sde() -> None:
    """It got the sampled one, and said nothing."""
    so.derive(so.SignSGD).model  # noqa: B018  (registers it)
    run = plan(so.SignSGD(lr=0.1), PROBLEM, "sde", sde="derived", steps=3, rng=0)
    sent, x = pickle.dumps(run), np.array([0.3, -0.2])
    here = run.model.drift(run.method, 0.0, x, PROBLEM.oracle)
    del so.SignSGD.sdes["derived"]
    there = pickle.loads(sent)
    assert "derived" in so.SignSGD.sdes
    assert np.array_equal(there.model.drift(run.method, 0.0, x, PROBLEM.oracle), here)


def test_a_process_that_derived_another_one_runs_that_of_the_run() -> None:
    page = so.LocalSGD(lr=0.1, local_steps=2.0, outer_lr=0.5)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.Gaussian(0.5), agents=2))
    so.derive(page, order=2).model  # noqa: B018
    sent = pickle.dumps(plan(page, problem, "sde", sde="derived2", steps=3, rng=0))
    text = so.LocalSGD.sdes["derived2"].text
    so.derive(so.LocalSGD(lr=0.1, local_steps=4.0), order=2).model  # noqa: B018
    assert so.LocalSGD.sdes["derived2"].text != text
    assert pickle.loads(sent).model.text == text


def test_a_cell_of_a_sweep_takes_its_sde_along() -> None:
    so.derive(so.SignSGD).model  # noqa: B018
    settings = Settings(None, 3, 60, None, 2, 0, sde="derived")
    cells, _ = lay_out([so.SignSGD(lr=0.1)], [PROBLEM], [], settings, ["error"])
    sent, here = pickle.dumps(next(iter(cells.values()))), compute(next(iter(cells.values())))["error"]
    del so.SignSGD.sdes["derived"]
    assert compute(pickle.loads(sent))["error"] == here
    assert here.status != "failed" and "derived" in so.SignSGD.sdes


def test_an_sde_that_is_not_registered_is_no_sampled_one() -> None:
    with pytest.raises(ValueError, match="sde must be registered with the method in every process, got 'derived'"):
        model(so.SignSGD(lr=0.1), "derived")
    with pytest.raises(ValueError, match=r"'derived2' is known once derive\(SignSGD, order=2\)\.model was read"):
        so.simulate(so.SignSGD(lr=0.1), PROBLEM, kind="sde", sde="derived2", steps=3, paths=2)
    with pytest.raises(ValueError, match=r"unknown sde 'order'.*\(known: order1, sampled\)"):
        so.simulate(so.SignSGD(lr=0.1), PROBLEM, kind="sde", sde="order", steps=3, paths=2)


def test_a_derivation_is_pickled_as_a_file_keeps_it() -> None:
    d = so.derive(so.SignSGD)
    again = pickle.loads(pickle.dumps(d))
    assert (again.source(), again.equations) == (d.source(), d.equations)
    with pytest.raises(ValueError, match="a derivation from a file is data"):
        again.model  # noqa: B018


def test_a_warm_method_knows_what_is_derived_later() -> None:
    before = start_warm(so.Adam(lr=0.1))
    so.derive(so.Adam).model  # noqa: B018
    after = start_warm(so.Adam(lr=0.1))
    assert "derived" not in type(before).sdes and "derived" in type(after).sdes
    assert type(after) is type(start_warm(so.Adam(lr=0.2)))
