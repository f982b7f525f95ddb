"""The small real data sets of the finite sums, read from scikit-learn, which ships them (no download)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.objectives.contract import Array

__all__ = ["TASKS", "load", "prepare", "table"]

TASKS = {"diabetes": "regression", "breast_cancer": "classification", "digits": "classification"}
FILES = {"breast_cancer": "breast_cancer.csv", "digits": "digits.csv.gz"}  # the other one is scaled by scikit-learn


def load(name: str, task: str) -> tuple[Array, Array]:
    """Return the features and the targets of a data set, prepared for a linear model.

    Features are standardised (mean 0, variance 1), constant columns are dropped and a column of ones is appended for
    the intercept. Targets of a regression are standardised; labels are 0 and 1.

    Parameters
    ----------
    name : str
        "diabetes" (442 patients, 10 features; regression), "breast_cancer" (569 biopsies, 30 features; benign = 1),
        or "digits" (1797 images of 8x8 pixels, of which 61 vary; 1 if the digit is 5 or more).
    task : str
        "regression" or "classification".

    Returns
    -------
    X, y : ndarray, shapes (n, d) and (n,)
        Features with the column of ones last, and targets.

    Raises
    ------
    ValueError
        If there is no such data set, or it is made for the other task.
    ImportError
        If scikit-learn is missing.
    """
    checks.choice("data set", name, TASKS)
    if TASKS[name] != task:
        others = ", ".join(key for key, value in TASKS.items() if value == task)
        raise ValueError(f"data set {name!r} is for {TASKS[name]}, not {task} (for {task}: {others})")
    raw, y = table(name)
    X = np.column_stack([standardise(raw[:, raw.std(axis=0) > 0]), np.ones(raw.shape[0])])
    if task == "regression":
        return X, standardise(y)
    return X, (y >= 5 if name == "digits" else y).astype(np.float64)


def table(name: str) -> tuple[Array, Array]:
    """The table as it is, of the file itself where there is one: scikit-learn takes over two seconds to import."""
    found = importlib.util.find_spec("sklearn")
    file = Path(found.origin or "").parent / "datasets" / "data" / FILES.get(name, "") if found is not None else Path()
    if file.is_file():
        rows = np.loadtxt(file, delimiter=",", skiprows=1 if file.suffix == ".csv" else 0)  # a csv begins with names
        return np.ascontiguousarray(rows[:, :-1]), rows[:, -1].copy()
    try:
        import sklearn.datasets as source
    except ImportError as error:
        raise ImportError(f'data set {name!r} needs scikit-learn: pip install "sdeopt[data]"') from error
    X, y = getattr(source, f"load_{name}")(return_X_y=True)
    return np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)


def standardise(a: Array) -> Array:
    """Shift and scale the columns of ``a`` to mean 0 and variance 1."""
    return np.asarray((a - a.mean(axis=0)) / a.std(axis=0))


def prepare(X: Any, y: Any, task: str) -> tuple[Array, Array]:
    """Return checked features (n, d) and targets (n,), from two arrays or from the name of a data set as ``X``."""
    if isinstance(X, str):
        if y is not None:
            raise TypeError(f"y must not be given with the data set {checks.short(X)}, which has its own")
        X, y = load(X, task)
    if y is None:
        raise TypeError("y must be given with an array X (or give the name of a data set as X)")
    features = checks.array("X", X, ndim=2, flags=True)
    return features, checks.array("y", y, shape=(features.shape[0],), flags=True)
