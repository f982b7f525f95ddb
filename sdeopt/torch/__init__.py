"""The bridge to training scripts in PyTorch, ``so.torch``: measuring in their loops, and running their optimizers.

Loading this package does not load PyTorch.
"""

from __future__ import annotations

from sdeopt.torch.noise_scale import NoiseScale
from sdeopt.torch.optimizer import Optimizer

__all__ = ["NoiseScale", "Optimizer"]
