"""What `TorchObjective` takes and refuses: modules, losses and data."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from sdeopt.core import checks

__all__ = [
    "accept",
    "check",
    "data",
    "bytes_held",
    "expect_module",
    "import_torch",
    "pair",
    "per_example",
    "find_device",
    "unbent",
]

FEW = 8  # examples on which a module is tried
CLOSE = 1e-9


def import_torch() -> Any:
    """PyTorch, which is optional."""
    try:
        import torch
    except ImportError as error:
        raise ImportError('TorchObjective needs PyTorch: pip install "sdeopt[nn]"') from error
    return torch


def data(name: str, value: Any) -> Any:
    """A tensor of float64 or int64, one row per example."""
    torch = import_torch()
    if isinstance(value, (torch.utils.data.DataLoader, torch.utils.data.Dataset)):
        raise TypeError(
            f"{name} must be an array of all examples, for batches are drawn by their numbers, got a "
            f"{type(value).__name__}: stack what it holds, such as X = torch.stack([x for x, _ in dataset]), or "
            "take so.torch.Stream"
        )
    if not isinstance(value, torch.Tensor):
        plain = checks.real(name, value, flags=True)
        value = torch.from_numpy(plain.astype(np.float64 if plain.dtype.kind == "f" else np.int64))
    a = value.detach().cpu().clone()
    if a.ndim == 0 or len(a) == 0:
        raise ValueError(f"{name} must have one row per example, got shape {tuple(a.shape)}")
    if a.is_complex():
        raise TypeError(f"{name} must be real, got {a.dtype}")
    a = a.to(torch.float64 if a.is_floating_point() else torch.int64)
    if not torch.isfinite(a).all():
        raise ValueError(f"{name} must be finite, got {int((~torch.isfinite(a)).sum())} NaN or infinite entries")
    return a


def find_device(device: Any) -> Any:
    """The device called so, if this machine has it."""
    torch = import_torch()
    try:
        torch.zeros(1, dtype=torch.float64, device=device)
        return torch.device(device)
    except (RuntimeError, AssertionError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        got = checks.short(device)
        raise ValueError(f"device must be one that this machine has, such as 'cpu', got {got}: {reason}") from None


def pair(test: Any) -> tuple[Any, Any]:
    """Held out data, ``(X, y)``."""
    if not isinstance(test, (tuple, list)) or len(test) != 2:
        raise TypeError(f"test must be a pair (X, y) of held out data, got {checks.short(test)}")
    return data("test X", test[0]), data("test y", test[1])


def accept(module: Any) -> None:
    """Raise for a module whose loss is no fixed function of its parameters, as far as its layers tell."""
    expect_module(module)
    for name, layer in module.named_modules():
        reason = _unfaithful(layer)
        if reason is not None:
            raise ValueError(f"{type(layer).__name__} {name!r} {reason}")


def expect_module(module: Any) -> None:
    """Raise for what is no module with real parameters to train."""
    torch = import_torch()
    if isinstance(module, (list, tuple, dict)) or (inspect.isgenerator(module)):
        raise TypeError(
            "module must be a torch.nn.Module, not its parameters nor groups of them: all parameters are one x, with "
            f"one learning rate, got {checks.short(module)}"
        )
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {checks.short(module)}")
    for name, p in module.named_parameters():
        if isinstance(p, torch.nn.parameter.UninitializedParameter):
            raise ValueError(f"parameter {name!r} has no shape yet: call the module once before")
        if p.is_complex():
            raise TypeError(f"parameter {name!r} is complex: x is real, so keep real and imaginary part as two")
    if not any(p.requires_grad for p in module.parameters()):
        raise ValueError("module must have a parameter that requires gradients")


def _unfaithful(layer: Any) -> str | None:
    """Why the loss with this layer is no sum of fixed functions of x, and what to do."""
    nn = import_torch().nn
    normalises = isinstance(layer, nn.modules.batchnorm._BatchNorm)
    if normalises and layer.running_mean is None:
        return "mixes the examples of a batch: take GroupNorm or LayerNorm"
    if not layer.training:
        return None
    if normalises:
        return (
            "mixes the examples of a batch: take GroupNorm or LayerNorm, freeze its statistics with module.eval(), or "
            "take so.torch.Stream"
        )
    if getattr(layer, "track_running_stats", False):
        return "keeps running statistics: set track_running_stats=False, or call module.eval()"
    random = isinstance(layer, nn.modules.dropout._DropoutNd) and layer.p > 0.0
    random |= isinstance(layer, (nn.RNNBase, nn.MultiheadAttention)) and layer.dropout > 0.0
    if random:
        return (
            "drops entries at random, which is no function of x: set its p to 0, call module.eval(), or take "
            "so.torch.Stream"
        )
    return None


def per_example(loss: Any) -> Callable[[Any, Any], Any]:
    """The function (output, y) -> one loss per example, the mean over what an example has."""
    torch = import_torch()
    if not callable(loss):
        raise TypeError(f"loss must be a function of (output, y), got {checks.short(loss)}")
    if isinstance(loss, torch.nn.Module) and hasattr(loss, "reduction"):
        single = copy.deepcopy(loss)
        single.reduction = "none"
        return Rows(single)
    try:
        parameters = inspect.signature(loss).parameters
    except ValueError:  # a function of C that does not say
        return Rows(loss)
    if "reduction" in parameters:
        return Rows(loss, {"reduction": "none"})
    return Rows(loss)


class Rows:
    """A loss without reduction over examples."""

    def __init__(self, loss: Any, options: dict[str, str] | None = None) -> None:
        self._loss, self._options = loss, options or {}

    def entries(self, output: Any, y: Any) -> Any:
        """The losses as they come, some of one example or one."""
        losses = self._loss(output, y, **self._options)
        if not isinstance(losses, import_torch().Tensor):
            raise TypeError(f"loss must return a tensor, one number per example, got {checks.short(losses)}")
        return losses

    def __call__(self, output: Any, y: Any) -> Any:
        losses = self.entries(output, y)
        if losses.ndim == 0 or losses.shape[0] != y.shape[0]:
            raise ValueError(
                f"loss must return one number per example, got shape {tuple(losses.shape)} for {y.shape[0]} examples: "
                "leave out the mean, or give it an argument reduction='none'"
            )
        return losses if losses.ndim == 1 else losses.reshape(y.shape[0], -1).mean(1)


def check(module: Any, loss: Any, rows: Any, X: Any, y: Any, of: str = "") -> None:
    """Try the module and the loss on a few examples: independent of one another, the loss of a batch their mean."""
    torch = import_torch()
    if len(y) != len(X):
        raise ValueError(f"{of}y must have one row per example, got {len(y)} for {len(X)}")
    independent(module, X)
    with torch.no_grad():
        output, few = module(X[:FEW]), y[:FEW].clone()
        before = output.clone()
        mean, own = rows(output, few).mean(), loss(output, few)
        if not (torch.equal(output, before) and torch.equal(few, y[:FEW])):
            raise ValueError(f"{of}loss writes into its arguments; return a new tensor")
        if not torch.allclose(rows(output, few), rows(output, few), rtol=CLOSE, atol=CLOSE):
            raise ValueError(f"{of}loss gives another value each time, so it draws at random or keeps state")
        apart(rows, output, few, f"{of}the loss of an example", (len(y), *output.shape[1:]), tuple(y.shape))
    if own.ndim == 0 and not torch.allclose(own, mean, rtol=CLOSE, atol=CLOSE):
        raise ValueError(
            f"the loss of {len(few)} examples is {float(own):.6g}, not the mean {float(mean):.6g} of their own "
            "losses (class weights, ignore_index, reduction='sum'?): give a function that returns one loss per example"
        )


def apart(rows: Any, output: Any, y: Any, what: str, *shapes: tuple[int, ...]) -> None:
    """Raise unless the loss of an example is the same without the others; targets may be alike, so entries count."""
    torch = import_torch()
    single = [slice(i, i + 1) for i in range(len(y))]
    alone = torch.cat([rows(output[i], y[i]) for i in single])
    entries = sum(rows.entries(output[i], y[i]).numel() for i in single)
    if entries != rows.entries(output, y).numel() or not torch.allclose(rows(output, y), alone, rtol=CLOSE, atol=CLOSE):
        raise ValueError(
            f"{what} depends on the others in its batch: the outputs have shape {shapes[0]} and y {shapes[1]}, which "
            "should mostly be the same; compare each output with its own target only"
        )


def unbent(module: Any, rows: Any, X: Any, y: Any) -> str | None:
    """Why the loss has no second derivative in PyTorch, or None; tried on a few examples."""
    torch = import_torch()
    parameters = [p for p in module.parameters() if p.requires_grad]
    loss = rows(module(X[:FEW]), y[:FEW]).mean()
    slopes = torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True)
    rest = [slope.sum() for slope in slopes if slope.requires_grad]
    try:
        if rest:
            torch.autograd.grad(sum(rest), parameters, materialize_grads=True)
    except RuntimeError as error:
        return (
            f"{type(module).__name__} has no hvp, {str(error).splitlines()[0]}: build and run a module with attention "
            "inside torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)"
        )
    return None


def bytes_held(module: Any, rows: Any, X: Any, y: Any) -> int:
    """Bytes that a pass through the module holds per example until its way back, parameters not counted."""
    torch, few = import_torch(), min(FEW, len(X))

    def of(count: int) -> int:
        kept: list[Any] = []

        def keep(a: Any) -> Any:
            kept.append(a)
            return a

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda a: a):
            rows(module(X[:count]), y[:count]).sum()
        return sum(a.numel() * a.element_size() for a in kept)

    return max((of(few) - of(1)) // max(few - 1, 1), 1)


def independent(module: Any, X: Any) -> None:
    """Raise unless the module answers the same twice, leaves its buffers alone and treats examples by themselves."""
    torch = import_torch()
    module = copy.deepcopy(module)
    before = {name: b.clone() for name, b in module.named_buffers()}
    few = X[:FEW].clone()
    with torch.no_grad():
        try:
            first, second = module(few), module(few)
        except RuntimeError as error:  # of shapes
            raise ValueError(f"X must fit the module, which says: {str(error).splitlines()[0]}") from error
        if not torch.equal(few, X[:FEW]):
            raise ValueError("module writes into its input: begin with an operation that is not in-place")
        alone = torch.cat([module(few[i : i + 1]) for i in range(len(few))])
    if not isinstance(first, torch.Tensor) or first.shape[:1] != few.shape[:1]:
        got = f"shape {tuple(first.shape)}" if isinstance(first, torch.Tensor) else type(first).__name__
        raise ValueError(f"module must return one tensor with one row per example, got {got} for {len(few)} examples")
    changed = [name for name, b in module.named_buffers() if not torch.equal(b, before[name])]
    if changed:
        raise ValueError(f"module changes its buffers {changed} when it is called: module.eval() may keep them")
    if not torch.equal(first, second):
        raise ValueError("module gives another output each time, so it draws at random: module.eval() may stop that")
    if not torch.allclose(first, alone, rtol=CLOSE, atol=CLOSE):
        raise ValueError(
            "the output of an example depends on the others in its batch, so the loss is no sum over examples: take "
            "GroupNorm or LayerNorm for layers that normalise a batch"
        )
