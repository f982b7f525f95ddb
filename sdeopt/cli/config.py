"""``--config FILE``: the words of the command line in TOML.

Keys are the options without their dashes. A flat file serves all commands; a table ``[simulate]``, ``[compare]`` or
``[certify]`` is read by its command only, and wins over the flat part. What is typed wins over the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

__all__ = ["load", "settle"]

TABLES = ("simulate", "compare", "certify")
KINDS: dict[str, tuple[tuple[type, ...], str]] = {  # by click's names
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "an integer"),
    "float": ((int, float), "a number"),
    "text": ((str, int, float, list), "a text, a number or a list"),
}
RIVALS = (("horizon", "steps"), ("dt", "substeps"), ("batch", "noise"))  # either of a pair, not both


def load(ctx: click.Context, option: click.Parameter, file: str | None) -> None:
    """Make the file's values the defaults of the command; a key that it does not have is an error."""
    if file is None:
        return
    import tomllib

    with open(file, "rb") as stream:
        try:
            content = tomllib.load(stream)
        except ValueError as error:
            raise ValueError(f"{file} is not TOML: {error}") from None
    options = {str(p.name).replace("_", "-"): p for p in ctx.command.get_params(ctx) if p.expose_value}
    tables = {key: content.pop(key) for key in TABLES if isinstance(content.get(key), dict)}
    flat = _check(file, content, options, TABLES)
    ctx.default_map = flat | _check(file, tables.get(str(ctx.info_name), {}), options)


def settle(ctx: click.Context, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words without those from the file whose rival was typed."""
    typed = {name for name in words if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE}
    beaten = {b for pair in RIVALS for a, b in (pair, pair[::-1]) if a in typed and b not in typed}
    return {name: None if name in beaten else value for name, value in words.items()}


def _check(
    file: str, table: Mapping[str, Any], options: Mapping[str, click.Parameter], also: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Parameter -> value; the names in ``also`` may be meant, but not with such a value."""
    from sdeopt.core import checks

    values = {}
    for key, value in table.items():
        name = checks.choice(f"key in {file}", key.replace("_", "-"), [*options, *also])
        if name in also:
            raise ValueError(f"{file}: {name} must be a table, got {checks.short(value)}")
        values[str(options[name].name)] = _value(f"{file}: {key}", value, options[name].type)
    return values


def _value(name: str, value: Any, kind: Any) -> Any:
    """What would have been typed: a list is written with commas."""
    from sdeopt.core import checks

    types, words = KINDS[kind.name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ValueError(f"{name} must be {words}, got {checks.short(value)}")
    if kind.name == "float":
        return checks.number(name, value)
    return ",".join(map(str, value)) if isinstance(value, list) else value
