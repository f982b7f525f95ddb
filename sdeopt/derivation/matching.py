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
from sdeopt.derivation.trace import Trace, k, t
from sdeopt.derivation.vocabulary import NoiseVar
from sdeopt.derivation.words import OWN, XI, HandOver, Vec, vanishes

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

    @property
    def terms(self) -> int:
        """How many terms of the step survive."""
        return sum(len(sp.Add.make_args(sp.expand(e))) for e in (*self.drift, *self.noise) if e != 0)


def prepared(trace: Trace) -> tuple[list[Any], list[Any], Moments]:
    """The update as it stands, and with random atoms; traced once for all limits."""
    update = trace.step()
    if len(update) != len(trace.parts):
        raise HandOver(f"step returns {len(update)} parts, but the page names {', '.join(trace.cls.parts)}")
    moments = Moments(trace)
    return update, [moments.abstracted(u) for u in update], moments


def match(trace: Trace, moves: list[Any], moments: Moments, limit: Limit, order: int) -> Matched:
    """The SDE in ``limit``, or a `HandOver` that says why there is none."""
    lr = trace.me.lr
    weights = {Vec(name, real=True): power for name, power in limit.weights.items()}
    everything = {**limit.moves, lr: q**2 * lr, **{p: p * q ** (2 * e) for p, e in weights.items()}}
    power = int(sp.degree(sp.powdenest(limit.tau.xreplace(everything), force=True), q))
    means, kicks = [], []
    for part, move in zip(trace.parts, moves, strict=True):
        change = (move - part).xreplace({k: t / limit.tau}).xreplace(everything) * q ** (-2 * weights.get(part, 0))
        coefficients = _Coefficients(series(change))
        _slow(part, coefficients, moments, power)
        mean = [moments.mean(coefficients[i]) for i in range(power * (order + 1))]
        noise = [flat(coefficients[i] - moments.mean(coefficients[i])) for i in range(2 * power)]
        means.append(sp.Add(*mean) / limit.tau)
        kicks.append(sp.Add(*noise))
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
    )


class _Coefficients:
    """Coefficients of a series with their products multiplied out."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __getitem__(self, i: int) -> Any:
        return flat(self.of[i])


def _slow(part: Any, coefficients: Any, moments: Moments, power: int) -> None:
    """Refuse a part whose mean moves faster than time, or whose noise does faster than its root."""
    low = coefficients.of.low
    for i in range(min(low, 0), power):
        c = coefficients[i]
        mean = moments.mean(c)
        fast = not vanishes(mean) or (2 * i < power and not vanishes(c - mean))
        if fast:
            raise HandOver(
                f"{part} moves by O(η^{sp.Rational(i, 2)}) in one step, by {sp.sstr(tidy(c))[:60]}, faster than time "
                f"passes: tie what holds it to η by limit=, or average it out by eliminate=({part.name!r},)"
            )


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
