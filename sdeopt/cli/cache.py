"""``sdeopt cache info | clear``: the compiled loops on disk."""

from __future__ import annotations

import click

__all__ = ["cache"]


@click.group("cache", invoke_without_command=True)
@click.pass_context
def cache(ctx: click.Context) -> None:
    """Show or remove the compiled loops that let the next run start at once."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _counted(entries: int, size: int) -> str:
    return f"{entries} {'entry' if entries == 1 else 'entries'}, {size / 1e6:.1f} MB"


@cache.command("info")
def info() -> None:
    """Show where the compiled loops are, how many, and the versions that they depend on."""
    from sdeopt import __version__
    from sdeopt.engine import kept, private
    from sdeopt.engine.compiler.cache import versions

    there = kept.info()
    click.echo(f"folder    {private.folder()}")
    click.echo(f"contents  {_counted(there.entries, there.bytes)}, {there.usable} usable by these versions")
    click.echo(f"versions  sdeopt {__version__}, {versions()}")


@cache.command("clear")
def clear() -> None:
    """Remove the compiled loops, and nothing else from their folder."""
    from sdeopt.engine import kept, private

    there = kept.clear()
    click.echo(f"removed {_counted(there.entries, there.bytes)}, from {private.folder()}")
