"""Figure of an `Ensemble`: a mean in time with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdeopt.plots.style import DISCRETE, SDE
from sdeopt.results.pages import heading

if TYPE_CHECKING:
    from sdeopt.results.ensemble import Ensemble

__all__ = ["in_time"]


def in_time(ax: Any, e: Ensemble, observable: str | None) -> Any:
    """The mean of an observable, or of x₁, with its 95 % band: markers of the optimizer, a line of the SDE."""
    low, high, _ = e.interval(observable)
    value = e.mean[:, 0] if observable is None else e.observables[observable][0]
    low, high = (end[:, 0] if observable is None else end for end in (low, high))
    look = DISCRETE if e.kind == "discrete" else SDE
    ax.fill_between(e.times, low, high, color=look["color"], alpha=0.3, linewidth=0, label="95 % interval")
    ax.plot(e.times, value, **look, label=f"{e.kind}, {len(e.final)} paths")
    ax.set_xlabel("time t")
    ax.set_ylabel("E x₁" if observable is None else heading(observable))
    ax.legend()
    return ax
