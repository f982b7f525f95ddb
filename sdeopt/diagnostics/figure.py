"""Figure of a `Diagnosis`: length of the gradient against the loss gap, with the bounds that hold along the paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.plots.axes import log_axis
from sdeopt.plots.style import DISCRETE, REFERENCE, THEORY, ink

if TYPE_CHECKING:
    from sdeopt.diagnostics.report import Diagnosis

__all__ = ["conditions"]


def conditions(ax: Any, diagnosis: Diagnosis) -> Any:
    """|∇f| against f - f* on logarithmic axes: all positions, and the bounds √(2μ) (f - f*)^θ of PL and KL below."""
    known = np.isfinite(diagnosis.gap)
    gap, slope = diagnosis.gap[known], diagnosis.slope[known]
    ax.plot(gap, slope, **DISCRETE | {"markersize": 2.5, "alpha": 0.5}, label=f"{gap.size} positions")
    reach = np.array([gap.min(), gap.max()])
    theta, mu = diagnosis["KL theta"].value, diagnosis["KL mu"].value
    for name, exponent, constant, look in (
        ("PL", 0.5, diagnosis["PL mu"].value, THEORY | ink(ax)),
        ("KL", theta, mu, REFERENCE | {"linewidth": 1.2}),
    ):
        if np.isfinite(exponent) and constant > 0.0:
            label = f"{name}: μ = {constant:.3g}" + (f", θ = {exponent:.3g}" if name == "KL" else "")
            ax.plot(reach, np.sqrt(2.0 * constant) * reach**exponent, **look, label=label)
    log_axis(ax.xaxis)
    log_axis(ax.yaxis)
    ax.set_xlabel("f − f*")
    ax.set_ylabel("|∇f|")
    ax.legend()
    return ax
