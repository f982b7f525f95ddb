"""``sdeopt simulate``, ``compare`` and ``certify``: their options, and the order of events of a run."""

from __future__ import annotations

from typing import Any

import click

from sdeopt.cli import config

__all__ = ["PAGED", "WIDE", "MethodCommand", "certify", "compare", "shared_options", "simulate"]

WIDE = "Every column of the table, however narrow the terminal."


PAGED = "with STEM.html a page in place of the figure"


def _option(name: str, help: str, kind: Any = str, metavar: str | None = None, **more: Any) -> click.Option:
    return click.Option([name], type=kind, metavar=metavar, help=help, **more)


def _flag(name: str, help: str) -> click.Option:
    return click.Option([name], is_flag=True, help=help)


def _out(numbers: str) -> click.Option:
    return _option("--out", f"Write the figure to STEM.png and {numbers} to STEM.npz; {PAGED}.", metavar="STEM")


def shared_options() -> list[click.Parameter]:
    """The options that both commands share; the hyperparameters come from the registry."""
    return [
        click.Argument(["method"], metavar="METHOD"),
        _option(
            "--objective",
            "Objective by name (`sdeopt list`), a network, mlp:digits,widths=32, or FILE.py:FUNCTION that returns "
            "(module, loss, X, y) in PyTorch.  [default: quadratic:1,2, or METHOD's own]",
            metavar="SPEC",
        ),
        _option(
            "--noise",
            "Law of the gradient noise by name.  [default: gaussian:0.5, or what METHOD needs; over data, minibatches]",
            metavar="SPEC",
        ),
        _option("--batch", "Minibatches of so many examples, for an objective over data.  [default: 1]", int),
        _option("--x0", "Starting point, as 1,-1.  [default: the objective's own]", metavar="NUMBERS"),
        _option(
            "--schedule",
            "Of the learning rate, with --lr as its peak. In fractions of the run: warmup:0.1, "
            "warmup-cosine:0.1,final=0.05, wsd:0.1,decay=0.2, inverse-root:0.1, step:0.5,0.75,factor=0.1. In time: "
            "cosine, cosine:final=0.1,horizon=5 (default: the run's horizon), power:0.5.",
            metavar="SPEC",
        ),
        _option("--sde", "SDE of the method by name, see `sdeopt show METHOD`.  [default: its own]", metavar="NAME"),
        _option("--horizon", "How long, in continuous time.  [default: 10; on networks the most of 200, 100, 50 and 25 "
                "steps that two minutes of CPU time afford, as counted]", float),
        _option("--steps", "How long, in optimizer steps.", int),
        _option("--paths", "Independent paths.  [default: 4000, fewer where a path costs more, see below]", int),
        _option("--dt", "Step of the SDE integrator.  [default: an 8th of the optimizer's]", float),
        _option("--substeps", "The same, as its number per optimizer step.", int),
        _option("--scheme", "heun (default) or euler.", metavar="NAME"),
        _option("--save-at", "Number of saves.", int),
        _option("--observables", "Of loss, norm2, grad_norm2, sharpness, class_losses.  [default: the first three that "
                "exist; of networks the loss, of more than 2000 examples on 1000 of them, while loss is of all]",
                metavar="NAMES"),
        _option("--seed", "Randomness; the same seed gives the same numbers.  [default: 0]", int),
        _option("--threads", "Threads; they do not change the numbers.  [default: one per core]", int),
        _option("--config", "TOML file with the same words; this line wins over it.", metavar="FILE", is_eager=True,
                expose_value=False, callback=config.load),
        _option(
            "--rest",
            "On networks, beside METHOD for the matrices: this one for all else, as adamw:lr=0.002,weight_decay=0.1. "
            "Without lr it has that of METHOD.",
            metavar="METHOD:...",
        ),
        _flag("--rescaled", "PCNSGD+R: pulls of classes rescaled along the directions of all their examples."),
        _flag("--averaged", "The mean of all positions of METHOD, in the place of the last."),
        _flag("--wide", WIDE),
        _flag("--json", "Print JSON, not a table."),
        _flag("--quiet", "No progress bar, no remarks."),
    ]  # fmt: skip


class MethodCommand(click.Command):
    """A command whose options include the hyperparameters of all methods, read from the registry when it is used.

    A page FILE.py:NAME is registered before, so that its hyperparameters are among them.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, the file of a page first."""
        from sdeopt.cli.own import OWN, method_of

        flags = {name for p in self.params if getattr(p, "is_flag", False) for name in p.opts}
        for before, word in zip(("", *args), args, strict=False):
            if OWN.fullmatch(word) and word[0] != "-" and (before[:2] != "--" or before in flags or "=" in before):
                cls = method_of(word)
                taken = sorted(set(cls._fields) & {str(p.name) for p in self.params})
                if taken:
                    got = f"the field {taken[0]!r} of {cls.__name__}"
                    raise ValueError(f"method: no field may be called as an option of this command is, got {got}")
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The declared options, the hyperparameters, and --help."""
        from sdeopt.cli.words import hyperparameters

        method, *rest = super().get_params(ctx)
        named = [_option(name, text, float) for name, text in hyperparameters().items()]
        return [method, *named, *rest]


CHECKPOINT = "Folder that keeps what is finished; after a crash the same command goes on from it."
PATHS = """\b
Default number of paths: the largest of 4000, 2000, 1000, 500, 250, 125 and 64
whose work is below two minutes of CPU time (15 s without --objective). The work is
counted, not timed, from what a step computes: the same command runs the same paths on
any machine. The output says how many.
More paths keep the old ones and narrow every interval."""

DECIDES = """\b
Without --paths a pilot on other paths forecasts how many decide, within a budget of work
that is about 6 s on two cores. The work is counted, not timed: the same command gives
the same report on any machine. The report says which --paths and --substeps run the same
paths again.
Of a network whose pilot would cost more, 64 paths run at once, as long as is affordable."""


@click.command("simulate", cls=MethodCommand, epilog=PATHS, params=[
    *shared_options(),
    _option("--kind", "discrete (default) or sde.", metavar="NAME"),
    _option("--checkpoint", CHECKPOINT, metavar="FOLDER"),
    _out("the numbers"),
])  # fmt: skip
@click.pass_context
def simulate(ctx: click.Context, /, **words: Any) -> None:
    """Simulate METHOD, or its SDE, on many paths: means in time.

    METHOD is a name of `sdeopt list`, or FILE.py:NAME, a page in a file of yours.

    Example: sdeopt simulate sgd --kind sde --objective rosenbrock --lr 0.001 --steps 2000
    """
    _run(ctx, words)


@click.command("compare", cls=MethodCommand, epilog=DECIDES, params=[
    *(word for word in shared_options() if word.name not in ("paths", "dt", "substeps")),
    _option("--paths", "Independent paths.  [default: as many as decide, within the budget, see below]", int),
    _option("--seconds", "A budget of time; the number of paths then depends on the machine.", float),
    _option("--dt", "Step of the SDE integrator.  [default: a half, a 4th or an 8th of the optimizer's; with --paths "
            "an 8th]", float),
    _option("--substeps", "The same, as its number per optimizer step.", int),
    _option("--judge", "all (default up to d = 64); each: coordinates one by one; observables: coordinates are shown "
            "only.", metavar="NAME"),
    _option("--checkpoint", CHECKPOINT, metavar="FOLDER"),
    _option("--tolerance", "Margin of the verdicts, as a fraction of each quantity's scale.  [default: 0.1]", float),
    _option("--alpha", "How often each bound may be wrong.  [default: 0.05]", float),
    _out("the report"),
])  # fmt: skip
@click.pass_context
def compare(ctx: click.Context, /, **words: Any) -> None:
    """Compare METHOD with its SDE: gaps with intervals, and a verdict.

    METHOD is a name of `sdeopt list`, or FILE.py:NAME, a page in a file of yours.

    Example: sdeopt compare adam --beta2 0.99 --lr 0.01 --horizon 5 --out adam
    """
    _run(ctx, words)


NOT_ON_A_LADDER = {"steps", "paths", "dt", "substeps", "scheme", "save_at", "horizon", "observables"}


@click.command("certify", cls=MethodCommand, params=[
    *(word for word in shared_options() if word.name not in NOT_ON_A_LADDER),
    _option("--lrs", "Learning rates, falling, as 0.1,0.05,0.025.  [default: --lr, and those whose steps take 1/2, 1/4 "
            "and 1/8 of its time]", metavar="NUMBERS"),
    _option("--horizon", "Continuous time, whole steps of every learning rate.  [default: 1]", float),
    _flag("--warm", "Start where METHOD is after many steps at x0: running means at their limit."),
    _option("--precision", "Half-width of a slope's interval to be reached.  [default: 0.1]", float),
    _option("--paths", "Paths that choose what is judged, and the first that are.  [default: 4096]", int),
    _option("--max-paths", "The most for any one learning rate.  [default: what a budget of work affords, about 20 s "
            "on two cores]", int),
    _option("--seconds", "A budget of time: no round of paths begins later; the result then depends on the machine.",
            float),
    _option("--substeps", "Integrator steps in the smallest optimizer step.  [default: 8]", int),
    _option("--checkpoint", CHECKPOINT, metavar="FOLDER"),
    _out("the certificate"),
])  # fmt: skip
@click.pass_context
def certify(ctx: click.Context, /, **words: Any) -> None:
    """Measure the weak order of METHOD's SDE, of means and covariance, along a ladder of learning rates.

    METHOD is a name of `sdeopt list`, or FILE.py:NAME, a page in a file of yours.

    Example: sdeopt certify sgd --sde order2 --lrs 0.2,0.1,0.05,0.025 --out order2
    """
    _run(ctx, words)


def _run(ctx: click.Context, words: dict[str, Any]) -> None:
    """Read the words, run, print, write the files."""
    import sdeopt as so
    from sdeopt.cli import output
    from sdeopt.cli.words import read

    job = read(str(ctx.info_name), config.settle(ctx, words))
    result = getattr(so, str(ctx.info_name))(job.method, job.problem, **job.arguments)
    if words["json"]:
        click.echo(result.to_json())
    else:
        output.show(result, job.remark, words["wide"])
    if job.stem:
        written = output.write(result, job.stem)
        if not words["quiet"]:
            click.echo(f"wrote {' and '.join(written)}", err=True)
