"""What `TorchObjective` takes and refuses: modules, losses and data."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from sdeopt.core import checks, foreign

__all__ = [
    "accept",
    "data",
    "expect_loss",
    "expect_module",
    "find_device",
    "find_dtype",
    "import_torch",
    "pair",
    "per_example",
    "plain",
    "said",
]

DTYPES = ("float32", "float64")


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
    if value is None or foreign.way_of(type(value)) is not None:
        raise TypeError(f"{name} must be an array of all examples, one row for each, got {foreign.told(value)}")
    if not isinstance(value, torch.Tensor):
        array = checks.real(name, value, flags=True)
        value = torch.from_numpy(array.astype(np.float64 if array.dtype.kind == "f" else np.int64))
    if value.is_nested or value.layout != torch.strided or value.is_meta:
        kind = "nested" if value.is_nested else "meta" if value.is_meta else str(value.layout).removeprefix("torch.")
        raise TypeError(f"{name} must be one dense tensor with its numbers, got a {kind} one")
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
        if torch.device(device).type == "meta":
            raise ValueError("it holds no numbers")
        torch.zeros(1, dtype=torch.float64, device=device)
        return torch.device(device)
    except (RuntimeError, AssertionError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        got = checks.short(device)
        raise ValueError(f"device must be one that this machine has, such as 'cpu', got {got}: {reason}") from None


def find_dtype(dtype: Any) -> Any:
    """The precision called so: "float32", or what PyTorch and NumPy call it."""
    torch = import_torch()
    named = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype).removeprefix("torch."))
    return getattr(torch, checks.choice("dtype", named, DTYPES))


def pair(test: Any) -> tuple[Any, Any]:
    """Held out data, ``(X, y)``."""
    if not isinstance(test, (tuple, list)) or len(test) != 2:
        raise TypeError(f"test must be a pair (X, y) of held out data, got {foreign.told(test)}")
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
    if isinstance(module, type) and issubclass(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got its class: give an instance, {module.__name__}(...)")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {foreign.told(module)}")
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError("module must be one whose parameters can be replaced, so give the one that torch.jit was given")
    for name, p in module.named_parameters():
        if isinstance(p, torch.nn.parameter.UninitializedParameter):
            raise ValueError(f"parameter {name!r} has no shape yet: call the module once before")
        if p.is_complex():
            raise TypeError(f"parameter {name!r} is complex: x is real, so keep real and imaginary part as two")
        if p.is_meta:
            raise ValueError(f"parameter {name!r} is on the device meta, which holds no numbers")
        if not torch.isfinite(p).all():
            raise ValueError(f"parameter {name!r} must be finite, for x begins there, got NaN or infinite entries")
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


def plain(module: Any) -> Any:
    """The module that torch.compile was given, whose code knows no second derivatives."""
    return getattr(module, "_orig_mod", module)


def expect_loss(loss: Any) -> None:
    """Raise for what is no function of (output, y)."""
    if isinstance(loss, type):
        raise TypeError(f"loss must be a function of (output, y), got a class: give an instance, {loss.__name__}()")
    if not callable(loss):
        raise TypeError(f"loss must be a function of (output, y), got {checks.short(loss)}")


def said(error: Exception) -> str:
    """What an exception of the user's code, or of PyTorch, says, in a line."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def per_example(loss: Any) -> Rows:
    """The function (output, y) -> one loss per example, the mean over what an example has; modules are copied."""
    torch = import_torch()
    expect_loss(loss)
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

    def to(self, *place: Any) -> Rows:
        """The same with the weights of a loss on this device, of this type."""
        if isinstance(self._loss, import_torch().nn.Module):
            self._loss = copy.deepcopy(self._loss).to(*place)
        return self

    def raw(self, output: Any, y: Any) -> Any:
        """What the loss returns."""
        return self._loss(output, y, **self._options)

    def entries(self, output: Any, y: Any) -> Any:
        """The losses as they come, some of one example or one."""
        losses = self.raw(output, y)
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
