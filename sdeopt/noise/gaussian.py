"""Gaussian."""
from __future__ import annotations
from dataclasses import dataclass
from typing import Any
import numpy as np
from sdeopt.core import checks, erf
from sdeopt.noise.law import Law

@dataclass(frozen=True, eq=False)
class Gaussian(Law):
    """diag"""
    scale: Any
    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", checks.array("scale", self.scale, ndim=1))
    def sample(self, o, x, z): return self.scale * z[0]
    def root_cov(self, o, x, dw): return self.scale * dw
    def var(self, o, x): return self.scale * self.scale
    def mean_sign(self, o, x, g): return erf(g / (np.sqrt(2.0) * self.scale))
    def root_sign_cov(self, o, x, g, dw):
        s = erf(g / (np.sqrt(2.0) * self.scale))
        return np.sqrt(1.0 - s * s) * dw
    def root_square_cov(self, o, x, dw): return np.sqrt(2.0) * self.scale * self.scale * dw
