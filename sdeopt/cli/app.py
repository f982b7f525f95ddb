"""The group of commands, and the one place where errors become sentences.

Nothing here imports more than click, so that ``sdeopt --help`` answers at once; a command imports what it needs when
it runs.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from sdeopt import __version__
from sdeopt.cli.atlas import atlas
from sdeopt.cli.cache import cache
from sdeopt.cli.derive import derive
from sdeopt.cli.explore import explore
from sdeopt.cli.noise import noise
from sdeopt.cli.pages import cite, list_, show
from sdeopt.cli.report import report
from sdeopt.cli.runs import certify, compare, simulate
from sdeopt.cli.scale import scale
from sdeopt.cli.sweep import sweep

__all__ = ["main"]

FAILED, INTERRUPTED = 2, 130
EXAMPLES = """\b
Examples:
  sdeopt compare signsgd
  sdeopt compare signsgd --objective logistic:breast_cancer --batch 4 --lr 0.02 --horizon 4 --out signsgd"""


class App(click.Group):
    """A group whose every error and warning is one sentence on stderr and the exit code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; Ctrl-C before anything is finished exits with 130."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", UserWarning)
                warnings.showwarning = lambda message, *_, **__: _say(str(message))
                sys.exit(super().main(*args, **kwargs | {"standalone_mode": False}))
        except click.Abort:
            _stop(INTERRUPTED, "interrupted before anything was finished")
        except click.NoSuchOption as error:
            _stop(FAILED, _unknown("option", error.option_name, _options(error.ctx)))
        except click.ClickException as error:
            _stop(FAILED, error.format_message())
        except OSError as error:
            _stop(FAILED, f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except MemoryError as error:
            _stop(FAILED, f"there is not enough memory: {error}")
        except (ValueError, TypeError, ImportError) as error:
            _stop(FAILED, str(error) or type(error).__name__)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command; for an unknown one the nearest name is suggested."""
        if self.get_command(ctx, args[0]) is None:
            ctx.fail(_unknown("command", args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def _say(message: str) -> None:
    click.echo(f"sdeopt: {' '.join(message.split())}", err=True)


def _stop(code: int, message: str) -> NoReturn:
    _say(message)
    sys.exit(code)


def _options(ctx: click.Context | None) -> list[str]:
    params = [] if ctx is None else ctx.command.get_params(ctx)
    return [name for option in params for name in option.opts if name.startswith("--")]


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """The words of the library for a name that does not exist."""
    from sdeopt.core import checks

    try:
        return checks.choice(kind, name, known)
    except ValueError as error:
        return str(error)


def _versions(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """What decides the bits of a run and the loops on disk."""
    if not asked or ctx.resilient_parsing:
        return
    from importlib.metadata import version
    from platform import machine, python_version

    click.echo(f"sdeopt {__version__}")
    engine = [f"{name} {version(name.lower())}" for name in ("NumPy", "Numba", "llvmlite", "SciPy")]
    click.echo(", ".join([f"Python {python_version()}", *engine, machine()]))
    ctx.exit()


@click.group(cls=App, invoke_without_command=True, epilog=EXAMPLES)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_versions, help="Versions of the engine too."
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Stochastic optimizers beside their stochastic differential equations.

    A method is a page with two columns, the discrete update and its SDE. `simulate` runs one of them, `compare`
    runs both on common random numbers and says, with intervals, whether they agree; `certify` does so along a
    ladder of learning rates, and measures the order. `derive` finds the SDE of an update alone. `scale` gives the
    hyperparameters for another batch size; `sweep` runs a grid, and `atlas` every method under every noise. `report`
    makes a page of HTML of what was saved; `explore` opens one on which to try methods out.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    list_,
    show,
    derive,
    simulate,
    compare,
    certify,
    sweep,
    atlas,
    scale,
    noise,
    report,
    explore,
    cite,
    cache,
):
    main.add_command(command)
