"""The limit η → 0 in which an SDE is taken: what is tied to the learning rate, the clock, and the size of the buffers.

A limit says for each hyperparameter how it moves with η ("1 - lr" for a β with 1 - β ∝ η, "sqrt(lr)", "fixed", ...),
how long a step lasts ("t"), and how large a part of the state is ("v": "1/sqrt(lr)"). It is what the caller says; else
what the page's ``scaled`` and clock say; else every combination that the state's dimension allows is tried, and the one
in which most terms of the step survive is taken. No rule looks at a field's name.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from sdeopt.core import checks
from sdeopt.core.traits import learning_rate
from sdeopt.derivation.series import q
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.words import Field, HandOver, Rate, Share, rational

__all__ = ["Limit", "apply_words", "stages"]

POWER = re.compile(
    r"(?P<away>1 ?- ?)?(?P<under>1/)?(?:(?P<root>sqrt\(lr\))|lr(?:\*\*\(?(?P<over>\d+)(?:/(?P<by>\d+))?\)?)?)"
)
MOST = 30  # limits in which more than what is like a β falls
WORDS = "'fixed', 'lr', 'sqrt(lr)', 'lr**2', '1/lr', '1/sqrt(lr)', or with '1 - ' before it"


@dataclass
class Limit:
    """How everything moves as η → q² η, q → 0; ``named`` are rates such as ρ = (1 - β)/η and what they stand for."""

    tau: Any
    moves: dict[Any, Any]
    weights: dict[str, Any]
    named: dict[Any, Any] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)  # of what is said, what the page does not say

    def power(self, lr: Any) -> int:
        """The power of q like which the time of a step goes."""
        return int(sp.degree(sp.powdenest(self.tau.xreplace({lr: q**2 * lr}), force=True), q))

    def text(self) -> str:
        """The limit in the words that ``limit=`` takes."""
        ties = [f"{name} ~ {rule}" for name, rule in self.said.items() if rule != "fixed" and name != "t"]
        number, rest = self.tau.as_coeff_Mul()
        time = f"t = {'' if number == 1 else f'{number} '}k {sp.sstr(rest)}"
        return re.sub(r"\blr\b", "η", "; ".join([time, *ties]))


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


def apply_words(trace: Trace, words: Mapping[str, str]) -> Limit:
    """The limit of the page with what the caller says in place of what it says."""
    fields = dict(zip(trace.cls._fields, trace.me, strict=True))
    parts = [part.name for part in trace.parts]
    known = [*(name for name in fields if name != "lr"), *parts, "t"]
    asked, words = words, {**_ties(trace), **words}
    moves: dict[Any, Any] = {}
    weights: dict[str, Any] = {}
    tau = trace.clock()
    for name, text in words.items():
        away, power = rule(checks.choice("limit", name, known), text)
        if name == "t":
            if away or power <= 0:
                raise ValueError(f"limit: t must be a positive power of lr, got {text!r}")
            tau = trace.me.lr**power
        elif name in parts:
            weights[name] = power
        elif power != 0:
            moves[fields[name]] = _moved(fields[name], away, power)
    return _finish(trace, Limit(tau, moves, weights, said=dict(words), asked=asked))


def _ties(trace: Trace) -> dict[str, str]:
    """What the page's ``scaled`` ties to the learning rate, in the words of `rule`."""
    if not hasattr(trace.cls, "scaled"):
        return {}
    scaled = trace.run(trace.cls.scaled, q**2 * trace.me.lr)
    moves = {a: sp.simplify(rational(b)) for a, b in zip(trace.me, scaled, strict=True) if a not in trace.counted}
    return {str(a): _word(a, b) for a, b in moves.items() if b != a and a != trace.me.lr}


def _word(symbol: Any, moved: Any) -> str:
    for prefix, ratio in (("", sp.simplify(moved / symbol)), ("1 - ", sp.simplify((1 - moved) / (1 - symbol)))):
        base, power = ratio.as_base_exp()
        if base == q:
            return prefix + _power(power / 2)
    raise HandOver(f"scaled moves {symbol} like {moved}, which is no power of the learning rate")


def _finish(trace: Trace, limit: Limit) -> Limit:
    """Names for the rates: ρ = (1 - β)/η^n of a β that goes to 1, δ = 1 - β of one that does not."""
    lr = trace.me.lr
    for symbol in trace.me:
        if symbol not in limit.moves:
            if isinstance(symbol, Field):
                delta = Share(f"delta_{symbol}", positive=True)
                limit.moves[symbol], limit.named[delta] = 1 - delta, 1 - symbol
            continue
        ratio = sp.simplify((1 - limit.moves[symbol]) / (1 - symbol))
        base, power = ratio.as_base_exp()
        if base == q:
            rho = Rate(f"rho_{symbol}", positive=True)
            limit.moves[symbol] = 1 - rho * lr ** (power / 2) * q**power
            limit.named[rho] = (1 - symbol) / lr ** (power / 2)
    return limit


def _power(power: Any) -> str:
    """The words for a power of η."""
    size = abs(power)
    text = "sqrt(lr)" if size == sp.S.Half else "lr" if size == 1 else f"lr**{size if size.is_Integer else f'({size})'}"
    return text if power > 0 else f"1/{text}"


def stages(trace: Trace, words: Mapping[str, str] | None) -> Iterator[list[Limit]]:
    """Limits to try, one list after the other until one of them holds one in which the step has an SDE."""
    if words is not None:
        yield [apply_words(trace, words)]
        return
    yield [apply_words(trace, {})]
    if is_stated(trace.cls):
        yield [apply_words(trace, sizes) for sizes in _sizes(trace)]
        return
    clocks = [{"t": "lr"}, {"t": "sqrt(lr)"}]
    shares = [a for a in trace.me if isinstance(a, Field)]
    ties = list(_free(trace, shares, ("1 - lr", "1 - sqrt(lr)")))
    yield [apply_words(trace, clock | tie) for clock in clocks for tie in ties]
    small = [rules for rules in _free(trace, shares, ("lr", "sqrt(lr)")) if set(rules.values()) - {"fixed"}]
    yield [apply_words(trace, clock | tie) for clock in clocks for tie in small][:MOST]  # the share of the new
    others = [a for a in trace.me if a.is_positive and a not in (*shares, trace.me.lr, *trace.counted)]
    falling = [rules for rules in _free(trace, others, ("sqrt(lr)", "lr")) if set(rules.values()) - {"fixed"}]
    yield [apply_words(trace, tie | fall) for tie in ties for fall in falling][:MOST]
    alike = ties if len(trace.parts) < 4 else [tie for tie in ties if len(set(tie.values())) == 1]
    yield [apply_words(trace, clock | tie | size) for clock in clocks for tie in alike for size in _sizes(trace)]


def _sizes(trace: Trace) -> list[dict[str, str]]:
    """Sizes of the parts beside x that are not all 1: any of one part or two, the same of more."""
    rest = [part.name for part in trace.parts[1:]]
    sizes = ("fixed", "1/sqrt(lr)", "1/lr", "1/lr**2", *(("lr", "sqrt(lr)") if len(rest) == 1 else ()))
    products = itertools.product(sizes, repeat=len(rest)) if len(rest) < 3 else ([size] * len(rest) for size in sizes)
    return [dict(zip(rest, rules, strict=True)) for rules in products if set(rules) - {"fixed"}]


def _free(trace: Trace, symbols: list[Any], rules: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Each of the symbols fixed or moved by one of the rules."""
    for chosen in itertools.product(("fixed", *rules), repeat=len(symbols)):
        yield {str(a): rule for a, rule in zip(symbols, chosen, strict=True)}


def is_stated(cls: Any) -> bool:
    """Whether the page itself ties something to the learning rate, or has a clock of its own."""
    return hasattr(cls, "scaled") or cls.clock_of is not learning_rate
