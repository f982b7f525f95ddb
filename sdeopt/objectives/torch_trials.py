"""What `TorchObjective` finds out by trying a module and a loss on a few examples."""

from __future__ import annotations

import copy
from typing import Any

from sdeopt.objectives.torch_checks import import_torch, said

__all__ = ["FEW", "bytes_held", "check", "unbent"]

FEW = 8  # examples on which a module is tried
CLOSE = 1e-9


def check(module: Any, loss: Any, rows: Any, X: Any, y: Any, of: str = "") -> None:
    """Try the module and the loss on a few examples: independent of one another, the loss of a batch their mean."""
    torch = import_torch()
    if len(y) != len(X):
        raise ValueError(f"{of}y must have one row per example, got {len(y)} for {len(X)}")
    independent(module, X)
    with torch.no_grad():
        output, few = module(X[:FEW]), y[:FEW].clone()
        before = output.clone()
        tried(module, rows, X, y, of)
        mean, own = rows(output, few).mean(), loss(output, few)
        if not (torch.equal(output, before) and torch.equal(few, y[:FEW])):
            raise ValueError(f"{of}loss writes into its arguments; return a new tensor")
        if not torch.isfinite(mean):
            raise ValueError(f"{of}loss must be finite where the module begins, got {float(mean):g} on some examples")
        if not torch.allclose(rows(output, few), rows(output, few), rtol=CLOSE, atol=CLOSE):
            raise ValueError(f"{of}loss gives another value each time, so it draws at random or keeps state")
        apart(rows, output, few, f"{of}the loss of an example", (len(y), *output.shape[1:]), tuple(y.shape))
    if own.ndim == 0 and not torch.allclose(own, mean, rtol=CLOSE, atol=CLOSE):
        raise ValueError(
            f"the loss of {len(few)} examples is {float(own):.6g}, not the mean {float(mean):.6g} of their own "
            "losses (class weights, ignore_index, reduction='sum'?): give a function that returns one loss per example"
        )


def tried(module: Any, rows: Any, X: Any, y: Any, of: str) -> None:
    """Raise what the loss raises, in a sentence: of a few examples, and of those with the least and largest class."""
    torch = import_torch()
    some = [torch.arange(min(FEW, len(y)), device=y.device)]
    if y.ndim == 1 and not y.is_floating_point():
        some.append(torch.stack([y.argmin(), y.argmax()]))
    for index in some:
        output, targets = module(X[index]), y[index].clone()
        try:
            rows.raw(output, targets)
        except Exception as error:
            kind = str(y.dtype).removeprefix("torch.")
            numbers = f"y from {float(targets.min()):g} to {float(targets.max()):g}, {kind}"
            reason = f"{of}loss fails on outputs of shape {tuple(output.shape)} and {numbers}"
            raise ValueError(f"{reason}: {said(error)}") from error


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
    if not loss.requires_grad:
        raise ValueError("the loss must depend on the parameters: torch.no_grad() or detach() cuts it off from them")
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
        except Exception as error:
            whole = (
                "" if few.is_floating_point() else "; X of whole numbers stays so, as embeddings ask: give X.float()"
            )
            raise ValueError(f"X must fit the module, which says: {said(error)}{whole}") from error
        if not torch.equal(few, X[:FEW]):
            raise ValueError("module writes into its input: begin with an operation that is not in-place")
    if not isinstance(first, torch.Tensor) or first.shape[:1] != few.shape[:1]:
        got = f"shape {tuple(first.shape)}" if isinstance(first, torch.Tensor) else type(first).__name__
        raise ValueError(f"module must return one tensor with one row per example, got {got} for {len(few)} examples")
    changed = [name for name, b in module.named_buffers() if not torch.equal(b, before[name])]
    if changed:
        raise ValueError(f"module changes its buffers {changed} when it is called: module.eval() may keep them")
    if not torch.isfinite(first).all():
        raise ValueError(
            "module must return finite numbers where it begins, got NaN or infinite ones for some examples"
        )
    if not torch.equal(first, second):
        raise ValueError("module gives another output each time, so it draws at random: module.eval() may stop that")
    with torch.no_grad():
        alone = torch.cat([module(few[i : i + 1]) for i in range(len(few))])
    if not torch.allclose(first, alone, rtol=CLOSE, atol=CLOSE):
        raise ValueError(
            "the output of an example depends on the others in its batch, so the loss is no sum over examples: take "
            "GroupNorm or LayerNorm for layers that normalise a batch"
        )
