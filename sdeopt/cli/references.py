"""The papers that the pages name under "Sources", in BibTeX: ``references.bib`` beside this file."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

from sdeopt import __version__
from sdeopt.cli.facts import identifiers, sources

__all__ = ["bibliography", "entries"]

OWN = """@software{{sdeopt,
  author = {{{{The sdeopt developers}}}},
  title = {{sdeopt: Stochastic Optimizers and Their Stochastic Differential Equations, Side by Side}},
  version = {{{version}}},
  year = {{2026}},
  note = {{The numbers on {method} and its SDE were computed with sdeopt {version}}},
}}"""


@functools.cache
def entries() -> dict[str, str]:
    """What a page writes (an arXiv number, a DOI, or authors and year) -> the entry in BibTeX."""
    text = resources.files("sdeopt.cli").joinpath("references.bib").read_text(encoding="utf-8")
    found = re.findall(r"^% ([^\n]+)\n(@\w+\{.*?^\})$", text, re.MULTILINE | re.DOTALL)
    return {name: _identify(name, entry) for name, entry in found}


def _identify(name: str, entry: str) -> str:
    """The entry with its number in the fields that reference managers look for."""
    system, _, number = name.partition(":")
    more = {"arXiv": f"  eprint = {{{number}}},\n  archiveprefix = {{arXiv}},\n", "doi": f"  doi = {{{number}}},\n"}
    return entry.removesuffix("}") + more.get(system, "") + "}"


def entry(name: str) -> str:
    """The entry of what a page writes; of an arXiv number or a DOI that is not in the file what it says by itself."""
    system, _, number = name.partition(":")
    more = {"arXiv": f"  howpublished = {{{name}}},\n", "doi": ""}
    unlisted = f"@misc{{{re.sub(r'[^a-zA-Z0-9.]', '-', number)},\n{more.get(system, '')}}}"
    return entries().get(name) or _identify(name, unlisted)


def bibliography(cls: Any) -> str:
    """The entries of what a method's page names, in that order, and sdeopt's own."""
    said, known = sources(cls), entries()
    named = [*identifiers(said), *(name for name in known if ":" not in name and name in said)]
    remark = f"% Numbers made with sdeopt {__version__}: cite it beside the sources of {cls.__name__}."
    own = OWN.format(version=__version__, method=cls.__name__)
    return "\n\n".join([*map(entry, sorted(named, key=said.index)), f"{remark}\n{own}"])
