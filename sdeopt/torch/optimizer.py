"""``Optimizer``: any optimizer of PyTorch as the discrete column, on the batches that sdeopt draws."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, foreign
from sdeopt.core.oracle import noisy_grad
from sdeopt.core.traits import several
from sdeopt.objectives.torch_checks import said

__all__ = ["Optimizer"]


@dataclass(frozen=True, eq=False)
class Optimizer:
    """An optimizer that has no page: `compare` runs it in the place of a page's own step, beside that page's SDE.

    It sees the gradients that the page would see: the noise law's, of the same draws. So AdamW of PyTorch is `AdamW` to
    rounding, and what an optimizer adds to a page is measured on equal batches.

    Parameters
    ----------
    make : callable
        (parameters) -> optimizer, or (optimizer, scheduler): a function that makes a ``torch.optim.Optimizer`` of a
        list of parameters, those of the module for a `TorchObjective`, else x itself as one, and perhaps a
        ``torch.optim.lr_scheduler``, which takes a step after each of the optimizer's.

    Raises
    ------
    TypeError
        If ``make`` is not callable or makes something else.
    ValueError
        In a run, for optimizers that ask for the loss (LBFGS, ReduceLROnPlateau), or move other parameters.

    Notes
    -----
    Parameters are float64. An optimizer that draws at random takes PyTorch's own generator, so one seed of sdeopt would
    give several results.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    >>> nadam = so.torch.Optimizer(lambda parameters: torch.optim.NAdam(parameters, lr=0.01))
    >>> report = so.compare(so.Adam(lr=0.01), problem, steps=20, paths=60, rng=0, discrete=nadam)
    >>> report.meta["discrete"], report.meta["sde"]
    ('NAdam', 'full')
    """

    make: Callable[[Any], Any]

    def __post_init__(self) -> None:
        if not callable(self.make):
            raise TypeError(f"make must be a function of a list of parameters, got {foreign.told(self.make)}")

    def named(self, problem: Any) -> str:
        """What it is called in reports: the class that it makes, after a look at it."""
        optimizer, scheduler = self._made(*_parameters(problem, problem.start()))
        return type(optimizer).__name__ + (f" with {type(scheduler).__name__}" if scheduler is not None else "")

    def stepper(self, problem: Any, page: Any) -> Callable[..., Any]:
        """A function as the page's ``step``; it begins afresh with every path, in each thread by itself."""
        own, many, local = hasattr(page, "own"), several(page), threading.local()

        def step(m: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
            x, *rest = y if isinstance(y, tuple) else (y,)
            z = z[0] if own else z
            if k == 0:
                local.parameters, local.module = _parameters(problem, x)
                local.both = self._made(local.parameters, local.module)
            g = noisy_grad(o, x, z[0] if many else z)
            try:
                x = _moved(local.parameters, local.both, g)
            except Exception as error:
                name = type(local.both[0]).__name__
                raise ValueError(f"discrete: {name} fails in step {k}: {said(error)}") from error
            return (x, *rest) if isinstance(y, tuple) else x

        return step

    def _made(self, parameters: Any, module: Any) -> tuple[Any, Any]:
        import torch

        try:
            made = self.make(parameters)
        except Exception as error:
            raise ValueError(f"make fails on a list of {len(parameters)} parameters: {said(error)}") from error
        optimizer, scheduler = made if isinstance(made, (tuple, list)) and len(made) == 2 else (made, None)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(
                f"make must return a torch.optim.Optimizer, or (optimizer, scheduler), got {foreign.told(optimizer)}"
            )
        if isinstance(scheduler, torch.optim.Optimizer):
            raise TypeError(
                f"make must return one optimizer, got {type(optimizer).__name__} and {type(scheduler).__name__}: one "
                "for matrices and one for the rest are the page so.Layered(matrices=so.Muon(...), rest=so.AdamW(...))"
            )
        if scheduler is not None and not isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler):
            raise TypeError(f"make must return a scheduler beside the optimizer, got {checks.short(scheduler)}")
        known = set(map(id, parameters))
        if any(id(p) not in known for group in optimizer.param_groups for p in group["params"]):
            raise ValueError("make must give its optimizer parameters of the list that it gets, and gave it others")
        closure = inspect.signature(type(optimizer).step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            raise ValueError(f"{type(optimizer).__name__} asks for the loss several times a step")
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            raise ValueError("ReduceLROnPlateau asks for a loss at every step: give a scheduler of the step number")
        return optimizer, scheduler


def _parameters(problem: Any, x: Any) -> tuple[Any, Any]:
    """The parameters that stand for x, and the module that owns them, if there is one."""
    import torch

    if hasattr(problem.objective, "module"):
        module = problem.objective.module(x)
        return [p for p in module.parameters() if p.requires_grad], module
    return [torch.nn.Parameter(torch.from_numpy(np.array(x)))], None


def _moved(parameters: Any, both: tuple[Any, Any], g: Any) -> Any:
    """x after a step of the optimizer with the gradient g."""
    import torch

    gradient = torch.from_numpy(np.ascontiguousarray(g)).split([p.numel() for p in parameters])
    for p, piece in zip(parameters, gradient, strict=True):
        p.grad = piece.view_as(p).to(p.device, p.dtype)
    optimizer, scheduler = both
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    with torch.no_grad():
        return torch.cat([p.reshape(-1) for p in parameters]).cpu().double().numpy()
