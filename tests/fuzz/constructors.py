"""Every public constructor, with arguments of which one or two are wrong; what is accepted must also work."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

import sdeopt as so
from sdeopt import noise, objectives

from .judge import Find, tried
from .values import replaced

BOWL = so.Quadratic([1.0, 2.0])
TALL, LABELS = [[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, 2.0, 3.0]


def _turned(x: Any) -> Any:
    return x[::-1] * 1.0


def _scaled(x: Any, z: Any) -> Any:
    return 1.0 * z


def _ones(x: Any) -> Any:
    return 0.0 * x + 1.0


GOOD: dict[str, dict[str, Any]] = {  # arguments that are right
    "AffineGaussian": {"scale": 0.5, "growth": 2.0},
    "Agents": {"laws": so.Gaussian(0.5), "agents": 3, "shifts": [[0.1, 0.0], [0.0, 0.1], [0.0, 0.0]]},
    "AlphaStable": {"alpha": 1.5, "scale": 0.5},
    "Batch": {"law": so.Gaussian(0.5), "batch": 4},
    "BilinearGame": {"coupling": 1.0},
    "Cosine": {"peak": 0.1, "horizon": 2.0, "final": 0.1},
    "DiagonalLinearNetwork": {"X": TALL, "y": LABELS},
    "DiagonalMinibatch": {"batch": 2, "replace": True},
    "DiracGAN": {"size": 1, "penalty": 0.5},
    "DoubleWell": {"dim": 2, "height": 1.0},
    "EmbeddedSaddle": {"H": [[-0.5, 0.25], [0.25, 1.0]], "quartic": 0.5, "cubic": 0.1},
    "FiniteSumGame": {"coupling": [1.0, 2.0], "a": [0.5, 1.0], "b": 0.5, "linear": [[0.0, 1.0], [1.0, 0.0]]},
    "Game": {"grad": _turned, "minimisers": 1, "dim": 2, "start": [1.0, 1.0]},
    "Gaussian": {"scale": [0.5, 1.0]},
    "LabelNoise": {"scale": 0.5},
    "Laplace": {"scale": 0.5},
    "LinearRegression": {"X": TALL, "y": LABELS, "l2": 0.1},
    "Logistic": {"X": TALL, "y": [0.0, 1.0, 1.0], "l2": 0.1},
    "MatrixFactorization": {"target": TALL, "rank": 1},
    "MatrixQuadratic": {"target": TALL, "A": np.eye(3)},
    "MatrixSensing": {"sensors": [[[1.0, 0.0], [0.0, 2.0]], [[0.0, 1.0], [0.0, 1.0]]], "y": [1.0, 2.0], "rank": 1},
    "Minibatch": {"batch": 2, "replace": True},
    "NoNoise": {},
    "Noise": {"sample": _scaled, "draws": "normal", "var": _ones, "moments": 8.0, "additive": True},
    "NonlinearGame": {"shift": 0.45},
    "Objective": {"grad": _turned, "dim": 2, "start": [1.0, 1.0], "optimum": [0.0, 0.0], "minimum": 0.0},
    "Oversampled": {"batch": 1},
    "PoissonBatch": {"batch": 2},
    "Power": {"peak": 0.1, "exponent": 0.5},
    "Problem": {"objective": BOWL, "noise": so.Gaussian(0.5), "x0": [1.0, -1.0]},
    "Quadratic": {"H": [[1.0, 0.5], [0.5, 2.0]], "center": [0.0, 1.0]},
    "QuadraticGame": {"a": 1.0, "coupling": 1.0, "b": 0.5, "center": [0.0, 1.0]},
    "Rademacher": {"scale": 0.5},
    "Recorded": {"times": [0.1, 0.2], "observables": {"loss": [[1.0, 0.5], [1.5, 0.25]]}, "runs": None},
    "Reshuffled": {"batch": 1},
    "Rosenbrock": {"scale": 0.5, "stiffness": 1.0},
    "SDE": {"drift": lambda t, x: -x, "diffusion": lambda t, x: 0.5 * x, "dim": 2, "calculus": "ito"},
    "Schedule": {"peak": 0.1, "shape": lambda t: 1.0 / (1.0 + t), "unit": "time"},
    "StudentT": {"nu": 5.0, "scale": 0.5},
    "WideningValley": {"d": 4},
    "Piecewise": {"peak": 0.1, "phases": [so.ramp(0.1), so.hold(0.5)], "unit": "run"},
    "Averaged": {"method": so.SGD(0.1)},
    "Clipped": {"method": so.SGD(0.1), "max_norm": 1.0},
    "EMA": {"method": so.Adam(0.1), "decay": 0.9},
    "L2": {"method": so.Adam(0.1), "l2": 0.1},
    "Rescaled": {"method": so.PCNSGD(0.1)},
    "Layered": {"matrices": so.Muon(0.1), "rest": so.AdamW(0.1), "excluded": ["head.*"]},
    "decay": {"length": 0.5, "scale": 0.1, "exponent": 0.5, "level": 1.0},
    "hold": {"length": 0.5, "level": 0.1},
    "nc0": {"classes": 2, "columns": 1, "first": 0},
    "ramp": {"length": 0.5, "start": 1.0, "end": 0.1, "curve": "cosine"},
}
ALSO = {"Gaussian": {"cov": [[2.0, 1.0], [1.0, 2.0]]}, "Logistic": {"X": TALL, "y": [-1.0, 1.0, 1.0], "l2": 0.0}}
APART = {"TorchObjective"}  # needs an optional module, and tests of its own
PAGES: dict[str, Any] = so.methods()
SUMS = {"DiagonalMinibatch", "Minibatch", "PoissonBatch", "Reshuffled"}
PLACES = {name: so.LinearRegression(TALL, LABELS) for name in SUMS}  # where a law of data can be used
PLACES["Oversampled"] = so.Logistic(TALL, [-1.0, 1.0, 1.0])


def _page(cls: Any) -> dict[str, Any]:
    return {"lr": 0.1, **cls._field_defaults}


@st.composite
def made(draw: Any) -> tuple[str, dict[str, Any]]:
    """A constructor and its arguments."""
    name = draw(st.sampled_from([*sorted(GOOD), *sorted(PAGES)]))
    good = draw(st.sampled_from([one[name] for one in (GOOD, ALSO) if name in one] or [_page(PAGES[name])]))
    return name, draw(replaced(good)) if good else {}


def _finite(what: str, value: Any) -> None:
    """Raise a `Find` where a number that should be one is none."""
    if value is not None and np.isnan(np.asarray(value, dtype=float)).any():
        raise Find(f"{what} is NaN")


def _objective(f: Any) -> None:
    x = np.array(f.start)
    _finite("start", x)
    if f.lacks("value") is None:
        _finite("f(start)", f.value(x))
    for what in ("curvature", "optimum", "minimum"):
        _finite(what, getattr(f, what))


def _used(name: str, thing: Any) -> None:
    """What every such thing must be able to do."""
    text = repr(thing)
    if "\n" in text:
        raise Find(f"repr of several lines: {text!r}")
    if name in PAGES:
        if not (math.isfinite(thing.clock) and thing.clock > 0.0):
            raise Find(f"{text} has the clock {thing.clock}")
    elif name in noise.__all__:
        so.Problem(PLACES.get(name, BOWL), thing)
    elif name in objectives.__all__:
        with np.errstate(all="ignore"):  # far from all numbers f may be infinite
            _objective(thing)
        so.Problem(thing)
    elif name in ("Schedule", "Cosine", "Piecewise", "Power"):
        _finite("factor", [thing.factor(t) for t in (0.0, 1.0, 1e300)])


def check(case: tuple[str, dict[str, Any]]) -> None:
    """One try."""
    name, arguments = case
    thing = tried(lambda: getattr(so, name)(**arguments), list(arguments.values()))
    if thing is not None:
        tried(lambda: _used(name, thing))
