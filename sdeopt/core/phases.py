"""The phases of a `Piecewise` schedule: what `ramp`, `hold` and `decay` return."""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.core import checks

__all__ = ["Phase", "decay", "hold", "ramp"]

CURVES = ("linear", "cosine", "power")


class Phase(NamedTuple):
    """A stretch of a `Piecewise` schedule, in numbers; `ramp`, `hold` and `decay` make them."""

    length: float
    start: float
    end: float
    curve: float = 0.0
    exponent: float = 0.0
    scale: float = 1.0

    def __repr__(self) -> str:
        """What makes it."""
        if self.curve == 2.0:
            return f"decay({self.length:g}, {self.scale:g}, {self.exponent:g}, {self.start:g})"
        if self.start == self.end:
            return f"hold({self.length:g}, {self.start:g})"
        return f"ramp({self.length:g}, {self.start:g}, {self.end:g}, {CURVES[int(self.curve)]!r})"


def ramp(length: float, start: float = 0.0, end: float = 1.0, curve: str = "linear") -> Phase:
    """From ``start`` to ``end``, fractions of the peak in [0, 1], on a straight line or half a "cosine".

    The default is linear warm-up. A cosine is end + (start - end)(1 + cos(πu))/2 at the fraction u of the phase.

    Examples
    --------
    >>> import sdeopt as so
    >>> warm = so.Piecewise(0.2, [so.ramp(4.0)], unit="steps")
    >>> [warm.factor(k) for k in (1.0, 2.0, 5.0)]
    [0.25, 0.5, 1.0]
    """
    kind = CURVES.index(checks.choice("curve", curve, CURVES[:2]))
    return Phase(checks.positive("length", length), _level("start", start), _level("end", end), float(kind))


def hold(length: float, level: float = 1.0) -> Phase:
    """Constant at ``level``, a fraction of the peak in [0, 1].

    Examples
    --------
    >>> import sdeopt as so
    >>> so.Piecewise(0.2, [so.hold(3.0, 0.5), so.hold(1.0)], unit="steps").factor(2.0)
    0.5
    """
    return ramp(length, level, level)


def decay(length: float, scale: float, exponent: float = 0.5, level: float = 1.0) -> Phase:
    """``level`` (1 + u/scale)^(-exponent) at u after the beginning of the phase.

    The inverse root of Transformers, √(w/k) after w steps of warm-up, is ``decay(length, scale=w)``.

    Examples
    --------
    >>> import sdeopt as so
    >>> rest = so.Piecewise(0.2, [so.ramp(100.0), so.decay(900.0, scale=100.0)], unit="steps")
    >>> round(float(rest.factor(400.0)), 12)
    0.5
    """
    a, w = checks.number("exponent", exponent, low=0.0), checks.positive("scale", scale)
    return Phase(checks.positive("length", length), _level("level", level), 0.0, 2.0, a, w)


def _level(name: str, value: Any) -> float:
    return checks.number(name, value, low=0.0, high=1.0)
