"""Geometric Brownian motion as users write it, for the tests of ``so.SDE`` and ``so.integrate``."""

from __future__ import annotations

import functools
from typing import Any

import sdeopt as so

MU, SIGMA = 0.5, 0.6


def growth(t: Any, x: Any) -> Any:
    return MU * x


def noise(t: Any, x: Any) -> Any:
    return SIGMA * x


def slow(f: Any) -> Any:
    """The same function as an object that Numba does not know."""
    return functools.partial(f)


GBM = so.SDE(growth, noise, dim=1)
