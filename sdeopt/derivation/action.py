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
from sdeopt.derivation.moments import OWNS, Moments, flat, quadratic
from sdeopt.derivation.twins import AGENT_XI, Piece
from sdeopt.derivation.words import UNIFORM, XI, XI2, HandOver, Vec, vanishes

__all__ = ["Action", "increments"]

ORDER = ("gradient", "sign", "direction", "square", "gradient2", "direction2", "own")
COPIED = {XI: "gradient", AGENT_XI: "gradient", XI2: "gradient2"} | dict.fromkeys(OWNS, "own")


class Action:
    """The action per part of the state, and the increments that it uses, in the order of the diffusion's ``dw``."""

    def __init__(self, moments: Moments, tau: Any) -> None:
        self.moments, self.x, self.tau = moments, moments.x, tau
        self.used: list[str] = []
        self.copies: dict[Any, Any] = {}

    def of(self, kicks: list[Any]) -> list[Any]:
        """What each centred kick of a step becomes."""
        kicks = [flat(self.moments.opened(kick)) for kick in kicks]
        part = self._by_words if self._have_words(kicks) else self._by_copies
        return [part(kick, kicks) / sp.sqrt(self.tau) if kick != 0 else sp.S.Zero for kick in kicks]

    @property
    def brownian(self) -> tuple[str, ...]:
        """Names of the increments used, in a fixed order."""
        return tuple(sorted(self.used, key=lambda name: (ORDER.index(name.removesuffix(" again")), name)))

    def _dw(self, name: str) -> Any:
        if name not in self.used:
            self.used.append(name)
        return Vec(f"dw_{name}", real=True)

    def _root(self, noise: Any, name: str) -> Any:
        if noise in OWNS:
            return self._dw(name)
        if noise == AGENT_XI:
            return v.AgentRoot(self.x, self._dw(name))
        return (v.RootAdditive if self.moments.trace.additive else v.RootCov)(self.x, self._dw(name))

    def _have_words(self, kicks: list[Any]) -> bool:
        """Whether all is linear but for one jump or the squares: there is no word for what two of those share."""
        found: set[Any] = set()
        for kick in kicks:
            _, _, two, more = self.moments.split(kick)
            squares = [term for term in quadratic(two) if term != 0]
            if more or any(self.moments.random(term / XI**2) for term in squares):
                return False
            found |= {(XI, "square")} if squares else set()
            found |= {(a.noise, a.whole) for a in self.moments.atoms.values() if kick.has(a.symbol)}
        wordless = any(a.kind in ("compressed", "clipped") for a in self.moments.atoms.values())
        return not wordless and all(sum(n == noise for n, _ in found) <= 1 for noise in (XI, XI2))

    def _by_words(self, kick: Any, kicks: list[Any]) -> Any:
        _, one, two, _ = self.moments.split(kick)
        out = self._linear(one, kicks)
        if vanishes(two):
            return out
        self.moments.trace.assume("ξ with third moments 0")
        return out + sp.Add(*(term / XI**2 for term in quadratic(two))) * v.RootSquare(self.x, self._dw("square"))

    def _linear(self, one: Any, all_kicks: list[Any]) -> Any:
        shares = any(sp.sympify(kick).has(XI) for kick in all_kicks)
        table: dict[Any, Any] = {}
        for noise, name in COPIED.items():
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
            second = atom.noise == XI2
            seen = v.DirResponse(self.x, atom.shift, self._root(atom.noise, "gradient2" if second else "gradient"))
            rest = v.DirRest(self.x, atom.shift, self._dw("direction2" if second else "direction"))
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
        first, second = ({draw: self._copy(draw, i) for draw in COPIED if term.has(draw)} for i in (0, 1))
        return sp.sqrt(sp.Rational(1, 2)) * (term.xreplace(first) - term.xreplace(second))

    def _copy(self, draw: Any, i: int) -> Any:
        """One of two independent copies of a draw: a symbol, of which ``copies`` says what it stands for."""
        name = COPIED[draw]
        copy = Vec(f"{draw.name}_{'ab'[i]}", real=True)
        if copy not in self.copies:
            roots = [self._root(draw, which) for which in (name, f"{name} again")]
            self.copies[copy] = sp.sqrt(sp.Rational(1, 2)) * (roots[1] + (-1) ** i * roots[0])
            if draw.name == UNIFORM.name:  # a uniform is the distribution function of a normal
                self.copies[copy] = (1 + sp.erf(self.copies[copy] / sp.sqrt(2))) / 2
        return Piece(copy.name, real=True) if isinstance(draw, Piece) else copy


def increments(brownian: tuple[str, ...]) -> tuple[str, ...]:
    """What ``@rival`` is told: names of the questions that consume the increments."""
    return tuple("direction" if name == "direction2" else name.removesuffix(" again") for name in brownian)
