"""What passes through a network compute, counted: PyTorch's operations noted as they are called, by sizes alone.

Multiplications are those of products of matrices, of convolutions and of attention; every other operation counts the
entries that it makes, and a view none. What is counted depends on the module and the data, never on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["Work", "noted"]


class Work(NamedTuple):
    """Operations, the multiplications in products, and the entries that all others made."""

    calls: int = 0
    products: int = 0
    entries: int = 0


def noted(f: Callable[..., Any], *given: Any) -> Work:
    """What ``f`` has PyTorch compute, in this thread."""
    with Noting() as noting:
        f(*given)
    work: Work = noting.work
    return work


class Noting(TorchDispatchMode):
    """Notes every operation that is called inside."""

    def __init__(self) -> None:
        super().__init__()
        self.work = Work()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        calls, products, entries = self.work
        many = multiplications(func.overloadpacket.__name__, args, out)
        made = 0 if many or func.is_view else sum(a.numel() for a in _several(out) if isinstance(a, torch.Tensor))
        self.work = Work(calls + 1, products + many, entries + made)
        return out


def multiplications(name: str, args: Any, out: Any) -> int:
    """Of a product, 0 of all else. The way back of a convolution is as long as the way there for each of both factors.

    Of attention, softmax(q kᵀ) v, the way back takes five products where the way there takes two.
    """
    if name in ("mm", "bmm"):
        return int(out.numel() * args[0].shape[-1])
    if name in ("addmm", "baddbmm"):
        return int(out.numel() * args[1].shape[-1])
    if name in ("convolution", "convolution_backward"):
        there = name == "convolution"
        smaller, weight, transposed = (out, args[1], args[6]) if there else (args[0], args[2], args[7])
        spread = args[0 if there else 1] if transposed else smaller
        return int(spread.numel() * math.prod(weight.shape[1:]) * (1 if there else sum(args[10][:2])))
    if name.startswith("_scaled_dot_product"):
        back = "backward" in name
        q, k = args[1:3] if back else args[:2]
        return int((5 if back else 2) * q.numel() * k.shape[-2])
    return 0


def _several(out: Any) -> Any:
    return out if isinstance(out, (tuple, list)) else (out,)
