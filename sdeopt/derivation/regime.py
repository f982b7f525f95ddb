"""The limit η → 0 in which an SDE is taken: what is tied to the learning rate, the clock, and the size of the buffers.

A limit says for each hyperparameter how it moves with η ("1 - lr" for a β with 1 - β ∝ η, "sqrt(lr)", "fixed", ...),
how long a step lasts ("t"), and how large a part of the state is ("v": "1/sqrt(lr)"). It is what the caller says; else
what the page's ``scaled`` and clock say; else every combination that the state's dimension allows is tried, and the one
in which most terms of the step survive is taken. No rule looks at a field's name.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from sdeopt.core import checks
from sdeopt.core.method import learning_rate
from sdeopt.derivation.series import q
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.words import Field, HandOver, rational

__all__ = ["Limit", "candidates", "stated"]

POWER = re.compile(
    r"(?P<away>1 ?- ?)?(?P<under>1/)?(?:(?P<root>sqrt\(lr\))|lr(?:\*\*\(?(?P<over>\d+)(?:/(?P<by>\d+))?\)?)?)"
)
WORDS = "'fixed', 'lr', 'sqrt(lr)', 'lr**2', '1/lr', '1/sqrt(lr)', or with '1 - ' before it"


@dataclass
class Limit:
    """How everything moves as η → q² η, q → 0; ``named`` are rates such as ρ = (1 - β)/η and what they stand for."""

    tau: Any
    moves: dict[Any, Any]
    weights: dict[str, Any]
    named: dict[Any, Any] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The limit in the words that ``limit=`` takes."""
        ties = [f"{name} ~ {rule}" for name, rule in self.said.items() if rule != "fixed"]
        return "; ".join([f"t = k {sp.sstr(self.tau)}".replace("lr", "η"), *ties]).replace("lr", "η")


def rule(name: str, text: Any) -> tuple[bool, Any]:
    """Whether 1 - h moves, and the power of η that it moves like."""
    if text == "fixed":
        return False, sp.S.Zero
    found = POWER.fullmatch(str(text).strip())
    if found is None or (found["by"] is not None and int(found["by"]) == 0):
        raise ValueError(f"limit: {name} must be one of {WORDS}, got {text!r}")
    over, by = int(found["over"] or 1), int(found["by"] or 1)
    power = sp.Rational(1, 2) if found["root"] else sp.Rational(over, by)
    return found["away"] is not None, -power if found["under"] else power


def _moved(symbol: Any, away: bool, power: Any) -> Any:
    size = q ** (2 * power)
    return 1 - (1 - symbol) * size if away else symbol * size


def said(trace: Trace, words: dict[str, str]) -> Limit:
    """The limit that the caller's words describe."""
    fields = dict(zip(trace.cls._fields, trace.me, strict=True))
    parts = [part.name for part in trace.parts]
    moves: dict[Any, Any] = {}
    weights: dict[str, Any] = {}
    tau = trace.clock()
    for name, text in words.items():
        away, power = rule(name, text)
        if name == "t":
            if away or power <= 0:
                raise ValueError(f"limit: t must be a positive power of lr, got {text!r}")
            tau = trace.me.lr**power
        elif name in fields and name != "lr":
            moves[fields[name]] = _moved(fields[name], away, power)
        elif name in parts:
            weights[name] = power
        else:
            checks.choice("limit", name, [*[n for n in fields if n != "lr"], *parts, "t"])
    return _finished(trace, Limit(tau, moves, weights, said=dict(words)))


def stated(trace: Trace) -> Limit:
    """The limit of the page: its ``scaled``, else nothing tied, and its clock."""
    moves: dict[Any, Any] = {}
    if hasattr(trace.cls, "scaled"):
        scaled = trace.run(trace.cls.scaled, q**2 * trace.me.lr)
        moves = {a: sp.simplify(rational(b)) for a, b in zip(trace.me, scaled, strict=True)}
        moves = {a: b for a, b in moves.items() if b != a and a != trace.me.lr}
    words = {str(a): _word(a, b) for a, b in moves.items()}
    return _finished(trace, Limit(trace.clock(), moves, {}, said=words))


def _word(symbol: Any, moved: Any) -> str:
    for prefix, ratio in (("", sp.simplify(moved / symbol)), ("1 - ", sp.simplify((1 - moved) / (1 - symbol)))):
        base, power = ratio.as_base_exp()
        if base == q:
            return (
                prefix + {1: "sqrt(lr)", 2: "lr", 4: "lr**2", -1: "1/sqrt(lr)", -2: "1/lr", -4: "1/lr**2"}[int(power)]
            )
    raise HandOver(f"scaled moves {symbol} like {moved}, which is no power of the learning rate")


def _finished(trace: Trace, limit: Limit) -> Limit:
    """Names for the rates: ρ = (1 - β)/η^n of a β that goes to 1, δ = 1 - β of one that does not."""
    lr = trace.me.lr
    for symbol in trace.me:
        if symbol not in limit.moves:
            if isinstance(symbol, Field):
                delta = sp.Symbol(f"delta_{symbol}", positive=True)
                limit.moves[symbol], limit.named[delta] = 1 - delta, 1 - symbol
            continue
        ratio = sp.simplify((1 - limit.moves[symbol]) / (1 - symbol))
        base, power = ratio.as_base_exp()
        if base == q:
            rho = sp.Symbol(f"rho_{symbol}", positive=True)
            limit.moves[symbol] = 1 - rho * lr ** (power / 2) * q**power
            limit.named[rho] = (1 - symbol) / lr ** (power / 2)
    return limit


def candidates(trace: Trace, words: dict[str, str] | None) -> Iterator[Limit]:
    """Limits to try, those that the caller or the page states first."""
    if words is not None:
        yield said(trace, words)
        return
    yield stated(trace)


def weighted(trace: Trace, limit: Limit) -> Iterator[Limit]:
    """The same with other sizes of the parts beside x."""
    sizes = [sp.S.Zero, -sp.Rational(1, 2), -sp.S.One, -sp.Integer(2)]
    rest = [part.name for part in trace.parts[1:]]
    for powers in itertools.product(sizes, repeat=len(rest)):
        if any(powers):
            yield Limit(limit.tau, limit.moves, dict(zip(rest, powers, strict=True)), limit.named, limit.said)


def is_stated(cls: Any) -> bool:
    """Whether the page itself ties something to the learning rate, or has a clock of its own."""
    return hasattr(cls, "scaled") or cls.clock_of is not learning_rate
