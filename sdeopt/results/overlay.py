"""``overlay``: several ensembles on one axis over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sdeopt.core import checks
from sdeopt.results.ensemble import Ensemble

__all__ = ["overlay"]


def overlay(ensembles: Sequence[Ensemble], observable: str | None = None, *, ax: Any = None) -> Any:
    """Draw the mean of an observable of several ensembles over time, with 95 % bands; return the matplotlib Axes.

    A colour for each method; markers are optimizers, lines are SDEs. Times are those of each method's own clock.

    Parameters
    ----------
    ensembles : sequence of Ensemble
        At least one.
    observable : str, optional
        One that all of them have; default the first of these, or x₁ if there is none.
    ax : matplotlib Axes, optional
        Default: axes of a new figure.

    Raises
    ------
    ValueError, TypeError
        If there is no ensemble, or one lacks the observable.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    >>> runs = [so.simulate(m, problem, horizon=1.0, paths=100, rng=0) for m in (so.SGD(0.1), so.SignSGD(0.1))]
    >>> [text.get_text() for text in so.overlay(runs).get_legend().get_texts()]
    ['SGD(lr=0.1)', 'SignSGD(lr=0.1)']
    """
    from sdeopt.plots.style import drawing
    from sdeopt.results.figure import overlaid

    columns: list[Any] = list(ensembles) if isinstance(ensembles, (list, tuple)) else [ensembles]
    for e in columns:
        if not isinstance(e, Ensemble):
            raise TypeError(f"ensembles must be a list of Ensemble, got {checks.short(e)}")
    if not columns:
        raise ValueError("ensembles must not be empty")
    shared = [name for name in columns[0].observables if all(name in e.observables for e in columns)]
    if observable is not None:
        checks.choice("observable", observable, shared)
    with drawing(ax) as ax:
        return overlaid(ax, columns, observable or next(iter(shared), None))
