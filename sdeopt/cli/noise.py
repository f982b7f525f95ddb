"""``sdeopt noise``: the gradient noise of a problem at its start."""

from __future__ import annotations

from typing import Any

import click

from sdeopt.cli.runs import PAGED, WIDE

__all__ = ["noise"]

DEFAULT = "gaussian:0.5"  # the law where no data are drawn


@click.command("noise")
@click.argument("objective", metavar="OBJECTIVE")
@click.option("--noise", "law", metavar="SPEC", help="Law of the gradient noise.  [default: gaussian:0.5; over data, "
              "minibatches]")  # fmt: skip
@click.option("--batch", type=int, help="Minibatches of so many examples.  [default: 1]")
@click.option("--x0", metavar="NUMBERS", help="Where, as 1,-1.  [default: the objective's own start]")
@click.option("--largest", type=int, help="How many eigenvalues.  [default: 10]")
@click.option("--probes", type=int, help="Random vectors for traces.  [default: 16]")
@click.option("--samples", type=int, help="Draws of the noise for the tail index.  [default: 1024]")
@click.option("--seed", type=int, default=0, help="Randomness.  [default: 0]")
@click.option("--wide", is_flag=True, help=WIDE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not tables.")
@click.option("--quiet", is_flag=True, help="No progress bar, no remarks.")
@click.option("--out", metavar="STEM", help=f"Write the figure to STEM.png and the profile to STEM.npz; {PAGED}.")
def noise(
    objective: str, law: str | None, batch: int | None, x0: str | None, seed: int, wide: bool, as_json: bool,
    quiet: bool, out: str | None, **sizes: Any,
) -> None:  # fmt: skip
    """Covariance of the gradient noise at the start of OBJECTIVE: rank, spectrum, Hessian, tail, critical batch size.

    OBJECTIVE is a SPEC of `sdeopt list`, or a network: mlp, cnn, resnet or transformer on digits, mnist or
    breast_cancer (not on all), or FILE.py:FUNCTION that returns (module, loss, X, y) in PyTorch.

    Example: sdeopt noise mlp:digits,widths=32x16 --batch 32 --out mlp
    """
    import sdeopt as so
    from sdeopt.cli import output
    from sdeopt.cli.problems import problem_of
    from sdeopt.cli.words import stem

    file = stem(out)
    given = {name: value for name, value in sizes.items() if value is not None}
    problem = problem_of({"objective": objective, "noise": law, "batch": batch, "x0": x0}, (objective, DEFAULT))
    result = so.noise_profile(problem, rng=seed, progress=False if quiet else None, **given)
    if as_json:
        click.echo(result.to_json())
    else:
        output.show(result, None, wide)
    if file:
        written = output.write(result, file)
        if not quiet:
            click.echo(f"wrote {' and '.join(written)}", err=True)
