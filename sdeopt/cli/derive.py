"""``sdeopt derive``: the SDE of a method's step, of the registry or of a file."""

from __future__ import annotations

import click

__all__ = ["derive"]


@click.command()
@click.argument("method")
@click.option("--order", default=1, show_default=True, help="1, or 2 for the next order of the drift.")
@click.option("--limit", multiple=True, metavar="NAME=RULE", help='How NAME moves with lr, such as "beta=1 - lr".')
@click.option(
    "--assume", multiple=True, metavar="NAME=PHASE", help="The phase of clipping: clip=inactive or clip=active."
)
@click.option("--eliminate", multiple=True, metavar="PART", help="A part of the state to replace by its fixed point.")
@click.option("--latex", "shown", flag_value="latex", help="Print LaTeX of the step and of the SDE.")
@click.option("--source", "shown", flag_value="source", help="Print the source of a page.")
@click.option("--check", "shown", flag_value="check", help="Compare its moments with those of the step itself.")
def derive(
    method: str,
    order: int,
    limit: tuple[str, ...],
    assume: tuple[str, ...],
    eliminate: tuple[str, ...],
    shown: str | None,
) -> None:
    """The SDE of METHOD, derived from its step.

    METHOD is a name of `sdeopt list`, or FILE.py:NAME, a page in a file of yours.
    """
    import sdeopt as so
    from sdeopt.cli.output import console
    from sdeopt.cli.own import method_of

    given = _pairs("limit", limit), _pairs("assume", assume)
    d = so.derive(method_of(method), order, limit=given[0], assume=given[1], eliminate=eliminate)
    if d.refused:
        raise click.ClickException(f"{d.method} has no derived SDE: {d.refused}")
    if shown == "latex":
        click.echo("\n".join([d.latex("update"), d.latex()]))
    elif shown == "source":
        click.echo(d.source(), nl=False)
    elif shown == "check":
        click.echo(d.check())
    else:
        console().print(d)


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str] | None:
    pairs = [text.partition("=") for text in given]
    wrong = next((text for text, (_, sign, _) in zip(given, pairs, strict=True) if not sign), None)
    if wrong is not None:
        raise click.ClickException(f"--{option} must be NAME=VALUE, got {wrong!r}")
    return {name.strip(): value.strip() for name, _, value in pairs} or None
