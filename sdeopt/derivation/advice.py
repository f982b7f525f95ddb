"""What can be done about a part that relaxes within steps: advice is given if it was tried, and led to an SDE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from sdeopt.derivation import regime
from sdeopt.derivation.shown import show
from sdeopt.derivation.words import Field, HandOver, TooFast, vector

__all__ = ["tried"]

TIES = "1 - lr", "1 - sqrt(lr)", "lr", "sqrt(lr)"  # of what is in (0, 1)


def tried(search: Any, best: HandOver, rules: list[str]) -> HandOver:
    """``best``, with what helps; else the rule that is missing where the part is tied to η; else that nothing does."""
    if not isinstance(best, TooFast) or best.part is None:
        return best
    found = _last_position(search, best.part) or _tie(search, best) or _average(search, best)
    if found is None and rules:
        return HandOver(f"{best}; {rules[0]}", best.depth)
    return HandOver(f"{best}: {found or 'it relaxes within steps, and no rule averages it out'}", best.depth)


def _moving(limit: dict[str, str]) -> dict[str, str]:
    """What it takes to say a limit, where the page says nothing."""
    return {name: rule for name, rule in limit.items() if rule != "fixed" and (name, rule) != ("t", "lr")}


def _leads(search: Any, **how: Any) -> bool:
    """Whether another question has an answer."""
    try:
        replace(search, how=search.how._replace(**how)).found(advise=False)
    except HandOver:
        return False
    return True


def _tie(search: Any, best: TooFast) -> str | None:
    """A rule for what holds the part; where no limit is stated all of them have been tried."""
    if search.how.limit is None and not regime.is_stated(search.trace.cls):
        return None
    asked = best.limit.asked
    for name in (a.name for a in best.held if isinstance(a, Field)):
        for rule in TIES:
            limit = {**asked, name: rule}
            if _leads(search, limit=limit):
                return f"tie what holds it to η, as by limit={ {p: r for p, r in limit.items() if r != 'fixed'} }"
    return None


def _average(search: Any, best: TooFast) -> str | None:
    fast, asked = (*search.how.eliminate, str(best.part)), dict(best.limit.asked)
    for limit in (asked, {**asked, "t": "lr", str(best.part): "fixed"}):
        if _leads(search, limit=limit, eliminate=fast):
            said = limit if limit is not asked else _moving(asked)
            return f"average it out by eliminate={fast}" + (f" with limit={said}" if said else "")
    return None


def _last_position(search: Any, part: Any) -> str | None:
    """Where the part is the last x, and another part says how far the last step went, that can be written instead."""
    trace = search.trace
    moves = dict(zip(trace.parts, search.moves, strict=True))
    if moves[part] != trace.x:
        return None
    for other, move in moves.items():
        ratio = sp.simplify((moves[trace.x] - trace.x) / move) if move != 0 and other not in (part, trace.x) else None
        if ratio is None or vector(ratio) or search.moments.random(ratio):
            continue
        last = trace.x - ratio * other
        instead = [part if p == part else m.xreplace({part: last}) for p, m in moves.items()]
        if _leads(replace(search, moves=instead)):
            return f"it is the last {trace.x}, which is {show(last)}: write that in its place, and leave it out"
    return None
