"""The smallest relative error of drift and diffusion that a ladder would have seen.

A drift that is (1 + δ) times too large moves a mean by δ ∂m/∂δ; a diffusion that is (1 + ε) times too large moves a
covariance entry C by 2ε C, both to first order. In units of ∂m/∂δ and of 2C the gaps of a right SDE vanish with h, and
those of a wrong one tend to its error:

    gap(h)/unit(h) = error + K h^p + ...          p the claimed slope less that of the unit

What the intervals leave of the error is what the ladder does not see. It is bounded twice, by the line through the two
smallest h and by the parabola in h^p and h^{p+1} through the three smallest, and the larger bound is stated: an error
that the bend hides from the line, the parabola shows. Each error is meant by itself: one of the drift and one of the
diffusion can hide one another in a covariance, though not in the means. In means the noise enters at order h only.

Derived here, from the delta method for the gaps and Lagrange's weights for the value at h = 0.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.certificate.fit import MISS, Curve
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.run import Run
from sdeopt.results.judging import quantile

__all__ = ["Sight", "bound", "stretch"]

Array = NDArray[np.float64]
DELTA = 1e-3  # relative change of the drift in the difference quotient
SHORT = 20_000  # steps of the integrator that are not worth a compiler


class Sight(NamedTuple):
    """Relative errors; inf where none would have been seen, NaN where there is no drift to be wrong ("sampled")."""

    drift: float
    diffusion: float


def bound(c: Curve, unit: Array, power: float, looks: int = 1) -> float:
    """The largest error that the 95 % intervals leave, one of ``looks`` bounds of which the smallest counts."""
    q, found = quantile(c.paths, MISS / looks), []
    with np.errstate(all="ignore"):  # a unit of 0 says nothing
        relative, stderr = c.gap / unit, c.stderr / np.abs(unit)
        for few in (2, 3):
            design = c.h[-few:, None] ** np.array([0.0, power, power + 1.0])[:few]
            weights = np.linalg.inv(design)[0]  # of the gaps in the value at h = 0
            found.append(abs(float(weights @ relative[-few:])) + q * float(np.linalg.norm(weights * stderr[-few:])))
    largest = max(found)
    return largest if math.isfinite(largest) else math.inf


def stretch(run: Run) -> Array:
    """∂/∂δ of where the flow, the drift (1 + δ) b without noise, leads: (d + observables,)."""
    if run.model.drift is None:
        return np.full(run.width, np.nan)
    page: Any = type(run.method)
    short = run.steps * run.substeps < SHORT
    ends = [
        Kernel(replace(run, method=_scaled(page, run.sde, factor)(*run.method), noise_factor=0.0,
                       interpreted=run.interpreted or short))(0, 1)[0, -1]
        for factor in (1.0 + DELTA, 1.0 - DELTA)
    ]  # fmt: skip
    quotient: Array = (ends[0] - ends[1]) / (2.0 * DELTA)
    return quotient


@functools.lru_cache(maxsize=64)
def _scaled(kind: Any, name: str, factor: float) -> Any:
    """The page with the drift of its SDE ``name`` times ``factor``."""

    class Scaled(kind):  # type: ignore[misc]
        sdes = kind.sdes | {name: replace(kind.sdes[name], drift=_times(kind.sdes[name].drift, factor))}

    Scaled.__name__, Scaled.__qualname__, Scaled.__doc__ = kind.__name__, kind.__qualname__, kind.__doc__
    return Scaled


def _times(drift: Any, factor: float) -> Callable[..., Any]:
    def scaled(self: Any, t: Any, y: Any, o: Any) -> Any:
        b = drift(self, t, y, o)
        return tuple(factor * part for part in b) if isinstance(b, tuple) else factor * b

    return scaled
