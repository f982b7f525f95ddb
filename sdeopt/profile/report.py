"""``NoiseProfile``: the numbers, and how they are shown, drawn and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.results.estimate import Estimate
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.result import Result
from sdeopt.results.words import number

__all__ = ["NoiseProfile"]


@dataclass(frozen=True, eq=False, repr=False)
class NoiseProfile(Result):
    """What `noise_profile` found. ``print`` it, ``plot()`` it, look a number up as ``profile["B_simple"]``.

    Attributes
    ----------
    meta : dict
        Everything needed to measure it again but x; under "reasons" why something is missing.
    estimates : dict
        Name -> Estimate: "trace", "effective rank", "participation", "alignment", "overlap", "B_simple", "B_noise",
        "tail index" and "normal tail", those that exist.
    meanings : dict
        Name -> what that number is.
    spectrum, hessian : ndarray, shape (k,)
        The largest eigenvalues of Σ and of the Hessian, falling; empty where there is none.

    Examples
    --------
    >>> import sdeopt as so
    >>> found = so.noise_profile(so.Problem(so.Quadratic([2.0, 1.0]), so.Gaussian([1.0, 0.5])), rng=0)
    >>> found["participation"].value, found.spectrum.round(12).tolist()  # of Σ = diag(1, 1/4)
    (1.4705882352941178, [1.0, 0.25])
    """

    VERSION = 2  # the first kept (name, value, low, high, meaning) for an estimate

    meta: dict[str, Any]
    estimates: dict[str, Estimate]
    meanings: dict[str, str]
    spectrum: Array
    hessian: Array

    def __getitem__(self, name: str) -> Estimate:
        return self.estimates[checks.choice("number of the profile", name, self.estimates)]

    def __repr__(self) -> str:
        return f"NoiseProfile({self.meta['objective']}, {self.meta['noise']})"

    def page(self) -> Page:
        """The numbers with their intervals, and the eigenvalues."""
        head: list[tuple[str, Line]] = [(name, self.meta[name]) for name in ("objective", "noise")]
        rows = [(name, number(e.value), e.ends, self.meanings[name]) for name, e in self.estimates.items()]
        tables = [Table(("quantity", "value", "95 % interval", "what it is"), [*rows], left=(0, 3))]
        if len(self.spectrum):
            tables.append(Table(("i", "λ of Σ", "of tr Σ so far", "λ of H"), self._eigenvalues(), left=()))
        return Page(head, tables, [Cell(f"Missing: {reason}", "dim") for reason in self.meta["reasons"]])

    def _eigenvalues(self) -> list[tuple[Line, ...]]:
        so_far = 100.0 * np.cumsum(self.spectrum) / self["trace"].value
        bent = [number(v) for v in self.hessian] or ["-"] * len(self.spectrum)
        columns = zip(self.spectrum, so_far, bent, strict=True)
        return [(str(i + 1), number(v), f"{share:.1f} %", h) for i, (v, share, h) in enumerate(columns)]

    def plot(self, ax: Any = None) -> Any:
        """Draw the two spectra on ``ax`` (default: axes of a new figure); return the axes."""
        from sdeopt.plots.style import drawing
        from sdeopt.profile.figure import spectra

        with drawing(ax) as ax:
            return spectra(ax, self)

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The profile that `pack` took apart."""
        estimates, meanings = head["estimates"], head.get("meanings", {})
        if version < 2:
            meanings = {name: meaning for name, *_, meaning in estimates}
            estimates = {name: (value, np.nan, low, high) for name, value, low, high, _ in estimates}
        return cls(head["meta"], {name: Estimate(*e) for name, e in estimates.items()}, meanings, **arrays)
