"""A method long after its start: running means that have seen many gradients, bias corrections that are done."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sdeopt.core.contracts import Method
from sdeopt.core.traits import Model, equip

__all__ = ["start_warm"]

LATE = 1e7  # added to step numbers and times: no bias correction is left


def start_warm(method: Method) -> Any:
    """``method`` from the state ``warm(self, x, o)`` of its page in place of its own start, for both columns."""
    kind: Any = type(method)
    if not hasattr(kind, "warm"):
        raise ValueError(f"warm must be False for {kind.__name__}: it has no running means to be warm")
    return _warm(kind, tuple(kind.sdes.values()))(*method)


@functools.lru_cache(maxsize=64)
def _warm(kind: Any, sdes: tuple[Model, ...]) -> Any:
    """The page with its functions moved to late times; one class for a page and its SDEs: nothing is compiled twice."""

    class Warm(kind):  # type: ignore[misc]
        init, step = kind.warm, _late_step(kind.step)

    equip(Warm, replace(kind.traits, sdes={sde.name: _warm_sde(sde) for sde in sdes}))
    Warm.__name__, Warm.__qualname__, Warm.__doc__ = kind.__name__, kind.__qualname__, kind.__doc__
    return Warm


def _warm_sde(sde: Model) -> Model:
    if sde.drift is None:
        return replace(sde, start=None)
    return replace(sde, start=None, drift=_late(sde.drift), diffusion=_late(sde.diffusion), text="")


def _late_step(step: Any) -> Callable[..., Any]:
    return lambda self, k, y, o, z: step(self, k + LATE, y, o, z)


def _late(function: Any) -> Callable[..., Any]:
    return lambda self, t, *rest: function(self, t + LATE, *rest)
