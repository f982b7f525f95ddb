"""Passes of one stack of parameters, or of many, through a PyTorch module: values, gradients, means."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.objectives.torch_checks import import_torch

__all__ = ["Passes", "flat"]


class Passes:
    """What `TorchObjective` does with its module; x is (d,) or (d, paths), in NumPy's memory."""

    _module: Any
    _loss: Any
    _X: Any
    _y: Any
    _device: Any
    _dtype: Any
    _local: Any
    _start: Any
    _names: list[str]
    _shapes: list[Any]
    _sizes: list[int]
    _pairs: int

    @property
    def dim(self) -> int:
        """Number d of trainable parameters."""
        return len(self._start)

    @property
    def start(self) -> Any:
        """Those that the module came with, shape (d,)."""
        return np.array(self._start)

    def blocks(self) -> tuple[tuple[str, int, int, int], ...]:
        """The parameters in x: (name, first, end, rows), rows 0 of what has one dimension or none.

        What has more than two, filters of convolutions, has a row for each of the first.
        """
        ends = np.cumsum([0, *self._sizes]).tolist()
        rows = [shape[0] if len(shape) > 1 else 0 for shape in self._shapes]
        return tuple(zip(self._names, ends[:-1], ends[1:], rows, strict=True))

    def module(self, x: Any) -> Any:
        """A copy of the module with the parameters x, shape (d,)."""
        torch = import_torch()
        twin = copy.deepcopy(self._module)
        with torch.no_grad():
            for name, value in self._parameters(self._tensor(checks.array("x", x, shape=(self.dim,)))).items():
                twin.get_parameter(name).copy_(value)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_local"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._local = threading.local()

    def _hold(self, module: Any) -> None:
        """Keep a module of our own, and what x is."""
        named = {n: p for n, p in module.named_parameters() if p.requires_grad}
        self._module, self._local = module, threading.local()
        self._names, self._shapes = list(named), [p.shape for p in named.values()]
        self._sizes = [p.numel() for p in named.values()]
        pieces = [p.detach().reshape(-1) for p in named.values()]
        self._start = import_torch().cat(pieces).cpu().numpy().copy()

    def _own(self) -> Any:
        """The calling thread's copy: ``module`` and its ``parameters``."""
        own = self._local
        if not hasattr(own, "module"):
            own.module = copy.deepcopy(self._module)
            own.parameters = [own.module.get_parameter(name) for name in self._names]
        return own

    def _place(self, own: Any, x: Any) -> None:
        """Make the parameters of ``own`` those of x: pieces of a tensor itself, which nothing writes into."""
        vector = x if isinstance(x, import_torch().Tensor) and x.is_contiguous() else self._tensor(x)
        for p, piece in zip(own.parameters, self._parameters(vector).values(), strict=True):
            p.data = piece

    def _parameters(self, x: Any) -> dict[str, Any]:
        """The parameters by name that a flat tensor stands for."""
        pieces = zip(self._names, x.split(self._sizes), self._shapes, strict=True)
        return {name: piece.view(shape) for name, piece, shape in pieces}

    def _output(self, x: Any, X: Any) -> Any:
        return import_torch().func.functional_call(self._own().module, self._parameters(x), (X,))

    def _weighted(self, x: Any, X: Any, y: Any, w: Any) -> Any:
        """Σ_i w_i f_i(x)."""
        return import_torch().dot(self._loss(self._output(x, X), y), w)

    def _single(self, x: Any, X: Any, y: Any) -> Any:
        """f_i(x) of one example."""
        return self._loss(self._output(x, X[None]), y[None]).sum()

    def _losses(self, x: Any, index: Any, w: Any) -> Iterator[tuple[Any, Any]]:
        """Σ_i w_i f_i of some examples at a time, summed over paths, and the tensors that hold x.

        These are the parameters of this thread's module for one path, and one (paths, d) for many.
        """
        torch, own, alone = import_torch(), self._own(), x.ndim == 1
        if alone:
            self._place(own, x)
        else:
            axis = None if index is None else 0  # common data, or each path its own
            many = torch.func.vmap(self._weighted, in_dims=(0, axis, axis, 0))
        w, at = self._tensor(w), own.parameters if alone else [self._tensor(x).requires_grad_()]
        few = max(self._pairs // (1 if alone else len(at[0])), 1)
        for i in range(0, w.shape[-1], few):
            some = slice(i, i + few) if index is None else index[..., i : i + few]
            X, y, weights = _taken(self._X, some), _taken(self._y, some), w[..., i : i + few]
            yield torch.dot(self._loss(own.module(X), y), weights) if alone else many(at[0], X, y, weights).sum(), at

    def _pull(self, x: Any, index: Any, w: Any) -> Any:
        """Σ_i w_i ∇f_i(x), over all examples or those of ``index``."""
        torch = import_torch()
        total: Any = None
        for loss, at in self._losses(x, index, w):
            g = flat(torch.autograd.grad(loss, at, materialize_grads=True), x.ndim)
            total = g if total is None else total + g
        return self._left(total)

    def mean(self, x: Any, X: Any, y: Any, measure: Callable[..., Any], own: bool = False) -> Any:
        """The mean of ``measure(output, y)`` over examples; ``own`` data for each path, or common ones."""
        torch = import_torch()

        def total(at: Any, X: Any, y: Any) -> Any:
            return measure(self._output(at, X), y).sum()

        with torch.no_grad():
            at = self._tensor(x)
            if x.ndim == 1:
                return self._left(total(at, X, y) / len(X))
            axis = 0 if own else None
            many = torch.func.vmap(total, in_dims=(0, axis, axis))
            n, few = X.shape[axis is not None], max(self._pairs // len(at), 1)
            cut = (slice(None),) if own else ()
            slices = [(*cut, slice(i, i + few)) for i in range(0, n, few)]
            return self._left(sum(many(at, X[s], y[s]) for s in slices) / n)

    def _tensor(self, a: Any) -> Any:
        """A tensor of its own, paths first, from an array or a tensor."""
        torch = import_torch()
        if not isinstance(a, torch.Tensor):
            return torch.from_numpy(np.array(a.T, dtype=np.float64, order="C")).to(self._device, self._dtype)
        a = a.to(self._device, self._dtype)
        return a.clone() if a.ndim < 2 else a.T.clone(memory_format=torch.contiguous_format)

    def _left(self, a: Any) -> Any:
        """A tensor as it leaves, paths last: a number or an array of float64."""
        return a.cpu().double().numpy().T[()]

    def _side_by_side(self, columns: list[Any]) -> Any:
        """Answers of single paths as those of all."""
        return np.stack(columns, axis=1)

    def _numbers(self, index: Any) -> Any:
        """Example numbers as a tensor, paths first."""
        if isinstance(index, import_torch().Tensor):
            return (index if index.ndim < 2 else index.T).to(import_torch().int64)
        return import_torch().from_numpy(np.array(index.T, dtype=np.int64, order="C")).to(self._device)


def _taken(data: Any, some: Any) -> Any:
    """``data[some]``, by the faster of PyTorch's ways."""
    return data[some] if isinstance(some, slice) or some.ndim > 1 else data.index_select(0, some)


def flat(gradients: Any, ndim: int) -> Any:
    """Gradients by what `Passes._losses` gave, as one tensor (d,) or (paths, d)."""
    return import_torch().cat([g.reshape(-1) for g in gradients]) if ndim == 1 else gradients[0]
