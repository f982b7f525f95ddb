"""Objectives by name, for the command line: "quadratic:1,2", "double-well:dim=3", "logistic:breast_cancer,l2=0.1"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.spec import allow, number, numbers, split
from sdeopt.objectives.diagonal_linear_network import DiagonalLinearNetwork
from sdeopt.objectives.dirac_gan import DiracGAN
from sdeopt.objectives.double_well import DoubleWell
from sdeopt.objectives.embedded_saddle import EmbeddedSaddle
from sdeopt.objectives.linear_regression import LinearRegression
from sdeopt.objectives.logistic import Logistic
from sdeopt.objectives.matrix_factorization import MatrixFactorization
from sdeopt.objectives.matrix_quadratic import MatrixQuadratic
from sdeopt.objectives.matrix_sensing import MatrixSensing
from sdeopt.objectives.nonlinear_game import NonlinearGame
from sdeopt.objectives.quadratic import Quadratic
from sdeopt.objectives.quadratic_game import BilinearGame, QuadraticGame
from sdeopt.objectives.rosenbrock import Rosenbrock
from sdeopt.objectives.widening_valley import WideningValley

__all__ = ["FORMS", "parse"]

SEED = 0  # of the generated data


class Form(NamedTuple):
    """How to build it, an example, and what may follow the name: positional arguments (None: any) and numeric keys."""

    build: Callable[..., Any]
    usage: str
    most: int | None = 0
    keys: tuple[str, ...] = ()


def regression(name: str = "diabetes", **given: Any) -> LinearRegression:
    """A data set, or "small": 20 examples of y = x₁ - x₂ + noise, all standard normal."""
    if name != "small":
        return LinearRegression(name, **given)
    X, noise = np.split(np.random.default_rng(SEED).standard_normal((20, 3)), [2], axis=1)
    return LinearRegression(X, X[:, 0] - X[:, 1] + noise[:, 0], **given)


def classification(name: str = "breast_cancer", **given: Any) -> Logistic:
    """A data set, or "imbalanced": 2 examples around (1, 1) and 6 around (-1, 0), all with unit variance."""
    if name != "imbalanced":
        return Logistic(name, **given)
    rare = np.arange(8) < 2
    centers = np.where(rare[:, None], [1.0, 1.0], [-1.0, 0.0])
    return Logistic(centers + np.random.default_rng(SEED).standard_normal((8, 2)), rare, **given)


def factorization(rows: int = 4, cols: int = 3, rank: int = 1) -> MatrixFactorization:
    """A standard normal target divided by √cols."""
    target = np.random.default_rng(SEED).standard_normal((rows, cols)) / np.sqrt(cols)
    return MatrixFactorization(target, rank)


def sensing(rows: int = 5, cols: int = 5, rank: int = 2, n: int = 10) -> MatrixSensing:
    """Noiseless measurements of a product of two standard normal factors over √rank by standard normal sensors."""
    rng = np.random.default_rng(SEED)
    target = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, cols)) / np.sqrt(rank)
    sensors = rng.standard_normal((n, rows, cols))
    return MatrixSensing(sensors, (sensors * target).sum(axis=(1, 2)), rank)


def matrix_least_squares(rows: int = 2, cols: int = 3, scale: float = 1.0) -> MatrixQuadratic:
    """A standard normal target, times ``scale``; curvatures from 1 to 2 along the rows."""
    target = scale * np.random.default_rng(SEED).standard_normal((rows, cols))
    return MatrixQuadratic(target, np.diag(np.sqrt(np.linspace(1.0, 2.0, rows))))


def sparse_recovery(n: int = 20, p: int = 40, nonzero: int = 3) -> DiagonalLinearNetwork:
    """Noiseless y = Xβ with standard normal X and the first ``nonzero`` entries of β equal to 1."""
    X = np.random.default_rng(SEED).standard_normal((n, p))
    return DiagonalLinearNetwork(X, X @ np.where(np.arange(p) < nonzero, 1.0, 0.0))


FORMS = {
    "quadratic": Form(lambda *h: Quadratic(numbers("H", h or ("1", "2"))), "quadratic:1,2", None),
    "rosenbrock": Form(Rosenbrock, "rosenbrock:scale=1,stiffness=100", keys=("scale", "stiffness")),
    "double-well": Form(DoubleWell, "double-well:dim=3", keys=("dim", "height")),
    "embedded-saddle": Form(EmbeddedSaddle, "embedded-saddle:cubic=0", keys=("quartic", "cubic")),
    "linear-regression": Form(regression, "linear-regression:diabetes,l2=0.1", 1, ("l2",)),
    "logistic": Form(classification, "logistic:breast_cancer,l2=0.1", 1, ("l2",)),
    "matrix-factorization": Form(factorization, "matrix-factorization:rank=2", keys=("rows", "cols", "rank")),
    "matrix-sensing": Form(sensing, "matrix-sensing:rows=5,cols=5,rank=2,n=10", keys=("rows", "cols", "rank", "n")),
    "widening-valley": Form(WideningValley, "widening-valley:d=10", keys=("d",)),
    "matrix-quadratic": Form(
        matrix_least_squares, "matrix-quadratic:rows=2,cols=3,scale=1", keys=("rows", "cols", "scale")
    ),
    "diagonal-linear-network": Form(
        sparse_recovery, "diagonal-linear-network:n=20,p=40,nonzero=3", keys=("n", "p", "nonzero")
    ),
    "bilinear-game": Form(lambda c="1": BilinearGame(number("coupling", c)), "bilinear-game:1", 1),
    "quadratic-game": Form(QuadraticGame, "quadratic-game:a=0.5,coupling=1,b=1", keys=("a", "coupling", "b")),
    "nonlinear-game": Form(NonlinearGame, "nonlinear-game:shift=0.45", keys=("shift",)),
    "dirac-gan": Form(DiracGAN, "dirac-gan:size=1,penalty=0.5", keys=("size", "penalty")),
}


def parse(spec: str) -> Any:
    """Return the objective that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``name``, ``name:positional,...`` or ``name:...,key=value``; the names are the keys of ``FORMS``, each with an
        example in its ``usage``. The data of "matrix-factorization", "matrix-sensing", "matrix-quadratic",
        "diagonal-linear-network", "linear-regression:small" and "logistic:imbalanced" are generated, with a fixed seed.

    Raises
    ------
    ValueError
        If the name, a key or a number is unknown or malformed; the nearest known name is suggested.

    Examples
    --------
    >>> from sdeopt.objectives.spec import parse
    >>> parse("quadratic:1,-0.5")
    Quadratic(H=[1.0, -0.5], center=[0.0, 0.0])
    >>> parse("double-well:dim=3")
    DoubleWell(dim=3, height=1.0)
    """
    name, args, kwargs = split(spec)
    form = FORMS[checks.choice("objective", name, FORMS)]
    allow(name, args, kwargs, most=form.most, keys=form.keys)
    return form.build(*args, **{key: number(f"{name}: {key}", text) for key, text in kwargs.items()})
