"""SGD."""
from typing import Any, NamedTuple
import numpy as np
from sdeopt.core import grad, hvp, method, noisy_grad, rival, root_cov

@method(order=1)
class SGD(NamedTuple):
    """SGD"""
    lr: float
    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * noisy_grad(o, x, z)
    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -grad(o, x)
    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)
