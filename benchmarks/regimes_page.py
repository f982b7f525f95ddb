"""docs/regimes.md: what an atlas found, in sentences and tables that are made from its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import sdeopt as so
from sdeopt.atlases.pages import MARKS, beside, heading, rates, shown, winners
from sdeopt.results.words import ends, number

__all__ = ["HEAD", "page", "write"]

HEAD = """# Regimes of the noise

Which optimizer wins under which noise, by how much, and where its SDE stops being a model of it: a run of
`python -m benchmarks.regimes --write docs/regimes.md`, on one small problem, which is not every problem. Methods are
compared within a law, at equal gradients seen, by the median over paths of f - f* at the end; all whose 95 % intervals
overlap that of the best are called tied. *Off* is the largest gap between SDE and optimizer, over quantities and times,
in units of its scale, bounded from both sides by 95 % each. A private law is (ε, 1e-5)-private for one pass over the
data, since its batches are of new examples. All sentences and tables are made from the numbers of the
run. `so.atlas(problem)` and `sdeopt atlas` do the same on a problem of your own.
"""
MARGIN = 0.1
NAMES = 6  # of methods in a sentence
PAIRS = (
    ("SignSGD", "SGD"), ("Adam", "SGD"), ("Adam", "SignSGD"), ("HeavyBall", "SGD"), ("NGN", "SGD"), ("SAM", "SGD"),
    ("ScheduleFreeSGD", "SGD"), ("DSignSGD", "DSGD"), ("TopKEF", "DCSGDRandK"), ("DPSignSGD", "DPSGD"),
)  # fmt: skip
CAPTIONS = {
    "median": "Medians of f - f*, in multiples of the least under the law. Grey: no number; marks as below.",
    "loss": "Means of f - f*, in multiples of the least under the law.",
    "time": "Gradients until half of the paths reached the level, a tenth of f - f* at the start.",
    "spread": "tr Cov x at the end.",
    "diverged": "Share of paths lost.",
    "error": "How far the SDE is off.",
}


def write(found: so.Atlas, minutes: float, date: str, file: Path) -> None:
    """The page of a run and a figure for each measure."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for measure in found.measures:
        figure = found.plot(measure=measure).figure
        figure.savefig(file.parent / "figures" / f"regimes-{measure}.png", dpi=100)
        plt.close(figure)
    file.write_text(page(found, minutes, date), encoding="utf-8")


def page(found: so.Atlas, minutes: float, date: str) -> str:
    """What was found, in words and tables."""
    m = found.meta
    settings = (
        f"{len(found.methods)} methods of {date} at their defaults, {len(found.laws)} laws, {m['gradients']} "
        f"gradients each, {m['paths']} paths, η the best of {', '.join(map(number, m['lrs']))} on {m['tuning']} other "
        f"paths; f is least squares on 16 examples with d = 8. {minutes:.0f} minutes of processor time."
    )
    if m["partial"]:
        settings += " It was stopped: what it did not reach has no numbers."
    lines = [HEAD, settings, "", "## Who wins where", "", *winning(found), "", *frequent(found), "", *beside(found), ""]
    lines += ["## Rivals, pair by pair", "", *(pair(found, *two) for two in PAIRS if set(two) <= {*found.methods}), ""]
    lines += [figure("median"), "", figure("loss"), "", "## How soon, how widely, and what is lost", ""]
    lines += [*losses(found), "", figure("time"), "", figure("spread"), "", figure("diverged"), ""]
    lines += ["## Where the SDE is a model", "", *modelling(found), "", figure("error"), ""]
    lines += ["## What was run", "", *running(found), "", "## All numbers", "", *numbers(found)]
    return "\n".join(lines) + "\n"


def figure(measure: str) -> str:
    return f"![{measure}](figures/regimes-{measure}.png)\n\n*{CAPTIONS[measure]}*"


def some(names: Sequence[str], most: int = NAMES) -> str:
    """The first names, and how many more there are."""
    if len(names) <= most + 1:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def winning(found: so.Atlas) -> list[str]:
    """The best methods under every law, by how much, and who is lost."""
    lines = ["| noise | best, with what is tied | median f - f* | next, times as high | paths lost by |", *bars(5)]
    for law, (_, _, _, median, behind, factor, _) in zip(found.laws, winners(found), strict=True):
        lost = [name for name in found.ranking(law) if found.at("diverged", name, law).value > 0.0]
        after = f"{behind}: {factor}" if factor != "-" else "-"
        lines.append(f"| {law} | {some(found.best(law))} | {median} | {after} | {some(lost, 4)} |")
    return lines


def frequent(found: so.Atlas) -> list[str]:
    """How often a method is best or tied with the best, of those laws under which most methods run."""
    general = [law for law in found.laws if 2 * len(found.ranking(law)) > len(found.methods)]
    counts = {name: sum(name in found.best(law) for law in general) for name in found.methods}
    most = sorted((name for name in counts if counts[name]), key=lambda name: (-counts[name], name))
    told = ", ".join(f"{name} {counts[name]}" for name in most[:12])
    never = len(found.methods) - len(most)
    return [
        f"Best or tied with the best, of the {len(general)} laws under which most methods run: {told}"
        f"{' and others less often' if len(most) > 12 else ''}. {never} methods are so under none of them."
    ]


def pair(found: so.Atlas, a: str, b: str) -> str:
    """Under which laws ``a`` ends surely lower than ``b``, surely higher, or neither."""
    kinds: dict[str, list[str]] = {"lower": [], "higher": [], "tied": []}
    for law in found.laws:
        first, second = found.at("median", a, law), found.at("median", b, law)
        if np.isnan(first.value) or np.isnan(second.value):
            continue
        kind = "lower" if first.high < second.low else "higher" if second.high < first.low else "tied"
        ratio = ""
        if kind != "tied" and np.isfinite([first.value, second.value]).all() and second.low > 0.0:
            ratio = f" {ends(first.low / second.high, first.high / second.low)}"
        kinds[kind].append(law.replace(", ", " ") + ratio)
    told = [f"{kind} under {', '.join(laws)}" for kind, laws in kinds.items() if laws]
    return f"- **{a} against {b}**, ratio of medians: {'; '.join(told)}."


def losses(found: so.Atlas) -> list[str]:
    """Who loses paths, who reaches the level at all, and who is widest, law by law."""
    lines = ["| noise | level reached by half of the paths of | soonest | paths lost by | no spread |", *bars(5)]
    for law in found.laws:
        ran = found.ranking(law)
        times = {name: found.at("time", name, law).value for name in ran}
        reach = [name for name in ran if np.isfinite(times[name])]
        least = min((times[name] for name in reach), default=np.nan)
        first = [name for name in reach if found.at("time", name, law).low <= least]
        lost = sum(found.at("diverged", name, law).value > 0.0 for name in ran)
        none = sum(np.isnan(found.at("spread", name, law).low) for name in ran)
        soonest = f"{number(least)}: {some(first, 4)}"
        lines.append(f"| {law} | {len(reach)} of {len(ran)} | {soonest} | {lost} | {none} of {len(ran)} |")
    return lines


def modelling(found: so.Atlas) -> list[str]:
    """Under every law, whose SDE is surely within 10 % of its optimizer, and whose surely is not."""
    left = [law for law in found.laws if law not in found.meta["compared"]]
    lines = ["| noise | within 10 % | off by more | bounds on both sides of 10 % | no SDE, or no bound |", *bars(5)]
    for law in found.meta["compared"]:
        kinds: dict[str, list[str]] = {"within": [], "off": [], "open": [], "none": []}
        for name in found.ranking(law):
            e = found.at("error", name, law)
            known = not (np.isnan(e.low) or np.isnan(e.high)) and e.status in ("ok", "undecided")
            kind = "none" if not known else "within" if e.high <= MARGIN else "off" if e.low > MARGIN else "open"
            kinds[kind].append(name)
        lines.append(f"| {law} | {' | '.join(f'{len(n)}: {some(n, 12)}' for n in kinds.values())} |")
    if left:
        lines += ["", f"To stay within half an hour SDEs were not compared under {', '.join(left)}."]
    return lines


def running(found: so.Atlas) -> list[str]:
    """The laws, how often a best learning rate lies at an end of the grid, and what cannot run."""
    pairs = [(name, law) for law in found.laws for name in found.ranking(law)]
    edges = sum(found.at_edge(*one) for one in pairs)
    out = [f"| {name} | {reason} |" for name, reason in found.meta["left out"].items()]
    lines = [f"Of {len(pairs)} learning rates {edges} lie at an end of the grid.", "", "| noise | law |", *bars(2)]
    lines += [f"| {label} | `{said}` |" for label, said in found.meta["laws"].items()]
    return [*lines, "", "| left out | because |", *bars(2), *out] if out else lines


def numbers(found: so.Atlas) -> list[str]:
    """A table for each law, from the least median on, and the reasons of its marks."""
    marks = ", ".join(f"{mark} {status}" for status, mark in MARKS.items())
    lines = [f"± is half of a 95 % interval, [ ] are its ends. η with a * is an end of the grid. Marks: {marks}.", ""]
    for law in found.laws:
        heads = ["method", "η", *(heading(found, name) for name in found.measures)]
        lines += [f"### {law}", "", f"| {' | '.join(heads)} |", *bars(len(heads))]
        for name in found.ranking(law):
            cells = (str(getattr(c := shown(k, found.at(k, name, law)), "text", c)) for k in found.measures)
            lines.append(f"| {name} | {rates(found, name, law)} | {' | '.join(cells)} |")
        lines += ["", *reasons(found, law), ""]
    return lines


def reasons(found: so.Atlas, law: str) -> list[str]:
    """Why there is no number or no interval: each reason once, with the measures and how many methods."""
    said: dict[str, dict[str, int]] = {}
    for name in found.ranking(law):
        for measure in found.measures:
            e = found.at(measure, name, law)
            if e.status != "ok" and e.reason:
                at = said.setdefault(general(e.reason, name), {})
                at[measure] = at.get(measure, 0) + 1
    told = sorted(said.items(), key=lambda entry: -sum(entry[1].values()))
    lines = [f"- {where(at)}: {reason}" for reason, at in told[:NAMES]]
    return [*lines, f"- and {len(told) - NAMES} reasons more."] if len(told) > NAMES else lines


def general(reason: str, name: str) -> str:
    """A reason without what differs from method to method: its name, and how far exactly."""
    if reason.startswith("open: between"):
        return "open: the bounds lie on both sides of what was asked"
    if " needs " in reason and reason.startswith("the SDE"):
        return f"its SDE needs {reason.partition(' needs ')[2].partition(':')[0]}, which this noise does not have"
    return re.sub(r"[+-]?\d+(\.\d+)? %", "so many %", reason.replace(name, "the method"))


def where(at: dict[str, int]) -> str:
    return ", ".join(f"{measure} ({count})" for measure, count in at.items())


def bars(columns: int) -> Iterable[str]:
    return ["|" + "---|" * columns]
