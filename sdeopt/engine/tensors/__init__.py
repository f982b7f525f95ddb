"""Pages on tensors: the same functions, with PyTorch behind their names, on the device and in the precision asked for.

Nothing here is loaded before a run on an objective that asks for it (``TorchObjective(..., dtype="float32")``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["ready", "suits"]


def suits(run: Run) -> bool:
    """Whether the objective of a run asks for tensors."""
    return getattr(run.problem.objective, "tensors", False) and not run.interpreted


def ready(run: Run) -> Any:
    """The loop of a run."""
    from sdeopt.engine.tensors.loop import Loop  # which loads PyTorch

    return Loop(run)
