"""The symbolic vocabulary: one commutative SymPy expression is the generic entry of a vector.

Sums, products, quotients and elementwise functions of vectors are then those of numbers. What is not local (a gradient,
a Hessian, a sum over entries, a root of a covariance) is a *word*: an opaque function that knows whether it returns a
number, whether it is linear in its last argument, and its derivative.

    d grad(x) = ∇²f dx,   d ∇²f(x) v = D³f[v, dx] + ∇²f dv,   d E sign(G + ξ) = J dG (Stein: the mean response),
    d Σv_i = Σ dv_i,      d |v| = v·dv/|v|

Covariances are taken constant where a word is differentiated.
"""

from __future__ import annotations

import random
from typing import Any, ClassVar

import sympy as sp

from sdeopt.derivation.shown import show

__all__ = [
    "OWN",
    "UNIFORM",
    "VALUE_XI",
    "XI",
    "XI2",
    "AgentNoise",
    "Decimal",
    "HandOver",
    "Piece",
    "Rate",
    "Share",
    "TooCoarse",
    "TooFast",
    "Vec",
    "Word",
    "of_agent",
    "part_factors",
    "rate_at_zero",
    "rational",
    "sample",
    "sign_of",
    "vanishes",
    "vector",
]


SMALL = 1e-2  # numbers below it stay as they are written, among them what guards against a division by 0


class HandOver(Exception):
    """Why the rules stop here, and who goes on; ``depth`` is the part of the state that they came to."""

    def __init__(self, reason: str, depth: float = 0) -> None:
        super().__init__(reason)
        self.depth = depth


class TooFast(HandOver):
    """Why a limit is none: the rules answer, but a part of the state moves faster, or x slower, than time passes.

    Where that is ``part``, which relaxes linearly, ``held`` are the hyperparameters in how fast it does.
    """

    part: Any = None
    held: tuple[Any, ...] = ()
    limit: Any = None


class TooCoarse(HandOver):
    """Why powers of √η do not do: the step holds one between them."""


class Vec(sp.Symbol):
    """The entry of a vector: a part of the state, noise, an increment. A plain Symbol is a number."""


class Piece(Vec):
    """What one agent has of a vector that holds all agents' one after the other."""


class AgentNoise(Vec):
    """Noise of the gradient of one agent."""


class Word(sp.Function):
    """An opaque function of vectors.

    ``code`` is its name in pages, found in the module ``home``, with the oracle as first argument if ``asks``; ``tex``
    its LaTeX, in which ``@0`` stands for the first argument.
    """

    scalar: ClassVar[bool] = False
    linear: ClassVar[bool] = False
    asks: ClassVar[bool] = True
    code: ClassVar[str] = ""
    home: ClassVar[str] = "sdeopt.core"
    tex: ClassVar[str] = ""
    is_real = True

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """Multiply out what a linear word acts on: a sum word by word, numbers in front."""
        if not cls.linear:
            return None
        v = sp.expand(args[-1])
        if v == 0 or v.is_Add:
            return sp.Add(*(cls(*args[:-1], term) for term in v.args)) if v != 0 else sp.S.Zero
        c, rest = part_factors(v)
        return c * cls(*args[:-1], rest) if c != 1 else None

    def _eval_derivative(self, s: Any) -> Any:
        moved = [a.diff(s) for a in self.args]
        return sp.S.Zero if all(m == 0 for m in moved) else self.rate(moved)

    def rate(self, moved: Any) -> Any:
        """The derivative along the arguments' ``moved``."""
        if self.linear and all(m == 0 for m in moved[:-1]):
            return self.func(*self.args[:-1], moved[-1])
        raise HandOver(f"{type(self).__name__} has no derivative in the vocabulary, and the expansion asks for one")


def rate_at_zero(e: Any, h: Any, n: int = 1) -> Any:
    """The n-th derivative of ``e`` in ``h`` at 0; that of a jump is none, unless what stands before it vanishes there.

    At a jump by the state alone a path may stay (a projection reflects it, a soft threshold holds it), so that what
    happens beside it is not enough.
    """
    rate = sp.sympify(e.diff(h, n) if n else e)
    if n and rate.has(sp.DiracDelta):
        rate = sp.Add(*(term for term in sp.Add.make_args(sp.expand(rate)) if not _off_its_jump(term, h)))
    if n and rate.has(sp.DiracDelta, sp.Derivative, sp.Subs):
        now = e.xreplace({h: sp.S.Zero})
        jumps = sorted(map(show, now.atoms(sp.sign, sp.Abs, sp.Min, sp.Max, sp.Piecewise)), key=len)
        raise HandOver(f"the expansion differentiates {jumps[-1] if jumps else 'a jump'} where it jumps or bends")
    return rate.xreplace({h: sp.S.Zero}).doit()


def _off_its_jump(term: Any, h: Any) -> bool:
    """Whether δ(u) in ``term`` is 0: u is a number that is not 0, or what stands before δ vanishes with u."""
    for delta in term.atoms(sp.DiracDelta):
        u = sp.expand(delta.args[0].xreplace({h: sp.S.Zero}))
        moving = sorted((a for a in u.free_symbols if isinstance(a, Vec)), key=str)
        if not moving and sign_of(u):
            return True
        slope = u.coeff(moving[0], 1) if moving else sp.S.Zero
        if len(delta.args) > 1 or slope == 0 or any(slope.has(a) for a in moving):
            continue
        root = sp.expand(moving[0] - u / slope)
        before = (term / delta).xreplace({h: sp.S.Zero})
        if not root.has(moving[0]) and vanishes(before.xreplace({moving[0]: root})):
            return True
    return False


def vector(e: Any) -> bool:
    """Whether an expression has an entry per coordinate."""
    if isinstance(e, Vec):
        return True
    return not e.scalar if isinstance(e, Word) else any(vector(a) for a in e.args)


def part_factors(v: Any) -> tuple[Any, Any]:
    """Numbers and vectors among the factors of a product."""
    factors = sp.Mul.make_args(v)
    return sp.Mul(*(a for a in factors if not vector(a))), sp.Mul(*(a for a in factors if vector(a)))


def _evaluate(e: Any, attempt: int, width: float = 1.5) -> Any:
    """The value of ``e`` where symbols and words are random numbers, of a name and an attempt the same."""
    values: dict[Any, Any] = {}

    def drawn(a: Any) -> Any:
        point = random.Random(f"{attempt} {a}")
        name = str(a)
        if isinstance(a, Decimal):
            return sp.Float(name, 40)
        if name in ("lr", "q") and width > 1.0:
            return sp.Float(str(10.0 ** point.uniform(-6.0, -4.0)), 40)
        if getattr(a, "fraction", False):
            return sp.Float(str(point.uniform(0.01, 0.99)), 40)
        size = sp.Float(str(10.0 ** point.uniform(-width, width)), 40)
        return size if a.is_nonnegative or point.random() < 0.5 else -size

    def at(a: Any) -> Any:
        if isinstance(a, (Word, sp.Symbol)):
            if a not in values:
                values[a] = drawn(a)
            return values[a]
        return a.func(*map(at, a.args)) if a.args else a

    return sp.N(at(e), 30)


def vanishes(e: Any) -> bool:
    """Whether an expression is 0, by its values at two random points; words are independent numbers.

    They are of order 1, the learning rate too: where they are large, what a saturating function such as tanh leaves is
    below any tolerance, and so is e^(-ψt/η) where η is small.
    """
    e = sp.sympify(e)
    if e == 0 or e.is_number:
        return bool(e == 0)
    return all(abs(_evaluate(e, attempt, 0.4)) < 1e-20 for attempt in range(2))


def sign_of(e: Any) -> int | None:
    """1, -1 or 0 where an expression has that sign at 12 random points of its hyperparameters, else None."""
    e = sp.sympify(e)
    if e.is_zero:
        return 0
    if e.has(Word) or any(isinstance(a, Vec) for a in e.free_symbols):
        return 1 if e.is_positive else -1 if e.is_negative else None
    signs = {int(sp.sign(_evaluate(e, attempt))) for attempt in range(12)}
    return signs.pop() if len(signs) == 1 else None


class Decimal(sp.Symbol):
    """A small number of the page, named as it is written, so that no formula multiplies it out."""


def rational(e: Any) -> Any:
    """Floats of the page as rationals, small ones as they are written."""
    e = sp.sympify(e)
    small = {f: Decimal(repr(float(f)), positive=True) for f in e.atoms(sp.Float) if 0.0 < f < SMALL}
    return e.xreplace(small | {f: sp.nsimplify(f, rational=True) for f in e.atoms(sp.Float) - small.keys()})


class Field(sp.Symbol):
    """A hyperparameter in (0, 1)."""

    fraction = True


class Rate(sp.Symbol):
    """1 - β in units of a power of η."""


class Share(Rate):
    """1 - β of a β that stays: in (0, 1)."""

    fraction = True


def sample(n: int) -> Any:
    """Noise of the n-th sample of the gradient that a step sees, n = 1, 2, ..."""
    return Vec("xi" if n == 1 else f"xi{n}", real=True)


def of_agent(noise: Any) -> Any:
    """That of one agent in this sample."""
    return AgentNoise(f"{noise}_i", real=True)


XI, XI2 = sample(1), sample(2)
VALUE_XI = sp.Symbol("xi_value", real=True)  # noise of the sample's loss, from the same draws as that of its gradient
OWN, UNIFORM = Vec("w_own", real=True), Vec("u_own", real=True)  # the page's own draws
