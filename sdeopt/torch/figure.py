"""Figure of a `NoiseScaleEstimate`: the critical batch size in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.plots.axes import log_axis
from sdeopt.plots.style import DISCRETE, REFERENCE

if TYPE_CHECKING:
    from sdeopt.torch.estimate import NoiseScaleEstimate

__all__ = ["course"]


def course(ax: Any, estimate: NoiseScaleEstimate) -> Any:
    """B_simple of every window with its interval, on a logarithmic axis, and the batch that is used."""
    step, value, low, high = estimate.course[np.isfinite(estimate.course[:, 1])].T
    top = np.where(np.isfinite(high), high, 10.0 * value)
    ax.errorbar(step, value, yerr=np.stack([value - low, top - value]), **DISCRETE, label="noise scale, 95 %")
    ax.axhline(estimate.micro * estimate.accumulate, **REFERENCE, label="batch")
    log_axis(ax.yaxis)
    ax.set_xlabel("step")
    ax.set_ylabel("examples")
    ax.legend()
    return ax
