"""What stands behind the names of a page on tensors: about 20 names of NumPy, the sums and the elementary functions.

Numbers of the page (hyperparameters, counts) stay Python's; vectors are tensors of one type on one device. Sums are
PyTorch's, in its own order, so results agree with the interpreted page to rounding, not to the bit.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np
import torch

from sdeopt.core import elementary
from sdeopt.core import math as sums

__all__ = ["ELEMENTARY", "Names", "twins"]

ELEMENTARY = {f for name in elementary.__all__ if isinstance(f := getattr(elementary, name), FunctionType)}


def one(on_tensors: Any, on_numbers: Any) -> Any:
    """A function of one vector or number."""
    return lambda a: on_tensors(a) if isinstance(a, torch.Tensor) else on_numbers(a)


class Names:
    """What ``np`` means to a page; names that are not here are NumPy's own, for numbers and constants."""

    def __init__(self, dtype: Any, device: Any) -> None:
        def tensor(a: Any, *rest: Any) -> Any:
            """``a`` of the page's type; example numbers, which are float64 tensors, stay so."""
            return a if isinstance(a, torch.Tensor) else torch.tensor(a, dtype=dtype, device=device)

        def two(on_tensors: Any, on_numbers: Any, bound: str) -> Any:
            def of(a: Any, b: Any) -> Any:
                if isinstance(a, torch.Tensor) and isinstance(b, (int, float)):
                    return torch.clamp(a, **{bound: b})
                some = isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor)
                return on_tensors(tensor(a), tensor(b)) if some else on_numbers(a, b)

            return of

        def where(condition: Any, a: Any, b: Any) -> Any:
            if isinstance(condition, torch.Tensor):
                return torch.where(condition, tensor(a), tensor(b))
            return a if condition else b

        def zeros(shape: Any) -> Any:
            return torch.zeros(shape, dtype=dtype, device=device)

        self.tensor = self.array = self.asarray = tensor
        self.where, self.zeros, self.empty = where, zeros, zeros
        self.minimum, self.maximum = two(torch.minimum, min, "max"), two(torch.maximum, max, "min")
        self.clip = lambda a, low, high: self.minimum(self.maximum(a, low), high)
        self.sqrt, self.abs = one(torch.sqrt, np.sqrt), one(torch.abs, abs)
        self.sign, self.floor = one(torch.sign, np.sign), one(torch.floor, np.floor)
        self.exp, self.log, self.arcsin = one(torch.exp, np.exp), one(torch.log, np.log), one(torch.arcsin, np.arcsin)
        self.ones, self.full = lambda shape: zeros(shape) + 1.0, lambda shape, value: zeros(shape) + value
        self.zeros_like, self.concatenate = torch.zeros_like, lambda vectors: torch.cat(tuple(vectors))
        self.arange = lambda *ends: torch.arange(*ends, device=device)
        self.sum = lambda a, axis=None: a.sum() if axis is None else a.sum(axis)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def octave(x: Any) -> Any:
    """The largest power of two that is at most x, x > 0: x = m 2^e with 1/2 <= m < 1."""
    mantissa, power = torch.frexp(x)
    return torch.ldexp(torch.ones_like(mantissa), power - 1)


def twins(names: Names) -> dict[Any, Any]:
    """Functions of ``sdeopt.core`` and what they are on tensors; those that are not here are linked as they stand."""
    return {
        sums.total: lambda x: x.sum(0),
        sums.product: lambda x: x.prod(0),
        sums.dot: lambda a, b: (a * b).sum(0),
        sums.norm: lambda x: torch.sqrt((x * x).sum(0)),
        sums.basis: lambda x, i: torch.zeros_like(x).index_fill(0, torch.tensor(int(i), device=x.device), 1.0),
        sums.filled: lambda value, like: torch.zeros_like(like) + value,
        elementary.where: names.where,
        elementary.fma: lambda a, b, c: a * b + c,
        elementary.exp: one(torch.exp, math.exp),
        elementary.log: one(torch.log, math.log),
        elementary.erf: one(torch.erf, math.erf),
        elementary.tanh: one(torch.tanh, math.tanh),
        elementary.sin: one(torch.sin, math.sin),
        elementary.cos: one(torch.cos, math.cos),
        elementary.power: lambda x, p: x**p,
        elementary.octave: octave,
    }
