"""A warm start: where it is, what is left out there, and how a certificate says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from command import job
from tilted import LRS, TILTED

import sdeopt as so
from sdeopt.certificate.warm import start_warm
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.simulate import plan

G = np.array([1.0, -1.6])  # the gradient at the start of the problem
V = G * G + [0.5, 0.3]
STARTS = {
    so.RMSprop(0.1): (V,),
    so.RMSpropW(0.1): (V,),
    so.Adam(0.1): (G, V),
    so.AdamW(0.1): (G, V),
    so.Lion(0.1): (G,),
    so.Signum(0.1): (G,),
    so.Scion(0.1): (G,),
}


@pytest.mark.parametrize("page", STARTS, ids=lambda page: type(page).__name__)
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_both_columns_start_at_the_limits_of_the_running_means(page: Any, kind: str) -> None:
    run = plan(start_warm(page), TILTED, kind, steps=2, substeps=1, observables=[], rng=0)
    for states in initial_states(run)[:2]:
        assert all(np.array_equal(a, b) for a, b in zip(states, (TILTED.x0, *STARTS[page]), strict=True))
    assert initial_states(run)[2] == 0


def test_bias_corrections_are_done() -> None:
    page, o, calm = so.Adam(0.1, 0.8, 0.9, 0.0), TILTED.oracle, (np.zeros(2),)
    x, m, v = start_warm(page).step(0, (np.array(TILTED.x0), G, V), o, calm)
    expected = 0.9 * V + 0.1 * G * G
    np.testing.assert_allclose([m, v], [G, expected], rtol=1e-14)
    np.testing.assert_allclose(x, TILTED.x0 - 0.1 * G / np.sqrt(expected), rtol=1e-14)
    drift = start_warm(page).sdes["full"].drift(page, 0.0, (np.array(TILTED.x0), G, V), o)
    np.testing.assert_allclose(drift, [-G / np.sqrt(V), 0.0 * G, 0.0 * G], atol=1e-14)


def test_a_page_stays_itself() -> None:
    warm = start_warm(so.Adam(0.1, 0.8))
    assert isinstance(warm, so.Adam)
    assert type(warm) is type(start_warm(so.Adam(0.2)))  # nothing is compiled twice
    assert repr(warm) == repr(so.Adam(0.1, 0.8))
    assert so.methods()["Adam"] is so.Adam
    assert so.Adam(0.1).init(G, TILTED.oracle)[1].tolist() == [0.0, 0.0]


def test_a_method_without_running_means_has_no_warm_start() -> None:
    with pytest.raises(ValueError, match="warm must be False for SGD"):
        so.certify(so.SGD(0.1), TILTED, horizon=1.0, warm=True)
    with pytest.raises(TypeError, match="warm must be True or False"):
        so.certify(so.SGD(0.1), TILTED, horizon=1.0, warm="yes")  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_certificate_says_how_it_started() -> None:
    c = so.certify(so.RMSprop(0.1), TILTED, LRS, horizon=0.2, paths=32, max_paths=32, warm=True, rng=0)
    assert c.meta["warm"] is True
    assert "time     0.2, warm start; SDE by" in str(c)
    assert job("certify", "rmsprop", "--warm").arguments["warm"] is True
