"""The SDE of a traced step: mean and covariance of one step, expanded in a limit, divided by the time of a step.

Source: the recipe of weak approximation, drift and diffusion from the moments of a step, is that of Li, Tai & E (2019),
arXiv:1811.01558, theorem 3. Mean terms are kept below the power p (order + 1) of q where a step lasts τ ~ q^p, noise
below 2p: that keeps what is of the next order in the noise where a hyperparameter shrinks like √η (SAM, SEG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from sdeopt.derivation.action import Action
from sdeopt.derivation.moments import Moments, flat, tidy
from sdeopt.derivation.regime import Limit
from sdeopt.derivation.series import q, series
from sdeopt.derivation.shown import shown
from sdeopt.derivation.trace import Trace, k, t
from sdeopt.derivation.vocabulary import NoiseVar
from sdeopt.derivation.words import OWN, XI, HandOver, TooFast, Vec, Word, vanishes, vector

__all__ = ["Matched", "match", "prepared"]


@dataclass
class Matched:
    """Per part of the state: drift, and noise as an action on the increments of ``brownian``."""

    parts: list[Any]
    drift: list[Any]
    noise: list[Any]
    brownian: tuple[str, ...]
    limit: Limit
    start: list[Any]
    copies: dict[Any, Any]
    fast: tuple[str, ...] = ()

    @property
    def symbols(self) -> set[Any]:
        """What the formulas depend on."""
        held = set().union(*(sp.sympify(e).free_symbols for e in (*self.drift, *self.noise)))
        return held.union(*(meaning.free_symbols for rate, meaning in self.limit.named.items() if rate in held))

    @property
    def terms(self) -> tuple[int, int]:
        """How many symbols and how many terms of the step survive."""
        return len(self.symbols), sum(len(sp.Add.make_args(e)) for e in (*self.drift, *self.noise) if e != 0)


def prepared(trace: Trace) -> tuple[list[Any], list[Any], Moments]:
    """The update as it stands, and with random atoms; traced once for all limits."""
    update = trace.step()
    if len(update) != len(trace.parts):
        raise HandOver(f"step returns {len(update)} parts, but the page names {', '.join(trace.cls.parts)}")
    moments = Moments(trace)
    return update, [moments.abstracted(u) for u in update], moments


def match(trace: Trace, moves: list[Any], moments: Moments, limit: Limit, order: int, fast: tuple[str, ...]) -> Matched:
    """The SDE in ``limit``, or a `HandOver` that says why there is none; ``fast`` parts are averaged out."""
    power = limit.power(trace.me.lr)
    table = expanded(trace, moves, limit, bool(fast))
    if fast:
        table = averaged(table, fast, power, moments)
    _slow(table, moments, power, trace.parts)
    means, kicks = [], []
    for part in trace.parts:
        c = table.get(part, HELD)
        mean = [moments.mean(c[i]) for i in range(power * (order + 1))]
        noise = [flat(c[i] - moments.mean(c[i])) for i in range(2 * power)]
        means.append(sp.Add(*mean) / limit.tau)
        kicks.append(sp.Add(*noise))
    if all(vanishes(e) for e in (means[0], kicks[0])):
        raise TooFast(f"x does not move within a time of order 1 if a step lasts {limit.tau}")
    action = Action(moments, limit.tau)
    found = action.of(kicks)
    return Matched(
        parts=trace.parts,
        drift=[tidy(e) for e in means],
        noise=[tidy(e) for e in found],
        brownian=action.brownian,
        limit=limit,
        start=first(trace, moves, [atom.symbol for atom in moments.atoms.values()]),
        copies=action.copies,
        fast=fast,
    )


def expanded(trace: Trace, moves: list[Any], limit: Limit, now: bool) -> dict[Any, Any]:
    """Coefficients of the change of every part in one step; hyperparameters first by their rates if ``now``."""
    lr = trace.me.lr
    weights = {Vec(name, real=True): power for name, power in limit.weights.items()}
    rates = {symbol: moved.xreplace({q: sp.S.One}) for symbol, moved in limit.moves.items()} if now else {}
    everything = {**limit.moves, lr: q**2 * lr, **{p: p * q ** (2 * e) for p, e in weights.items()}}
    table = {}
    for part, move in zip(trace.parts, moves, strict=True):
        change = (move - part).xreplace(rates).xreplace({k: t / limit.tau.xreplace(rates)}).xreplace(everything)
        table[part] = Coefficients(series(change * q ** (-2 * weights.get(part, 0))))
    return table


class Coefficients:
    """Coefficients of a series with their products multiplied out."""

    def __init__(self, of: Any, change: Any = None) -> None:
        self.of, self.low, self.change = of, of.low, change

    def __getitem__(self, i: int) -> Any:
        c = flat(self.of[i])
        return c if self.change is None else flat(c.xreplace(self.change))

    def with_(self, change: Any) -> Coefficients:
        """The same with symbols replaced."""
        return Coefficients(self.of, change)


def _slow(table: dict[Any, Any], moments: Moments, power: int, parts: list[Any]) -> None:
    """Refuse a limit that is none before one in which only a rule is missing."""
    reasons: list[HandOver] = []
    for part, coefficients in table.items():
        try:
            _as_time(part, coefficients, moments, power, parts.index(part))
        except HandOver as reason:
            reasons.append(reason)
    if reasons:
        raise next((reason for reason in reasons if isinstance(reason, TooFast)), reasons[0])


def _as_time(part: Any, coefficients: Any, moments: Moments, power: int, depth: int) -> None:
    """Refuse a part whose mean moves faster than time, or whose noise does faster than its root."""
    low = coefficients.low
    for i in range(min(low, 0), power):
        c = coefficients[i]
        mean = moments.mean(c)
        fast = not vanishes(mean) or (2 * i < power and not vanishes(c - mean))
        if fast:
            leading = tidy(c)
            hint = (
                "a running maximum reflects, which no drift and diffusion do"
                if any(f.has(part) for f in leading.atoms(sp.Max, sp.Min))
                else (f"tie what holds it to η by limit=, or average it out by eliminate=({part.name!r},)")
            )
            raise TooFast(
                f"{part} moves by O(η^{sp.Rational(i, 2)}) in one step, by {shown(leading)}, faster than time "
                f"passes: {hint}",
                depth,
            )


HELD = Coefficients(series(sp.S.Zero))


def averaged(table: dict[Any, Any], fast: tuple[str, ...], power: int, moments: Moments) -> dict[Any, Any]:
    """Coefficients of the slow parts with fast buffers, linear as η → 0, at their fixed points.

    A buffer m' = r m + u with |r| < 1 answers a lasting input by u/(1 - r). Its response to one sample, summed over all
    its echoes, is the same, so that the noise has the long-run covariance: exact for a linear buffer.
    """
    for m in (Vec(name, real=True) for name in fast):
        own = table.pop(m)
        rate = sp.diff(own[0], m) + 1  # the table holds m' - m
        others = [c[i] for c in table.values() for i in range(2 * power)]
        kept = any(sp.sympify(atom.whole).has(m) for atom in moments.atoms.values())
        curved = any(vector(sp.diff(c, m)) or any(w.has(m) for w in c.atoms(Word)) for c in others)
        if kept or curved or vector(rate) or rate == 1 or rate.has(m):
            raise HandOver(f"{m} enters non-linearly: its average is an integral over its own stationary law")
        fixed = sp.factor(sp.expand(own[0] + m - rate * m) / (1 - rate))
        moments.trace.assume(f"|{shown(sp.factor(rate))}| < 1, so that {m} relaxes within steps")
        table = {p: c.with_({m: fixed}) for p, c in table.items()}
    return table


def first(trace: Trace, moves: list[Any], atoms: list[Any]) -> list[Any]:
    """The state after the first step, squares at their means and the noise left out: where a singular SDE starts."""
    if not hasattr(trace.cls, "init") or any(u.has(*atoms) for u in moves):
        return []
    begin = dict(zip(trace.parts, trace.vectors(trace.cls.init, trace.x, "o"), strict=True))
    squares = {XI**2: NoiseVar(trace.x), OWN**2: sp.S.One}
    mean = [sp.expand(u).xreplace(squares).xreplace({XI: sp.S.Zero, OWN: sp.S.Zero}) for u in moves]
    there = [u.xreplace({k: sp.S.Zero}).xreplace(begin) for u in mean]
    simple = [u.replace(lambda w: w.is_Pow, lambda w: sp.factor(w.base) ** w.exp) for u in there]
    return [sp.factor_terms(sp.factor(u)) for u in simple]
