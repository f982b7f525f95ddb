"""The contracts as types: what a method, an objective, a law of noise and the oracle are to everybody else.

Numbers and vectors of pages are arrays in Python, and registers of the processor in compiled loops; both are `Vector`
here. ``State`` is a vector, or a tuple of them that begins with the position; ``Draws`` are nested tuples of vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdeopt.core.bounds import Bounds
    from sdeopt.core.oracle import Oracle
    from sdeopt.core.traits import Model, Traits

__all__ = ["Draws", "Law", "Method", "Objective", "State", "Vector"]

Vector: TypeAlias = NDArray[np.float64]
State: TypeAlias = Any
Draws: TypeAlias = Any


class Method(Protocol):
    """An instance of a page: its hyperparameters, its functions, and its traits under their names."""

    _fields: tuple[str, ...]
    clock_of: Callable[[Any], float]
    traits: Traits
    order: float
    sdes: dict[str, Model]
    default_sde: str
    parts: tuple[str, ...]
    family: str
    samples: int
    bounded: bool
    limited: bool
    lanes: bool
    lasting: bool
    example: tuple[str, str]
    shown: tuple[str, str]
    at: Mapping[str, float]
    bounds: Mapping[str, Bounds]

    @property
    def lr(self) -> Any:
        """The learning rate η, or its schedule."""

    @property
    def clock(self) -> float:
        """Units of time of one step."""

    @property
    def schedules(self) -> dict[str, Any]:
        """The hyperparameters that are schedules."""

    def constant(self) -> Any:
        """The method at the peaks of its schedules."""

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> State:
        """The state after iteration k."""

    def check(self, objective: Objective) -> None:
        """Raise a ``ValueError`` if a hyperparameter does not fit the objective."""

    def __iter__(self) -> Iterator[Any]: ...

    def _replace(self, **changes: Any) -> Any: ...

    def _asdict(self) -> dict[str, Any]: ...


class Objective(Protocol):
    """What is minimised; what else it answers is asked by ``lacks`` first."""

    @property
    def dim(self) -> int:
        """Dimension d of x."""

    @property
    def start(self) -> Vector:
        """Where runs begin, shape (d,)."""

    @property
    def optimum(self) -> Vector | None:
        """A minimiser, shape (d,), where it is known."""

    @property
    def minimum(self) -> float | None:
        """The smallest value, where it is known."""

    def grad(self, x: Vector) -> Vector:
        """∇f(x), shape (d,)."""

    def lacks(self, question: str) -> str | None:
        """Why the objective cannot answer a question of the oracle, or None."""


class Law(Protocol):
    """The law of the gradient noise."""

    closure: ClassVar[bool]

    @property
    def independent(self) -> Law:
        """The law of one step where the noise of several depends on one another; else the law itself."""

    @property
    def agents(self) -> int:
        """How many see a gradient each."""

    @property
    def moments(self) -> float:
        """The largest p such that E|ξ|^q is finite for all q < p."""

    @property
    def normal(self) -> bool:
        """Whether ξ is normal, which some SDEs assume."""

    def check(self, objective: Objective) -> None:
        """Raise a ``ValueError`` if the law does not fit the objective."""

    def lacks(self, question: str, objective: Objective) -> str | None:
        """Why the law cannot answer a question of the oracle, or None."""

    def unbounded(self, objective: Objective) -> str | None:
        """Why the noise has no variance, or None."""

    def draws(self, objective: Objective) -> tuple[Any, ...]:
        """Kinds and sizes of the raw draws of one step."""

    def epoch(self, objective: Objective) -> int:
        """Steps after which the noise of all of them nearly cancels; 0 where steps are independent."""

    def brownian(self, question: str, objective: Objective) -> tuple[Any, ...]:
        """Sizes of the normal vectors of one increment of a question."""
