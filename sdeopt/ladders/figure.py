"""Figure of a `SVAGLadder`: an observable against the level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.plots.style import DISCRETE, FLOW, SDE

if TYPE_CHECKING:
    from sdeopt.ladders.report import SVAGLadder

__all__ = ["ladder"]


def ladder(ax: Any, found: SVAGLadder) -> Any:
    """The first observable of every level with its 95 % interval, that of the optimizer, and Heun's."""
    level = np.array([rung.substeps for rung in found.levels])
    value, error = np.array([(rung.values[0], 1.96 * rung.stderr[0]) for rung in found.levels]).T
    ax.errorbar(level, value, yerr=error, color=SDE["color"], marker="o", label="SVAG")
    ax.errorbar(level[:1], value[:1], yerr=error[:1], **DISCRETE, label="optimizer")
    ax.axhline(found.rungs[-1].values[0], **FLOW, label="Heun")
    ax.set_xscale("log", base=2)
    ax.set_xticks(level, [str(n) for n in level])
    ax.set_xlabel("level")
    ax.set_ylabel(f"{found.rungs[0].names[0]} at the end")
    ax.legend()
    return ax
