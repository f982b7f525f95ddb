"""Write the table of methods into README.md, from the registry: ``python docs/make_readme.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sdeopt

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- methods:begin -->\n", "<!-- methods:end -->"
IDENTIFIER = re.compile(r"arXiv:(?P<arxiv>\d{4}\.\d{4,5})|doi:\s?(?P<doi>10\.\d+/[\w./-]+(\(\w+\)[\w./-]+)*\w)", re.I)


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
    given = (f"{f}={cls._field_defaults[f]:g}" if f in cls._field_defaults else f for f in cls._fields)
    return f"{cls.__name__}({', '.join(given)})"


def sources(cls: Any) -> str:
    """The identifiers under "Sources" at the head of the file and in the docstrings of all SDEs, each once."""
    head = (sys.modules[cls.__module__].__doc__ or "").rpartition("\nSources")[2]
    text = "\n".join([head, *(sde.doc for sde in cls.sdes.values())])
    links = []
    for found in IDENTIFIER.finditer(text):
        if found["arxiv"]:
            links.append(f"[{found['arxiv']}](https://arxiv.org/abs/{found['arxiv']})")
        else:
            links.append(f"[doi:{found['doi']}](https://doi.org/{found['doi']})")
    return ", ".join(dict.fromkeys(links))


def row(cls: Any) -> str:
    sdes = ", ".join(f"{sde.name} ({sde.order:g})" for sde in cls.sdes.values())
    clock = cls.clock_of(SimpleNamespace(**{field: Word(field) for field in cls._fields}))
    return f"| `{constructor(cls)}` | {sdes} | {clock} | {sources(cls)} |"


def table() -> str:
    """The methods of the package in alphabetical order, one row each."""
    pages = {name: cls for name, cls in sdeopt.methods().items() if cls.__module__.startswith("sdeopt.")}
    head = "| method | its SDEs (weak order) | time per step | sources |\n|---|---|---|---|\n"
    return head + "".join(row(pages[name]) + "\n" for name in sorted(pages, key=str.lower))


def rewritten(text: str) -> str:
    """``text`` with what stands between the two markers replaced by the table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"README.md must have the markers {BEGIN.strip()} and {END}")
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
