"""``sdeopt list``, ``show`` and ``cite``: what the registry knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

__all__ = ["cite", "list_", "show"]


@click.command("list")
def list_() -> None:
    """The methods, objectives and noise laws."""
    from rich.text import Text

    from sdeopt.cli.output import console
    from sdeopt.core.method import FAMILIES
    from sdeopt.optimizers.registry import methods

    registry: dict[str, Any] = methods()
    pages: list[tuple[str, ...]] = []
    for family, title in FAMILIES.items():
        members = [cls for _, cls in sorted(registry.items(), key=lambda item: item[0].lower()) if cls.family == family]
        pages += [(title,), *map(_page, members)] if members else []
    out = console()
    out.print(_table("method", "its SDEs, default first", "state", "order", "what it does", rows=pages))
    for kind, rows in (("objective", _objectives()), ("noise", _noises())):
        out.print(Text(), _table(f"{kind} SPEC", "what it is", rows=rows))


def _page(cls: Any) -> tuple[str, ...]:
    """The row of a method in ``sdeopt list``."""
    from sdeopt.cli import facts

    sdes = ", ".join(sorted(cls.sdes, key=lambda name: name != cls.default_sde))
    return f"  {facts.constructor(cls)}", sdes, ", ".join(cls.parts), f"{cls.order:g}", facts.summary(cls)


@click.command()
@click.argument("method")
@click.option("--latex", is_flag=True, help="Print LaTeX of the update and of every SDE, read from their code.")
def show(method: str, latex: bool) -> None:
    """The page of METHOD: update, SDEs, claim, sources."""
    if latex:
        return _formulas(method)
    import textwrap

    from rich.text import Text

    from sdeopt.cli import facts
    from sdeopt.cli.output import console
    from sdeopt.cli.own import method_of
    from sdeopt.core.traits import SAMPLED, model

    cls = method_of(method)
    sdes = [
        (
            name + (" (default)" if name == cls.default_sde else ""),
            f"{sde.order:g}",
            ", ".join(sde.brownian),
            "as above" if name == cls.default_sde else _paragraphs(sde.doc),
        )
        for name, sde in (*cls.sdes.items(), (SAMPLED.name, model(cls, SAMPLED.name)))
    ]
    out = console()
    state = f"One step takes {facts.clock(cls)} units of time; the state is ({', '.join(cls.parts)})."
    hyperparameters = f"Hyperparameters\n{textwrap.indent(facts.hyperparameters(cls), '    ')}"
    fields = "".join(f" --{name.replace('_', '-')} {value:g}" for name, value in cls.at.items())
    example = "A small problem for it: --objective {} --noise {}".format(*cls.shown) + fields
    for part in (Text(facts.constructor(cls), style="bold"), facts.head(cls), hyperparameters, state, example):
        out.print(part, "", sep="\n", markup=False, soft_wrap=True)  # pages have their own line breaks
    out.print(_table("SDE", "weak order", "Brownian motions", "what it says", rows=sdes))


def _formulas(method: str) -> None:
    """The formulas of a page; what has none in the vocabulary is said."""
    from sdeopt.cli import facts
    from sdeopt.cli.own import method_of

    cls = method_of(method)
    for name, d in facts.formulas(cls).items():
        text = d.latex("update") if not name and d.update else f"% {d.refused}" if d.refused else d.latex()
        click.echo(f"% {cls.__name__}: {f'the SDE {name}' if name else 'the update'}\n{text}")


@click.command()
@click.argument("method")
def cite(method: str) -> None:
    """BibTeX of the sources of METHOD, and of sdeopt."""
    from sdeopt.cli.own import method_of
    from sdeopt.cli.references import bibliography

    click.echo(bibliography(method_of(method)))


def _table(*headings: str, rows: Iterable[tuple[str, ...]]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", style="bold" if i == 0 else "")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _paragraphs(doc: str) -> str:
    """A docstring with its paragraphs unwrapped, to be wrapped again in a column."""
    import inspect

    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(doc).split("\n\n"))


def _first_line(thing: Any) -> str:
    return str(thing.__doc__).partition("\n")[0]


def _objectives() -> list[tuple[str, str]]:
    import sdeopt.objectives as catalogue
    from sdeopt.objectives.spec import FORMS

    classes = {name.lower(): getattr(catalogue, name) for name in catalogue.__all__}
    return [(form.usage, _first_line(classes[name.replace("-", "")])) for name, form in FORMS.items()]


def _noises() -> list[tuple[str, str]]:
    import sdeopt.noise as catalogue
    from sdeopt.noise.spec import FORMS

    classes = {name.lower(): getattr(catalogue, name) for name in catalogue.__all__} | {"none": catalogue.NoNoise}
    return [(form.usage, _first_line(classes[name.replace("-", "")])) for name, form in FORMS.items()]
