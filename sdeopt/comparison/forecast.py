"""How many paths would decide, of what a pilot has seen: an estimate, and the doubts that belong to it."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.bounds import Sizes, allowance, bounds, forecast

__all__ = ["asked", "doubt", "forecasts", "likely"]

Array = NDArray[np.float64]
FEW, MORE = 256, 4.0  # paths of a pilot that know standard errors badly; times their forecast that are run then, or ...
NEAR = 0.5  # ... where one path dominates a bound that is at least so much of the largest
SHRUNK = 1.5  # standard errors of the pilot by which a gap is thought smaller than it is seen, at most


def forecasts(s: Sizes, counts: Array, tolerance: float, alpha: float) -> tuple[float, float]:
    """Factors of paths that decide, with what the step size leaves and without; ``counts`` (n,) are those of a pilot.

    Of gaps as they are seen, and larger by a standard error, which more paths do not take back.
    """
    doubts = s.left + s.stderr, s.stderr
    factor, exact = (forecast(s._replace(left=left), counts, tolerance, alpha) for left in doubts)
    return factor, exact


def asked(s: Sizes, counts: Array, tolerance: float, alpha: float) -> float:
    """Factor of paths that decide, of the gaps that are `likely`, and larger by a standard error.

    Of a verdict that only a smaller step allows, those that would decide at that; 1 where no number would be judged,
    for no path is left or the noise has no moments on which an error could rest.
    """
    hopeless = np.isinf(s.share) | (counts == 0)[:, None]
    shrunk, stderr = likely(s)
    for left in (np.where(hopeless, math.inf, s.left), np.where(hopeless, math.inf, 0.0)):
        found = forecast(shrunk._replace(left=left + stderr), counts, tolerance, alpha)
        if math.isfinite(found):
            return doubt(s, counts, alpha) * found
    return 1.0 if hopeless.any() else math.inf


def likely(s: Sizes) -> tuple[Sizes, Array]:
    """Sizes without what is likely to be the pilot's own noise, and the standard errors of what is left.

    The largest of some hundred gaps is as a rule the one with the largest noise, two or three standard errors. With τ²
    the mean over the saves of a quantity of ρ̂² - se², or a quarter of that of se² if this is more, the gaps of it are
    multiplied by κ = τ²/(τ² + se²), as if they were normal with variance τ², and errors by √κ. But no gap loses more
    than ``SHRUNK`` standard errors: one that is there at few saves stays. Source: Efron & Morris, J. Amer. Statist.
    Assoc. 67 (1972) 130-139 (limited translation).
    """
    signal, noise = np.maximum(s.size**2 - s.floor**2, 0.0), s.stderr**2
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a quantity that is known at no save
        variance = np.maximum(np.nanmean(signal - noise, axis=0), 0.25 * np.nanmean(noise, axis=0))
        kept = np.maximum(variance / (variance + noise), 1.0 - SHRUNK * s.stderr / np.sqrt(signal))
    kept = np.where(np.isfinite(kept), np.clip(kept, 0.0, 1.0), 1.0)  # without noise, and what is not known
    return s._replace(size=np.sqrt(kept**2 * signal + s.floor**2)), np.sqrt(kept) * s.stderr


def doubt(s: Sizes, counts: Array, alpha: float) -> float:
    """Times the forecast that are run.

    More where the pilot knows its standard errors badly, or where single paths make up what may decide, so that nothing
    would be judged on as many paths.
    """
    high = bounds(s, alpha).high
    heavy = s.share > allowance(counts)[:, None]
    dominated = bool((heavy & (high >= NEAR * np.nanmax(high))).any())
    return MORE if counts.max() < FEW or dominated else 1.0
