"""The atlas of noise regimes: methods of every family under every law, on one small regression: docs/regimes.md.

python -m benchmarks.regimes --folder cells --write docs/regimes.md    # goes on where it was stopped
python -m benchmarks.regimes --quick                                   # three methods under three laws, a minute
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np

import sdeopt as so
from sdeopt.atlases.pages import winners
from sdeopt.atlases.regimes import quick
from sdeopt.results.words import number

__all__ = ["COMPARED", "full", "main", "page", "problem", "write"]

HEAD = """# Regimes of the noise

Which optimizer wins under which noise, by how much, and where its SDE stops being a model of it: a run of
`python -m benchmarks.regimes --write docs/regimes.md`, on one small problem, which is not every problem. Methods are
compared within a law, at equal gradients seen, by the median over paths of f - f* at the end; all whose 95 % intervals
overlap that of the best are called tied. *Off* is the largest gap between SDE and optimizer, over quantities and times,
in units of its scale, bounded from both sides by 95 % each. `so.atlas(problem)` takes every method of the package.
"""
FIGURES = ("median", "error")
MARGIN = 0.1

GRADIENTS, PATHS, TUNING, SEED = 100, 400, 100, 0
COMPARED = (
    "Gaussian 1", "Student-t, ν = 5", "Cauchy", "minibatch of 4", "unequal agents", "compressed, ω = 3", "private, ε = 1",
)  # fmt: skip


def problem() -> so.Problem:
    """Least squares on 16 examples of 8 features: every law of the noise has a meaning there."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((16, 8))
    return so.Problem(so.LinearRegression(X, X @ np.ones(8) + rng.standard_normal(16)))


def full(folder: Path | None = None, workers: int | None = None) -> so.Atlas:
    """Every method of the package at its defaults, in processes, since NumPy's small steps hold the interpreter."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return so.atlas(
            problem(), gradients=GRADIENTS, paths=PATHS, tuning=TUNING, compare=COMPARED, rng=SEED, folder=folder,
            executor=pool,
        )  # fmt: skip


def write(found: so.Atlas, minutes: float, file: Path) -> None:
    """The page of a run and its two figures."""
    import matplotlib

    matplotlib.use("Agg")
    for measure in FIGURES:
        found.plot(measure=measure).figure.savefig(file.parent / "figures" / f"regimes-{measure}.png", dpi=110)
    file.write_text(page(found, minutes), encoding="utf-8")


def page(found: so.Atlas, minutes: float) -> str:
    """What was found, in words and tables."""
    m = found.meta
    settings = (
        f"{len(found.methods)} methods at their defaults, {len(found.laws)} laws, {m['gradients']} gradients each, "
        f"{m['paths']} paths, η the best of {', '.join(map(number, m['lrs']))} on {m['tuning']} other paths; f is "
        f"least squares on 16 examples with d = 8. {minutes:.0f} minutes of processor time."
    )
    if m["partial"]:
        settings += " It was resumed and then stopped: comparisons that it did not reach stand under no SDE."
    lines = [
        HEAD,
        settings,
        "",
        "## Who wins where",
        "",
        *winning(found),
        "",
        "![medians](figures/regimes-median.png)",
        "",
    ]
    lines += ["## Where the SDE is a model", "", *modelling(found), "", "![errors](figures/regimes-error.png)", ""]
    return "\n".join([*lines, "## What was run", "", *running(found)]) + "\n"


def winning(found: so.Atlas) -> list[str]:
    """The best methods under every law, by how much, and who is lost."""
    lines = ["| noise | best, with what is tied | median f - f* | next, times as high | paths lost by |", *bars(5)]
    for law, (_, _, _, median, behind, factor, _) in zip(found.laws, winners(found), strict=True):
        lost = [name for name in found.ranking(law) if found.at("diverged", name, law).value > 0.0]
        best = ", ".join(found.best(law)) or "none"
        after = f"{behind}: {factor}" if factor != "-" else "-"
        lines.append(f"| {law} | {best} | {median} | {after} | {', '.join(lost) or 'none'} |")
    return lines


def modelling(found: so.Atlas) -> list[str]:
    """Under every law, whose SDE is surely within 10 % of its optimizer, and whose surely is not."""
    lines = [
        "| noise | within 10 % | off by more | bounds on both sides of 10 % | no SDE, or no bound |",
        *bars(5),
    ]
    for law in found.laws:
        kinds: dict[str, list[str]] = {"within": [], "off": [], "open": [], "none": []}
        for name in found.ranking(law):
            e = found.at("error", name, law)
            known = not (np.isnan(e.low) or np.isnan(e.high)) and e.status in ("ok", "undecided")
            kinds["none" if not known else "within" if e.high <= MARGIN else "off" if e.low > MARGIN else "open"] += [
                name
            ]
        lines.append(f"| {law} | {' | '.join(', '.join(names) or '-' for names in kinds.values())} |")
    return lines


def running(found: so.Atlas) -> list[str]:
    """The laws, and how often a best learning rate lies at an end of the grid."""
    pairs = [(name, law) for law in found.laws for name in found.ranking(law)]
    edges = sum(found.at_edge(*pair) for pair in pairs)
    laws = [f"| {label} | `{said}` |" for label, said in found.meta["laws"].items()]
    return [
        f"Of {len(pairs)} learning rates {edges} lie at an end of the grid.",
        "",
        "| noise | law |",
        *bars(2),
        *laws,
    ]


def bars(columns: int) -> list[str]:
    return ["|" + "---|" * columns]


@click.command()
@click.option("--quick", "short", is_flag=True, help="Three methods under three laws.")
@click.option("--workers", type=int, help="Processes.  [default: one per core]")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep finished cells here.")
@click.option("--save", type=click.Path(path_type=Path), help="Keep the atlas here.")
@click.option("--write", "file", type=click.Path(path_type=Path), help="Write the page docs/regimes.md of a full run.")
def main(short: bool, workers: int | None, folder: Path | None, save: Path | None, file: Path | None) -> None:
    """Run the atlas and print it."""
    if short and file:
        raise click.BadParameter("--write is for a full run: without --quick")
    found = so.atlas(problem(), **quick(problem()), rng=SEED) if short else full(folder, workers)
    minutes = sum(os.times()[:4]) / 60.0  # of the workers too
    print(found)
    print(f"{minutes:.1f} minutes of processor time")
    if save:
        found.save(save)
    if file:
        write(found, minutes, file)


if __name__ == "__main__":
    main()
