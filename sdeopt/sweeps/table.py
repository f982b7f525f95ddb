"""``Sweep``: what a sweep found, as arrays over its axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.results import files
from sdeopt.results.estimate import Estimate, failed
from sdeopt.results.page import Page
from sdeopt.results.result import Result
from sdeopt.sweeps import pages

__all__ = ["Map", "Sweep"]

Array = NDArray[np.float64]
NUMBERS, WORDS = ("value", "stderr", "low", "high"), ("status", "reason")


class Map(NamedTuple):
    """One measure over the grid: arrays of one shape, the last two of text."""

    value: Array
    stderr: Array
    low: Array
    high: Array
    status: NDArray[np.str_]
    reason: NDArray[np.str_]


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """What `sweep` found. ``print`` it, ``plot()`` it, ``save`` it.

    Attributes
    ----------
    coordinates : dict
        Axis -> its values: "method" and "problem" with their labels, then the axes of the grid.
    measures : tuple of str
        What was measured; ``sweep["loss"]`` is a `Map` of arrays over the axes.
    value, stderr, low, high : ndarray, shape (measures, methods, problems, ...)
        Values, standard errors and 95 % intervals; NaN where there is none.
    status, reason : ndarray of str, the same shape
        "ok", "undecided", "diverged", "failed" or "missing" (not run, after Ctrl-C), and why.
    meta : dict
        What was run, with which settings, how many cells came from the folder (``resumed``), and whether Ctrl-C left
        the table ``partial``.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    >>> s = so.sweep(so.SGD(lr=0.1), problem, {"lr": [0.05, 0.1]}, horizon=1.0, paths=100, measures=["loss"], rng=0)
    >>> s["loss"].status.tolist()
    [[['ok', 'ok']]]
    """

    meta: dict[str, Any]
    coordinates: dict[str, tuple[Any, ...]]
    measures: tuple[str, ...]
    value: Array
    stderr: Array
    low: Array
    high: Array
    status: NDArray[np.str_]
    reason: NDArray[np.str_]

    @staticmethod
    def of(
        meta: dict[str, Any],
        coordinates: Mapping[str, Sequence[Any]],
        measures: tuple[str, ...],
        points: Sequence[Mapping[str, Estimate]],
    ) -> Sweep:
        """The table of all points, which come in the order of ``np.ndindex``; what a point lacks is missing."""
        none = failed("not run", "missing")
        shape = (len(measures), *map(len, coordinates.values()))
        columns = zip(*(point.get(name, none) for name in measures for point in points), strict=True)
        arrays = {name: np.array(column).reshape(shape) for name, column in zip(Estimate._fields, columns, strict=True)}
        return Sweep(meta, {k: tuple(v) for k, v in coordinates.items()}, measures, **arrays)

    def __getitem__(self, measure: str) -> Map:
        """The arrays of one measure; a ``KeyError`` lists them."""
        if measure not in self.measures:
            raise KeyError(f"no measure {measure!r} in this sweep (there are: {', '.join(self.measures)})")
        i = self.measures.index(measure)
        return Map(*(getattr(self, name)[i] for name in (*NUMBERS, *WORDS)))

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that have more than one value."""
        return tuple(name for name, values in self.coordinates.items() if len(values) > 1)

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The table in long form: a row for every measure of every point."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        for index in np.ndindex(*map(len, self.coordinates.values())):
            point = {name: values[i] for (name, values), i in zip(self.coordinates.items(), index, strict=True)}
            for k, measure in enumerate(self.measures):
                numbers = {name: float(getattr(self, name)[(k, *index)]) for name in NUMBERS}
                words = {name: str(getattr(self, name)[(k, *index)]) for name in WORDS}
                yield {**point, "measure": measure, **numbers, **words}

    def __repr__(self) -> str:
        return pages.line(self)

    def page(self) -> Page:
        """The grid and its points."""
        return pages.page(self)

    def drawn(self) -> list[Any]:
        """Axes of a figure for each measure."""
        return [self.plot(measure=measure) for measure in self.measures]

    def to_csv(self, file: str | Path) -> None:
        """Write `rows` to ``file``: numbers with all their digits, "nan" and "inf" in words."""
        files.write_csv(file, [*self.coordinates, "measure", *NUMBERS, *WORDS], self.rows)

    def content(self) -> dict[str, Any]:
        """What was run, and `rows`."""
        return {"meta": self.meta, "rows": [{k: _show(v) for k, v in row.items()} for row in self.rows]}

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` with a dimension for every axis (needs the extra ``sdeopt[xarray]``)."""
        try:
            import xarray
        except ImportError as error:
            raise ImportError('to_xarray needs xarray: pip install "sdeopt[xarray]"') from error
        dims = tuple(self.coordinates)
        data = {}
        for measure in self.measures:
            found = self[measure]
            data[measure] = (dims, found.value)
            data |= {f"{measure}_{name}": (dims, getattr(found, name)) for name in Map._fields[1:]}
        coordinates = {name: list(map(_show, values)) for name, values in self.coordinates.items()}
        return xarray.Dataset(data, coords=coordinates, attrs={k: str(v) for k, v in self.meta.items()})

    def pack(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The table; values of an axis that are no numbers are kept as text."""
        head, arrays = super().pack()
        return head | {"coordinates": {k: list(map(_show, v)) for k, v in self.coordinates.items()}}, arrays

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The table that `pack` took apart."""
        head["coordinates"] = {name: tuple(values) for name, values in head["coordinates"].items()}
        return super().unpack(version, head, arrays)

    def position(self, axis: str, value: Any) -> int:
        """The index of a value on an axis; a ``ValueError`` lists what there is."""
        if axis not in self.coordinates:
            raise ValueError(f"no axis {axis!r} in this sweep (there are: {', '.join(self.coordinates)})")
        values = self.coordinates[axis]
        if value not in values:
            raise ValueError(f"no {axis} = {value!r} in this sweep (there are: {', '.join(map(str, values))})")
        return values.index(value)

    def plot(
        self,
        ax: Any = None,
        *,
        x: str | None = None,
        y: str | None = None,
        measure: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Any:
        """Draw a phase diagram over two axes, or lines with bands over one; return the matplotlib Axes.

        Cells that are undecided, diverged or failed are marked.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Draw here; default a new figure.
        x, y : str
            Axes of the sweep. Without both: the first two of the grid that have several values, or the first. With
            ``x`` alone a line for every combination of the other axes, at most eight.
        measure : str
            Default the first.
        where : mapping
            Axis -> the value at which to cut; axes with one value need none. Of a phase diagram the axes that are left
            make panels, at most eight, if there is no ``ax``.

        Returns
        -------
        matplotlib.axes.Axes
            Of several panels the first; ``.figure`` holds all.
        """
        from sdeopt.sweeps.figure import figure

        return figure(self, x, y, measure=measure, where=where or {}, ax=ax)


def _show(value: Any) -> Any:
    """A number as it is, anything else as text."""
    return value if isinstance(value, (int, float, str)) else repr(value)
