"""Σ_i ∂f_i and Σ_i (∂f_i)² per parameter, and ∇f_i·v per example, of gradients that are never kept together.

A linear layer with input a_i and derivative δ_i of the loss by its output has ∂f_i = δ_i a_iᵀ, so Σ_i (∂f_i)² is the
product of the squares, one matrix product (as in BackPACK, Dangel, Kunstner & Hennig 2020, arXiv:1912.10985). For other
layers the gradients of some examples at a time are formed by ``torch.func.vmap``. The products ∇f_i·v need none: the
gradient of Σ_i w_i f_i is linear in the weights w, and ∇f_i·v is the derivative by w_i of its product with v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sdeopt.objectives.torch_checks import import_torch
from sdeopt.objectives.torch_trials import CLOSE

__all__ = ["agree", "along", "by_examples", "by_layers", "is_layered"]

SQUARES = 2**20  # numbers that the gradients of single examples may hold at a time, 8 MiB


def is_layered(module: Any) -> bool:
    """Whether all that is trained are linear layers, each with parameters of its own."""
    linear = import_torch().nn.Linear
    inside = [p for layer in module.modules() if type(layer) is linear for p in layer.parameters() if p.requires_grad]
    trained = {id(p) for p in module.parameters() if p.requires_grad}
    return trained == set(map(id, inside)) and len(inside) == len(trained)


def by_layers(module: Any, names: list[str], loss: Callable[[Any, Any], Any], X: Any, y: Any) -> Any:
    """Both sums for a `is_layered` module, flat in the order of ``names``.

    None if a layer is not called once, on one row per example. What a weight does outside its layer is not seen: only
    a comparison with gradients of single examples, `agree`, says whether the sums are right.
    """
    torch = import_torch()
    calls: list[Any] = []

    def remember(layer: Any, inputs: Any, named: Any, output: Any) -> Any:
        calls.append((layer, inputs[0] if inputs else named["input"], output))
        return output.clone()  # what comes next may write into it

    layers = {layer: name for name, layer in module.named_modules() if type(layer) is torch.nn.Linear}
    handles = [layer.register_forward_hook(remember, with_kwargs=True) for layer in layers]
    try:
        total = loss(module(X), y).sum()
    finally:
        for handle in handles:
            handle.remove()
    if len({layer for layer, *_ in calls}) < len(calls) or any(a.shape[:-1] != (len(X),) for _, a, _ in calls):
        return None
    slopes = torch.autograd.grad(total, [output for *_, output in calls], materialize_grads=True)
    both = []
    for power in (1, 2):
        found = {name: torch.zeros_like(module.get_parameter(name)) for name in names}  # of layers that are not called
        for (layer, a, _), slope in zip(calls, slopes, strict=True):
            raised = slope**power
            found[f"{layers[layer]}.weight".lstrip(".")] = raised.T @ a.detach() ** power
            found[f"{layers[layer]}.bias".lstrip(".")] = raised.sum(0)
        both.append(torch.cat([found[name].reshape(-1) for name in names]))
    return both


def agree(sums: Any, gradients: Any) -> bool:
    """Whether both sums are those of these gradients, (n, d), to ``CLOSE`` of the largest."""
    if sums is None:
        return False
    pairs = zip(sums, (gradients.sum(axis=0), (gradients**2).sum(axis=0)), strict=True)
    return all(np.abs(a.cpu().numpy() - b).max() <= CLOSE * np.abs(b).max() for a, b in pairs)


def by_examples(single: Callable[..., Any], x: Any, X: Any, y: Any) -> Any:
    """Both sums for any module; ``single(x, X_i, y_i)`` is the loss of one example."""
    torch = import_torch()
    of_example = torch.func.vmap(torch.func.grad(single), in_dims=(None, 0, 0))
    sums, squares, few = torch.zeros_like(x), torch.zeros_like(x), max(SQUARES // len(x), 1)
    for i in range(0, len(X), few):
        g = of_example(x, X[i : i + few], y[i : i + few])
        sums += g.sum(0)
        squares += (g**2).sum(0)
    return sums, squares


def along(weighted: Callable[..., Any], x: Any, v: Any, X: Any, y: Any, few: int) -> Any:
    """∇f_i·v of every example, some at a time; ``weighted(x, X, y, w)`` is Σ_i w_i f_i."""
    torch, at, slopes = import_torch(), x.requires_grad_(), []
    for i in range(0, len(X), few):
        some = slice(i, i + few)
        w = torch.zeros(len(X[some]), dtype=x.dtype, device=x.device, requires_grad=True)
        (g,) = torch.autograd.grad(weighted(at, X[some], y[some], w), at, create_graph=True)
        slopes += torch.autograd.grad(torch.dot(g, v), w)
    return torch.cat(slopes)
