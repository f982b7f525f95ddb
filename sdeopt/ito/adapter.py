"""An equation in the form that the engine runs: a page whose step is dt, a problem, and the law of its increments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.guards import guarded, like
from sdeopt.core.oracle import Oracle
from sdeopt.core.traits import Model, Traits, equip
from sdeopt.ito.equation import SDE

__all__ = ["Increments", "Start", "page"]

NAME = "ito"


class General(NamedTuple):
    """The page of an equation whose diffusion is an action; its functions stand in the place of the objective."""

    lr: float

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        """b(t, x)."""
        return like(o.objective.drift(t, guarded(x)), x)

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        """σ(t, x) dw."""
        return like(o.objective.diffusion(t, guarded(x), guarded(dw)), x)


class Diagonal(NamedTuple):
    """The page of an equation with diagonal noise."""

    lr: float

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        """b(t, x)."""
        return like(o.objective.drift(t, guarded(x)), x)

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        """σ(t, x) dw, entry by entry."""
        return o.objective.diffusion(t, guarded(x)) * dw


for _page in (General, Diagonal):
    _model = Model(NAME, 1, _page.drift, _page.diffusion, ("gradient",), None, None, None, "")
    equip(_page, Traits(order=1, sdes={NAME: _model}))


def page(sde: SDE, dt: float) -> Any:
    """The page of an equation."""
    return Diagonal(dt) if sde.diagonal else General(dt)


@dataclass(frozen=True, eq=False, init=False)
class Increments:
    """The vectors that a scheme draws in one step: a size for normals, or (kind, size, parameters...)."""

    # not a field: what is not compiled
    _vectors: ClassVar[tuple[Any, ...]]
    picks: ClassVar[bool] = False  # as of a law: no draw is the number of an example

    def __init__(self, *vectors: Any) -> None:
        object.__setattr__(self, "_vectors", vectors)

    @property
    def moments(self) -> float:
        """As of a law: of normals all exist, and of given increments nothing is known."""
        return math.inf

    def brownian(self, question: str, objective: Any) -> tuple[Any, ...]:
        """The vectors of the only increment that a page here has."""
        return self._vectors


class Start(NamedTuple):
    """What the engine knows as a problem."""

    objective: SDE
    noise: Increments
    x0: NDArray[np.float64]

    @property
    def dim(self) -> int:
        """Dimension d."""
        return self.objective.dim

    @property
    def several(self) -> bool:
        """Whether every path has a start of its own."""
        return bool(self.x0.ndim == 2)

    def start(self, path: int = 0) -> Any:
        """Where this path begins, shape (d,)."""
        return self.x0[path] if self.several else self.x0

    @property
    def oracle(self) -> Oracle:
        """The pair that pages question."""
        return Oracle(self.objective, self.noise)

    def lacks(self, question: str) -> str | None:
        """An equation is asked for its coefficients alone."""
        return None
