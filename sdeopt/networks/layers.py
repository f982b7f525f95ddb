"""The modules behind ``sdeopt.networks``; this file loads PyTorch."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

__all__ = ["CNN", "MLP", "ResNet", "Transformer"]

ACTIVATIONS = {"tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU, "softplus": nn.Softplus, "relu": nn.ReLU}


def image(shape: tuple[int, ...]) -> tuple[int, int]:
    """Channels and side of images of this shape."""
    if len(shape) != 3:
        raise ValueError(f"data must be images for a convolution, got examples of shape {tuple(shape)}")
    return shape[0], shape[1]


class MLP(nn.Sequential):
    """Linear layers with an activation between them."""

    def __init__(self, shape: tuple[int, ...], widths: tuple[int, ...], classes: int, activation: str) -> None:
        sizes = (math.prod(shape), *widths)
        layers: list[Any] = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(a, b), ACTIVATIONS[activation]()]
        super().__init__(*layers, nn.Linear(sizes[-1], classes))


class CNN(nn.Sequential):
    """3x3 convolutions with an activation and 2x2 mean pooling after each, and a linear layer."""

    def __init__(self, shape: tuple[int, ...], channels: tuple[int, ...], classes: int, activation: str) -> None:
        first, side = image(shape)
        sizes = (first, *channels)
        if side >> len(channels) < 1:
            raise ValueError(f"channels must be at most {int(math.log2(side))} for images of side {side}")
        layers: list[Any] = []
        for a, b in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Conv2d(a, b, 3, padding=1), ACTIVATIONS[activation](), nn.AvgPool2d(2)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(sizes[-1] * (side >> len(channels)) ** 2, classes))


class Residual(nn.Module):
    """x + C(a(N(C(a(N(x)))))), C a 3x3 convolution, N a group norm."""

    def __init__(self, channels: int, groups: int, activation: str) -> None:
        super().__init__()
        half = (nn.GroupNorm, groups, channels), (ACTIVATIONS[activation],), (nn.Conv2d, channels, channels, 3, 1, 1)
        self.body = nn.Sequential(*(make(*sizes) for make, *sizes in half * 2))

    def forward(self, x: Any) -> Any:
        """The output of the block."""
        return x + self.body(x)


class ResNet(nn.Sequential):
    """A convolution, residual blocks, the mean over the image, and a linear layer."""

    def __init__(
        self, shape: tuple[int, ...], channels: int, blocks: int, groups: int, classes: int, activation: str
    ) -> None:
        first, _ = image(shape)
        super().__init__(
            nn.Conv2d(first, channels, 3, padding=1),
            *(Residual(channels, groups, activation) for _ in range(blocks)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, classes),
        )


class Attention(nn.Module):
    """Softmax attention of the tokens to one another, written out: it has all derivatives."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Any) -> Any:
        """The output of tokens (n, tokens, width)."""
        n, tokens, width = x.shape
        q, k, v = self.enter(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // self.heads), dim=-1)
        return self.leave((weights @ v).transpose(1, 2).reshape(n, tokens, width))


class Layer(nn.Module):
    """x + attention, then + two linear maps, each of a layer norm."""

    def __init__(self, width: int, heads: int, activation: str) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.maps = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), ACTIVATIONS[activation](), nn.Linear(2 * width, width)
        )

    def forward(self, x: Any) -> Any:
        """The output of the layer."""
        x = x + self.attention(x)
        return x + self.maps(x)


class Transformer(nn.Module):
    """Tokens, their positions, layers, the mean over tokens, and a linear layer."""

    def __init__(
        self, shape: tuple[int, ...], width: int, heads: int, layers: int, classes: int, activation: str
    ) -> None:
        super().__init__()
        self.patch = shape[-1] // 4 if len(shape) == 3 else 0
        tokens, size = (16, shape[0] * self.patch**2) if self.patch else (shape[0], 1)
        self.embed = nn.Linear(size, width)
        self.position = nn.Parameter(0.1 * torch.randn(tokens, width))
        self.layers = nn.Sequential(*(Layer(width, heads, activation) for _ in range(layers)))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, x: Any) -> Any:
        """The output of inputs (n, ...), one row of scores each."""
        p = self.patch
        if p:
            x = x.unfold(2, p, p).unfold(3, p, p).permute(0, 2, 3, 1, 4, 5).reshape(x.shape[0], 16, -1)
        else:
            x = x[:, :, None]
        return self.out(self.layers(self.embed(x) + self.position).mean(1))
