"""The bridge to training scripts in PyTorch, ``so.torch``: measuring in their loops, running what they run.

Loading this package does not load PyTorch.
"""

from __future__ import annotations

from sdeopt.torch.noise_scale import NoiseScale
from sdeopt.torch.optimizer import Optimizer
from sdeopt.torch.stream import Stream

__all__ = ["NoiseScale", "Optimizer", "Stream"]
