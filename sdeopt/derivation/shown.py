"""Expressions as a sentence shows them: by the page's own names, with ∇f, ξ and η for what it asks of others."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

__all__ = ["show"]

LETTERS = {
    "lr": "η", "xi": "ξ", "xi2": "ξ'", "xi_i": "ξ_i", "zeta": "ζ", "w_own": "w", "u_own": "u", "xi_value": "(F - f)",
}  # fmt: skip
WORDS = {
    "Grad": "∇f({0})", "Hvp": "∇²f({0}) {1}", "Norm": "|{0}|", "Total": "total({0})", "Value": "f({0})",
    "NoiseVar": "σ²", "AgentMean": "∇f_i({0})", "ClippedBatch": "clipped_grad({1})", "MeanSign": "E sign({1} + ξ)",
    "Coordinates": "d",
}  # fmt: skip


class Plain(StrPrinter):
    """Words by their letters; others by their names in pages."""

    def _print_Symbol(self, e: Any) -> str:
        return LETTERS.get(e.name, str(e.name))

    _print_Vec = _print_Piece = _print_Field = _print_Symbol

    def _print_Rate(self, e: Any) -> str:
        kind, _, of = e.name.partition("_")
        return f"(1 - {of})" if kind == "delta" else f"{kind}_{of}"

    def _print_Function(self, e: Any) -> str:
        args = [self._print(a) for a in e.args]
        name = e.func.__name__
        known = WORDS.get(name)
        return known.format(*args) if known else f"{getattr(e, 'code', '') or name}({', '.join(args)})"

    _print_sign = _print_erf = _print_exp = _print_log = _print_tanh = _print_sin = _print_cos = _print_Function

    def _print_Abs(self, e: Any) -> str:
        return f"|{self._print(e.args[0])}|"

    def _print_Max(self, e: Any) -> str:
        return f"maximum({', '.join(self._print(a) for a in e.args)})"

    def _print_Min(self, e: Any) -> str:
        return f"minimum({', '.join(self._print(a) for a in e.args)})"

    def _print_Mod(self, e: Any) -> str:
        return " % ".join(self._print(a) for a in e.args)

    def _print_Piecewise(self, e: Any) -> str:
        (one, condition), (other, _) = e.args
        return f"where({self._print(condition)}, {self._print(one)}, {self._print(other)})"

    def _print_Rational(self, e: Any) -> str:
        short = f"{float(e):.6g}"
        return short if e.q > 20 else str(super()._print_Rational(e))


def show(e: Any, most: int = 80) -> str:
    """``e`` on one line, cut where it is long."""
    e = sp.sympify(e)
    text = str(Plain().doprint(e.xreplace({sp.Symbol("q", positive=True): sp.S.One})))
    return text if len(text) <= most else f"{text[: most - 2]} …"
