"""What ``sdeopt compare METHOD`` decides for every method, on its own small problem: docs/decisions.md.

python -m benchmarks.decisions              # all methods
python -m benchmarks.decisions Lion Muon    # these rows again
python -m benchmarks.decisions --missing    # those that the page lacks
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import sdeopt as so
from sdeopt.cli.words import read
from sdeopt.results.words import off

__all__ = ["PAGE", "page", "row", "rows", "words"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "decisions.md"
HEAD = """# What the comparisons say

`sdeopt compare METHOD`, with no other words: its own small problem, horizon 10, seed 0. *off* bounds
the largest gap between optimizer and SDE, over all quantities and saves, in units of its scale, from both sides with
95 % each; the verdict is about a margin of 10 %. Seconds are of the processor, without compilation. Made by
`python -m benchmarks.decisions`.

| method | problem | off | most in | verdict | paths | substeps | s |
|---|---|---:|---|---|---:|---:|---:|
"""


def words(name: str) -> dict[str, Any]:
    """The words of a command line that names nothing but the method."""
    import click

    from sdeopt.cli.runs import compare

    parameters = compare.get_params(click.Context(compare))
    return {str(p.name): None for p in parameters} | {"method": name.lower(), "quiet": True, "json": False}


def row(name: str) -> str:
    """One line of the table."""
    job = read("compare", words(name))
    short = {"steps": 1, "paths": 2, "substeps": 2, "rng": 0, "progress": False}
    so.compare(job.method, job.problem, **short)  # compiles
    began = time.process_time()
    report = so.compare(job.method, job.problem, **job.arguments)
    took, (quantity, at) = time.process_time() - began, report.decisive
    cells = (
        f"`{job.method!r}`", f"{job.problem.objective!r}, {job.problem.noise!r}".replace("|", "\\|"),
        off(*report.within), f"{quantity} at t = {at:.3g}".replace("|", "\\|"), report.answer.partition(":")[0],
        f"{report.meta['paths']:,}", str(report.meta["substeps"]), f"{took:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def rows(text: str) -> dict[str, str]:
    """Method -> line, of a page."""
    return {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)\(.*$", text, flags=re.MULTILINE)}


def page(lines: dict[str, str]) -> str:
    """The page of these lines."""
    verdicts = [line.split(" | ")[4] for line in lines.values()]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("agree", "differ", "open", "not judged"))
    lacking = "" if len(lines) == len(so.methods()) else f" {len(so.methods()) - len(lines)} methods were not run yet."
    return (
        HEAD
        + "\n".join(lines[name] for name in sorted(lines, key=str.lower))
        + f"\n\n{len(lines)} methods: {counts}.{lacking}\n"
    )


def main(names: list[str]) -> None:
    """Write the page, after every line."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    found = rows(text) if names else {}
    every = sorted(so.methods(), key=str.lower)
    for name in [n for n in every if n not in found] if names == ["--missing"] else names or every:
        found[name] = row(name)
        print(found[name], flush=True)
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
