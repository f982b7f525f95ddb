"""Quadratic."""
from __future__ import annotations
from dataclasses import dataclass
from typing import Any
import numpy as np
from sdeopt.core import checks, dot, matvec
from sdeopt.objectives.contract import Smooth

@dataclass(frozen=True, eq=False)
class Quadratic(Smooth):
    """f(x) = x'Hx/2"""
    H: Any
    def __post_init__(self) -> None:
        object.__setattr__(self, "H", checks.array("H", self.H, ndim=(1, 2)))
    @property
    def dim(self): return self.H.shape[0]
    def value(self, x): return 0.5 * dot(x, matvec(self.H, x))
    def grad(self, x): return matvec(self.H, x)
    def hvp(self, x, v): return matvec(self.H, v)
