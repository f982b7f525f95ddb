"""``TorchObjective``: the training loss of a PyTorch module, as a finite sum over its examples."""

from __future__ import annotations

import copy
import logging
import threading
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.objectives.contract import Smooth
from sdeopt.objectives.torch_checks import accept, data, find_device, find_dtype, import_torch, pair, per_example, plain
from sdeopt.objectives.torch_classes import Classes
from sdeopt.objectives.torch_observables import ClassSums, Distance, GradientSquare, HessianTrace, Mean, hits, usual
from sdeopt.objectives.torch_passes import Passes, flat
from sdeopt.objectives.torch_resident import resident
from sdeopt.objectives.torch_squares import agree, along, by_examples, by_layers, is_layered
from sdeopt.objectives.torch_trials import FEW, bytes_held, check, unbent

__all__ = ["TorchObjective"]

log = logging.getLogger("sdeopt")
PASS = 2**26  # bytes that one pass through the module may hold for its way back


class TorchObjective(Classes, Passes, Smooth):
    """The loss f(x) = (1/n) Σ_i ℓ(module_x(X_i), y_i) of a PyTorch module, x its trainable parameters in one vector.

    Every page runs on it as on any finite sum: with `Minibatch` noise the optimizer sees (1/B) Σ_{i in batch} ∇f_i, and
    the SDE the exact covariance of that: Σ^{1/2} dW = (nB)^{-1/2} Σ_i (w_i - w̄) ∇f_i is the gradient of one weighted
    loss, as dear as one gradient; no matrix is formed. Not compiled: the engine runs many paths at a
    time, a stack of parameters through the module (`sdeopt.engine.batched`); a module whose operations cannot be
    stacked (`torch.vmap`) runs path by path.

    Parameters
    ----------
    module : torch.nn.Module
        Copied, and run in the mode, training or evaluation, in which it is given. Its parameters that require gradients
        are x, in the order of ``module.parameters()``; others, and buffers, are constants. ``start`` is their value.
    loss : callable or torch.nn.Module
        (output, y) -> loss: one of PyTorch's with ``reduction`` (set to "none" here), such as
        ``torch.nn.functional.cross_entropy``, or a function that returns one loss per example.
    X, y : array_like or torch.Tensor
        Inputs and targets, one row per example; floating numbers become float64, integers int64.
    test : tuple (X, y), optional
        Data held out, for `observables`.
    device : str
        Where PyTorch computes, "cpu" (default) or "cuda".
    dtype : str, optional
        "float32" or "float64", or what PyTorch or NumPy call them: pages run on tensors of this type on the device
        (`sdeopt.engine.tensors`), the same functions and the same draws, so results agree with those in NumPy's memory
        to rounding. By default x and all that pages do with it stay in NumPy's memory, float64.

    Raises
    ------
    ValueError
        For what would not be a fixed function of x with independent examples: batch normalisation in training mode,
        dropout, layers that draw or keep state, losses that are no mean over examples; each with its remedy.
    TypeError
        If ``module`` is no module, ``loss`` not callable, or a parameter is complex.
    ImportError
        If PyTorch is missing.

    Notes
    -----
    Defaults that fit the cost of a network: runs save 20 times and observe the training loss alone, of more than 2000
    examples on 1000 of them that are drawn once for all; ``observables=["loss"]``, in the command line ``--observables
    loss``, is of all of them, a pass over the data at every save, so take few, as ``save_at=4``. And where a step draws
    few of the examples (at most a sixteenth), the SDE is "sampled", for exact coefficients cost passes over all data at
    every step of the integrator.
    Piecewise linear activations (ReLU) have ∇f and a Hessian almost everywhere only; the claims of the pages want a
    smooth f (tanh, GELU, SiLU). Results of a path do not depend on how paths are grouped, up to rounding. Paths run in
    threads; for small networks ``torch.set_num_threads(1)`` is faster, else PyTorch starts its own in each of them.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> import torch
    >>> f = so.TorchObjective(torch.nn.Linear(1, 1, bias=False), torch.nn.MSELoss(), [[1.0], [2.0]], [[1.0], [0.0]])
    >>> f.dim, f.value(np.array([1.0])).item(), f.grad(np.array([1.0])).tolist()  # ((x - 1)² + (2x)²)/2
    (1, 2.0, [4.0])
    """

    batched: bool = True  # or path by path
    costly = True

    def __init__(
        self,
        module: Any,
        loss: Any,
        X: Any,
        y: Any = None,
        *,
        test: Any = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> None:
        torch = import_torch()
        module = plain(module)
        accept(module)
        self._name = type(module).__name__
        self._device, self._dtype = find_device(device), torch.float64  # in which everything is tried
        self._loss = per_example(loss).to(self._device, self._dtype)
        loss = copy.deepcopy(loss).to(self._device, self._dtype) if isinstance(loss, torch.nn.Module) else loss
        self._hold(copy.deepcopy(module).to(self._device, torch.float64))
        self._module.zero_grad()
        self._X, self._y = (data(name, a).to(self._device) for name, a in (("X", X), ("y", y)))
        self._test = None if test is None else tuple(a.to(self._device) for a in pair(test))
        check(self._module, loss, self._loss, self._X, self._y)
        if self._test is not None:
            check(self._module, loss, self._loss, self._test[0], self._test[1], "test: ")
        self._unbent = unbent(self._module, self._loss, self._X, self._y)
        self._held = bytes_held(self._module, self._loss, self._X, self._y)
        self._pairs = PASS // self._held  # of an example and a path, in one pass
        self.batched = self._stacks()
        self._fast = is_layered(self._module) and self._squares_hold()
        self.tensors = dtype is not None
        if self.tensors:
            self._become(find_dtype(dtype))

    def _become(self, dtype: Any) -> None:
        """Take another precision."""
        self._dtype, self._local, self._module = dtype, threading.local(), self._module.to(dtype)
        self._loss = self._loss.to(dtype)
        rows = (self._X, self._y, *(self._test or ()))
        self._X, self._y, *rest = (a.to(dtype) if a.is_floating_point() else a for a in rows)
        self._test = tuple(rest) or None

    @property
    def placement(self) -> tuple[Any, Any]:
        """Type and device of tensors."""
        return self._dtype, self._device

    @property
    def resident(self) -> Any:
        """The same for x in tensors."""
        return resident(self)

    # what pages ask; x is (d,) or (d, paths)

    def value(self, x: Any) -> Any:
        return self.mean(x, self._X, self._y, self._loss)

    def batch_value(self, x: Any, index: Any) -> Any:
        pick = self._numbers(index)
        return self.mean(x, self._X[pick], self._y[pick], self._loss, own=x.ndim == 2)

    def grad(self, x: Any) -> Any:
        n = self.examples()
        return self._pull(x, None, np.full((n, *x.shape[1:]), 1.0 / n))

    def batch_grad(self, x: Any, index: Any) -> Any:
        return self._pull(x, self._numbers(index), np.full(index.shape, 1.0 / len(index)))

    def weighted_grad(self, x: Any, w: Any) -> Any:
        return self._pull(x, None, w)

    def hvp(self, x: Any, v: Any) -> Any:
        torch = import_torch()
        product, n = torch.zeros_like(self._tensor(x)), self.examples()
        for loss, at in self._losses(x, None, np.full((n, *x.shape[1:]), 1.0 / n)):
            g = flat(torch.autograd.grad(loss, at, create_graph=True, materialize_grads=True), x.ndim)
            if g.requires_grad:
                slope = (g * self._tensor(v)).sum()
                product += flat(torch.autograd.grad(slope, at, materialize_grads=True), x.ndim)
        return self._left(product)

    def grad_var(self, x: Any) -> Any:
        """From sums of the gradients of single examples and of their squares; many paths one after the other.

        Linear layers have them without these gradients, if that agreed with them on a few examples at construction.
        """
        if x.ndim == 2:
            return self._side_by_side([self.grad_var(self._left(path)) for path in self._tensor(x)])
        sums = None
        if self._fast:
            sums = self._by_layers(x, self.examples())
        elif self.batched:
            sums = by_examples(self._single, self._tensor(x), self._X, self._y)
        if sums is None:
            mean = self.grad(x)
            single = (self._pull(x, self._one(i), np.ones(1)) for i in range(self.examples()))
            return sum((g - mean) ** 2 for g in single) / self.examples()
        mean, square = (a / self.examples() for a in sums)
        return self._left((square - mean * mean).clamp(min=0.0))

    def example_slopes(self, x: Any, v: Any) -> Any:
        few = max(self._pairs // 2, 1)  # the way back is held too
        return self._left(along(self._weighted, self._tensor(x), self._tensor(v), self._X, self._y, few))

    def example_values(self, x: Any) -> Any:
        """f_i(x) of every example, shape (n,)."""
        torch = import_torch()
        with torch.no_grad():
            at = self._tensor(x)
            parts = zip(self._X.split(self._pairs), self._y.split(self._pairs), strict=True)
            return self._left(torch.cat([self._loss(self._output(at, X), y) for X, y in parts]))

    def examples(self) -> int:
        """Number n of examples."""
        return len(self._X)

    def lacks(self, question: str) -> str | None:
        """Why the objective cannot answer ``question``, or None."""
        if question in ("batch_class_grads", "class_draws") and (self._y.is_floating_point() or self._y.ndim != 1):
            return f"{type(self).__name__} is no classification, so it has no {question}"
        return self._unbent if question == "hvp" and self._unbent else super().lacks(question)

    def observables(self, *, gradient: bool = False, probes: int = 0, collapse: bool = False) -> dict[str, Any]:
        """What to observe along a run, for ``observables=``: name -> function of x.

        Parameters
        ----------
        gradient : bool
            Add |∇f|², which costs a gradient of the whole data at every save.
        probes : int
            Add tr ∇²f by Hutchinson's estimator with so many random signs, a Hessian product each; default 0, without.
            All positions share the signs and so their error, of standard deviation √(2/probes Σ_{i≠j} (∇²f)²_ij).
        collapse : bool
            Add NC0 of the last matrix, whose rows are the classes: |1ᵀW|²/|W|², 0 where they add up to 0 (`nc0`).

        Returns
        -------
        dict
            Loss and, where y are classes, accuracy, on the training data and on the test data if there are any; the
            distance |x - start|; and what was asked for.
        """
        sets = {"train": (self._X, self._y)} | ({} if self._test is None else {"test": self._test})
        found: dict[str, Any] = {}
        for name, (X, y) in sets.items():
            found[f"{name} loss"] = Mean(self, self._loss, X, y)
            if not y.is_floating_point():
                found[f"{name} accuracy"] = Mean(self, hits, X, y)
        found["distance"] = Distance(self)
        if gradient:
            found["|∇f|²"] = GradientSquare(self)
        if checks.integer("probes", probes):
            found["tr ∇²f"] = HessianTrace(self, probes)
        if collapse:
            found["NC0"] = ClassSums(self)
        return found

    def usual_observables(self) -> Any:
        """What is observed by default: the training loss, of more than 2000 examples on 1000 of them (`usual`)."""
        return usual(self, self._loss, self._X, self._y)

    def memory(self, paths: int) -> int:
        """Bytes that a pass for so many paths holds, at most, and vectors around it."""
        pairs = min(max(self._pairs, paths), self.examples() * paths)
        return pairs * self._held + 64 * self.dim * paths

    def __repr__(self) -> str:
        return f"TorchObjective({self._name}, examples={self.examples()}, dim={self.dim})"

    def _one(self, i: int) -> Any:
        """The number of one example, as passes take it."""
        return import_torch().tensor([i], device=self._device)

    def _stacks(self) -> bool:
        """Whether the parameters of several paths can go through the module at once."""
        try:
            self.batch_grad(np.stack([self._start, self._start], axis=1), np.zeros((1, 2)))
        except RuntimeError as error:
            log.info("%s runs path by path: %s", self._name, str(error).splitlines()[0])
            return False
        return True

    def _by_layers(self, x: Any, count: int) -> Any:
        """The sums of `by_layers` over the first examples."""
        own = self._own()
        self._place(own, x)
        return by_layers(own.module, self._names, self._loss, self._X[:count], self._y[:count])

    def _squares_hold(self) -> bool:
        """Whether `by_layers` has the sums of single gradients, at a point where no parameter is 0 by chance."""
        x, few = self._start + np.random.default_rng(0).uniform(0.1, 0.5, self.dim), min(FEW, self.examples())
        single = np.array([self.batch_grad(x, np.array([float(i)])) for i in range(few)])
        return agree(self._by_layers(x, few), single)
