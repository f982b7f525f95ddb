"""``NoiseScaleEstimate``: a gradient noise scale with its interval, and its course in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.judging import CONFIDENCE, quantile
from sdeopt.results.page import Page
from sdeopt.results.result import Result
from sdeopt.results.words import ends, number

__all__ = ["LEAST", "NoiseScaleEstimate", "ratio", "windows"]

Array = NDArray[np.float64]
LEAST = 20  # steps
BLOCKS = 20  # of steps that follow one another, whose means are nearly independent and normal
WINDOWS = 12  # of the course in time, at most


def ratio(rows: Array) -> tuple[float, float, float]:
    """The mean of the second column over that of the first, and Fieller's interval for the quotient of the means.

    θ is inside where (S - θ G)² <= t² Var(S - θ G), with S and G the means, their covariance from ``BLOCKS`` block
    means and Student's t. Where G may be 0 the interval has no upper end. Both quantities are positive, so the part of
    the interval below 0 is left out.
    """
    count = min(BLOCKS, len(rows))
    means = np.array([part.mean(axis=0) for part in np.array_split(rows, count)])
    (G, S), C = rows.mean(axis=0), np.cov(means.T) / count
    t2 = quantile(np.array([float(count)]), 1.0 - CONFIDENCE) ** 2
    if G <= 0.0:
        return math.inf, 0.0, math.inf
    a, b, c = G * G - t2 * C[0, 0], G * S - t2 * C[0, 1], S * S - t2 * C[1, 1]
    root = math.sqrt(max(b * b - a * c, 0.0))
    if a > 0.0:
        return max(S / G, 0.0), max((b - root) / a, 0.0), max((b + root) / a, 0.0)
    return max(S / G, 0.0), max((b - root) / a, 0.0) if c > 0.0 else 0.0, math.inf


def windows(rows: Array, before: int) -> Array:
    """Middle step, quotient and interval of windows one after the other, (windows, 4)."""
    count = max(min(WINDOWS, len(rows) // LEAST), 1)
    parts = np.array_split(np.arange(len(rows)), count)
    return np.array([(before + part.mean(), *ratio(rows[part])) for part in parts])


@dataclass(frozen=True, eq=False, repr=False)
class NoiseScaleEstimate(Result):
    """What `sdeopt.torch.NoiseScale` measured. ``print`` it, ``plot()`` it, ``save`` it.

    Attributes
    ----------
    value, low, high : float
        B_simple = tr Σ₁/|G|², in examples, and its 95 % interval (Fieller's, from blocks of steps); ``high`` is
        infinite where the mean gradient cannot be told from 0. While the model trains it is the quotient of means over
        these steps.
    steps, skipped : int
        Steps that entered, and those that were left out.
    micro, accumulate : int
        Examples in a micro-batch, and micro-batches in a step.
    course : ndarray, shape (windows, 4)
        Number of the middle step, quotient, and interval of windows of at least 20 steps one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> so.NoiseScaleEstimate(6.37, 1.87, 12.8, steps=50, skipped=0, micro=8, accumulate=4, course=np.zeros((0, 4)))
    NoiseScaleEstimate(6.37 in [1.87, 12.8], 50 steps)
    """

    value: float
    low: float
    high: float
    steps: int
    skipped: int
    micro: int
    accumulate: int
    course: Array

    def __repr__(self) -> str:
        return f"NoiseScaleEstimate({number(self.value, 3)} in {ends(self.low, self.high)}, {self.steps} steps)"

    def page(self) -> Page:
        """The scale beside the batch that is used."""
        batch = self.micro * self.accumulate
        left = f", {self.skipped} left out" if self.skipped else ""
        head = [
            ("noise scale", f"{number(self.value, 3)} examples, 95 % in {ends(self.low, self.high)}"),
            ("batch", f"{batch} = {self.accumulate} x {self.micro} examples, {self._beside(batch)}"),
            ("from", f"{self.steps} steps{left}"),
        ]
        return Page([*head], [], ["Batches far above the noise scale hardly save steps; far below, steps hardly cost."])

    def _beside(self, batch: int) -> str:
        """The batch against the noise scale."""
        if self.high == 0.0:
            return "and no noise seen: micro-batches of a step have the same gradient"
        if math.isinf(self.high) and self.value in (0.0, math.inf):
            return "beside a noise scale that so few steps do not show"
        if self.value == 0.0:
            return f"at least {number(batch / self.high, 2)} times the noise scale"
        return f"{number(batch / self.value, 2)} times the noise scale"

    def plot(self, ax: Any = None) -> Any:
        """Draw its course in time and the batch that is used (default: on a new figure); return the axes."""
        from sdeopt.plots.style import drawing
        from sdeopt.torch.figure import course

        with drawing(ax) as ax:
            return course(ax, self)
