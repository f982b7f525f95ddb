"""No noise."""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from sdeopt.core.oracle import grad
from sdeopt.noise.law import Law

@dataclass(frozen=True)
class NoNoise(Law):
    """ξ = 0."""
    def draws(self, d): return ()
    def sample(self, o, x, z): return 0.0 * x
    def noisy_grad(self, o, x, z): return grad(o, x)
    def root_cov(self, o, x, dw): return 0.0 * dw
    def var(self, o, x): return 0.0 * x
    def mean_sign(self, o, x, g): return np.sign(g)
    def root_sign_cov(self, o, x, g, dw): return 0.0 * dw
    def root_square_cov(self, o, x, dw): return 0.0 * dw
