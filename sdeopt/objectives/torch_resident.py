"""A `TorchObjective` whose x is a tensor on its device, for pages that run on tensors."""

from __future__ import annotations

import copy
import threading
from typing import Any

from sdeopt.objectives.torch_checks import import_torch

__all__ = ["resident"]


def resident(f: Any) -> Any:
    """The same module and data, asked and answering in tensors, (d,) or (d, paths)."""
    twin = copy.copy(f)
    twin.__class__ = _class(type(f))
    twin._local = threading.local()  # whose modules hold the parameters of another x
    return twin


_CLASSES: dict[type, type] = {}


def _class(kind: type) -> type:
    if kind not in _CLASSES:
        _CLASSES[kind] = type(f"Resident{kind.__name__}", (Resident, kind), {})
    return _CLASSES[kind]


class Resident:
    """What is other than in NumPy's memory: answers stay tensors."""

    _pull: Any
    _numbers: Any
    placement: Any
    classes: int
    _y: Any

    def batch_grad(self, x: Any, index: Any) -> Any:
        """The same; weights are made on the device."""
        dtype, device = self.placement
        w = import_torch().full(index.shape, 1.0 / len(index), dtype=dtype, device=device)
        return self._pull(x, self._numbers(index), w)

    def class_draws(self, u: Any) -> Any:
        """The same, from uniforms on the device."""
        each = len(u) // self.classes
        members = [(self._y == c).nonzero()[:, 0] for c in self._y.unique()]
        drawn = [of[(u[i * each : (i + 1) * each] * len(of)).long()] for i, of in enumerate(members)]
        return import_torch().cat(drawn).double()

    def _left(self, a: Any) -> Any:
        """Paths last."""
        return a if a.ndim < 2 else a.T

    def _side_by_side(self, columns: list[Any]) -> Any:
        return import_torch().stack(columns, dim=1)
