"""The bridge to training scripts in PyTorch, ``so.torch``: what is measured in a loop that is not ours.

Loading this package does not load PyTorch.
"""

from __future__ import annotations

from sdeopt.torch.noise_scale import NoiseScale

__all__ = ["NoiseScale"]
