"""How fast the parts of a state move: a limit in which one moves faster than time passes is none, or averages it out.

In one step a part may change in the mean by O(τ), τ the time of a step, and by noise of O(√τ). What relaxes within a
few steps has no equation of its own; where it does so linearly, and by itself, its fixed point stands for it.
"""

from __future__ import annotations

import itertools
from typing import Any

import sympy as sp

from sdeopt.derivation.moments import Moments, tidy
from sdeopt.derivation.regime import Limit
from sdeopt.derivation.series import Series, q, series
from sdeopt.derivation.shown import show
from sdeopt.derivation.words import HandOver, TooFast, Vec, Word, part_factors, vanishes, vector

__all__ = ["average", "check", "forgotten"]


def check(table: dict[Any, Any], moments: Moments, limit: Limit, power: int, fine: int) -> None:
    """Refuse a limit that is none before one in which only a rule is missing."""
    _feedback(table, moments, limit, power, fine)
    fast: dict[Any, Any] = {}
    reasons: list[HandOver] = []
    for part, coefficients in table.items():
        try:
            found = _leading(coefficients, moments, power)
        except HandOver as reason:
            reasons.append(reason)
            continue
        if found is not None:
            fast[part] = found
    if fast:
        raise _too_fast(fast, list(table), limit, fine, moments.trace)
    if reasons:
        raise reasons[0]


def _leading(c: Any, moments: Moments, power: int) -> tuple[int, Any] | None:
    """The first power of q and its coefficient whose mean moves faster than time, or its noise faster than √time."""
    for i in range(min(c.low, 0), power):
        mean = moments.mean(c[i])
        if not vanishes(mean) or (2 * i < power and not vanishes(c[i] - mean)):
            return i, moments.whole(tidy(c[i]))
    return None


def _too_fast(fast: dict[Any, Any], parts: list[Any], limit: Limit, fine: int, trace: Any) -> TooFast:
    """Why the last part that is too fast is so; ``search`` tries what can be done about one that relaxes by itself."""
    part, (i, e) = list(fast.items())[-1]
    others = [p for p in parts if p != part and e.has(p)]
    led = [str(p) for p, (_, f) in fast.items() if p != part and f.has(part)]
    linear = e.has(part) and not vector(sp.diff(e, part)) and part != parts[0]
    if any(_running(f, part) for f in e.atoms(sp.Max, sp.Min)):
        why = "a running maximum or minimum reflects, which no drift and diffusion do"
    elif linear and not led:
        why = ""
    elif linear:
        why = f"{part} relaxes within steps and {' and '.join(led)} with it, so that it is not averaged out by itself"
        if led == [str(parts[0])] and vanishes(e - parts[0] + part):  # the last position
            why += f": keep the difference {parts[0]} - {part}, a velocity, in its place"
    elif e.has(part) and part != parts[0]:
        why = f"{part} relaxes within steps, and not linearly, so that no rule averages it out"
    elif others:
        why = f"{' and '.join(map(str, others))} must fall with η, see limit="
    else:
        why = "what a step adds must fall with η, see limit="
    moved = f"{part} moves by O(η^{sp.Rational(i, 2 * fine)}) in one step, by {show(e, 100)}, faster than time passes"
    alone = linear and not led
    reason = TooFast(moved + (f": {why}" if why else ""), parts.index(part) + 0.5 * alone - len(fast) / 100.0)
    if alone:
        reason.part, reason.limit = part, limit
        rate = sp.diff(e, part).xreplace(limit.named)
        reason.held = tuple(a for a in trace.me if rate.has(a) and a != trace.me.lr)
    return reason


def _running(f: Any, part: Any) -> bool:
    """Whether ``f`` is the larger or smaller of a part and of what moves."""
    own = [a for a in f.args if part_factors(a)[1] == part]
    return bool(own) and any(vector(a) for a in f.args if a not in own)


def _feedback(table: dict[Any, Any], moments: Moments, limit: Limit, power: int, fine: int) -> None:
    """Refuse a part that a jump turns around within one step: the jump's argument holds it like 1/η, and it the jump.

    Jumps are kept whole, so that they hide from the expansion how fast they move what moves them.
    """
    reach: dict[tuple[Any, Any], tuple[int, Any]] = {}
    for atom in moments.atoms.values():
        held = None if atom.shift is None else _alone(_scale(atom.shift, limit))
        for p, r in itertools.product(table, [] if held is None else [held]):
            size = _first(table[p], atom.symbol, 2 * power)
            slope = _order(sp.diff(atom.shift, r), limit, r)
            slope = slope if slope is None else slope * fine
            if size is not None and slope is not None and size + slope < reach.get((p, r), (power, None))[0]:
                reach[p, r] = (size + slope, atom)
    for (p, r), (order, atom) in reach.items():
        followed = _first(table[r], p, power)  # how r follows p without a jump
        back = 0 if p == r else reach.get((r, p), (power if followed is None else followed, None))[0]
        if order + back <= 0:
            raise TooFast(
                f"{r} enters {show(atom.whole)} times 1/η, and that changes {p} as much within one step: {r} relaxes "
                "within steps, and not linearly, so that no rule averages it out",
                list(table).index(r),
            )


def _alone(shift: Series) -> Any:
    """The part that alone makes up what grows without bound in a jump's argument: it stays where the jump is."""
    lead = next((shift[i] for i in range(shift.low, 0) if not vanishes(shift[i])), sp.S.Zero)
    held = [s for s in lead.free_symbols if isinstance(s, Vec)]
    return held[0] if len(held) == 1 and not lead.atoms(Word) else None


def _first(c: Any, symbol: Any, end: int) -> int | None:
    """The first power of q below ``end`` whose coefficient holds the symbol."""
    try:
        return next((i for i in range(min(c.low, 0), end) if c[i].has(symbol)), None)
    except HandOver:  # said where the coefficient is needed
        return None


def _scale(e: Any, limit: Limit) -> Series:
    lr = sp.Symbol("lr", positive=True)
    sizes = {p: p * q ** (2 * weight) for p, weight in _weights(limit).items()}
    return series(e.xreplace({**limit.moves, lr: q**2 * lr, **sizes}))


def _weights(limit: Limit) -> dict[Any, Any]:
    return {Vec(name, real=True): weight for name, weight in limit.weights.items()}


def _order(slope: Any, limit: Limit, part: Any) -> int | None:
    """The power of q like which a change of ``part`` by its own size changes what has this slope in it."""
    if slope == 0:
        return None
    scaled = _scale(slope, limit)
    low = next((i for i in range(scaled.low, scaled.low + 9) if not vanishes(scaled[i])), None)
    return None if low is None else low + int(2 * _weights(limit).get(part, 0))


def forgotten(table: dict[Any, Any], moves: list[Any], moments: Moments) -> list[Any]:
    """Parts of which every step leaves a share and nothing else: 0 after some steps, however they enter."""
    found = []
    for (part, c), move in list(zip(table.items(), moves, strict=True))[1:]:
        left = sp.cancel(move / part)
        kept = any(sp.sympify(atom.whole).has(part) for atom in moments.atoms.values())
        if kept or vector(left) or moments.random(left) or c.low < 0 or vanishes(c[0]):
            continue
        moments.trace.assume(f"|{show(1 + sp.expand(c[0] / part))}| < 1, so that {part} is 0 after some steps")
        found.append(part)
    return found


def average(table: dict[Any, Any], fast: tuple[str, ...], power: int, moments: Moments) -> dict[Any, Any]:
    """Coefficients of the slow parts with fast buffers, linear as η → 0, at their fixed points.

    A buffer m' = r m + u with |r| < 1 answers a lasting input by u/(1 - r). Its response to one sample, summed over all
    its echoes, is the same, so that the noise has the long-run covariance: exact for a linear buffer. The slow parts
    must stand still meanwhile: what of m moves them within one step would move u.
    """
    for m in (Vec(name, real=True) for name in fast):
        own = table.pop(m)
        rate = sp.diff(own[0], m) + 1  # the table holds m' - m
        others = [c[i] for c in table.values() for i in range(2 * power)]
        kept = any(sp.sympify(atom.whole).has(m) for atom in moments.atoms.values())
        curved = any(vector(sp.diff(c, m)) or any(w.has(m) for w in c.atoms(Word)) for c in others)
        if kept or curved or vector(rate) or rate == 1 or rate.has(m):
            raise HandOver(f"{m} enters non-linearly: its average is an integral over its own stationary law")
        led = [str(p) for p, c in table.items() if any(c[i].has(m) for i in range(min(c.low, 0), 1))]
        if led:
            raise HandOver(f"{' and '.join(led)} moves with {m} within one step, so that {m} does not relax by itself")
        fixed = sp.factor(sp.expand(own[0] + m - rate * m) / (1 - rate))
        moments.trace.assume(f"|{show(sp.factor(rate))}| < 1, so that {m} relaxes within steps")
        table = {p: c.with_({m: fixed}) for p, c in table.items()}
    return table
