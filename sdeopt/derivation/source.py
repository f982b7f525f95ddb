"""A derived SDE as the source of a page: what the engine runs, and what its owner may paste."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import sympy as sp

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.action import increments
from sdeopt.derivation.code import Code
from sdeopt.derivation.expectations import Quad
from sdeopt.derivation.trace import ORACLE, t
from sdeopt.derivation.twins import Piece
from sdeopt.derivation.words import HandOver, Vec, vector

__all__ = ["floors", "guards", "singular", "source"]

WIDTH = 120
LENGTHS = (72, 60, 50, 40, 32, 24)  # of what stands on a line of its own, until every line fits
HEAD = '''"""{doc}"""

from __future__ import annotations

from typing import Any

import numpy as np

{imports}

__all__ = ["{name}"]


@rival({owner}, "{label}", order={order:g}, brownian={brownian})
class {name}:
    r"""{line}

{text}
    """
'''


def floors(d: Any) -> dict[Any, Any]:
    """A part that noise can drive below 0 and that stands under a root: at least a tenth of what its mean exceeds."""
    found = {}
    variance = v.NoiseVar(d.parts[0])
    for p, b, s in zip(d.parts[1:], d.drift[1:], d.noise[1:], strict=True):
        rooted = any(r.has(p) for w in d.drift for r in w.atoms(sp.Pow) if _rooted(r))
        for gained in (variance, v.Total(variance)):  # entry by entry, or in all of them
            rate, share = -sp.expand(b).coeff(p, 1), sp.expand(b).coeff(gained, 1)
            if s != 0 and share != 0 and not vector(share) and not vector(rate) and rooted:
                gain = share / rate * (1 - sp.exp(-rate * t)) if rate != 0 else share * t
                found[p] = sp.Max(p, gain * gained / 10)
    return found


def guards(d: Any) -> dict[Any, Any]:
    """What stands under roots -> the same above 0: a part by its floor, a sum with other parts by that of its part.

    V - M², of running means of squares and of what they are the squares of, has the floor of V: the mean of the one
    less the square of that of the other is what the noise alone gives, or more.
    """
    floor = floors(d)
    found: dict[Any, Any] = {}
    for root in (r for e in (*d.drift, *d.noise) for r in sp.sympify(e).atoms(sp.Pow) if _rooted(r) and r.has(*floor)):
        held = [p for p in floor if root.base.has(p)] if floor else []
        if root.base.has(*(p for p in d.parts[1:] if p not in held)) and len(held) == 1:
            (p,) = held
            low = next(a for a in floor[p].args if a != p)
            found[root.base] = sp.Max(root.base, sp.expand(root.base).coeff(p, 1) * low)
        else:
            found[root.base] = root.base.xreplace(floor)
    return found


def _rooted(r: Any) -> bool:
    return bool(r.exp.is_Rational and not r.exp.is_Integer)


def singular(d: Any) -> bool:
    """Whether the drift divides by what vanishes at time 0, so that the SDE begins after the first step.

    Hyperparameters that may be 0 or are tiny, such as a guard in a denominator, count as 0.
    """
    if not d.start or any(sp.sympify(e).atoms(*RANDOM) for e in d.start):
        return False
    cls, trace = d.method, d.trace
    bounds = zip(trace.me, cls.bounds.values(), strict=True)
    tiny = {a for a, number in trace.values.items() if 0.0 <= number < GUARD and a != trace.me.lr}
    may_vanish = [a for a, one in bounds if a in tiny or (one.low == 0.0 and not one.open_low)]
    begin = dict(zip(trace.parts, trace.vectors(cls.init, trace.x, ORACLE), strict=True))
    roots = {r.base for e in d.drift for r in sp.sympify(e).atoms(sp.Pow) if r.exp.is_negative}
    at_zero = dict.fromkeys([t, *may_vanish], sp.S.Zero)
    return any(root.xreplace(begin).xreplace(at_zero) == 0 for root in roots)


RANDOM = (v.Average, v.Clipped)
GUARD = 1e-4  # a hyperparameter below it guards a denominator


def source(d: Any, label: str, mark: str) -> str:
    """The file, ``mark`` at the line that imports the method; ``start`` only where the SDE is singular."""
    _on_its_clock(d)
    code = [
        _function(d, "drift", "t: Any, {y}: Any, o: Any", d.drift, "The mean of a step per unit of time."),
        _function(d, "diffusion", "t: Any, {y}: Any, o: Any, dw: Any", d.noise, "The noise of a step, on increments."),
    ]
    if singular(d):
        code.insert(0, _function(d, "start", "{x}: Any, o: Any", d.start, "The state after the first step."))
    owner = d.method.__name__
    imports = {("sdeopt.core", "rival")}.union(*(asked for _, asked in code))
    names = increments(d.brownian)
    brownian = ", ".join(f'"{name}"' for name in names)
    return HEAD.format(
        doc=f"{owner}: the SDE of order {d.order}, derived from its step.",
        imports=_imports(imports, d.method, mark),
        owner=owner,
        label=label,
        name=owner + "".join(word.capitalize() for word in re.split(r"\W", label)),
        order=d.order * d.method.order,
        brownian=brownian if len(names) == 1 else f"({brownian})",
        line=f"The SDE of {owner}.step as η → 0.",
        text=textwrap.indent(d.prose(), "    "),
    ) + "".join(text for text, _ in code)


def _on_its_clock(d: Any) -> None:
    """An SDE is run on the clock of its page, so that another time would make its drift too large or too small."""
    found, own = d.limit.tau, d.trace.clock()
    if sp.simplify(found - own) != 0:
        raise HandOver(
            f"{d.method.__name__}'s SDE lives in the time t = k {found}, and the page's own clock says t = k {own}: "
            f"give the page @method(..., clock=f) with a function f(self) that returns {found}"
        )


def _imports(asked: set[tuple[str, str]], owner: Any, mark: str) -> str:
    homes = sorted({home for home, _ in asked})
    lines = [_from(home, sorted({name for h, name in asked if h == home}, key=_isort)) for home in homes]
    wrapped = hasattr(owner, "inner")  # has no name in any module
    method = f"{owner.__name__}: Any = ..." if wrapped else f"from {owner.__module__} import {owner.__name__}"
    return "\n".join([*lines, f"{method}  {mark}"])


def _isort(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _from(home: str, names: list[str]) -> str:
    line = f"from {home} import {', '.join(names)}"
    return line if len(line) <= WIDTH else f"from {home} import (\n" + "".join(f"    {n},\n" for n in names) + ")"


def _function(d: Any, name: str, arguments: str, es: list[Any], doc: str) -> tuple[str, set[tuple[str, str]]]:
    """The text of a method and what it imports."""
    several = len(d.parts) > 1 and name != "start"
    floor = guards(d) if name != "start" else {}
    es = [_floor(sp.sympify(e), floor) for e in es]
    arguments = arguments.format(y="y" if several else d.parts[0], x=d.parts[0])
    for long in LENGTHS:
        lines, imports = _lines(d, es, several, long)
        if all(len(line) <= WIDTH - 8 for line in lines):
            break
    body = "".join(f"        {piece}\n" for line in lines for piece in _broken(line))
    return f'\n    def {name}(self: Any, {arguments}) -> Any:\n        """{doc}"""\n{body}', imports


def _lines(d: Any, es: list[Any], several: bool, long: int) -> tuple[list[str], set[tuple[str, str]]]:
    code = Code(_names(d), d.parts[0], long)
    if several:
        code.lines.append(f"{', '.join(map(str, d.parts))} = y")
    _share(code, d, es)
    texts = []
    for part, e, one in zip(d.parts, es, _entries(d), strict=True):
        wide = several or part == d.parts[0] or vector(one)
        texts.append(
            code.text(e) if vector(e) or not wide else _spread(code.text(e), e, part if several else d.parts[0])
        )
    return [line for text in [*code.lines, _return(texts)] for line in text.split("\n")], code.imports


def _entries(d: Any) -> list[Any]:
    """What a part becomes if it is a number: no vector where it stays one. Parts of a step without formulas are."""
    if not d.update:
        return list(d.trace.parts)
    return [u.xreplace({p: sp.Symbol(str(p), real=True)}) for p, u in zip(d.trace.parts, d.update, strict=True)]


def _spread(text: str, e: Any, part: Any) -> str:
    """A number in every entry of a part, which may be a number itself."""
    return f"0.0 * {part}" if e == 0 else f"{text} + 0.0 * {part}"


def _return(texts: list[str]) -> str:
    line = f"return {', '.join(texts)}"
    if len(line) <= WIDTH - 8 or len(texts) == 1:
        return line
    return "return (\n" + "".join(f"    {text},\n" for text in texts) + ")"


def _broken(line: str) -> list[str]:
    """A line as it is, or in parentheses over several where it is still too long, as sums of many terms are."""
    if len(line) <= WIDTH - 8:
        return [line]
    head, sign, rest = ("return", " ", line[7:]) if line.startswith("return ") else line.partition(" = ")
    pieces = textwrap.wrap(rest if sign else line, WIDTH - 12, break_long_words=False, break_on_hyphens=False)
    pieces = [f"    {piece.strip()}" for piece in pieces]
    return [f"{head}{sign}(", *pieces, ")"] if sign else pieces  # else it stands in parentheses already


def _names(d: Any) -> dict[Any, str]:
    names: dict[Any, str] = {symbol: f"self.{symbol}" for symbol in d.trace.me}
    names |= {p: str(p) for p in d.parts} | {t: "t"}
    many = len(d.brownian) > 1
    names |= {Vec(f"dw_{b}", real=True): f"dw[{i}]" if many else "dw" for i, b in enumerate(d.brownian)}
    return names


def _floor(e: Any, floor: dict[Any, Any]) -> Any:
    if not floor:
        return e
    return e.replace(lambda w: w.is_Pow and _rooted(w) and w.base in floor, lambda w: floor[w.base] ** w.exp)


def _share(code: Code, d: Any, es: list[Any]) -> None:
    """Names for what is asked more than once, and for the rates of the limit."""
    x = d.parts[0]
    roots = sorted({w for e in es for w in e.atoms(v.RootCov, v.RootAdditive, v.AgentRoot)}, key=sp.default_sort_key)
    words = [(v.Grad(x), "g"), (v.NoiseVar(x), "var"), *((w, "w") for w in roots)]
    for rate, meaning in d.limit.named.items():
        if any(w.has(rate) for w in es):
            code.let(str(rate), rate, meaning)
    for e, name in words:
        held = sum(w.count(e) for w in es) + sum(q.count(e) for w in es for q in w.atoms(Quad))
        if held > (0 if isinstance(e, v.AgentRoot) else 1):
            code.let(name, e)
    for copy, meaning in d.copies.items():
        if any(w.has(copy, Piece(str(copy), real=True)) for w in es):
            code.let(str(copy), copy, meaning)
