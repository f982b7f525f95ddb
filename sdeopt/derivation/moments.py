"""Means of what a step does with its random draws, by rules.

A sign or a direction of a noisy vector is kept whole, as a random *atom* of which the law of the noise knows the mean
and the covariance: nothing is expanded inside a jump. What is left is a polynomial of degree two in the noise and the
atoms, whose means are rules that any law answers; or a function per coordinate, whose mean is an integral over normal
noise (``expectations``); or neither, which is handed over.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import sympy as sp

from sdeopt.derivation import expectations
from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.shown import show
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.twins import AGENT_XI, ClippedBatch, Compressed
from sdeopt.derivation.words import (
    OWN,
    UNIFORM,
    XI,
    HandOver,
    Piece,
    Vec,
    of_agent,
    part_factors,
    rate_at_zero,
    sign_of,
    vanishes,
    vector,
)

__all__ = ["OWNS", "Atom", "Moments", "flat", "tidy"]

KINKED = (sp.Min, sp.Max, sp.Abs, sp.sign, sp.Piecewise)
OWNS = (OWN, UNIFORM, Piece(OWN.name, real=True), Piece(UNIFORM.name, real=True))


class Atom(NamedTuple):
    """A random vector that is kept whole: its symbol, what kind it is, its mean and what it is in full."""

    symbol: Any
    kind: str
    mean: Any
    whole: Any
    shift: Any = None  # G of sign(G + ξ) and of (G + ξ)/|G + ξ|
    noise: Any = XI
    scale: Any = sp.S.One
    one: Any = None  # what has its covariance and is a function of single draws, where ``whole`` is none


def flat(e: Any) -> Any:
    """Products with sums multiplied out, denominators and arguments left as they are."""
    e = sp.sympify(e)
    if e.is_Add:
        return sp.Add(*map(flat, e.args))
    sums = [f for f in sp.Mul.make_args(e) if f.is_Add]
    return sp.Add(*(flat(e / sums[0] * term) for term in sums[0].args)) if sums and e.is_Mul else e


def tidy(e: Any) -> Any:
    """Terms with the same vectors put together, the numbers before them simplified."""
    terms: dict[Any, Any] = {}
    for term in sp.Add.make_args(flat(e)):
        c, vectors = part_factors(term)
        inner = [_primitive(f) for f in sp.Mul.make_args(vectors)]
        vectors = sp.Mul(*(f for _, f in inner))
        terms[vectors] = terms.get(vectors, 0) + c * sp.Mul(*(x for x, _ in inner))
    return sp.Add(*(_number(c) * w for w, c in terms.items()))


def _primitive(f: Any) -> tuple[Any, Any]:
    """A factor without its numerical content: 1/(2a + 2b) is 1/2 of 1/(a + b)."""
    if not (f.is_Pow and f.base.is_Add and f.exp.is_Rational):
        return sp.S.One, f
    content, rest = f.base.primitive()
    return content**f.exp, rest**f.exp


def _number(c: Any) -> Any:
    """A number in factors, where e^(-ρt) counts as a symbol."""
    decays: dict[Any, Any] = {}
    out = sp.Mul.make_args(sp.expand_power_exp(c))

    def decay(e: Any) -> Any:
        size, rate = sp.expand(e.args[0]).as_coeff_Mul()
        name = sp.Symbol(f"E{rate}", positive=True)
        decays[name] = sp.exp(-rate)
        return name ** (-size)

    plain = sp.Mul(*out).replace(lambda w: isinstance(w, sp.exp) and not w.args[0].is_Add, decay)
    factored = sp.factor(sp.powsimp(sp.expand(plain)))
    turned = factored.replace(  # 1/(1 - β), not -1/(β - 1)
        lambda w: w.is_Pow and w.base.is_Add and w.exp.is_Integer and w.base.as_coeff_Add()[0] < 0,
        lambda w: (-1) ** w.exp * (-w.base) ** w.exp,
    )
    return turned.xreplace(decays)


class Moments:
    """The random atoms of a traced page and the means of expressions with them."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.x = trace, trace.x
        self.atoms: dict[Any, Atom] = {}
        self.draws = (*trace.samples, *map(of_agent, trace.samples), *OWNS)
        self.randoms = set(self.draws)  # and the symbols of atoms

    def random(self, e: Any) -> bool:
        """Whether chance enters."""
        return not self.randoms.isdisjoint(sp.sympify(e).free_symbols)

    def whole(self, e: Any) -> Any:
        """``e`` with its atoms written out."""
        return sp.sympify(e).xreplace({atom.symbol: atom.whole for atom in self.atoms.values()})

    def _atom(self, kind: str, whole: Any, mean: Any, **more: Any) -> Any:
        if whole not in self.atoms:
            symbol = Vec(f"R{len(self.atoms)}", real=True)
            self.atoms[whole] = Atom(symbol, kind, mean, whole, **more)
            self.randoms.add(symbol)
        return self.atoms[whole].symbol

    def abstracted(self, e: Any) -> Any:
        """The update ``e`` with signs, directions and compressed vectors as random atoms."""
        for word in _sorted(e.atoms(v.Average)):
            e = e.xreplace({word: self._of_agents(word)})
        for word in _sorted(e.atoms(ClippedBatch)):
            e = e.xreplace({word: self._of_batch(word)})
        for word in _sorted(s for s in e.atoms(sp.sign) if s.has(XI)):
            seen = self._seen(word.args[0], XI)
            if seen is not None:
                slope, shift = seen
                whole = sp.sign(shift + XI)
                symbol = self._atom("sign", whole, v.MeanSign(self.x, shift), shift=shift)
                e = e.xreplace({word: slope * symbol})
        for length in sorted((n for n in e.atoms(v.Norm) if n.has(*self.trace.samples)), key=sp.count_ops):
            e = self._directed(e, length)
        return e

    def _seen(self, a: Any, noise: Any) -> tuple[int, Any] | None:
        """Sign of c and G of c (G + noise), if ``a`` is that with a number c."""
        a = sp.expand(a)
        slope = a.coeff(noise, 1)
        rest = sp.expand(a - slope * noise)
        if slope == 0 or vector(slope) or self.random(slope) or self.random(rest):
            return None
        sign = sign_of(slope)
        if not sign:
            raise HandOver(f"the noise enters {show(a)} with a factor whose sign is not known")
        return sign, tidy(rest / slope)

    def _directed(self, e: Any, length: Any) -> Any:
        """``e`` with v/|v| for this length |v| as a random direction."""
        inner = length.args[0]
        noise = next(xi for xi in self.trace.samples if inner.has(xi))
        seen = self._seen(inner, noise)
        if seen is None:
            return e  # as η → 0 the noise in it may vanish
        sign, shift = seen
        whole = (shift + noise) / v.Norm(shift + noise)
        unit = sign * self._atom("direction", whole, v.MeanDir(self.x, shift), shift=shift, noise=noise)
        e = e.xreplace({f: f / inner * length * unit for f in _products(e, length, inner)})
        if e.has(length):  # multiplied out: the terms with 1/|v| are a multiple of v
            terms = sp.Add.make_args(sp.expand(e))
            ratio = sp.simplify(sp.Add(*(a for a in terms if a.has(length))) * length / inner)
            if self.random(ratio) or ratio.has(length):
                return e
            e = sp.Add(*(a for a in terms if not a.has(length))) + ratio * unit
        return e

    def _of_batch(self, word: Any) -> Any:
        """The mean of B clipped gradients, of which one stands for the covariance; the noise of one is √B ξ."""
        x, clip, _ = word.args
        root = sp.sqrt(v.BatchSize())
        if self.trace.phases.get("clip") != "active":
            one = v.ClippedOne(v.Grad(x) + root * XI, clip) / root
            return self._atom("clipped", word, v.MeanClipped(x, clip), one=one)
        shift = v.Grad(x) / root
        one = clip / root * (shift + XI) / v.Norm(shift + XI)
        mean = clip * v.MeanDir(self.x, shift)
        return self._atom("direction", word, mean, shift=shift, scale=clip / root, one=one)

    def _of_agents(self, word: Any) -> Any:
        (e,) = word.args
        if e == sp.sign(v.AgentMean(self.x) + AGENT_XI):
            return self._atom("agents", word, v.AgentSign(self.x))
        if isinstance(e, Compressed) and not any(a.has(AGENT_XI) for a in e.args[:2]):
            rule, draws, _, seen = e.args
            if draws not in (OWNS[2:] if str(rule) == "rand_k" else OWNS[3:]):
                raise HandOver(f"{rule} is unbiased with the page's own draws, uniform ones unless it is rand_k")
            self.trace.assume("normal ξ")
            return self._atom("compressed", word, v.Average(seen.xreplace({AGENT_XI: sp.S.Zero})))
        return word

    def opened(self, e: Any) -> Any:
        """``e`` with sums over coordinates that chance enters taken term by term."""
        return sp.sympify(e).replace(lambda w: isinstance(w, v.Total) and self.random(w), _by_terms)

    def split(self, e: Any) -> tuple[Any, Any, Any, bool]:
        """Parts without, linear and quadratic in what is random, and whether there is more."""
        e = self.opened(e)
        if any(self.random(f) for f in e.atoms(*KINKED)):
            return sp.S.Zero, sp.S.Zero, sp.S.Zero, True  # derivatives at a kink are no test
        h = sp.Dummy(real=True)
        w = e.xreplace({a: h * a for a in self.randoms})
        zero, one, two = (self.opened(flat(rate_at_zero(w, h, j))) / (1 + (j == 2)) for j in range(3))
        return zero, one, two, not vanishes(e - zero - one - two)

    def mean(self, e: Any) -> Any:
        """E e."""
        e = self.opened(e)
        if not self.random(e):
            return e
        zero, one, two, more = self.split(e)
        if more:
            return self._general(sp.Add.make_args(flat(e)))
        means = dict.fromkeys(self.draws, sp.S.Zero) | {atom.symbol: atom.mean for atom in self.atoms.values()}
        return zero + one.xreplace(means) + self.squares(two)

    def _general(self, terms: Any) -> Any:
        """Terms that rules answer, and the rest as one integral, or as one for each term."""
        curved = [term for term in terms if self.random(term) and self.split(term)[3]]
        out = sp.Add(*(self.mean(term) for term in terms if term not in curved))
        try:
            return out + expectations.mean(sp.factor(sp.Add(*curved)), self)
        except HandOver:
            return out + sp.Add(*(expectations.mean(term, self) for term in curved))

    def squares(self, two: Any) -> Any:
        """The mean of a quadratic form in the draws: c ξ² → c σ², c D³f[ξ, ξ] → c ∇tr(Σ∇²f)."""
        return sp.Add(*(self._square(term) for term in self.quadratic(two)))

    def quadratic(self, two: Any) -> list[Any]:
        """The terms of a quadratic form, brackets with draws in them multiplied out."""
        terms = sp.Add.make_args(flat(two))
        return [part for a in terms for part in sp.Add.make_args(sp.expand(a) if self._squared_sum(a) else a)]

    def _squared_sum(self, term: Any) -> bool:
        return any(f.is_Pow and f.base.is_Add and f.exp == 2 and f.has(*self.draws) for f in sp.Mul.make_args(term))

    def _square(self, term: Any) -> Any:
        if term == 0:
            return sp.S.Zero
        variances = {**dict.fromkeys(self.trace.samples, v.NoiseVar(self.x)), OWN: sp.S.One}
        for draw, variance in variances.items():
            if not self.random(term / draw**2):
                return term / draw**2 * variance
            for word in (w for w in term.atoms(v.Total) if self.random(w)):
                inner = word.args[0] / draw**2
                if not self.random(inner) and not self.random(term / word):
                    return term / word * v.Total(inner * variance)
            for word in (w for w in term.atoms(v.D3) if w.args[1:] == (draw, draw) and draw != OWN):
                if not self.random(term / word):
                    return term / word * v.TraceD3(self.x)
        if any(not self.random(term / (a * b)) for a, b in itertools.combinations(variances, 2)):
            return sp.S.Zero  # independent
        raise HandOver(f"no word for the mean of {show(self.whole(term))}: SDE 'sampled'")


def _by_terms(word: Any) -> Any:
    parts = [part_factors(term) for term in sp.Add.make_args(sp.expand(word.args[0]))]
    return sp.Add(*(c * v.Total(vectors) for c, vectors in parts))


def _sorted(found: Any) -> list[Any]:
    return sorted(found, key=sp.default_sort_key)


def _products(e: Any, length: Any, inner: Any) -> list[Any]:
    return [f for f in _sorted(e.atoms(sp.Mul)) if 1 / length in f.args and inner in f.args]
