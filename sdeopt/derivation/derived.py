"""``Derived``: the symbols of a derived SDE, from which formulas and source are written."""

from __future__ import annotations

import functools
import textwrap
from dataclasses import dataclass
from typing import Any

from sdeopt.derivation import latex as tex
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.source import floors
from sdeopt.derivation.trace import Trace

__all__ = ["Derived"]


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

    def prose(self) -> str:
        """Formula, regime and assumptions, as a docstring has them."""
        wrap = functools.partial(textwrap.fill, width=112, break_long_words=False, break_on_hyphens=False)
        lines = [line.replace("&", "") for line in tex.sde_lines(self)]
        formula = [wrap(line, initial_indent="    ", subsequent_indent="        ") for line in lines]
        return "\n".join([*formula, "", *map(wrap, self.notes())])

    def notes(self) -> list[str]:
        """Regime, assumptions, footnotes and source, a sentence each."""
        floor = [
            f"Under a root {part} stands for {tex.plain(low, self)}, where noise would drive it below 0."
            for part, low in sorted(floors(self).items(), key=str)
        ]
        return [
            f"Regime: {self.limit.text()}.",
            *(f"Assumed: {what}." for what in self.assumed),
            *floor,
            f"Source: derived from {self.method.__name__}.step by matching the moments of one step.",
        ]
