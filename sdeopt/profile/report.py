"""``NoiseProfile``: the numbers, and how they are shown and kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sdeopt.comparison.render import number
from sdeopt.core import checks, files
from sdeopt.core.checks import Array
from sdeopt.core.plain import as_json, printed

__all__ = ["Estimate", "NoiseProfile"]


class Estimate(NamedTuple):
    """A number with its 95 % interval, both ends the value itself where it is exact, and what it is."""

    name: str
    value: float
    low: float
    high: float
    meaning: str

    @classmethod
    def exact(cls, name: str, value: float, meaning: str) -> Estimate:
        """A number without an interval."""
        return cls(name, float(value), float(value), float(value), meaning)


@dataclass(frozen=True, eq=False, repr=False)
class NoiseProfile:
    """What `noise_profile` found. ``print`` it, ``plot()`` it, look a number up as ``profile["B_simple"]``.

    Attributes
    ----------
    meta : dict
        Everything needed to measure it again but x; under "reasons" why something is missing.
    estimates : tuple of Estimate
        "trace", "effective rank", "participation", "alignment", "overlap", "B_simple", "B_noise", "tail index" and
        "normal tail", those that exist.
    spectrum, hessian : ndarray, shape (k,)
        The largest eigenvalues of Σ and of the Hessian, falling; empty where there is none.
    """

    meta: dict[str, Any]
    estimates: tuple[Estimate, ...]
    spectrum: Array
    hessian: Array

    def __getitem__(self, name: str) -> Estimate:
        names = [e.name for e in self.estimates]
        return self.estimates[names.index(checks.choice("number of the profile", name, names))]

    def __repr__(self) -> str:
        return f"NoiseProfile({self.meta['objective']}, {self.meta['noise']})"

    def __str__(self) -> str:
        return printed(self.__rich__())

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        head = f"{self.meta['objective']}, {self.meta['noise']}"
        rows: list[tuple[str, ...]]
        rows = [(e.name, number(e.value), _interval(e), e.meaning) for e in self.estimates]
        parts: list[Any] = [Text(head), Text(), _table(("quantity", "value", "95 % interval", "what it is"), rows)]
        if len(self.spectrum):
            parts += [Text(), _table(("", "λ of Σ", "of tr Σ so far", "λ of H"), self._eigenvalues())]
        return Group(*parts, *(Text(f"\nMissing: {reason}", style="dim") for reason in self.meta["reasons"]))

    def _eigenvalues(self) -> list[tuple[str, ...]]:
        so_far = 100.0 * np.cumsum(self.spectrum) / self["trace"].value
        bent = [number(v) for v in self.hessian] or ["-"] * len(self.spectrum)
        columns = zip(self.spectrum, so_far, bent, strict=True)
        return [(str(i + 1), number(v), f"{share:.1f} %", h) for i, (v, share, h) in enumerate(columns)]

    def plot(self, ax: Any = None) -> Any:
        """Draw the two spectra on ``ax`` (default: axes of a new figure); return the axes."""
        from sdeopt.plots.noise import spectra
        from sdeopt.plots.style import new_axes

        return spectra(new_axes() if ax is None else ax, self)

    def to_json(self) -> str:
        """Everything as JSON; numbers that are not finite become null."""
        content: dict[str, Any] = {"meta": self.meta, "spectrum": self.spectrum, "hessian": self.hessian}
        content["estimates"] = {e.name: e._asdict() for e in self.estimates}
        return as_json(content)

    def save(self, file: str | Path) -> None:
        """Write the profile to ``file`` (npz: arrays, and the rest as JSON)."""
        arrays = {"spectrum": self.spectrum, "hessian": self.hessian}
        files.save(file, {"meta": self.meta, "estimates": self.estimates}, arrays)

    @staticmethod
    def load(file: str | Path) -> NoiseProfile:
        """Read what `save` wrote."""
        head, data = files.load(file)
        estimates = tuple(Estimate(*e) for e in head["estimates"])
        return NoiseProfile(head["meta"], estimates, data["spectrum"], data["hessian"])


def _interval(e: Estimate) -> str:
    if e.low == e.high:
        return "exact"
    ends = number(e.low), number(e.high)
    return " to ".join(ends) if ends[0] != ends[1] else f"± {number(0.5 * (e.high - e.low), 1)}"


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("quantity", "what it is") else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
