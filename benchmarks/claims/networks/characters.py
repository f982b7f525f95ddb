"""The module of `larger_text`; this file loads PyTorch."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

__all__ = ["Characters"]


class Causal(nn.Module):
    """Softmax attention of every character to those before it and to itself."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.register_buffer("later", torch.ones(window, window, dtype=torch.bool).triu(1))

    def forward(self, x: Any) -> Any:
        n, window, width = x.shape
        q, k, v = self.enter(x).reshape(n, window, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)).masked_fill(self.later, -math.inf)
        return self.leave((torch.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(n, window, width))


class Layer(nn.Module):
    """x + attention, then + two linear maps, each of a layer norm."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), Causal(width, heads, window))
        maps = nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        self.maps = nn.Sequential(nn.LayerNorm(width), *maps)

    def forward(self, x: Any) -> Any:
        x = x + self.attention(x)
        return x + self.maps(x)


class Characters(nn.Module):
    """Scores of the next character after every one of a window."""

    def __init__(self, count: int, window: int, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(count, width)
        self.position = nn.Parameter(0.1 * torch.randn(window, width))
        self.layers = nn.Sequential(*(Layer(width, heads, window) for _ in range(layers)))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, count))

    def forward(self, x: Any) -> Any:
        """Scores (n, window, count) of numbers (n, window)."""
        return self.out(self.layers(self.embed(x) + self.position))
