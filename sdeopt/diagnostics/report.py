"""``Diagnosis``: the constants, and how they are shown, drawn and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.results.page import Page, Table
from sdeopt.results.result import Result
from sdeopt.results.words import ends, number

__all__ = ["Constant", "Diagnosis"]

Array = NDArray[np.float64]


class Constant(NamedTuple):
    """One estimated constant.

    Attributes
    ----------
    name, condition : str
        What is estimated, and the inequality that it belongs to.
    value : float
        Of all positions together: the sharpest constant with which the inequality holds at every one of them (for the
        exponent θ the least-squares slope). NaN where the positions do not determine it.
    low, high : float
        Interval for the constant of one more path, see `Diagnosis`.
    of_paths : ndarray, shape (paths,)
        The constant of each path alone.
    """

    name: str
    condition: str
    value: float
    low: float
    high: float
    of_paths: Array


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Result):
    """What `diagnose` found. ``print`` it, ``plot()`` it, ``save`` it, look a constant up as ``diagnosis["PL mu"]``.

    The interval of a constant runs from the j-th smallest to the j-th largest of the constants of the P paths. If the
    paths are independent runs of one law, that of one more path falls into it with probability ``coverage`` =
    (P + 1 - 2j)/(P + 1) (at least that, should values coincide), whatever the law is; j is the largest with a coverage
    of at least ``level``, or 1. It speaks of other paths, not of other positions; of one path there is none (coverage
    0).

    Attributes
    ----------
    constants : tuple of Constant
        "PL mu", "KL theta", "KL mu", "beta".
    alpha : float
        α of the α-β condition.
    coverage : float
        Of the intervals.
    gap, slope : ndarray, shape (paths, n)
        f - f* and |∇f| at every position; NaN at minimisers and where a path has diverged.
    positions : int
        How many positions entered.
    objective : str
        The function that was diagnosed.
    last : bool
        Whether α-β takes the last position of each path for the minimiser.

    Examples
    --------
    >>> import sdeopt as so
    >>> found = so.diagnose(so.Problem(so.Quadratic([1.0, 2.0])), [[0.0, 2.0], [1.0, 0.0]])  # f = x₁²/2 + x₂²
    >>> round(found["PL mu"].value, 12)
    1.0
    """

    constants: tuple[Constant, ...]
    alpha: float
    coverage: float
    gap: Array
    slope: Array
    positions: int
    objective: str
    last: bool = False

    def __getitem__(self, name: str) -> Constant:
        names = [constant.name for constant in self.constants]
        return self.constants[names.index(checks.choice("constant", name, names))]

    def __repr__(self) -> str:
        return f"Diagnosis({self._positions()})"

    def _positions(self) -> str:
        paths = len(self.gap)
        return f"{self.positions} positions on {paths} path{'s' if paths > 1 else ''}"

    def page(self) -> Page:
        """The constants, with their intervals where there are several paths."""
        rows = [(c.name, number(c.value), ends(c.low, c.high), c.condition) for c in self.constants]
        notes = ["α-β: the last position of each path stands for the minimiser."] * self.last
        if len(self.gap) == 1:
            alone = [(name, value, condition) for name, value, _, condition in rows]
            return Page(self._head(), [Table(("constant", "value", "condition"), [*alone], left=(0, 2))], [*notes])
        table = Table(("constant", "value", "one more path", "condition"), [*rows], left=(0, 3))
        note = f"The constant of one more path falls into the interval with probability {100 * self.coverage:.3g} %."
        return Page(self._head(), [table], [note, *notes])

    def _head(self) -> list[tuple[str, Any]]:
        return [("objective", self.objective), ("along", self._positions())]

    def plot(self, ax: Any = None) -> Any:
        """Draw |∇f| against f - f* and the two bounds on ``ax`` (default: axes of a new figure); return the axes."""
        from sdeopt.diagnostics.figure import conditions
        from sdeopt.plots.style import drawing

        with drawing(ax) as ax:
            return conditions(ax, self)

    def pack(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The constants of single paths are an array beside those of all."""
        head, arrays = super().pack()
        head["constants"] = [constant[:-1] for constant in self.constants]
        return head, arrays | {"of_paths": np.array([constant.of_paths for constant in self.constants])}

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The result that `pack` took apart."""
        each = zip(head.pop("constants"), arrays.pop("of_paths"), strict=True)
        return cls(tuple(Constant._make([*known, of_paths]) for known, of_paths in each), **head, **arrays)
