"""Geometric Brownian motion as users write it, and single steps of schemes, for the tests of ``so.integrate``."""

from __future__ import annotations

import functools
from typing import Any

import sdeopt as so
from sdeopt.engine.schemes import SCHEMES

MU, SIGMA = 0.5, 0.6
T = 1.0


def growth(t: Any, x: Any) -> Any:
    return MU * x


def noise(t: Any, x: Any) -> Any:
    return SIGMA * x


def slow(f: Any) -> Any:
    """The same function as an object that Numba does not know."""
    return functools.partial(f)


GBM = so.SDE(growth, noise, dim=1)


def scheme(name: str, drift: Any, diffusion: Any) -> Any:
    """One step y, dw, h -> y of equation functions of (t, y) and (t, y, dw)."""
    move = SCHEMES[name](lambda m, t, y, o: drift(t, y), lambda m, t, y, o, dw: diffusion(t, y, dw), lambda g: g)
    return lambda j, y, dw, h: move(None, None, j, y, dw, h, 1, 1.0)
