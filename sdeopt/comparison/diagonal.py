"""Closed forms where coordinates go their own ways: a diagonal quadratic, a diagonal noise, and a page that keeps both.

Mean and variance of every coordinate are those of a problem in one dimension, which costs O(d) in the place of O(d³).
That a page keeps coordinates apart is tried, not taken on trust: on the first ones together its system must be made of
those that it gives for each (a compressor's depends on d, for one).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Apart", "apart", "level", "moments", "second"]

Array = NDArray[np.float64]
LARGE = 32  # dimensions above which it pays
TRIED = 3  # coordinates on which a page is tried
System = tuple[Array, ...]


class Apart(NamedTuple):
    """Curvatures, centre and noise variances, (d,) each."""

    h: Array
    center: Array
    variance: Array


def apart(problem: Any) -> Apart | None:
    """The coordinates of a problem that has them apart and is large, else None."""
    from sdeopt.objectives import Quadratic

    f, d = problem.objective, problem.dim
    if d <= LARGE or not isinstance(f, Quadratic) or f.H.ndim != 1:
        return None
    if problem.noise.brownian("gradient", f) != (d,):
        return None
    o, x0 = problem.oracle, np.array(problem.x0)

    def root(w: Array) -> Array:
        return np.asarray(problem.noise.root_cov(o, x0, w))

    scale, probe = root(np.ones(d)), np.cos(np.arange(1.0, d + 1.0))  # a root that mixes would give another product
    return Apart(f.H, f.center, scale**2) if np.allclose(root(probe), scale * probe, rtol=1e-12, atol=0.0) else None


def each(system: Callable[[Array, Array], Any], a: Apart) -> list[System] | None:
    """The system of every coordinate, as the page gives it; None if it has none or mixes them."""

    @functools.cache
    def one(h: float, variance: float) -> System | None:
        found = system(np.array([[h]]), np.array([[variance]]))
        if found is None:
            return None
        return tuple(np.asarray(part, dtype=float) for part in (found if isinstance(found, tuple) else (found,)))

    alone = [one(h, v) for h, v in zip(a.h.tolist(), a.variance.tolist(), strict=True)]
    together = system(np.diag(a.h[:TRIED]), np.diag(a.variance[:TRIED]))
    if together is None or any(s is None for s in alone):
        return None
    parts = together if isinstance(together, tuple) else (together,)
    for k, whole in enumerate(parts):
        blocks = [s[k] for s in alone[:TRIED] if s is not None]
        p, made = len(blocks[0]), np.zeros((len(blocks[0]) * TRIED,) * 2)
        for i, block in enumerate(blocks):
            made[i::TRIED, i::TRIED] = block  # parts of the state stand one after the other
        if np.shape(whole) != made.shape or not np.allclose(whole, made, rtol=1e-12, atol=1e-15 * p):
            return None
    return [s for s in alone if s is not None]


def moments(systems: list[System], start: Array, steps: Array, center: Array) -> tuple[Array, Array]:
    """Mean and variance (n, d) of x after 0 and each of the time steps.

    ``start`` (parts, d) is the state less its centre.
    """
    from sdeopt.theory.linear import transitions

    kinds, where = np.unique(np.array(systems), axis=0, return_inverse=True)  # (different, 2, parts, parts)
    A, D = kinds[:, 0], (kinds[:, 1] + kinds[:, 1].swapaxes(1, 2)) / 2.0
    solved = functools.cache(lambda dt: tuple(part[where.ravel()] for part in transitions(A, D, dt)))
    mean, cov = start.T[:, :, None], np.zeros((len(systems), *A.shape[1:]))
    means, variances = [mean[:, 0, 0]], [cov[:, 0, 0]]
    for dt in steps.tolist():
        phi, added = solved(dt)
        mean, cov = phi @ mean, phi @ cov @ phi.swapaxes(1, 2) + added
        means.append(mean[:, 0, 0])
        variances.append(cov[:, 0, 0])
    return np.array(means) + center, np.array(variances)


def level(systems: list[System]) -> Array:
    """Variance (d,) of x as t → ∞ of linear systems."""
    from sdeopt.theory import stationary

    solved = functools.cache(lambda a, d, p: stationary(np.frombuffer(a).reshape(p, p), np.frombuffer(d).reshape(p, p)))
    return np.array([solved(A.tobytes(), D.tobytes(), len(A))[0, 0] for A, D in systems])


def second(a: Apart, mean: Array, variance: Array) -> dict[str, Array]:
    """E of the named observables, (n,) each, under laws with these means and variances (n, d)."""
    r = mean - a.center
    return {
        "loss": 0.5 * ((r * r + variance) * a.h).sum(axis=1),
        "norm2": (mean * mean + variance).sum(axis=1),
        "grad_norm2": ((r * r + variance) * a.h**2).sum(axis=1),
    }
