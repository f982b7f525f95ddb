"""What a cell is known by: everything that its numbers depend on, and nothing that a process makes up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.content import content
from sdeopt.sweeps.cells import Cell, Settings

SETTINGS = Settings(horizon=1.0, steps=None, paths=10, level=None, substeps=16, seed=0)
BASE = {"method": so.SGD(lr=0.1), "objective": so.Quadratic([1.0, 2.0]), "noise": so.StudentT(nu=3), "x0": [1.0, 1.0]}


def key(job: str = "run", settings: Settings = SETTINGS, text: str = "", **parts: Any) -> str:
    p = BASE | parts
    return Cell(p["method"], so.Problem(p["objective"], p["noise"], p["x0"]), job, settings, text).key(
        content(p["objective"])
    )


def test_a_key_depends_on_all_that_the_numbers_depend_on() -> None:
    keys = [
        key(),
        key(method=so.SGD(lr=0.2)),
        key(method=so.SignSGD(lr=0.1)),
        key(method=so.SGD(lr=so.Cosine(0.1, horizon=5.0))),
        key(method=so.SGD(lr=so.Cosine(0.1, horizon=6.0))),
        key(objective=so.Quadratic([1.0, 3.0])),
        key(objective=so.Quadratic([1.0, 2.0], [0.5, 0.0])),
        key(noise=so.StudentT(nu=4)),
        key(noise=so.Batch(so.StudentT(nu=3), 2)),
        key(noise=so.Batch(so.StudentT(nu=3), 3)),
        key(noise=so.Batch(so.StudentT(nu=4), 3)),
        key(x0=[1.0, 2.0]),
        key("error"),
        *(key(settings=SETTINGS._replace(**{name: 11})) for name in ("horizon", "steps", "paths", "level", "seed")),
        key("error", SETTINGS._replace(substeps=8)),
        key("error", SETTINGS._replace(paths=None)),
        key("error", SETTINGS._replace(paths=None, seconds=1.0)),
        key("error", SETTINGS._replace(sde="order2")),
        key("error", SETTINGS._replace(sde="order2"), text="a page"),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)


def test_a_key_does_not_depend_on_what_the_job_ignores() -> None:
    assert key(settings=SETTINGS._replace(substeps=8, seconds=1.0, sde="order2")) == key()
    assert key(settings=SETTINGS._replace(paths=None)) == key(settings=SETTINGS._replace(paths=1000))
    assert key("error", SETTINGS._replace(level=0.1)) == key("error")


def test_the_source_of_sdeopt_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr("sdeopt.engine.keys.sources", lambda part: "edited" if part == "optimizers" else "")
    assert key() != before


def scaled(factor: Any) -> Callable[[Any], Any]:
    return lambda x: factor * x


class Weights:
    """As a network has them."""

    def __init__(self, size: float) -> None:
        self.layers = {"first": np.full(3, size), "own": self}

    def __call__(self, x: Any) -> Any:
        return self.layers["first"][0] * x


def test_functions_are_known_by_their_code_and_by_what_they_hold() -> None:
    variants = [
        scaled(1.0),
        scaled(2.0),
        lambda x: 3.0 * x,
        scaled(Weights(1.0)),
        scaled(Weights(2.0)),
        scaled({"a": 1.0}),
        scaled({"a": 2.0}),
        partial(np.multiply, 2.0),
        partial(np.multiply, 3.0),
        partial(np.add, 3.0),
        Weights(1.0).__call__,
        np.random.default_rng(0),
        np.random.default_rng(1),
        so.Objective(grad=scaled(1.0), dim=2),
        so.Objective(grad=scaled(2.0), dim=2),
        so.Objective(grad=scaled(1.0), dim=3),
        so.Objective(grad=scaled(1.0), dim=2, start=[1.0, 2.0]),
    ]
    assert len({content(v) for v in variants}) == len(variants)
    assert content(scaled(Weights(1.0))) == content(scaled(Weights(1.0)))


def test_a_key_is_the_same_in_another_process(fresh: Callable[[str], str]) -> None:
    script = """
import numpy as np
import sdeopt as so
from sdeopt.engine.content import content
from sdeopt.engine.keys import key

FACTOR = 2.0
f = so.Objective(grad=lambda x: FACTOR * x, value=lambda x: 0.5 * FACTOR * so.core.dot(x, x), dim=2)
print(key(*map(content, (f, so.Agents([so.Gaussian(0.5), so.StudentT(3)]), so.Cosine(0.1, horizon=2.0), {"a": so}))))
"""
    first = fresh(script)
    assert len(first) == 41
    assert fresh(script) == first
    assert fresh(script.replace("FACTOR = 2.0", "FACTOR = 3.0")) != first


@pytest.mark.extras("torch")
def test_a_network_is_known_by_its_weights() -> None:
    import torch

    torch.manual_seed(0)
    one, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    assert content(one) == content(one)
    assert content(one) != content(other)
    other.load_state_dict(one.state_dict())
    assert content(one) == content(other)


def test_what_has_no_content_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="<unlocked .* has no content to be known by"):
        content(scaled(threading.Lock()))
