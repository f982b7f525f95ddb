"""What is not sdeopt's own where something of sdeopt is asked for: said by its kind, with the way to go.

Things of PyTorch are known by the modules of their classes, so that PyTorch is not loaded for it.
"""

from __future__ import annotations

from typing import Any

from sdeopt.core import checks

__all__ = ["told", "way_of"]

WAYS = {  # the first that fits
    "torch.optim.lr_scheduler": "give the page a schedule, lr=so.Cosine(...), or make the pair (optimizer, scheduler), "
    "compare(page, problem, discrete=so.torch.Optimizer(make))",
    "torch.optim": "so.torch.Optimizer(lambda parameters: {name}(parameters, lr=...)) runs it beside a page's SDE, "
    "compare(page, problem, discrete=...); pages with that step of their own are in so.methods()",
    "torch.utils.data": "read it once, X, y = next(iter(torch.utils.data.DataLoader(dataset, "
    "batch_size=len(dataset)))), for so.TorchObjective(module, loss, X, y), whose batches a law draws, "
    "so.Minibatch(batch); where it is too large or augmented, take so.torch.Stream",
    "torch.nn": "so.TorchObjective(module, loss, X, y) is the objective of a module",
    "sdeopt.torch.optimizer": "compare(page, problem, discrete=...) runs it beside a page's SDE",
    "sdeopt.objectives": "so.Problem(objective, noise) is a problem with it",
}


def told(thing: Any, otherwise: str = "") -> str:
    """How a message calls ``thing``, and the way to go: where none is known for its kind, what ``otherwise`` says."""
    kind = thing if isinstance(thing, type) else type(thing)
    way = way_of(kind)
    if way is None:
        return checks.short(thing) + (f": {otherwise}" if otherwise else "")
    return f"{'the class' if kind is thing else 'an instance of'} {kind.__name__}: {way.format(name=kind.__name__)}"


def way_of(kind: type) -> str | None:
    """What to do with things of a class, by the modules of it and of its bases."""
    homes = [f"{base.__module__}." for base in kind.__mro__]
    return next((way for home, way in WAYS.items() if any(h.startswith(f"{home}.") for h in homes)), None)
