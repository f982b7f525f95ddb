"""Write the table of methods into README.md, from the registry: ``python docs/make_readme.py``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sdeopt
from sdeopt.cli.facts import clock, constructor, identifiers, sources
from sdeopt.core.method import FAMILIES

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- methods:begin -->\n", "<!-- methods:end -->"


def link(identifier: str) -> str:
    """Markdown for ``arXiv:...`` or ``doi:...``."""
    kind, _, number = identifier.partition(":")
    return (
        f"[{number}](https://arxiv.org/abs/{number})"
        if kind == "arXiv"
        else f"[{identifier}](https://doi.org/{number})"
    )


def row(cls: Any) -> str:
    sdes = ", ".join(f"{sde.name} ({sde.order:g})" for sde in cls.sdes.values())
    links = ", ".join(map(link, identifiers(sources(cls))))
    return f"| `{constructor(cls)}` | {sdes} | {clock(cls)} | {links} |"


def table() -> str:
    """The methods of the package, one row each: the families one after the other, each in alphabetical order."""
    pages: list[Any] = [cls for cls in sdeopt.methods().values() if cls.__module__.startswith("sdeopt.")]
    lines = ["| method | its SDEs (weak order) | time per step | sources |", "|---|---|---|---|"]
    for family, title in FAMILIES.items():
        members = sorted((cls for cls in pages if cls.family == family), key=lambda cls: cls.__name__.lower())
        lines += [f"| **{title}** | | | |", *map(row, members)]
    return "\n".join(lines) + "\n"


def rewritten(text: str) -> str:
    """``text`` with what stands between the two markers replaced by the table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"README.md must have the markers {BEGIN.strip()} and {END}")
    rows = table()
    count = rows.count("\n| `")
    return re.sub(r"\d+(?= methods and their SDEs)", str(count), before) + BEGIN + rows + END + after


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
