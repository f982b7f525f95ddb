"""What normal noise with a full covariance needs of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core import where
from sdeopt.core.checks import Array
from sdeopt.core.math import pairs
from sdeopt.noise.signs import plackett_rule

__all__ = ["roots", "standardise"]


def roots(cov: Array) -> dict[str, Any]:
    """What `FullGaussian` needs of Σ, once: roots of Σ and of 2Σ∘Σ, axes and spectrum, arcsines of correlations."""
    eigenvalues, axes = np.linalg.eigh(cov)
    sd = np.sqrt(np.diag(cov))
    product = np.outer(sd, sd)
    correlation = np.divide(cov, product, out=np.zeros_like(cov), where=product > 0.0)
    nodes, weights = plackett_rule()
    return {
        "cov": cov,
        "root": _factor(cov),
        "square_root": _factor(2.0 * cov * cov),
        "variance": np.diag(cov).copy(),
        "spectrum": np.maximum(eigenvalues, 0.0),
        "axes": np.asfortranarray(axes),
        "angles": np.arcsin(np.clip(correlation[pairs(len(cov))], -1.0, 1.0)),
        "sign_nodes": nodes,
        "sign_weights": weights,
    }


def _factor(cov: Array) -> Array:
    """The lower triangular root of a covariance that may be singular, by QR of its symmetric root."""
    eigenvalues, axes = np.linalg.eigh(cov)
    upper = np.linalg.qr((axes * np.sqrt(np.maximum(eigenvalues, 0.0))).T, mode="r")
    return np.asfortranarray((np.where(np.diag(upper) < 0.0, -1.0, 1.0)[:, None] * upper).T)


def standardise(g: Any, variance: Any) -> tuple[Any, Any]:
    """Where there is noise, 1 or 0, and g in units of its standard deviation."""
    noisy = where(variance > 0.0, 1.0, 0.0)
    return noisy, noisy * g / where(variance > 0.0, np.sqrt(variance), 1.0)
