"""``Drawn``: the figures of an `Ensemble`, of its means, its law and its paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.results.result import Result

__all__ = ["Drawn"]


class Drawn(Result):
    """What an ensemble draws."""

    observables: dict[str, Any]
    final: NDArray[Any]
    paths: NDArray[Any] | None

    def plot(self, ax: Any = None, observable: str | None = None) -> Any:
        """Draw the mean of an observable in time, with its 95 % interval; return the matplotlib Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Default: axes of a new figure.
        observable : str, optional
            One of ``observables``; default the first, or x₁ if there is none.
        """
        from sdeopt.plots.style import drawing
        from sdeopt.results.figure import in_time

        if observable is not None:
            checks.choice("observable", observable, self.observables)
        with drawing(ax) as ax:
            return in_time(ax, self, observable or next(iter(self.observables), None))

    def plot_law(
        self, other: Any = None, *, coordinate: int = 0, density: Callable[[Any], Any] | None = None, ax: Any = None
    ) -> Any:
        """Draw the law of a coordinate at the horizon as a histogram; return the matplotlib Axes.

        Parameters
        ----------
        other : Ensemble, optional
            The other column, or another method: its histogram is drawn over this one, with the same bins.
        coordinate : int
            Which, counted from 0; default the first.
        density : callable, optional
            What theory says: the density at an array of points, drawn dashed.
        ax : matplotlib Axes, optional
            Default: axes of a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            One histogram holds 99.8 % of the paths; those far outside are counted, not shown.

        Raises
        ------
        ValueError, TypeError
            If there is no such coordinate, ``other`` is no ensemble, or all paths have diverged.

        Examples
        --------
        >>> import numpy as np
        >>> import sdeopt as so
        >>> problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
        >>> e, sde = (so.simulate(so.SGD(0.1), problem, kind, horizon=4.0, paths=500, rng=0)
        ...           for kind in ("discrete", "sde"))
        >>> e.plot_law(sde, density=lambda x: np.exp(-40 * x * x) * np.sqrt(40 / np.pi)).get_xlabel()
        '$x_{1}$ at $t$ = 4'
        """
        from sdeopt.plots.style import drawing
        from sdeopt.results.figure import law

        if other is not None and not isinstance(other, Drawn):
            raise TypeError(f"other must be an Ensemble, got {checks.short(other)}")
        dims = [self.final.shape[1], *([] if other is None else [other.final.shape[1]])]
        if checks.integer("coordinate", coordinate) >= min(dims):
            raise ValueError(f"coordinate must be in [0, {min(dims)}), got {coordinate}")
        columns = [self] if other is None else [self, other]
        with drawing(ax) as ax:
            return law(ax, columns, coordinate, density)

    def plot_paths(self, objective: Any = None, *, count: int = 20, ax: Any = None) -> Any:
        """Draw the first paths in the plane, over the contours of the objective; return the matplotlib Axes.

        Parameters
        ----------
        objective : objective, optional
            Whose contours to draw; default none, for a saved ensemble holds numbers only.
        count : int
            How many paths; default 20.
        ax : matplotlib Axes, optional
            Default: axes of a new figure.

        Raises
        ------
        ValueError
            If x has not two coordinates, or the paths were not kept.

        Examples
        --------
        >>> import sdeopt as so
        >>> problem = so.Problem(so.Rosenbrock(), so.Gaussian(1.0), x0=[-1.0, 1.0])
        >>> e = so.simulate(so.SGD(0.001), problem, steps=200, paths=4, keep_paths=True, rng=0)
        >>> len(e.plot_paths(problem.objective).lines)
        4
        """
        from sdeopt.plots.style import drawing
        from sdeopt.results.figure import over_contours

        kept, count = self._plane(), checks.integer("count", count, low=1)
        with drawing(ax) as ax:
            return over_contours(ax, self, kept[:count], objective)

    def animate(self, objective: Any = None, *, count: int = 20, ax: Any = None) -> Any:
        """Let the first paths run over the contours of the objective; return a matplotlib ``FuncAnimation``.

        ``animation.save("paths.gif")`` writes it (also .mp4, with ffmpeg), ``animation.to_jshtml()`` shows it in a
        notebook.

        Parameters
        ----------
        objective, count, ax
            As in `plot_paths`.

        Examples
        --------
        >>> import sdeopt as so
        >>> problem = so.Problem(so.Rosenbrock(), so.Gaussian(1.0), x0=[-1.0, 1.0])
        >>> e = so.simulate(so.SGD(0.001), problem, steps=20, paths=4, save_at=2, keep_paths=True, rng=0)
        >>> len(e.animate(problem.objective).to_jshtml()) > 1000
        True
        """
        from sdeopt.plots.style import drawing
        from sdeopt.results.figure import animation

        kept, count = self._plane(), checks.integer("count", count, low=1)
        with drawing(ax) as ax:
            return animation(ax, self, kept[:count], objective)

    def _plane(self) -> NDArray[Any]:
        """The kept paths, of two coordinates."""
        d = self.final.shape[1]
        if d != 2:
            raise ValueError(f"paths are drawn in the plane, and x has {d} coordinate{'s' if d > 1 else ''}")
        if self.paths is None:
            raise ValueError("the paths were not kept: simulate with keep_paths=True")
        return self.paths
