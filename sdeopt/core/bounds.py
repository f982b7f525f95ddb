"""Where a hyperparameter may lie: stated beside its field, as ``momentum: Decay = 0.9``.

``Positive`` is (0, ∞), ``NonNegative`` [0, ∞), ``Decay`` [0, 1), ``Count`` the whole numbers from 1 on and ``Real`` any
finite number. Another interval is ``Annotated[float, Bounds(low=0.0, high=2.0)]``.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, get_type_hints

from sdeopt.core import checks

__all__ = ["Bounds", "Count", "Decay", "NonNegative", "Positive", "Real", "bounds_of"]


@dataclasses.dataclass(frozen=True)
class Bounds:
    """An interval, closed but where it says that it is open, of numbers or of whole numbers.

    Examples
    --------
    >>> from sdeopt.core import Bounds
    >>> Bounds(low=0.0, high=1.0, open_high=True).check("momentum", 0.9)
    0.9
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def check(self, name: str, value: Any) -> float:
        """Return ``value`` as a float inside, or raise a ``ValueError`` or ``TypeError`` that says why."""
        return checks.number(name, value, **dataclasses.asdict(self))


Positive = Annotated[float, Bounds(low=0.0, open_low=True)]
NonNegative = Annotated[float, Bounds(low=0.0)]
Decay = Annotated[float, Bounds(low=0.0, high=1.0, open_high=True)]
Count = Annotated[float, Bounds(low=1.0, whole=True)]
Real = Annotated[float, Bounds()]


def bounds_of(cls: Any) -> dict[str, Bounds]:
    """The bounds of the fields of a page; a ``TypeError`` names a field that states none."""
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise TypeError(f"{cls.__name__}: the types of its fields must be names of its module, and {error}") from None
    stated = {name: [m for m in getattr(hints[name], "__metadata__", ()) if isinstance(m, Bounds)] for name in hints}
    for name in cls._fields:
        if not stated[name]:
            raise TypeError(
                f"{cls.__name__}: {name} must say where it may lie: write {name}: Positive, NonNegative, Decay (from 0 "
                "to below 1), Count or Real, of sdeopt.core, or Annotated[float, Bounds(low=..., high=...)]"
            )
    return {name: stated[name][0] for name in cls._fields}
