"""From a method to its derivation: the limit in which its step has an SDE, and the SDE in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.derivation import matching, regime
from sdeopt.derivation.derivation import Derivation
from sdeopt.derivation.stated import stated
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.words import HandOver

__all__ = ["How", "derivation"]


class How(NamedTuple):
    """The arguments of `derive`."""

    order: int = 1
    limit: dict[str, str] | None = None
    assume: dict[str, str] = {}
    eliminate: tuple[str, ...] = ()
    sde: str | None = None


def derivation(cls: Any, how: How) -> Derivation:
    """See `derive`."""
    trace, order = Trace(cls, how.assume), how.order
    if how.sde is not None:
        return stated(trace, how.sde)
    try:
        update, moves, moments = matching.prepared(trace)
    except HandOver as reason:
        return Derivation(cls, order, trace, [], None, refused=str(reason))
    met = list(trace.assumed)
    found, reasons = [], []
    for candidate in regime.candidates(trace, how.limit):
        trace.assumed[:] = met
        try:
            matched = matching.match(trace, moves, moments, candidate, order)
        except HandOver as reason:
            reasons.append(str(reason))
        else:
            found.append((matched, tuple(trace.assumed)))
            break
    if not found:
        return Derivation(cls, order, trace, update, None, refused=reasons[0])
    matched, assumed = found[0]
    limits = tuple(m.limit.text() for m, _ in found)
    return Derivation(cls, order, trace, update, matched, assumed=assumed, limits=limits)
