"""What ``sdeopt compare`` decides for every method, and for ten seeds of one command: docs/decisions.md.

python -m benchmarks.decisions              # all methods
python -m benchmarks.decisions Lion Muon    # these rows again
python -m benchmarks.decisions --missing    # those that the page lacks
python -m benchmarks.decisions --readme     # the README's first command, for ten seeds
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import sdeopt as so
from sdeopt.cli.words import Job, read
from sdeopt.results.words import off

__all__ = ["PAGE", "SEEDS", "command", "page", "row", "rows", "seeded", "words"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "decisions.md"
README = PAGE.parent.parent / "README.md"
SEEDS = 10
HEAD = """# What the comparisons say

`sdeopt compare METHOD`, with no other words: its own small problem, horizon 10, seed 0. *off* bounds
the largest gap between optimizer and SDE, over all quantities and saves, in units of its scale, from both sides with
95 % each; the verdict is about a margin of 10 %. Seconds are of the processor, without compilation. Made by
`python -m benchmarks.decisions`.

| method | problem | off | most in | verdict | paths | substeps | s |
|---|---|---:|---|---|---:|---:|---:|
"""
AGAIN = """
## One command, ten seeds

The first of the README, with another `--seed` each: `{}`. Made by `python -m benchmarks.decisions --readme`.

| seed | off | most in | verdict | paths | substeps | s |
|---|---:|---|---|---:|---:|---:|
"""


def words(*given: str) -> dict[str, Any]:
    """The words of a command line, after ``sdeopt compare``."""
    from sdeopt.cli.runs import compare

    return compare.make_context("compare", [*given, "--quiet"]).params


def command() -> str:
    """The README's first comparison, without where its figure goes."""
    found = re.search(r"sdeopt compare (.+) --out", README.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def row(name: str) -> str:
    """One line of the table of methods."""
    job = read("compare", words(name.lower()))
    problem = f"{job.problem.objective!r}, {job.problem.noise!r}".replace("|", "\\|")
    return _line(f"`{job.method!r}`", problem, *_said(job))


def seeded(seed: int) -> str:
    """One line of the table of seeds."""
    return _line(str(seed), *_said(read("compare", words(*shlex.split(command()), "--seed", str(seed)))))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _said(job: Job) -> tuple[str, ...]:
    """What a comparison says, and how long it takes where its loops are compiled."""
    short = {"steps": 1, "paths": 2, "substeps": 2, "rng": 0, "progress": False}
    so.compare(job.method, job.problem, **short)  # compiles
    began = time.process_time()
    report = so.compare(job.method, job.problem, **job.arguments)
    took, (quantity, at) = time.process_time() - began, report.decisive
    return (
        off(*report.within), f"{quantity} at t = {at:.3g}".replace("|", "\\|"), report.answer.partition(":")[0],
        f"{report.meta['paths']:,}", str(report.meta["substeps"]), f"{took:.1f}",
    )  # fmt: skip


def rows(text: str) -> dict[str, str]:
    """Method, or seed -> line, of a page."""
    return {m[1] or m[2]: m[0] for m in re.finditer(r"^\| (?:`(\w+)\(|(\d+) \|).*$", text, flags=re.MULTILINE)}


def page(lines: dict[str, str]) -> str:
    """The page of these lines."""
    named = {name: line for name, line in lines.items() if not name.isdigit()}
    verdicts = [line.split(" | ")[4] for line in named.values()]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("agree", "differ", "open", "not judged"))
    lacking = "" if len(named) == len(so.methods()) else f" {len(so.methods()) - len(named)} methods were not run yet."
    return (
        HEAD
        + "\n".join(named[name] for name in sorted(named, key=str.lower))
        + f"\n\n{len(named)} methods: {counts}.{lacking}\n"
        + AGAIN.format(command())
        + "\n".join(lines[seed] for seed in sorted(lines.keys() - named.keys(), key=int))
        + "\n"
    )


def main(names: list[str]) -> None:
    """Write the page, after every line."""
    found = rows(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    seeds = [str(seed) for seed in range(SEEDS)]
    every = [*sorted(so.methods(), key=str.lower), *seeds]
    missing = [name for name in every if name not in found]
    for name in {"--missing": missing, "--readme": seeds}.get(names[0], names) if names else every:
        found[name] = seeded(int(name)) if name.isdigit() else row(name)
        print(found[name], flush=True)
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
