"""``Derivation``: an SDE that was derived, as formulas, as a page, and what it rests on."""

from __future__ import annotations

import functools
import textwrap
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from sdeopt.core.method import SDE
from sdeopt.derivation import latex as tex
from sdeopt.derivation.check import Check, check
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.source import OWNER, floors, source
from sdeopt.derivation.trace import Trace

__all__ = ["Derivation"]


@dataclass(frozen=True, eq=False)
class Derivation:
    """The SDE of a method, derived from its ``step`` by `derive`; or why there is none.

    Attributes
    ----------
    method : type
        The method.
    order : int
        1, or 2 with the next order of the drift.
    refused : str or None
        Why no rule gives the SDE, naming the term of the step and who goes on; then formulas and page raise it.
    assumed : tuple of str
        What the formulas rest on, beside the limit.
    limits : tuple of str
        Every limit in which the step has an SDE, of those that were tried; the first is taken.
    """

    method: Any
    order: int
    trace: Trace = field(repr=False)
    update: list[Any] = field(repr=False)
    matched: Matched | None = field(repr=False)
    instance: Any = None
    refused: str | None = None
    assumed: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def _known(self) -> Matched:
        if self.matched is None:
            raise ValueError(f"{self.method.__name__} has no derived SDE: {self.refused}")
        return self.matched

    @property
    def parts(self) -> list[Any]:
        """Symbols of the state."""
        return self._known().parts

    @property
    def drift(self) -> list[Any]:
        """The drift per part of the state, SymPy expressions of the generic entry."""
        return self._known().drift

    @property
    def noise(self) -> list[Any]:
        """The noise per part of the state, as an action on increments."""
        return self._known().noise

    @property
    def brownian(self) -> tuple[str, ...]:
        """The increments in the order of ``dw``; "again" marks a second, independent one of that name."""
        return self._known().brownian

    @property
    def fast(self) -> tuple[str, ...]:
        """Parts that were averaged out; the page leaves them where they are."""
        return self._known().fast

    @property
    def limit(self) -> Any:
        """The limit, see ``sdeopt.derivation.regime``."""
        return self._known().limit

    @property
    def copies(self) -> dict[Any, Any]:
        """What stands for two independent copies of a draw, in increments."""
        return self._known().copies

    @property
    def start(self) -> list[Any]:
        """The state after the first step in the mean, where that can be said."""
        return self._known().start

    @property
    def regime(self) -> str:
        """The limit in which the SDE holds, in words."""
        return str(self.limit.text())

    @property
    def footnotes(self) -> tuple[str, ...]:
        """What the page does that the formula does not say: floors under roots."""
        return tuple(
            f"under a root {part} stands for {tex.plain(low, self)}"
            for part, low in sorted(floors(self).items(), key=str)
        )

    def prose(self) -> str:
        """Formula, regime and assumptions, as a docstring has them."""
        lines = [line.replace("&", "") for line in tex.sde_lines(self)]
        notes = [f"Regime: {self.regime}.", *(f"Assumed: {what}." for what in self.assumed)]
        notes += [f"Footnote: {note}." for note in self.footnotes]
        notes.append(f"Source: derived from {self.method.__name__}.step by matching the moments of one step.")
        wrap = functools.partial(textwrap.fill, width=112, break_long_words=False, break_on_hyphens=False)
        formula = [wrap(line, initial_indent="    ", subsequent_indent="        ") for line in lines]
        return "\n".join([*formula, "", *map(wrap, notes)])

    def latex(self, part: str | None = None) -> str:
        """LaTeX of the SDE: of all of it, of ``part`` of the state, or of "update", the step itself."""
        return tex.latex(self, part)

    def source(self, label: str | None = None) -> str:
        """The text of a file that registers the SDE as a rival called ``label``, default "derived"."""
        self._known()
        return source(self, label or self.label)

    @property
    def label(self) -> str:
        """The name under which `page` registers the SDE."""
        return "derived" if self.order == 1 else f"derived{self.order}"

    @functools.cached_property
    def page(self) -> SDE:
        """The SDE as the engine runs it; reading this registers it with the method as "derived" (or "derived2")."""
        space = ModuleType(f"sdeopt_{self.label}_{self.method.__name__.lower()}")
        vars(space)[self.method.__name__] = self.method
        lines = [line for line in self.source().splitlines() if not line.endswith(OWNER)]
        exec(compile("\n".join(lines), f"<{space.__name__}>", "exec"), vars(space))
        found: SDE = self.method.sdes[self.label]
        return found

    def check(self, problem: Any = None) -> Check:
        """Compare the moments of the SDE with those of one step, by quadrature, at two learning rates.

        Parameters
        ----------
        problem : Problem, optional
            Where; default the small problem that the page names as its example. Its noise must be made of normal and
            uniform draws.

        Returns
        -------
        Check
            The errors; it prints itself.
        """
        from sdeopt.core.problem import Problem
        from sdeopt.noise.spec import parse as law
        from sdeopt.objectives.spec import parse as objective

        self._known()
        if problem is None:
            problem = Problem(objective(self.method.example[0]), law(self.method.example[1]))
        instance = self.instance if self.instance is not None else self.method(lr=0.1)
        return check(self, instance, problem)

    def __str__(self) -> str:
        name = self.method.__name__
        if self.matched is None:
            return f"{name}: no derived SDE: {self.refused}"
        return "\n".join([f"{name}: the SDE of order {self.order}, derived from its step", "", self.prose()])

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"
