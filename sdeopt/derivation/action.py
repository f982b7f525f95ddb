"""The noise of a step as an action on independent Brownian increments, never a matrix.

What is linear in the noise keeps its form, with Σ^{1/2} dW in the place of ξ: right for any Σ. Centred squares, signs
and directions have words for the root of their covariance. Any other function c(ξ) becomes

    [c(ξ₁) - c(ξ₂)]/√2,    ξ₁, ξ₂ = (B ± A)/√2 with A and B independent copies of Σ^{1/2} dW,

which has mean 0, the covariance of c(ξ) for normal ξ with any Σ, no third moments, and is A itself if c(ξ) = ξ.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.moments import OWNS, Moments, flat, tidy
from sdeopt.derivation.words import (
    UNIFORM,
    XI,
    AgentNoise,
    HandOver,
    Piece,
    Vec,
    of_agent,
    part_factors,
    sign_of,
    vanishes,
    vector,
)

__all__ = ["Action", "increments"]

DIGITS = "0123456789"
ORDER = ("gradient", "sign", "direction", "square", "own")


class Action:
    """The action per part of the state, and the increments that it uses, in the order of the diffusion's ``dw``."""

    def __init__(self, moments: Moments, tau: Any) -> None:
        self.moments, self.x, self.tau = moments, moments.x, tau
        samples = {xi: "gradient" + number(xi) for xi in moments.trace.samples}
        agents = {of_agent(xi): name for xi, name in samples.items()}
        self.names = samples | agents | dict.fromkeys(OWNS, "own")  # of the increments that stand for the draws
        self.used: list[str] = []
        self.copies: dict[Any, Any] = {}

    def of(self, kicks: list[Any]) -> list[Any]:
        """What each centred kick of a step becomes."""
        kicks = self._joined([flat(self.moments.opened(kick)) for kick in kicks])
        part = self._by_words if self._have_words(kicks) else self._by_copies
        return [part(kick, kicks) / sp.sqrt(self.tau) if kick != 0 else sp.S.Zero for kick in kicks]

    @property
    def brownian(self) -> tuple[str, ...]:
        """Names of the increments used, in a fixed order."""
        return tuple(sorted(self.used, key=_place))

    def _joined(self, kicks: list[Any]) -> list[Any]:
        """Samples that enter all parts alike as one: Σ rᵢ ξᵢ has the law of √(Σ rᵢ²) ξ.

        Two that a step always sees keep an increment each, which shares its draws with that sample.
        """
        trace = self.moments.trace
        found: list[tuple[Any, list[Any], Any]] = []  # a sample, what it adds to the parts, and Σ rᵢ²
        for xi in trace.samples if trace.counted else ():
            alone = self._alone(xi, kicks)
            if alone is None:
                continue
            kicks = [kick - a for kick, a in zip(kicks, alone, strict=True)]
            ratios = [_ratio(alone, [a.xreplace({one: xi}) for a in added]) for one, added, _ in found]
            at = next((i for i, r in enumerate(ratios) if r is not None), None)
            if at is None:
                found.append((xi, alone, sp.S.One))
            else:
                one, added, squares = found[at]
                found[at] = one, added, squares + ratios[at] ** 2
        for _, added, squares in found:
            kicks = [flat(kick + _grown(a, squares)) for kick, a in zip(kicks, added, strict=True)]
        return kicks

    def _alone(self, xi: Any, kicks: list[Any]) -> list[Any] | None:
        """What a sample adds to the parts, if that is linear in it and by itself."""
        if any(atom.noise == xi and kick.has(atom.symbol) for atom in self.moments.atoms.values() for kick in kicks):
            return None
        alone = [flat(kick - kick.xreplace({xi: sp.S.Zero})) for kick in kicks]
        for a in alone:
            _, _, two, more = self.moments.split(a)
            if more or not vanishes(two) or self.moments.random(a.xreplace({xi: sp.S.One})):
                return None
        return alone if any(a != 0 for a in alone) else None

    def _dw(self, name: str) -> Any:
        if name not in self.used:
            self.used.append(name)
        return Vec(f"dw_{name}", real=True)

    def _root(self, noise: Any, name: str) -> Any:
        if noise in OWNS:
            return self._dw(name)
        if isinstance(noise, AgentNoise):
            return v.AgentRoot(self.x, self._dw(name))
        return (v.RootAdditive if self.moments.trace.additive else v.RootCov)(self.x, self._dw(name))

    def _have_words(self, kicks: list[Any]) -> bool:
        """Whether all is linear but for one jump or the squares: there is no word for what two of those share."""
        found: set[Any] = set()
        for kick in kicks:
            _, _, two, more = self.moments.split(kick)
            squares = [term for term in self.moments.quadratic(two) if term != 0]
            if more or any(self.moments.random(term / XI**2) for term in squares):
                return False
            found |= {(XI, "square")} if squares else set()
            found |= {(a.noise, a.whole) for a in self.moments.atoms.values() if kick.has(a.symbol)}
        wordless = any(a.kind in ("compressed", "clipped") for a in self.moments.atoms.values())
        return not wordless and all(sum(n == noise for n, _ in found) <= 1 for noise in self.moments.trace.samples)

    def _by_words(self, kick: Any, kicks: list[Any]) -> Any:
        _, one, two, _ = self.moments.split(kick)
        out = self._linear(one, kicks)
        if vanishes(two):
            return out
        self.moments.trace.assume("ξ with third moments 0")
        return out + sp.Add(*(term / XI**2 for term in self.moments.quadratic(two))) * v.RootSquare(
            self.x, self._dw("square")
        )

    def _linear(self, one: Any, all_kicks: list[Any]) -> Any:
        shares = any(sp.sympify(kick).has(XI) for kick in all_kicks)
        table: dict[Any, Any] = {}
        for noise, name in self.names.items():
            if one.has(noise):
                table[noise] = self._root(noise, name)
        for atom in self.moments.atoms.values():
            if one.has(atom.symbol):
                table[atom.symbol] = self._of_atom(atom, shares)
        return one.xreplace(table)

    def _of_atom(self, atom: Any, shares: bool) -> Any:
        if atom.kind == "agents":
            if shares:
                raise HandOver("what the agents' signs share with their gradients has no word")
            return v.RootAgentSign(self.x, self._dw("sign"))
        if atom.kind == "sign" and not shares:
            return v.RootSign(self.x, atom.shift, self._dw("sign"))
        if atom.kind == "sign":
            seen = v.SignResponse(self.x, atom.shift, self._root(XI, "gradient"))
            return seen + v.SignRest(self.x, atom.shift, self._dw("sign"))
        if atom.kind == "direction":
            seen = v.DirResponse(self.x, atom.shift, self._root(atom.noise, self.names[atom.noise]))
            rest = v.DirRest(self.x, atom.shift, self._dw("direction" + number(atom.noise)))
            return atom.scale * (seen + rest)
        raise AssertionError(f"no action for {atom.kind}")

    def _by_copies(self, kick: Any, kicks: list[Any]) -> Any:
        """Terms that are linear in the noise as they are, the others as the difference of two copies."""
        self.moments.trace.assume("normal ξ")
        out = sp.S.Zero
        for term in sp.Add.make_args(kick):
            if self.moments.random(term):
                _, one, two, more = self.moments.split(term)
                plain = not more and vanishes(two) and not any(term.has(a.symbol) for a in self.moments.atoms.values())
                out += self._linear(one, kicks) if plain else self._halved(term)
        return out

    def _halved(self, term: Any) -> Any:
        atoms = self.moments.atoms.values()
        term = term.xreplace({atom.symbol: atom.whole if atom.one is None else atom.one for atom in atoms})
        first, second = ({draw: self._copy(draw, i) for draw in self.names if term.has(draw)} for i in (0, 1))
        return sp.sqrt(sp.Rational(1, 2)) * (term.xreplace(first) - term.xreplace(second))

    def _copy(self, draw: Any, i: int) -> Any:
        """One of two independent copies of a draw: a symbol, of which ``copies`` says what it stands for."""
        name = self.names[draw]
        copy = Vec(f"{draw.name}_{'ab'[i]}", real=True)
        if copy not in self.copies:
            roots = [self._root(draw, which) for which in (name, f"{name} again")]
            self.copies[copy] = sp.sqrt(sp.Rational(1, 2)) * (roots[1] + (-1) ** i * roots[0])
            if draw.name == UNIFORM.name:  # a uniform is the distribution function of a normal
                self.copies[copy] = (1 + sp.erf(self.copies[copy] / sp.sqrt(2))) / 2
        return Piece(copy.name, real=True) if isinstance(draw, Piece) else copy


def number(noise: Any) -> str:
    """What a name has behind it that belongs to another sample than the first."""
    return str(noise)[len(str(XI)) :]


def increments(brownian: tuple[str, ...]) -> tuple[str, ...]:
    """What ``@rival`` is told: names of the questions that consume the increments."""
    plain = (name.removesuffix(" again") for name in brownian)
    return tuple(name if name == "gradient2" else name.rstrip(DIGITS) for name in plain)


def _grown(e: Any, squares: Any) -> Any:
    """√squares e, the root taken of what stands before the vectors too."""
    if squares.is_number:
        return sp.sqrt(squares) * e
    out = sp.S.Zero
    for term in sp.Add.make_args(tidy(e)):
        c, vectors = part_factors(term)
        sign = sign_of(c)
        out += sign * sp.sqrt(sp.factor(c**2 * squares)) * vectors if sign else sp.sqrt(squares) * term
    return out


def _place(name: str) -> tuple[int, int, str]:
    """Where an increment stands: first those of the first sample, own draws last."""
    stem = name.removesuffix(" again").rstrip(DIGITS)
    sample = name.removesuffix(" again")[len(stem) :]
    return (99 if stem == "own" else int(sample or 1), ORDER.index(stem), name)


def _ratio(e: list[Any], of: list[Any]) -> Any:
    """The number r with e = r times ``of`` in all parts, or None."""
    i = next(i for i, a in enumerate(of) if a != 0)
    r = sp.simplify(e[i] / of[i])
    alike = not vector(r) and all(vanishes(a - r * b) for a, b in zip(e, of, strict=True))
    return r if alike and r != 0 else None
