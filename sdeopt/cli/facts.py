"""What the registry knows of a method, as text: its signature, its clock, its sources."""

from __future__ import annotations

import inspect
import re
import sys
from types import SimpleNamespace
from typing import Any

__all__ = ["clock", "constructor", "formulas", "head", "hyperparameters", "identifiers", "sources", "summary"]

IDENTIFIER = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d+/[\w./-]+(?:\(\w+\)[\w./-]+)*\w")


class Word:
    """The name of a hyperparameter that writes down the arithmetic done with it; shows a clock as a formula."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def _joined(self, sign: str, other: Any, turned: bool = False) -> Word:
        a, b = (f"({v})" if " " in str(v) and sign in "*/" else str(v) for v in (self, other))
        return Word(f"{b} {sign} {a}" if turned else f"{a} {sign} {b}")

    def __add__(self, other: Any) -> Word:
        return self._joined("+", other)

    def __sub__(self, other: Any) -> Word:
        return self._joined("-", other)

    def __rsub__(self, other: Any) -> Word:
        return self._joined("-", other, turned=True)

    def __mul__(self, other: Any) -> Word:
        return self._joined("*", other)

    def __truediv__(self, other: Any) -> Word:
        return self._joined("/", other)

    def sqrt(self) -> Word:  # what np.sqrt calls
        return Word(f"sqrt({self})")


def constructor(cls: Any) -> str:
    """``Adam(lr, beta1=0.9, ...)``."""
    given = (f"{f}={cls._field_defaults[f]:g}" if f in cls._field_defaults else f for f in cls._fields)
    return f"{cls.__name__}({', '.join(given)})"


def clock(cls: Any) -> str:
    """Units of time of one step, as a formula in the hyperparameters."""
    return str(cls.clock_of(SimpleNamespace(**{field: Word(field) for field in cls._fields})))


def formulas(cls: Any) -> dict[str, Any]:
    """What a page states, read from its code: its update, under "", and its SDEs by name, each a `Derivation`.

    One that is ``refused`` says why no formula is read.
    """
    import sdeopt as so

    stated = {name: so.derive(cls, sde=name) for name, model in cls.sdes.items() if model.drift is not None}
    step = next((d for d in stated.values() if d.update), None) or so.derive(cls)
    return {"": step, **stated}


def head(cls: Any) -> str:
    """The docstring of the method's file: the page."""
    return (sys.modules[cls.__module__].__doc__ or "").strip()


def summary(cls: Any) -> str:
    """What the method does: the first line of its page, after the name."""
    said = head(cls).partition("\n")[0].partition(": ")[2]
    return said[:1].upper() + said[1:]


def hyperparameters(cls: Any) -> str:
    """What the class says under "Parameters"."""
    return inspect.cleandoc(cls.__doc__).partition("Parameters\n----------\n")[2].partition("\n\n")[0]


def sources(cls: Any) -> str:
    """What is said under "Sources" at the head of the file and in the docstrings of all SDEs, on one line."""
    said = [head(cls).rpartition("\nSources")[2], *(sde.doc for sde in cls.sdes.values())]
    return " ".join(" ".join(said).split())


def identifiers(text: str) -> list[str]:
    """The arXiv numbers and DOIs in ``text``, each once, in the order of their first mention."""
    return list(dict.fromkeys(IDENTIFIER.findall(text)))
