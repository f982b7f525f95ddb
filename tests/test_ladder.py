"""The ladder of learning rates of a certificate: what moves along it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tilted import TILTED

import sdeopt as so
from sdeopt.certificate.ladder import at, exponent


def test_what_the_regime_ties_to_the_learning_rate_follows_it() -> None:
    assert at(so.SAM(0.1, 0.2), 0.025) == so.SAM(0.025, 0.1)
    assert at(so.HeavyBall(0.04, 0.8), 0.01) == so.HeavyBall(0.01, 0.9)
    assert exponent(so.SGD(0.1)) == 1.0
    assert exponent(so.HeavyBall(0.04)) == pytest.approx(0.5)


def test_a_schedule_keeps_its_shape() -> None:
    moved = at(so.SGD(so.Power(0.1, 0.75)), 0.05)
    assert moved.lr == so.Power(0.05, 0.75)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"lrs": [0.025, 0.05, 0.1]}, "lrs must decrease"),
        ({"lrs": [0.1, 0.1, 0.05]}, "lrs must decrease"),
        ({"lrs": [0.1, 0.05, -0.025]}, "lrs must be positive"),
        ({"lrs": [0.1, 0.05]}, "at least three"),
        ({"lrs": [0.1, float("nan"), 0.02]}, "lrs must be finite"),
        ({"lrs": [0.1, 0.05, 0.03]}, r"lr=0\.03 makes 33\.3333 steps in 1: use lr=0\.030303 \(33 steps\)"),
        ({"horizon": 0.04}, r"lr=0\.1 makes 0\.4 steps"),
        ({"horizon": -1.0}, "horizon must be in"),
        ({"precision": 0.0}, "precision must be in"),
        ({"paths": 4096, "max_paths": 1000}, "max_paths must be at least 4096"),
        ({"substeps": 1}, "substeps must be at least 4"),
        ({"seconds": -1.0}, "seconds must be in"),
        ({"sde": "order3"}, "unknown sde"),
        ({"observables": ["los"]}, "did you mean 'loss'"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        so.certify(so.SGD(0.1), TILTED, **({"horizon": 1.0} | words))


def test_a_class_is_no_method() -> None:
    with pytest.raises(TypeError, match="method must be an optimizer"):
        so.certify("SGD", TILTED, horizon=1.0)


def test_decays_that_leave_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="beta1 must be in"):
        so.certify(so.Adam(0.01, beta1=0.5), TILTED, lrs=[0.1, 0.05, 0.025], horizon=1.0)
