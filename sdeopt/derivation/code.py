"""Expressions as lines of Python in the vocabulary of pages."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.expectations import ZETA, Quad
from sdeopt.derivation.piecewise import GaussDensity, GaussSign
from sdeopt.derivation.twins import AgentCount, Compressed, Piece
from sdeopt.derivation.words import HandOver, Vec, Word

__all__ = ["Code"]

NUMPY = {"Abs": "np.abs", "sign": "np.sign", "Max": "np.maximum", "Min": "np.minimum"}
ROOTS = {1: 0, 2: 1, 4: 2}  # denominator of an exponent -> square roots


class Code(StrPrinter):
    """Prints expressions; those of more than ``long`` characters become lines of their own, in ``lines``.

    ``names`` are symbols and words that have a name already; ``imports`` collects what is asked for, by module.
    """

    def __init__(self, names: dict[Any, str], x: Any, long: int) -> None:
        super().__init__()
        self.names, self.x, self.long = dict(names), x, long
        self.imports: set[tuple[str, str]] = set()
        self.lines: list[str] = []
        self._taken = set(names.values())

    def text(self, e: Any) -> str:
        """``e`` in Python, on one line."""
        e = sp.sympify(e)
        return self.names[e] if e in self.names else str(super()._print(e))

    def let(self, name: str, e: Any, meaning: Any = None) -> None:
        """Write a line that gives ``e``, which stands for ``meaning``, a name."""
        line = self.text(e if meaning is None else meaning)
        if name in self._taken:
            name = self.fresh(name)
        self._taken.add(name)
        self.lines.append(f"{name} = {line}")
        self.names[e] = name

    def call(self, name: str, *args: Any, home: str = "sdeopt.core") -> str:
        """A call, its arguments printed unless they are text."""
        if not name.startswith("np."):
            self.imports.add((home, name))
        return f"{name}({', '.join(a if isinstance(a, str) else self._print(a) for a in args)})"

    def _print(self, e: Any, **kw: Any) -> str:
        if isinstance(e, sp.Basic) and e in self.names:
            return str(self.names[e])
        text = str(super()._print(e, **kw))
        if len(text) > self.long and isinstance(e, sp.Expr) and (ZETA in self.names or not e.has(ZETA)):
            name = self.fresh("a")
            self.lines.append(f"{name} = {text}")
            self.names[e] = text = name
        return text

    def fresh(self, stem: str) -> str:
        """A name that nothing has yet."""
        name = next(name for name in (f"{stem}{i}" for i in range(1, 999)) if name not in self._taken)
        self._taken.add(name)
        return name

    def inner(self, names: dict[Any, str]) -> Code:
        """A printer for lines inside a loop, with further names."""
        code = Code(self.names | names, self.x, self.long)
        code.imports, code._taken = self.imports, self._taken
        return code

    def named(self, name: str, home: str) -> str:
        """A name that is imported."""
        self.imports.add((home, name))
        return name

    def _print_Function(self, e: Any) -> str:
        if not isinstance(e, Word):
            return self.call(NUMPY.get(e.func.__name__, e.func.__name__), *e.args)
        if isinstance(e, Quad):
            return self._quadrature(*e.args)
        if isinstance(e, (GaussSign, GaussDensity)):
            text = self.call(e.code, e.args[0], sp.sqrt(e.args[1]), home=e.home)
            return f"(0.5 * {text})" if isinstance(e, GaussDensity) else text
        if isinstance(e, v.Coordinates):
            return f"len({self.x})"
        agents = self._of_agents(e)
        if agents is not None:
            return agents
        if not e.code:
            raise HandOver(f"pages have no word for {type(e).__name__}{e.args}, which the formula holds")
        return self.call(e.code, *(["o"] if e.asks else []), *e.args, home=e.home)

    _print_Abs = _print_sign = _print_erf = _print_exp = _print_log = _print_tanh = _print_Function
    _print_sin = _print_cos = _print_Max = _print_Min = _print_Function

    def _of_agents(self, e: Any) -> str | None:
        """Vectors of all agents, one after the other, or their mean."""
        if isinstance(e, AgentCount):
            return f"1.0 * len({self._members()})"
        if isinstance(e, (v.AgentMean, v.AgentRoot)):
            return f"np.concatenate({self.call(e.code, 'o', *e.args)})"
        if isinstance(e, v.Average):
            (inner,) = e.args
            return self.call("average", self._each(inner) or self.call("pieces", inner, self._members()))
        each = self._each(e)
        return None if each is None else f"np.concatenate({each})"

    def _members(self) -> str:
        return self.call("agent_means", "o", self.x)

    def _each(self, e: Any) -> str | None:
        if isinstance(e, v.Clipped):
            return self.call(
                "each", self.named(e.code, e.home), self.call("pieces", e.args[0], self._members()), e.args[1]
            )
        if isinstance(e, Compressed):
            rule, draws, parameter, seen = e.args
            pieces = [self.call("pieces", a, self._members()) for a in (seen, draws)]
            rest = [] if parameter == 0 else [parameter]
            return self.call("each", self.named(str(rule), e.home), *pieces, *rest)
        return None

    def _print_Symbol(self, e: Any) -> str:
        if isinstance(e, Piece):
            return self._print(Vec(e.name, real=True))
        return str(super()._print_Symbol(e))

    _print_Vec = _print_Piece = _print_Field = _print_Symbol

    def _quadrature(self, integrand: Any, variance: Any) -> str:
        from sdeopt.derivation.quadrature import loop

        return loop(self, integrand, variance)

    def _print_Rational(self, e: Any) -> str:
        return repr(float(e))

    _print_Integer = _print_Half = _print_Float = _print_Zero = _print_One = _print_NegativeOne = _print_Rational
    _print_NumberSymbol = _print_Pi = _print_Exp1 = _print_Rational

    def _print_Heaviside(self, e: Any) -> str:
        return f"(0.5 + 0.5 * {self.call('np.sign', e.args[0])})"

    def _print_Piecewise(self, e: Any) -> str:
        (one, condition), (other, _) = e.args
        return self.call(
            "where", f"{self._print(condition.lhs)} {condition.rel_op} {self._print(condition.rhs)}", one, other
        )

    def _print_Pow(self, e: Any, rational: bool = False) -> str:
        base, exponent = e.base, e.exp
        if exponent.is_number and exponent.is_negative:
            return f"1.0 / {self._factor(base**-exponent)}"
        if exponent.is_Rational and exponent.q in ROOTS and exponent < 9:
            root = self._print(base) if exponent.q > 1 else self.parenthesize(base, PRECEDENCE["Pow"])
            for _ in range(ROOTS[exponent.q]):
                root = self.call("np.sqrt", root)
            return " * ".join([root] * int(exponent.p))
        return self.call("power", base, exponent)

    def _factor(self, e: Any) -> str:
        text = self._print(e)
        simple = e in self.names or text.isidentifier() or (e.is_Function and not text.startswith("-"))
        return text if simple or (e.is_Pow and e.exp == sp.S.Half) else f"({text})"

    def _print_Mul(self, e: Any) -> str:
        c, rest = e.as_coeff_Mul()
        half = abs(c) == sp.S.Half and sp.sqrt(2) in sp.Mul.make_args(rest)
        if half:
            c, rest = 2 * c, rest / sp.sqrt(2)
        over: list[Any] = []
        under: list[Any] = []
        for f in sp.Mul.make_args(rest):
            base, exponent = f.as_base_exp()
            inverse = exponent.is_number and exponent.is_negative
            (under if inverse else over).append(base**-exponent if inverse else f)
        over.sort(key=lambda f: (isinstance(f, Word), bool(f.atoms(Vec))))
        head = ["np.sqrt(0.5)"] if half else [repr(float(abs(c)))] if abs(c) != 1 or not over else []
        text = " * ".join(head + [self._product(f) for f in over]) + "".join(f" / {self._factor(f)}" for f in under)
        return ("-" if c < 0 else "") + text

    def _product(self, f: Any) -> str:
        text = self._print(f)
        return f"({text})" if text not in self._taken and f.is_Add else text
