"""``Derived``: the symbols of a derived SDE, from which formulas and source are written."""

from __future__ import annotations

import functools
import textwrap
from dataclasses import dataclass
from typing import Any

import sympy as sp

from sdeopt.derivation import latex as tex
from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.order2 import modified_loss
from sdeopt.derivation.piecewise import GaussDensity
from sdeopt.derivation.source import floors, guards
from sdeopt.derivation.trace import Trace
from sdeopt.derivation.words import Word

__all__ = ["Derived"]

MEANINGS = {  # of letters that words bring into a formula
    v.RootCov: "Σ the covariance of the gradient noise ξ",
    v.RootAdditive: "Σ the covariance of the gradient noise ξ",
    v.NoiseVar: "σ² the diagonal of Σ",
    v.RootSquare: "Λ the covariance of ξ²",
    v.SignResponse: "J(G) = ∂E sign(G + ξ)/∂G, and R(G) what J(G) ξ leaves of Cov sign(G + ξ)",
    v.MeanDir: "u(G) = (G + ξ)/|G + ξ|, J_u = ∂E u/∂G, and R_u(G) what J_u(G) ξ leaves of Cov u",
    v.Players: "Π is 1 for the minimising player and 0 for the other",
    v.ClassGrad: "∇f_1 and ∇f_-1 the gradients of the two classes",
    v.AgentMean: "f_i the objective of agent i of N",
    v.Average: "f_i the objective of agent i of N",
    v.AgentRoot: "Σ_i the covariance of agent i's noise ξ_i",
    v.BatchSize: "B the size of a batch",
    v.ClippedOne: "clip_C(g) = g min(1, C/|g|)",
    GaussDensity: "φ_s(a) the density of N(0, s) at a",
}


@dataclass
class Derived:
    """A traced method, its update, and what was matched to it; or why nothing could be."""

    method: Any
    order: int
    trace: Trace
    update: list[Any]
    matched: Matched | None
    refused: str | None = None
    assumed: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        """Drift, noise and all else of what was matched."""
        if name.startswith("__") or self.matched is None:
            raise AttributeError(name)
        return getattr(self.matched, name)

    def unmet(self, method: Any) -> str | None:
        """What hyperparameters decided where the SDE was derived, and decide otherwise in ``method``."""
        numbers = dict(zip(self.trace.me, method.constant(), strict=True))
        wrong = [what for what, holds in self.trace.decided.items() if holds.subs(numbers) is sp.false]
        return next(iter(wrong), None)

    def prose(self) -> str:
        """Formula, regime and assumptions, as a docstring has them."""
        wrap = functools.partial(textwrap.fill, width=112, break_long_words=False, break_on_hyphens=False)
        lines = [line.replace("&", "") for line in tex.sde_lines(self)]
        formula = [wrap(line, initial_indent="    ", subsequent_indent="        ") for line in lines]
        return "\n".join([*formula, "", *map(wrap, self.notes())])

    def _floors(self) -> list[tuple[str, Any]]:
        """What stands for what under roots: parts, or sums of several."""
        whole = [(e, low) for e, low in guards(self).items() if isinstance(low, sp.Max) and not e.is_Symbol]
        parts = [(p, low) for p, low in floors(self).items() if not any(e.has(p) for e, _ in whole)]
        return [(str(e) if e.is_Symbol else tex.plain(e, self), low) for e, low in sorted([*whole, *parts], key=str)]

    def _loss(self) -> list[str]:
        """The function whose gradient flow the drift is, where order 2 changes it by a multiple of |∇f|²."""
        if self.order != 2 or len(self.parts) > 1:
            return []
        c = modified_loss(self.drift[0], self.parts[0])
        return [] if c is None else [f"Modified loss: the drift is -∇(f + c |∇f|²) with c = {tex.plain(c, self)}."]

    def notes(self) -> list[str]:
        """Regime, assumptions, footnotes and source, a sentence each."""
        floor = [
            f"Under a root {under} stands for {tex.plain(low, self)}, where noise would drive it below 0."
            for under, low in self._floors()
        ]
        held = {type(w) for e in (*self.drift, *self.noise, *self.copies.values()) for w in e.atoms(Word)}
        means = sorted({text for word, text in MEANINGS.items() if word in held})
        return [
            f"Regime: {self.limit.text()}.",
            *(f"Assumed: {what}." for what in self.assumed),
            *floor,
            *self._loss(),
            *([f"Symbols: {'; '.join(means)}."] if means else []),
            f"Source: derived from {self.method.__name__}.step by matching the moments of one step.",
        ]
