"""Write the table of methods into README.md, from the registry: ``python docs/make_readme.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sdeopt
from sdeopt.cli.facts import clock, constructor, identifiers, sources

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
