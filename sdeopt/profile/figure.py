"""Figure of a `NoiseProfile`: the largest eigenvalues of the noise covariance, and those of the Hessian beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.plots.axes import log_axis
from sdeopt.plots.style import DISCRETE, THEORY, ink

if TYPE_CHECKING:
    from sdeopt.profile.report import NoiseProfile

__all__ = ["spectra"]


def spectra(ax: Any, profile: NoiseProfile) -> Any:
    """λ_i/λ_1 against i on a logarithmic axis, of Σ and, where there is one, of the Hessian; positive ones only."""
    hollow = THEORY | ink(ax) | {"marker": "s", "fillstyle": "none"}
    marks = (("Σ", profile.spectrum, DISCRETE), ("H", profile.hessian, hollow))
    if not len(profile.spectrum):
        raise ValueError(f"{profile!r} has no spectrum: {profile.meta['reasons'][0]}")
    for name, values, look in marks:
        if len(values) and values[0] > 0.0:
            share = values / values[0]
            known = share > 1e-12  # below, rounding
            i = np.arange(1, len(values) + 1)[known]
            rank = f", effective rank {profile['effective rank'].value:.3g}" if name == "Σ" else ""
            ax.plot(i, share[known], **look | {"markersize": 5.0}, label=f"{name}: λ₁ = {values[0]:.3g}{rank}")
    log_axis(ax.yaxis)
    ax.set_xlabel("i")
    ax.set_ylabel("λᵢ/λ₁")
    ax.legend()
    return ax
