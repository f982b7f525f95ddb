"""From a method to its derivation: the limit in which its step has an SDE, and the SDE in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sdeopt.core import checks
from sdeopt.core.texts import OWNER
from sdeopt.derivation import advice, matching, order2, regime
from sdeopt.derivation.derivation import Derivation
from sdeopt.derivation.derived import Derived
from sdeopt.derivation.latex import sde_lines, update_lines
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.moments import Moments
from sdeopt.derivation.source import source
from sdeopt.derivation.stated import state_sde
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.words import Field, HandOver, TooFast

__all__ = ["How", "derivation"]


class How(NamedTuple):
    """The arguments of `derive`."""

    order: int = 1
    limit: dict[str, str] | None = None
    assume: dict[str, str] = {}
    eliminate: tuple[str, ...] = ()
    sde: str | None = None


def derivation(cls: Any, how: How, given: Any) -> Derivation:
    """See `derive`."""
    return write_out(derive_symbols(cls, how, given), given)


def derive_symbols(cls: Any, how: How, given: Any = None) -> Derived:
    """The symbols."""
    trace, order = Trace(cls, how.assume, given), how.order
    if how.sde is not None:
        return state_sde(trace, how.sde)
    unknown = [name for name in how.eliminate if name not in cls.parts[1:]]
    if unknown:
        raise ValueError(
            f"eliminate must name parts of the state beside x, {list(cls.parts[1:])}, got {checks.short(unknown[0])}"
        )
    try:
        update, moves, moments = matching.prepare(trace)
    except HandOver as reason:
        return Derived(cls, order, trace, [], None, refused=str(reason))
    searched = Search(trace, moves, moments, how, list(trace.assumed))
    try:
        found = searched.found()
    except HandOver as reason:
        return Derived(cls, order, trace, update, None, refused=str(reason))
    matched, assumed = max(found, key=lambda one: one[0].terms)
    limits = tuple(m.limit.text() for m, _ in sorted(found, key=lambda one: one[0] is not matched))
    return Derived(cls, order, trace, update, matched, assumed=assumed, limits=limits)


def write_out(d: Derived, given: Any) -> Derivation:
    """What the symbols say, as text; they themselves go along as ``live``."""
    known = d.matched is not None
    text, unwritten = "", None
    label = "derived" if d.order == 1 else f"derived{d.order}"
    if known:
        try:
            text = source(d, label, OWNER)
        except HandOver as reason:
            unwritten = str(reason)
    found = Derivation(
        method=d.method.__name__,
        order=d.order,
        refused=d.refused,
        regime=d.limit.text() if known else "",
        assumed=d.assumed,
        limits=d.limits,
        parts=tuple(str(part) for part in d.parts if str(part) not in d.fast) if known else (),
        update=tuple(update_lines(d)) if d.update else (),
        equations=tuple(sde_lines(d)) if known else (),
        notes=tuple(d.notes()) if known else (),
        brownian=tuple(d.brownian) if known else (),
        text=text,
        unwritten=unwritten,
    )
    vars(found).update(live=d, given=given)  # not of the class's fields: a file keeps the text
    return found


@dataclass
class Search:
    """The step of a page, matched in one limit after the other."""

    trace: Trace
    moves: list[Any]
    moments: Moments
    how: How
    met: list[str]

    def found(self, advise: bool = True) -> list[tuple[Matched, tuple[str, ...]]]:
        """The SDEs of the first stage of limits that holds any, with what they assume.

        If none does, why the limit in which the rules came furthest has none, with advice that was tried. Where only
        a rule is missing there is an SDE, so that parts of other sizes are not tried.
        """
        reasons: list[HandOver] = []
        rules: list[str] = []  # which are missing where, in limits that are some
        missing: list[bool] = []  # of limits in which a rule alone is missing, whether a hyperparameter falls
        for stage in regime.stages(self.trace, self.how.limit):
            found = []
            if not all(missing) and all(limit.weights for limit in stage):
                continue
            for limit in stage:
                try:
                    found.append(self.matched(limit))
                except HandOver as reason:
                    if reasons and self._forgets(limit):
                        continue
                    reasons.append(reason)
                    if not isinstance(reason, TooFast):
                        missing.append(bool(self._let(limit)))
                        rules += [] if limit.weights else [f"where {limit.text()}: {reason}"]
            if found and not (missing and all(self._gone(one) for one, _ in found)):
                return found
        best = max(reasons, key=lambda reason: reason.depth)
        raise advice.tried(self, best, rules) if advise else best

    def _let(self, limit: regime.Limit) -> list[Any]:
        """Hyperparameters that this limit lets fall."""
        return [a for a in self.trace.me if not isinstance(a, Field) and limit.asked.get(a.name, "fixed") != "fixed"]

    def _forgets(self, limit: regime.Limit) -> bool:
        """Whether this limit, which nobody asked for, lets a share fall that may be that of the old."""
        small = [a for a in self.trace.me if isinstance(a, Field) and limit.asked.get(a.name) in ("lr", "sqrt(lr)")]
        return self.how.limit is None and bool(small)

    def _gone(self, matched: Matched) -> bool:
        """Whether a hyperparameter that its limit lets fall is in no term any more."""
        return any(a not in matched.symbols for a in self._let(matched.limit))

    def matched(self, limit: regime.Limit) -> tuple[Matched, tuple[str, ...]]:
        """The SDE in one limit."""
        self.trace.assumed[:] = self.met
        given = self.trace, self.moves, self.moments, limit
        if self.how.order == 1:
            return matching.match(*given, 1, self.how.eliminate), tuple(self.trace.assumed)
        if self.how.eliminate:
            raise HandOver("averaging a part out is of order 1")
        base, longer = (matching.match(*given, order, ()) for order in (1, 2))
        return order2.correct(self.trace, base, longer), tuple(self.trace.assumed)
