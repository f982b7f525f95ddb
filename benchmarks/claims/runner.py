"""Find the claims, run them, and write down what was found."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import re
import time
from types import ModuleType
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

import benchmarks.claims
from benchmarks.claims.frame import Finding, Range, worst

__all__ = ["VERDICTS", "Outcome", "heading", "lacking", "markdown", "names", "renewed", "run", "table", "tally"]

NOT_CLAIMS = ("__main__", "characters", "command", "frame", "runner", "trained")
VERDICT = re.compile(r"^Verdict: \*\*(\w+)\*\*", re.MULTILINE)
SECONDS = re.compile(r"^Verdict: .*, in ([\d.e-]+) s of", re.MULTILINE)
COLOURS = {"holds": "green", "fails": "red", "inconclusive": "yellow"}
VERDICTS = """\
A finding sets the 95 % interval of a measured number against the range in which the claim puts it: it *holds* if the
interval lies inside, *fails* if it lies outside, and is *inconclusive* otherwise. Intervals of one point are of runs
without noise, or of closed forms. A claim holds if all its findings do and fails if one does; findings marked *instead*
say what is true where it fails, and do not count for it."""


class Outcome(NamedTuple):
    """One claim: the name of its file, its docstring, what was found and its processor time."""

    name: str
    text: str
    findings: list[Finding]
    seconds: float

    @property
    def verdict(self) -> str:
        return worst(self.findings)

    @property
    def statement(self) -> str:
        return title(self.text)


def title(text: str) -> str:
    """The claim of a file: the first paragraph of its docstring."""
    return text.partition("\n\n")[0]


def names(folder: ModuleType = benchmarks.claims) -> list[str]:
    """The files of a folder that are claims; those about networks, in a folder of their own, run for themselves."""
    found = [module.name for module in pkgutil.iter_modules(folder.__path__) if not module.ispkg]
    return sorted(set(found) - set(NOT_CLAIMS))


def load(name: str, folder: ModuleType = benchmarks.claims) -> ModuleType:
    return importlib.import_module(f"{folder.__name__}.{name}")


def lacking(name: str, folder: ModuleType = benchmarks.claims) -> str | None:
    """Why a claim cannot be measured here: what its file's ``lacks()`` says, if it has one."""
    lacks = getattr(load(name, folder), "lacks", None)
    return None if lacks is None else lacks()


def run(name: str, size: float, folder: ModuleType = benchmarks.claims) -> Outcome:
    """Measure one claim."""
    module, began = load(name, folder), time.process_time()
    findings = module.measure(size)
    return Outcome(name, inspect.getdoc(module) or "", findings, time.process_time() - began)


def span(claimed: Range) -> str:
    """A range as text."""
    low, high = claimed
    return f"≥ {low:.4g}" if math.isinf(high) else f"≤ {high:.4g}" if math.isinf(low) else f"{low:.4g} to {high:.4g}"


def interval(f: Finding) -> str:
    return f"{f.measured:.4g}" if f.low == f.high else f"{f.low:.4g} to {f.high:.4g}"


def heading(outcome: Outcome) -> Text:
    """A claim and its verdict, for a terminal."""
    line = Text.assemble((outcome.name, "bold"), f" ({outcome.seconds:.0f} s): ")
    return line.append(outcome.verdict, COLOURS[outcome.verdict]).append(f"\n{outcome.statement}", "italic")


def table(findings: list[Finding]) -> Table:
    """What was found, for a terminal."""
    rows = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)  # the columns of all claims below one another
    rows.add_column("quantity", ratio=1)
    for name, width in (("claimed", 16), ("measured", 9), ("95 % interval", 18), ("verdict", 12)):
        rows.add_column(name, width=width, no_wrap=True)
    for f in findings:
        what = Text(("instead: " if f.instead else "") + f.what)
        rows.add_row(what, span(f.claimed), f"{f.measured:.4g}", interval(f), Text(f.verdict, COLOURS[f.verdict]))
    return rows


def tally(verdicts: list[str]) -> str:
    """How many claims hold, fail and are open."""
    words = {"holds": "hold", "fails": "fail", "inconclusive": "inconclusive"}
    return "claims: " + ", ".join(f"{verdicts.count(verdict)} {word}" for verdict, word in words.items())


def markdown(head: str, outcomes: list[Outcome]) -> str:
    """The page of a full run, which begins with ``head``."""
    return page(head, {o.name: section(o) for o in outcomes}, ";")


def renewed(head: str, before: str, outcomes: list[Outcome]) -> str:
    """The page ``before`` with these claims in the place of what it said of them."""
    old = {part.partition("\n")[0]: "## " + part.rstrip("\n") for part in before.split("\n## ")[1:]}
    found = old | {o.name: section(o) for o in outcomes}
    return page(head, {name: found[name] for name in sorted(found)}, "; put together of runs of single claims,")


def page(head: str, sections: dict[str, str], joined: str) -> str:
    """``head``, the list of claims, and what each section says."""
    verdicts = {name: verdict for name, text in sections.items() for verdict in VERDICT.findall(text)}
    seconds = {name: sum(map(float, SECONDS.findall(text))) for name, text in sections.items()}
    untold = ", ".join(name for name in sections if not seconds[name])
    without = f", without those of {untold}" if untold else ""
    total = f"{sum(seconds.values()) / 60.0:.0f} minutes of processor time{without}"
    lines = [f"{tally(list(verdicts.values())).capitalize()}{joined} {total}."]
    lines += ["", "| claim | verdict |", "|---|---|"]
    for name, text in sections.items():
        statement = text.split("\n\n")[1].replace("\n", " ").replace("|", "\\|")
        lines.append(f"| [{name}](#{name}): {statement} | {verdicts[name]} |")
    return "\n".join([head, *lines, "", "\n\n".join(sections.values())]) + "\n"


def section(o: Outcome) -> str:
    """What the page says of a claim."""
    lines = [f"## {o.name}", "", *paragraphs(o.text)]
    lines += [f"Verdict: **{o.verdict}**, in {float(f'{o.seconds:.2g}'):g} s of processor time.", ""]
    lines += ["| quantity | claimed | measured | 95 % interval | verdict |", "|---|---|---|---|---|"]
    for f in o.findings:
        what = ("*instead:* " if f.instead else "") + escaped(f.what)
        lines.append(f"| {what} | {span(f.claimed)} | {f.measured:.4g} | {interval(f)} | {f.verdict} |")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("\n", " ").replace("|", "\\|").replace("*", "\\*")


def paragraphs(text: str) -> list[str]:
    """A docstring in Markdown: its parts begin with a word and a colon."""
    return [re.sub(r"\n+(Source|Measured|Refuted by)(?=[:,])", r"\n\n**\1**", text.replace("*", "\\*")), ""]
