"""The SDE of a traced step: mean and covariance of one step, expanded in a limit, divided by the time of a step.

Source: the recipe of weak approximation, drift and diffusion from the moments of a step, is that of Li, Tai & E (2019),
arXiv:1811.01558, theorem 3. Mean terms are kept below the power p (order + 1) of q where a step lasts τ ~ q^p, noise
below the p-th power after its first, at most 2p: that keeps what is of the next order in the noise where a
hyperparameter shrinks like √η (SAM, SEG), and what a step has of gradient noise beside larger noise of its own (SGLD).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from sdeopt.derivation import speed
from sdeopt.derivation.action import Action
from sdeopt.derivation.moments import Moments, flat, tidy
from sdeopt.derivation.regime import Limit
from sdeopt.derivation.series import q, series
from sdeopt.derivation.shown import show
from sdeopt.derivation.trace import ORACLE, Trace, k, t
from sdeopt.derivation.vocabulary import NoiseVar
from sdeopt.derivation.words import OWN, VALUE_XI, HandOver, TooCoarse, TooFast, Vec, vanishes, vector

FREE_LOSS = "the sample's loss is f(x), free of noise"

__all__ = ["Matched", "match", "prepare"]


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


def prepare(trace: Trace) -> tuple[list[Any], list[Any], Moments]:
    """The update as it stands, and with random atoms; traced once for all limits."""
    update = trace.step()
    if len(update) != len(trace.parts):
        raise HandOver(f"step returns {len(update)} part(s), but the page names {', '.join(trace.cls.parts)}")
    if not vector(update[0]):
        raise HandOver(f"step returns the number {show(update[0])} in the place of the vector x")
    moments = Moments(trace)
    return update, [moments.abstracted(u) for u in update], moments


def match(trace: Trace, moves: list[Any], moments: Moments, limit: Limit, order: int, fast: tuple[str, ...]) -> Matched:
    """The SDE in ``limit``, or a `HandOver` that says why there is none; ``fast`` parts are averaged out."""
    try:
        return _match(trace, moves, moments, limit, order, fast, 1)
    except TooCoarse:
        return _match(trace, moves, moments, limit, order, fast, 2)


def _match(
    trace: Trace, moves: list[Any], moments: Moments, limit: Limit, order: int, fast: tuple[str, ...], fine: int
) -> Matched:
    """`match` with expansions in powers of q^(1/fine)."""
    power = limit.power(trace.me.lr) * fine
    table = expand_step(trace, moves, limit, bool(fast), fine)
    trace.additive = any(_apart(trace, shift, limit, power, order, fine) for shift in trace.elsewhere)
    if trace.additive:
        trace.assume("additive noise, ξ(x) = ξ(y): the step asks for its gradient at a second point")
    gone = speed.forgotten(table, moves, moments)
    if gone:
        none = dict.fromkeys(gone, sp.S.Zero)
        rest = [p if p in gone else move.xreplace(none) for p, move in zip(trace.parts, moves, strict=True)]
        table = expand_step(trace, rest, limit, bool(fast), fine)
    if fast:
        table = speed.average(table, fast, power, moments)
    speed.check(table, moments, limit, power, fine)
    if any(move.has(VALUE_XI) for move in moves):
        table = _of_known_loss(table, trace, power * max(2, order + 1))
    means, noises = [], []
    for part in trace.parts:
        c = table.get(part, HELD)
        mean = [moments.mean(c[i]) for i in range(power * (order + 1))]
        noises.append([flat(c[i] - moments.mean(c[i])) for i in range(2 * power)])
        means.append(sp.Add(*mean) / limit.tau)
    leading = next((i for i in range(power) if any(not vanishes(noise[i]) for noise in noises)), power)
    kicks = [sp.Add(*noise[: leading + power]) for noise in noises]
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
        fast=(*fast, *map(str, gone)),
    )


def expand_step(trace: Trace, moves: list[Any], limit: Limit, now: bool, fine: int = 1) -> dict[Any, Any]:
    """Coefficients of the change of every part in one step; hyperparameters first by their rates if ``now``."""
    rates = {symbol: moved.xreplace({q: sp.S.One}) for symbol, moved in limit.moves.items()} if now else {}
    table = {}
    for part, move in zip(trace.parts, moves, strict=True):
        size = q ** (2 * limit.weights.get(str(part), 0))
        table[part] = Coefficients(series((_in_limit(trace, move - part, limit, rates) / size).xreplace({q: q**fine})))
    return table


def _in_limit(trace: Trace, e: Any, limit: Limit, rates: dict[Any, Any]) -> Any:
    """``e`` with everything in it as it moves with q."""
    weights = {Vec(name, real=True): power for name, power in limit.weights.items()}
    everything = {**limit.moves, trace.me.lr: q**2 * trace.me.lr, **{p: p * q ** (2 * e) for p, e in weights.items()}}
    return e.xreplace(rates).xreplace({k: t / limit.tau.xreplace(rates)}).xreplace(everything)


def _apart(trace: Trace, shift: Any, limit: Limit, power: int, order: int, fine: int) -> bool:
    """Whether a point is so far from x that noise must be the same in both: at order 1, farther than a step."""
    try:
        apart = series(_in_limit(trace, shift, limit, {}).xreplace({q: q**fine}))
        return order > 1 or any(not vanishes(apart[i]) for i in range(min(apart.low, 0), power))
    except HandOver:
        return True


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


def _of_known_loss(table: dict[Any, Any], trace: Trace, end: int) -> dict[Any, Any]:
    """The coefficients without noise of the sample's loss; what it shares with the gradient's has no word."""
    if not any(c[i].has(VALUE_XI) for c in table.values() for i in range(min(c.low, 0), end)):
        return table
    trace.assume(FREE_LOSS)
    return {part: c.with_({VALUE_XI: sp.S.Zero}) for part, c in table.items()}


HELD = Coefficients(series(sp.S.Zero))


def first(trace: Trace, moves: list[Any], atoms: list[Any]) -> list[Any]:
    """The state after the first step, squares at their means and the noise left out: where a singular SDE starts."""
    if not hasattr(trace.cls, "init") or any(u.has(*atoms) for u in moves):
        return []
    begin = dict(zip(trace.parts, trace.vectors(trace.cls.init, trace.x, ORACLE), strict=True))
    squares = {**{xi**2: NoiseVar(trace.x) for xi in trace.samples}, OWN**2: sp.S.One}
    none = dict.fromkeys((*trace.samples, OWN, VALUE_XI), sp.S.Zero)
    mean = [sp.expand(u).xreplace(squares).xreplace(none) for u in moves]
    there = [u.xreplace({k: sp.S.Zero}).xreplace(begin) for u in mean]
    simple = [u.replace(lambda w: w.is_Pow, lambda w: sp.factor(w.base) ** w.exp) for u in there]
    return [sp.factor_terms(sp.factor(u)) for u in simple]
