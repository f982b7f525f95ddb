"""LaTeX of updates and SDEs, with the letters of the papers."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.letters import LETTERS, letter, table
from sdeopt.derivation.twins import Piece
from sdeopt.derivation.words import XI, Decimal, Vec, Word, of_agent, part_factors

__all__ = ["plain", "sde_lines", "update_lines"]

FUNCTIONS = "sign|erf|Cov|clip|tr"  # beside names, what stands upright
CLOSED = (v.Norm, v.Value)  # to which an exponent may be written without brackets


class Tex(LatexPrinter):
    """Products, quotients and roots of vectors are per coordinate."""

    def __init__(self, letters: dict[str, str]) -> None:
        super().__init__({"fold_short_frac": False, "root_notation": True})
        self.letters = {**LETTERS, **letters}

    def _print_Symbol(self, e: Any, style: str = "plain") -> str:
        if e.name in self.letters:
            return self.letters[e.name]
        if isinstance(e, Decimal):
            digits, _, power = f"{float(e.name):e}".partition("e")
            front = "" if float(digits) == 1.0 else rf"{float(digits):g} \cdot "
            return rf"{front}10^{{{int(power)}}}"
        return letter(e.name)

    _print_Vec = _print_Piece = _print_Field = _print_Symbol

    def bracketed(self, e: Any) -> str:
        """In brackets where it is a sum, negative, or a product that an operator before it would take apart."""
        text = self._print(e)
        several = e.is_Mul and (
            e.as_coeff_Mul()[0] < 0 or len(part_factors(e)[1].args) > 1 and part_factors(e)[1].is_Mul
        )
        return rf"\left({text}\right)" if (e.is_Add and _sum(text)) or several else str(text)

    def word(self, e: Any) -> str:
        """A word's own LaTeX with its arguments in place."""
        out = e.tex
        for i, a in enumerate(e.args):
            last = out.endswith(f"@{i}")
            out = out.replace(f"@[{i}]", self.bracketed(a))
            out = out.replace(f"@{i}", self.bracketed(a) if last else str(self._print(a)))
        return str(out)

    def _print(self, e: Any, exp: Any = None, **kw: Any) -> str:
        if isinstance(e, Word):
            text = self.word(e)
            bare = exp is None or len(text) == 1 or isinstance(e, CLOSED)
            power = "" if exp is None else f"^{{{exp}}}"
            return f"{text}{power}" if bare else rf"\left({text}\right){power}"
        if isinstance(e, sp.sign) and exp is None:
            return rf"\mathrm{{sign}}\left({self._print(e.args[0])}\right)"
        return str(super()._print(e, **kw) if exp is None else super()._print(e, exp=exp, **kw))

    def _print_Pow(self, e: Any) -> str:
        if e.exp.is_Rational and e.exp.q > 2 and e.base.is_Symbol:
            return rf"{self._print(e.base)}^{{{e.exp.p}/{e.exp.q}}}"
        if isinstance(e.base, Decimal) and not e.exp.is_negative:
            return rf"\left({self._print(e.base)}\right)^{{{self._print(e.exp)}}}"
        return str(super()._print_Pow(e))

    def number(self, c: Any) -> str:
        """A product of numbers, all its square roots in one."""
        factors = [f for f in sp.Mul.make_args(c) if not f.is_number]
        digits = sp.Mul(*(f for f in sp.Mul.make_args(c) if f.is_number))
        rooted = [f for f in factors if abs(f.as_base_exp()[1]) == sp.S.Half]
        if (digits**2).is_Rational and not digits.is_Rational:
            rooted, digits = [*rooted, digits], sp.S.One
        if len(rooted) < 2:
            return str(super()._print_Mul(c) if c.is_Mul else self._print(c))
        rest = digits * sp.Mul(*(f for f in factors if f not in rooted))
        over, under = sp.fraction(sp.Mul(*(f**2 for f in rooted)))
        root = rf"\sqrt{{{self._print(over / under if over != 1 else under)}}}"
        root = rf"\frac{{1}}{{{root}}}" if over == 1 else root
        before = rf"\left({self._print(rest)}\right)" if rest.is_Add else self._print(rest)
        pair = (root, before) if rest.atoms(Word) else (before, root)
        return root if rest == 1 else " ".join(pair)

    def _print_Piecewise(self, e: Any) -> str:
        (one, condition), (other, _) = e.args
        inside = rf"\mathbf{{1}}\left[{self._print(condition)}\right]"
        chosen = inside if one - other == 1 else f"{inside} {self.bracketed(one - other)}"
        return chosen if other == 0 else rf"\left({self._print(other)} + {chosen}\right)"

    def _print_Heaviside(self, e: Any, exp: Any = None) -> str:
        return rf"\mathbf{{1}}\left[{self._print(e.args[0])} > 0\right]"

    def _print_erf(self, e: Any) -> str:
        return rf"\mathrm{{erf}}\left({self._print(e.args[0])}\right)"

    def _print_Mul(self, e: Any) -> str:
        c, rest = part_factors(e)
        quotient = any(f.as_base_exp()[1].is_negative for f in sp.Mul.make_args(rest))
        if quotient or not e.is_Mul or (rest == 1 and c.as_coeff_Mul()[0] < 0):
            return str(super()._print_Mul(e))
        if rest == 1:
            return self.number(c)
        over, under = sp.fraction(c)
        if under != 1 and abs(over) == 1 and isinstance(rest, Vec):
            return rf"{'- ' if over == -1 else ''}\frac{{{self._print(rest)}}}{{{self._print(under)}}}"
        if c == 1:
            return self.vectors(rest)
        sign = "- " if c.as_coeff_Mul()[0] < 0 else ""
        c = -c if sign else c
        head = "" if c == 1 else f"{self.bracketed(c) if c.is_Add else self.number(c)} "
        return f"{sign}{head}{self.vectors(rest)}"

    def vectors(self, e: Any) -> str:
        """A product per coordinate; an operator acts on all that follows, so it stands last, others in brackets."""
        if not e.is_Mul:
            return self.bracketed(e)
        factors = sorted(e.args, key=lambda f: (_open(f), sp.default_sort_key(f)))
        texts = [self.bracketed(f) for f in factors]
        return " ".join(
            rf"\left({s}\right)" if _open(f) and s is not texts[-1] else s for f, s in zip(factors, texts, strict=True)
        )

    def _print_Add(self, e: Any, order: Any = None) -> str:
        """What all terms share stands in front, the simplest term first."""
        terms = sorted(e.args, key=lambda a: (len(a.atoms(Word)), sp.count_ops(a), sp.default_sort_key(a)))
        shared = _share([part_factors(a)[0] for a in terms])
        rest = [self._print(a / shared) for a in terms]
        text = rest[0] + "".join(f" - {r[1:].lstrip()}" if r.startswith("-") else f" + {r}" for r in rest[1:])
        if shared == 1:
            return text
        sign = "- " if shared.as_coeff_Mul()[0] < 0 else ""
        front = "" if abs(shared) == 1 else f"{self.number(-shared if sign else shared)} "
        return f"{sign}{front}\\left({text}\\right)"


def _open(f: Any) -> bool:
    """Whether a factor is an operator whose argument comes last, without brackets."""
    return isinstance(f, Word) and len(f.args) > 1 and f.tex.endswith(f"@{len(f.args) - 1}")


def _share(numbers: list[Any]) -> Any:
    """Powers of symbols that all numbers hold, with the sign that all have."""
    tables = [{b: x for b, x in c.as_powers_dict().items() if not b.is_number} for c in numbers]
    common = sp.S.One
    for b, x in sorted(tables[0].items(), key=str):
        powers: list[Any] = [table.get(b, sp.S.Zero) for table in tables]
        same = all(p.is_number and p * x > 0 for p in powers)
        if same and not b.is_Add and x.is_number:
            common *= b ** (min(powers) if x > 0 else max(powers))
    digits = {abs(sp.Mul(*(f for f in sp.Mul.make_args(c) if f.is_number))) for c in numbers}
    common *= digits.pop() if len(digits) == 1 else 1
    return -common if all(c.could_extract_minus_sign() for c in numbers) else common


def print_latex(e: Any, letters: dict[str, str]) -> str:
    """LaTeX of one expression."""
    text = Tex(letters)._print(sp.sympify(e))
    text = re.sub(rf"(?<=[\w}}]) \\mathrm{{(?!{FUNCTIONS})", r" \\,\\mathrm{", text)  # 2 temp, not 2temp
    name = rf"\\mathrm{{(?!{FUNCTIONS})\w+}}(?:_\w|_{{[^}}]*}})?"
    text = re.sub(rf"({name}) (?=[A-Za-z]|\\(?!right|,))", r"\1 \\,", text)  # wd X, not wdX
    return text.replace(r"\sqrt{\sigma^2}", r"\sigma").replace(r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}")


def plain(e: Any, d: Any) -> str:
    """LaTeX of an expression of the state."""
    return print_latex(e, table(d) | {str(p): letter(str(p)) for p in d.trace.parts})


def sde_lines(d: Any) -> list[str]:
    """One equation per part of the state, then what the rates stand for."""
    letters = table(d)
    lines = []
    for p, b, s in zip(d.parts, d.drift, d.noise, strict=True):
        if str(p) in d.fast:
            continue
        drift = print_latex(b, letters)
        both = rf"\left({drift}\right)" if _sum(drift) else drift
        noise = print_latex(s, letters) if s != 0 else ""
        joint = "" if not noise else f" {noise}" if noise.startswith("-") else f" + {noise}"
        lines.append(rf"d{letters[str(p)]} &= {both}\,dt{joint}")
    known = {**d.limit.named, **d.copies}
    used = [name for name in known if any(e.has(name, Piece(str(name), real=True)) for e in (*d.drift, *d.noise))]
    if used:
        lines.append(
            "& "
            + r",\quad ".join(f"{print_latex(name, letters)} = {print_latex(known[name], letters)}" for name in used)
        )
    return lines


def _sum(text: str) -> bool:
    """Whether a plus or minus stands outside all brackets."""
    depth = 0
    for token in re.findall(r"\\left.|\\right.|[{}()]| [+-] ", text):
        depth += 1 if token in "{(" or token[:5] == r"\left" else -1 if token in "})" or token[:6] == r"\right" else 0
        if depth == 0 and token in (" + ", " - "):
            return True
    return False


def update_lines(d: Any) -> list[str]:
    """The step, with γ for the gradient that is seen; of more samples than two the points at which they are seen."""
    if len(d.trace.samples) > 2:
        return _many_lines(d)
    parts, known = d.trace.parts, table(d)
    seen_as = r"\gamma" if r"\gamma" not in known.values() else r"\hat g"
    letters = known | {str(p): letter(str(p), "k") for p in parts}
    letters |= {"gamma_": seen_as, "xi": r"\xi_k", "xi2": r"\xi'_k"}
    gamma, mean = Vec("gamma_", real=True), v.Grad(parts[0])
    lines = []
    seen = False
    for p, u in zip(parts, d.update, strict=True):
        short = u.xreplace({XI: gamma - mean})
        short = u.xreplace({mean + XI: gamma}) if short.has(mean) else short
        seen = seen or short.has(gamma)
        lines.append(rf"{letter(str(p), 'k+1')} &= {print_latex(short, letters)}")
    if seen:
        lines.append(rf"& {seen_as} = \nabla f(x_k) + \xi_k")
    return lines


def _many_lines(d: Any) -> list[str]:
    """The step with a name for each point at which it asks for a gradient, the n-th sample's noise being ξ^(n)."""
    letters = table(d) | {str(p): letter(str(p), "k") for p in d.trace.parts}
    for n, xi in enumerate(d.trace.samples, 1):
        letters |= {str(xi): rf"\xi^{{({n})}}", str(of_agent(xi)): rf"\xi^{{({n})}}_i"}
    asked = {w.args[0] for u in d.update for w in u.atoms(v.Grad, v.AgentMean)} - {d.trace.x}
    names: dict[Any, Any] = {}
    lines = []
    for n, point in enumerate(sorted(asked, key=sp.count_ops), 1):
        name = (Piece if v.differs(point) else Vec)(f"point_{n}", real=True)
        letters[str(name)] = rf"y^{{({n})}}" + ("_i" if isinstance(name, Piece) else "")
        lines.append(f"{letters[str(name)]} &= {print_latex(point.xreplace(names), letters)}")
        names[point] = name
    steps = zip(d.trace.parts, d.update, strict=True)
    return [*lines, *(rf"{letter(str(p), 'k+1')} &= {print_latex(u.xreplace(names), letters)}" for p, u in steps)]
