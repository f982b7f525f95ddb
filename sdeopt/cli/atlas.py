"""``sdeopt atlas``: every method under every law of the noise, or the named ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from sdeopt.cli.runs import WIDE

__all__ = ["atlas"]

DEFAULT = "linear-regression:small"  # which can have every law: there are data
TIME = """\b
Everything, without METHOD, --law or --quick, is some 6000 runs: use --folder. For least
squares, as by default, that is about half an hour of CPU time; for other objectives
each method is compiled with each kind of noise and with its SDE, which takes hours.
--quick takes three methods and three laws, less than a minute.

Shown are, each with an interval or the reason why there is none: the median and the
mean of f(x) - f*, the gradients until half of the paths reach --level, the spread
tr Cov x, the share of paths that diverged, and how far the SDE is off."""


@click.command("atlas", epilog=TIME)
@click.argument("methods", nargs=-1, metavar="[METHOD]...")
@click.option("--objective", metavar="SPEC", default=DEFAULT, help=f"Objective by name.  [default: {DEFAULT}]")
@click.option("--law", "laws", multiple=True, metavar="SPEC", help="Law of the gradient noise by name; several times.  "
              "[default: all]")  # fmt: skip
@click.option("--quick", is_flag=True, help="SGD, SignSGD and HeavyBall under Gaussian and Cauchy noise, fewer paths.")
@click.option("--x0", metavar="NUMBERS", help="Starting point, as 1,-1.  [default: the objective's own]")
@click.option("--gradients", type=int, help="How many each method sees.  [default: 400]")
@click.option("--lrs", metavar="NUMBERS", help="Learning rates to choose from, as 0.01,0.1.  [default: seven from "
              "0.001 to 1]")  # fmt: skip
@click.option("--level", type=float, help="Of f(x) - f*, for the time.  [default: a tenth of that at the start]")
@click.option("--compare", multiple=True, metavar="LAW", help="Law, as named by --law or in the table, under which "
              "SDEs are compared; several times.  [default: all]")  # fmt: skip
@click.option("--paths", type=int, help="Independent paths.  [default: 400]")
@click.option("--tuning", type=int, help="Paths for the choice of the learning rate.  [default: 100]")
@click.option("--seed", type=int, default=0, help="Randomness.  [default: 0]")
@click.option("--threads", type=int, help="Cells at a time; they do not change the numbers.  [default: one per core]")
@click.option("--folder", metavar="FOLDER", help="Keep finished cells here; the same command goes on from them.")
@click.option(
    "--out", metavar="STEM", help="Write STEM.csv, STEM.npz and a heat map STEM-MEASURE.png for each measure; with "
    "STEM.html a page of them.",
)  # fmt: skip
@click.option("--wide", is_flag=True, help=WIDE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not tables.")
@click.option("--quiet", is_flag=True, help="No progress bar, no remarks.")
def atlas(
    methods: tuple[str, ...], objective: str, laws: tuple[str, ...], quick: bool, x0: str | None, lrs: str | None,
    seed: int, threads: int | None, out: str | None, wide: bool, as_json: bool, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Which optimizer wins under which noise, each at its own best learning rate and at equal gradients seen.

    Example: sdeopt atlas sgd signsgd adam --law gaussian:1 --law student-t:1,nu=1.5
    """
    import sdeopt as so
    from sdeopt.atlases.regimes import quick as short
    from sdeopt.cli import output
    from sdeopt.cli.own import method_of
    from sdeopt.cli.problems import objective_of
    from sdeopt.cli.words import LR, stem
    from sdeopt.core import checks
    from sdeopt.core.spec import numbers
    from sdeopt.noise import spec as noises

    file = stem(out)
    problem = so.Problem(objective_of(objective), x0=None if x0 is None else numbers("x0", x0.split(",")))
    arguments: dict[str, Any] = short(problem) if quick else {}
    if methods:
        arguments["methods"] = {cls.__name__: cls(**{"lr": LR} | cls.at) for cls in map(method_of, methods)}
    if laws:
        arguments["laws"] = {text: noises.parse(text) for text in laws}
    if lrs is not None:
        arguments["lrs"] = numbers("lrs", lrs.split(","))
    arguments |= {name: value for name, value in given.items() if value is not None and value != ()}
    if threads is not None:
        arguments["executor"] = ThreadPoolExecutor(checks.integer("threads", threads, low=1))
    result = so.atlas(problem, **arguments, rng=seed, progress=False if quiet else None)
    if as_json:
        click.echo(result.to_json())
    else:
        output.show(result, None, wide)
    if file:
        written = output.tables(result, file)
        if not quiet:
            click.echo(f"wrote {', '.join(written)}", err=True)
