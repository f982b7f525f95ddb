"""What an atlas shows: who is best under every law, the numbers of the leading methods, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdeopt.results.estimate import Estimate
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.words import ends, known, number, off, tone

if TYPE_CHECKING:
    from sdeopt.atlases.report import Atlas

__all__ = ["beside", "heading", "line", "page"]

ROWS = 60  # of methods under laws that are printed whole; of more, the leading ones under each law
LEADING = 3
NAMES = 4  # of methods that are tied
MARKS = {"undecided": "?", "diverged": "×", "failed": "!", "missing": "…"}
HEADINGS = {
    "median": "median f - f*",
    "loss": "E f - f*",
    "time": "gradients to level",
    "spread": "tr Cov x",
    "diverged": "diverged",
    "error": "SDE off by",
}
READ = (
    "± is half of a 95 % interval, [ ] are its ends. Methods within a law are ranked by the median of f(x) at the end; "
    "those whose interval overlaps that of the best are tied with it.",
    "η has a * where it is an end of the grid: a better one may lie beyond.",
    "SDE off by: the largest gap between SDE and optimizer, over quantities and times, in units of its scale, bounded "
    "from both sides.",
)


def line(a: Atlas) -> str:
    """How large it is."""
    methods, laws = len(a.methods), len(a.laws)
    partial = ", partial" if a.meta["partial"] else ""
    return (
        f"Atlas({methods} method{'s' * (methods != 1)}, {laws} law{'s' * (laws != 1)} of the noise{partial})"
    )  # fmt: skip


def page(a: Atlas) -> Page:
    """Head, winners, numbers, notes."""
    m = a.meta
    level = "" if m["level"] is None else f", level {number(m['level'])}"
    least = "f* is not known" if m["minimum"] is None else f"f* = {number(m['minimum'])}"
    head: list[tuple[str, Line]] = [
        ("problem", m["problem"]),
        ("run", f"{m['gradients']} gradients for each method, {least}{level}"),
        ("η", f"the best of {', '.join(map(number, m['lrs']))} on {m['tuning']} paths of their own"),
        ("paths", f"{m['paths']}" + (", interrupted" if m["partial"] else "")),
    ]
    best = Table(
        ("noise", "best", "η", heading(a, "median"), "next", "times as high", "SDE off by"), winners(a), (0, 1, 4)
    )
    whole = len(a.methods) * len(a.laws) <= ROWS
    rows = [row(a, name, law) for law in a.laws for name in (a.methods if whole else a.ranking(law)[:LEADING])]
    headings = ("noise", "method", "η", *(heading(a, name) for name in a.measures))
    important = (0, 1, 2, 3, 8, 4, 5, 7, 6)
    more = [] if whole else [f"Numbers of the best {LEADING} under each law; to_csv writes all."]
    return Page(head, [best, Table(headings, rows, (0, 1), important)], [*READ, *beside(a), *more, *reasons(a)])


def heading(a: Atlas, measure: str) -> str:
    """Of a column: losses are above f*, where it is known."""
    text = HEADINGS[measure]
    return text.replace(" - f*", "(x)") if a.meta["minimum"] is None else text


def beside(a: Atlas) -> list[str]:
    """What some methods read beside gradients, which is not counted: a sentence, or none."""
    readers: dict[str, list[str]] = {}
    for method, words in a.meta.get("beside", {}).items():
        for word in words:
            readers.setdefault(word, []).append(method)
    told = "; ".join(f"{word}, by {', '.join(names)}" for word, names in readers.items())
    return [f"Read beside gradients, and not counted: {told}."] if told else []


def winners(a: Atlas) -> list[tuple[Line, ...]]:
    """A row for every law."""
    rows: list[tuple[Line, ...]] = []
    for law in a.laws:
        best, ranked = a.best(law), a.ranking(law)
        if not best:
            rows.append((law, "none", "-", "-", "", "-", "-"))
            continue
        first = a.at("median", best[0], law)
        behind = next((name for name in ranked if name not in best), None)
        unknown = behind is None or a.meta["minimum"] is None  # how many times as high
        factor = "-" if unknown else times(first, a.at("median", str(behind), law))
        names = ", ".join(best[:NAMES]) + (f" and {len(best) - NAMES} more" if len(best) > NAMES else "")
        tied = f"{names} (tied)" if len(best) > 1 else names
        rate, median = rates(a, best[0], law), known(*first[:1], *first[2:4])
        rows.append((law, tied, rate, median, behind or "none", factor, error(a.at("error", best[0], law))))
    return rows


def times(first: Estimate, second: Estimate) -> str:
    """How many times as high the second is, at least and at most."""
    if not np.isfinite(second.value):
        return "∞"
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.array([second.low, second.high]) / np.array([first.high, first.low])
    return ends(float(low), float(high) if first.low > 0.0 else np.inf)


def rates(a: Atlas, method: str, law: str) -> str:
    """The learning rate."""
    lr = float(a.lr[a.methods.index(method), a.laws.index(law)])
    return number(lr) + ("*" if a.at_edge(method, law) else "")


def row(a: Atlas, method: str, law: str) -> tuple[Line, ...]:
    """A method under a law."""
    measured = (shown(name, a.at(name, method, law)) for name in a.measures)
    return (law, method, rates(a, method, law), *measured)


def shown(measure: str, e: Estimate) -> Line:
    """A number with its mark."""
    text = error(e) if measure == "error" else known(e.value, e.low, e.high).removesuffix(" ?")
    return Cell(f"{text} {MARKS.get(e.status, '')}".strip(), tone(e.status))


def error(e: Estimate) -> str:
    """The bounds of a weak error."""
    return "-" if np.isnan(e.low) or np.isnan(e.high) else off(e.low, e.high)


def reasons(a: Atlas) -> list[Line]:
    """Of every mark the reasons that occur, the most frequent first, and what was left out."""
    told: list[Line] = []
    for status, mark in MARKS.items():
        found, counts = np.unique(a.reason[a.status == status], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        said = [f"{found[i]} ({counts[i]})" for i in order[:LEADING]]
        if said:
            rest = len(found) - LEADING
            more = f"; and {rest} other reason{'s' * (rest > 1)}" if rest > 0 else ""
            told.append(f"{mark} {status}: {'; '.join(said)}{more}.")
    out: dict[str, list[str]] = {}
    for name, reason in a.meta["left out"].items():
        out.setdefault(reason.partition(" needs ")[2] or reason, []).append(name)
    return [*told, *(Cell(f"Left out: {', '.join(names)}: {reason}.", "dim") for reason, names in out.items())]
