"""``Certificate``: gaps along a ladder of learning rates, the slopes, and what they say."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.certificate import fit, pages, sight
from sdeopt.certificate.fit import NONE, CertificateRow, Curve
from sdeopt.certificate.sight import Sight
from sdeopt.results.page import Page
from sdeopt.results.result import Result

__all__ = ["Certificate"]

Array = NDArray[np.float64]
MORE = 1.5  # times narrower intervals, where the precision was not enough for a verdict
MODELS = ("SDE", "flow", "noise x2")


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(Result):
    """What `certify` found. ``print`` it, ``plot()`` it, ``save`` it.

    Arrays have one row per learning rate (L), from the largest to the smallest, and one column per quantity (Q), as in
    `Report`: coordinate means, observables, variances, covariances (d <= 8), their trace, the share of diverged paths;
    all at the horizon.

    Attributes
    ----------
    verdict : str
        "certified" if every mean is certified and the covariance is right, "refuted" if a mean is refuted or the
        covariance wrong, else "inconclusive".
    means, covariance : str
        The verdicts of the two parts: "certified", "refuted" or "inconclusive"; "right", "wrong" or "inconclusive".
    rows : tuple of CertificateRow
        The judged quantities, of the SDE and of the two baselines.
    needs : float or None
        For an inconclusive certificate: estimated paths at one learning rate that would decide (inf: not known).
    h : ndarray, shape (L,)
        Time of one step, the learning rate for most methods; slopes are in h.
    paths : ndarray, shape (L,)
        Paths of every learning rate.
    discrete, sde, discrete_stderr, sde_stderr, gap, gap_stderr : ndarray, shape (L, Q)
        Values, standard errors, and SDE minus discrete from paired paths.
    flow_gap, flow_stderr, loud_gap, loud_stderr : ndarray, shape (L, Q)
        The same gaps of the drift alone, and of the SDE with twice the noise variance; their means on the first paths.
    change, change_stderr : ndarray, shape (2, Q)
        SDE with dt/2 minus SDE with dt at the two smallest learning rates, on the first paths.
    stretch : ndarray, shape (d + observables,)
        Derivative of where the flow leads with respect to a factor of the drift; NaN for "sampled".
    sight : Sight
        The smallest relative errors of drift and diffusion that this ladder would have seen, each by itself.
    kinds, names : tuple of str
        What the columns are.
    meta : dict
        Everything needed to run it again.

    Notes
    -----
    With [a, b] the 95 % interval of the slope between the two smallest h and c the claimed order in h, a mean is
    *certified* if a >= c - 0.15 and the half-width is at most 0.15, *refuted* if b < c - 0.15. A covariance is *right*
    if a >= 1.75 and *wrong* if b < 1.75, the middle of 2 and the 1.5 of a diffusion that misses a factor 1 + O(√h);
    for noise that lasts as lr → 0 the threshold is c - 0.25, since a wrong diffusion has slope 0 there. A wrong drift
    makes a covariance wrong as well. Errors below ``sight`` pass.
    The fit of C h^p (1 + D h) to more h must not contradict: its interval has to reach the threshold in the first case
    and to stay below it in the second. *Inconclusive* is all else: also a slope above c + 1.25 (the gap nears a change
    of sign), a dt that moves the slope by more than the precision, and diverged paths at the two smallest h. The rule
    is applied after every round of paths: for a slope exactly at a threshold it errs more often than one look would.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    >>> found = so.certify(so.SGD(lr=0.1), problem, lrs=[0.1, 0.05, 0.025], horizon=1.0, rng=0)
    >>> found.verdict, found.means, found.covariance
    ('certified', 'certified', 'right')
    """

    meta: dict[str, Any]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    h: Array
    paths: Array
    discrete: Array
    discrete_stderr: Array
    sde: Array
    sde_stderr: Array
    gap: Array
    gap_stderr: Array
    flow_gap: Array
    flow_stderr: Array
    loud_gap: Array
    loud_stderr: Array
    change: Array
    change_stderr: Array
    stretch: Array

    def curve(self, i: int, model: str = "SDE") -> Curve:
        """Gaps of column ``i`` along the ladder, for "SDE", "flow" or "noise x2"."""
        if model == "SDE":
            return Curve(self.h, self.gap[:, i], self.gap_stderr[:, i], self.paths)
        first = np.full(len(self.h), float(self.meta["paths_baselines"]))
        if model == "flow":
            return Curve(self.h, self.flow_gap[:, i], self.flow_stderr[:, i], first)
        return Curve(self.h, self.loud_gap[:, i], self.loud_stderr[:, i], first)

    @functools.cached_property
    def rows(self) -> tuple[CertificateRow, ...]:
        """The table."""
        return tuple(self._row(model, i) for model in MODELS for i in self.meta["judged"])

    def _row(self, model: str, i: int) -> CertificateRow:
        c, kind = self.curve(i, model), "mean" if self.kinds[i] in ("mean", "observable") else "covariance"
        claimed, precision = self.claimed(i), self.meta["precision"]
        moved = fit.shift(c, self.change[:, i], self.change_stderr[:, i]) if model == "SDE" else NONE
        lost = any(map(any, self.meta["diverged"][-2:]))
        verdict, reason = fit.verdict_of(c, kind, claimed, moved, precision, lost)
        needs = None
        if model == "SDE" and reason in (fit.LOST, fit.WIDE):
            half = fit.pair(c).half
            goal = precision if math.isnan(half) else min(precision, half / MORE)
            needs = float(fit.paths_for(c, claimed, goal)[-2:].max())
        slope, overall = fit.pair(c), fit.fit_slope(c)
        return CertificateRow(model, self.names[i], kind, i, claimed, slope, overall, moved, verdict, reason, needs)

    def claimed(self, i: int) -> float:
        """The slope in h that column ``i`` should have: the SDE's order for means, 2 for covariances that vanish."""
        if self.kinds[i] in ("mean", "observable") or self.meta.get("lasting", False):
            return float(self.meta["order"] / self.meta["exponent"])
        return 2.0

    def targets(self) -> list[float]:
        """Paths that every learning rate should have: for the precision, then as long as intervals are too wide."""
        wanted = [np.zeros(len(self.h))]
        for row in self.rows:
            reached = row.slope.half <= self.meta["precision"]
            if row.model == "SDE" and (not reached or row.reason == fit.WIDE):
                goal = row.slope.half / MORE if reached else self.meta["precision"]
                wanted.append(fit.paths_for(self.curve(row.column), row.claimed, goal))
        return [float(n) for n in np.max(wanted, axis=0)]

    @property
    def means(self) -> str:
        """The gravest verdict of the means."""
        found = [row.verdict for row in self.rows if row.model == "SDE" and row.kind == "mean"]
        return max(found, key=("certified", "inconclusive", "refuted").index)

    @property
    def covariance(self) -> str:
        """The verdict of the covariance."""
        return next(row.verdict for row in self.rows if row.model == "SDE" and row.kind == "covariance")

    @property
    def sight(self) -> Sight:
        """What is left of the errors of drift and diffusion by the intervals (`sdeopt.certificate.sight`)."""
        *means, entry = self.meta["judged"]
        size = np.full(len(self.h), 1.0)
        drift = [sight.bound(self.curve(i), self.stretch[i] * size, self.claimed(i), len(means)) for i in means]
        fall = 0.0 if self.meta.get("lasting", False) else 1.0
        diffusion = sight.bound(self.curve(entry), 2.0 * self.sde[:, entry], self.claimed(entry) - fall)
        return Sight(math.nan if np.isnan(self.stretch).any() else min(drift), diffusion)

    @property
    def verdict(self) -> str:
        """Both parts together."""
        if self.means == "refuted" or self.covariance == "wrong":
            return "refuted"
        return "certified" if (self.means, self.covariance) == ("certified", "right") else "inconclusive"

    @property
    def needs(self) -> float | None:
        """Paths that would decide an inconclusive certificate."""
        found = [row.needs for row in self.rows if row.model == "SDE" and row.needs is not None]
        return max(found) if found and self.verdict == "inconclusive" else None

    def __repr__(self) -> str:
        return f"Certificate({self.meta['page']}, SDE {self.meta['sde']}: {self.verdict})"

    def page(self) -> Page:
        """The verdict, the gaps along the ladder, the slopes."""
        return pages.page(self)

    def content(self) -> dict[str, Any]:
        """The verdicts, the table, and all fields."""
        told = ("verdict", "means", "covariance", "sight", "needs", "rows")
        return {name: getattr(self, name) for name in told} | super().content()

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The certificate that `pack` took apart; of version 0 nothing is known of errors of the drift."""
        if version == 0:
            arrays.setdefault("stretch", np.full(len(head["names"]), np.nan))
        return super().unpack(version, head, arrays)

    def plot(self, ax: Any = None) -> Any:
        """Draw the gaps against h with reference slopes; return the matplotlib Axes of the means.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Draw only the means, here. Default: a new figure, with the covariance beside.

        Returns
        -------
        matplotlib.axes.Axes
            ``.figure`` holds all panels.
        """
        from sdeopt.certificate.figure import figure, slopes
        from sdeopt.plots.style import given

        if given(ax) is None:
            return figure(self)
        slopes(ax, self, self.meta["judged"][0]).legend()
        return ax
