"""Every verb, on small runs, with arguments of which one or two are wrong; what is answered is looked at for NaN."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import sdeopt as so

from .judge import Find, tried
from .values import replaced

BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
SUM = so.Problem(so.LinearRegression([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, 2.0, 3.0]), so.Minibatch(1))
SGD = so.SGD(lr=0.1)
OU = so.SDE(lambda t, x: -x, lambda t, x: 0.5, dim=2)
MAYBE = {"rng": 0, "executor": None, "progress": False}
RUN = {"method": SGD, "problem": BOWL, "paths": 4, "observables": ["loss"], "save_at": 1, **MAYBE}
ENSEMBLE = so.simulate(SGD, BOWL, steps=2, paths=4, rng=0, progress=False)

GOOD: dict[str, list[dict[str, Any]]] = {
    "simulate": [
        RUN | {"kind": "sde", "steps": 2, "substeps": 2, "scheme": "heun", "sde": "order1", "checkpoint": "kept"},
        RUN | {"kind": "sde", "horizon": 0.2, "dt": 0.05, "scheme": "euler", "keep_paths": True},
        RUN | {"kind": "discrete", "horizon": 0.2, "observables": {"first": lambda x: x[0]}, "save_at": [0.1, 0.2]},
    ],
    "compare": [
        RUN | {"steps": 2, "substeps": 2, "tolerance": 0.1, "judge": "all"},
        RUN | {"horizon": 0.2, "dt": 0.05, "scheme": "heun", "sde": "order1", "paths": 16},
    ],
    "certify": [
        {"method": SGD, "problem": BOWL, "lrs": [0.2, 0.1, 0.05], "horizon": 0.2, "paths": 32, "max_paths": 32,
         "precision": 0.5, "substeps": 4, "warm": False, "sde": "order1", "observables": None, "seconds": 1.0, **MAYBE},
    ],
    "sweep": [
        {"methods": SGD, "problems": BOWL, "grid": {"lr": [0.1, 0.2]}, "steps": 2, "paths": 4, "measures": ["loss"],
         "folder": "cells", **MAYBE},
        {"methods": SGD, "problems": BOWL, "grid": {"scale": [0.1]}, "horizon": 0.2, "paths": 4, "level": 0.1, **MAYBE},
    ],
    "atlas": [
        {"problem": BOWL, "methods": SGD, "laws": so.Gaussian(0.5), "gradients": 2, "lrs": [0.1, 0.2], "paths": 4,
         "tuning": 4, "level": 0.1, "folder": "cells", **MAYBE},
        {"problem": SUM, "methods": [SGD], "laws": {"two": (so.Minibatch(2), {})}, "gradients": 3, "paths": 4,
         "tuning": 4, "lrs": [0.1], **MAYBE},
    ],
    "integrate": [
        {"sde": OU, "x0": [1.0, 1.0], "horizon": 0.2, "dt": 0.1, "paths": 4, "scheme": "euler", "save_at": 1,
         "observables": None, "keep_paths": True, "increments": True, "extrapolate": False, **MAYBE},
        {"sde": OU, "x0": [1.0, 1.0], "horizon": 0.2, "dW": np.zeros((3, 2, 2)), **MAYBE},
        {"sde": OU, "x0": [1.0, 1.0], "horizon": 0.2, "steps": 2, "paths": 4, "extrapolate": True, **MAYBE},
    ],
    "svag": [
        {"method": SGD, "problem": BOWL, "levels": (1, 2), "steps": 2, "paths": 50, "observables": None, **MAYBE},
    ],
    "overlay": [{"ensembles": [ENSEMBLE, ENSEMBLE], "observable": "loss", "ax": None}],
    "scale": [
        {"method": SGD, "batch": (1, 2), "problem": SUM},
        {"method": so.DSignSGD(lr=0.1), "agents": (1, 2)},
        {"method": so.DCSGDRandK(lr=0.1, k=2), "new_k": 1},
    ],
    "derive": [
        {"method": so.SGD, "order": 1, "limit": None, "assume": None, "eliminate": (), "sde": None},
        {"method": so.HeavyBall(lr=0.1), "limit": {"momentum": "1 - sqrt(lr)"}, "eliminate": ["v"]},
        {"method": so.SGD, "limit": {"lr": "fixed"}, "assume": {"clip": "active"}, "sde": "order1"},
    ],
    "diagnose": [
        {"problem": BOWL, "xs": [[0.0, 2.0], [0.0, 1.0]], "alpha": 1.0, "minimum": 0.0, "level": 0.95},
        {"problem": SUM, "xs": np.ones((2, 3, 2)), "alpha": 2.0, "sample_minimum": 0.0},
    ],
    "noise_profile": [
        {"problem": p, "x": [1.0, 1.0], "largest": 2, "probes": 2, "samples": 16, "rng": 0, "progress": False}
        for p in (BOWL, SUM)
    ],
}  # fmt: skip
WARNS = (so.InterpretedWarning, so.OnePathWarning, so.DivergedWarning)


@st.composite
def called(draw: Any, names: Any = tuple(GOOD)) -> tuple[str, dict[str, Any]]:
    """A verb and its arguments."""
    name = draw(st.sampled_from(names))
    case = replaced(draw(st.sampled_from(GOOD[name])))
    if name == "atlas":  # without methods or laws it takes all that there are, minutes of work
        case = case.filter(lambda given: given["methods"] is not None and given["laws"] is not None)
    return name, draw(case)


def _looked_at(result: Any) -> None:
    """What every result must be able to do; an `Ensemble` has no NaN that it does not explain."""
    text = repr(result)
    if "\n" in text:
        raise Find(f"repr of several lines: {text!r}")
    str(result)
    if hasattr(result, "to_json"):
        result.to_json()
    if isinstance(result, so.Ensemble):
        whole = result.counts == len(result.final)
        if result.order(None) > 1.0 and np.isnan(result.mean[whole]).any():
            raise Find("the mean is NaN, and no path has diverged")
        if result.diverged.count != int(np.isnan(result.final).any(axis=1).sum()):
            raise Find("a last position is NaN, and the path has not diverged")


def within(call: Callable[[], Any]) -> Any:
    """What ``call`` does in an empty folder of its own."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return call()
        finally:
            os.chdir(before)


def check(case: tuple[str, dict[str, Any]]) -> None:
    """One try."""
    name, arguments = case
    quiet = (UserWarning,) if name == "scale" else WARNS
    values = list(arguments.values())

    def run() -> Any:
        return tried(lambda: getattr(so, name)(**arguments), values, also=(OSError,), quiet=quiet)

    result = within(run)
    if result is not None:
        tried(lambda: _looked_at(result))
