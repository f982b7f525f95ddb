"""Axes of a grid: whose field a name is, and things built anew with another value of it.

A plain name such as "lr" or "nu" is looked up among the fields of the methods, of the noise laws and of the
objectives. If more than one of the three has it, it needs its owner: "noise.scale", "objective.scale". A law that
holds another (`Batch`, `Agents`) has the fields of that one too.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.problem import Problem

__all__ = ["LIMIT", "Axis", "axes", "fields", "name_each", "place"]

OWNERS = ("method", "noise", "objective")
LIMIT = 1_000_000  # points of a grid


class Axis(NamedTuple):
    """One axis of the grid: the values of a ``field`` of what ``owner`` says, one of ``OWNERS``."""

    name: str
    owner: str
    field: str
    values: tuple[Any, ...]


def arguments(thing: Any) -> list[str]:
    """What a method, a law or an objective is built from, as far as it can be read off it again."""
    if not dataclasses.is_dataclass(thing):
        return list(getattr(thing, "_fields", ()))
    held = {field.name for field in dataclasses.fields(thing)}
    return [name for name in inspect.signature(type(thing)).parameters if name in held]


def fields(thing: Any) -> list[str]:
    """The names that an axis over ``thing`` may have: its own, then those of the laws that it holds."""
    own = arguments(thing)
    inner = [name for law in _inner_laws(thing) for name in fields(law)]
    return list(dict.fromkeys([*own, *inner]))


def place(thing: Any, field: str, value: Any) -> Any:
    """``thing`` built anew with ``value`` in its ``field``; itself where it has no such field."""
    given = {name: getattr(thing, name) for name in arguments(thing)}
    if field in given:
        if field == "agents" and len({repr(law) for law in _inner_laws(thing)}) == 1:
            given["laws"] = _inner_laws(thing)[0]  # as many as there are agents, all alike
        return type(thing)(**given | {field: value})
    if field not in fields(thing):
        return thing
    for name, part in given.items():
        if isinstance(part, tuple):
            given[name] = tuple(place(law, field, value) for law in part)
        elif any(part is law for law in _inner_laws(thing)):
            given[name] = place(part, field, value)
    return type(thing)(**given)


def _inner_laws(thing: Any) -> tuple[Any, ...]:
    """The laws inside a law."""
    if not getattr(thing, "wraps", False):
        return ()
    parts = [getattr(thing, name) for name in ("law", "laws") if hasattr(thing, name)]
    return parts[0] if isinstance(parts[0], tuple) else tuple(parts)


def axes(grid: Any, methods: Sequence[Any], problems: Sequence[Problem]) -> tuple[Axis, ...]:
    """The axes that ``grid`` names; what is contradictory or belongs to nothing is refused."""
    if not isinstance(grid, Mapping):
        raise TypeError(f"grid must be a mapping such as {{'lr': [0.1, 0.2]}}, got {checks.short(grid)}")
    things = {
        "method": methods,
        "noise": [p.noise for p in problems],
        "objective": [p.objective for p in problems],
    }
    known = {owner: list(dict.fromkeys(f for thing in things[owner] for f in fields(thing))) for owner in OWNERS}
    found: list[Axis] = []
    for name, values in grid.items():
        owner, field = _route(name, known)
        twin = next((axis.name for axis in found if axis[1:3] == (owner, field)), None)
        if twin is not None:
            raise ValueError(f"grid names one axis twice: {twin!r} and {name!r} are the same field of the {owner}")
        found.append(Axis(name, owner, field, _values(name, values)))
    size = len(methods) * len(problems) * int(np.prod([len(axis.values) for axis in found], dtype=object))
    if size > LIMIT:
        raise ValueError(f"grid must have at most {LIMIT} points, got {size}")
    return tuple(found)


def _route(name: Any, known: Mapping[str, list[str]]) -> tuple[str, str]:
    """Owner and field of an axis."""
    if not isinstance(name, str):
        raise TypeError(f"grid must have names as keys, got {checks.short(name)}")
    prefix, dot, rest = name.rpartition(".")
    if dot:
        owner = checks.choice("owner of an axis", prefix, OWNERS)
        return owner, checks.choice(f"axis {owner}.", rest, known[owner])
    owners = [owner for owner in OWNERS if name in known[owner]]
    if not owners:
        checks.choice("axis", name, dict.fromkeys(f for owner in OWNERS for f in known[owner]))
    if len(owners) > 1:
        raise ValueError(
            f"axis {name!r} is a field of the {' and of the '.join(owners)}: say which, as in {owners[0]}.{name}"
        )
    return owners[0], name


def _values(name: str, values: Any) -> tuple[Any, ...]:
    """The values of an axis, as plain Python numbers where they are numbers."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TypeError(f"grid: {name} must be a list of values, got {checks.short(values)}")
    plain = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    if not plain:
        raise ValueError(f"grid: {name} must have at least one value, got none")
    seen = set()
    for value in plain:
        mark = float(value) if isinstance(value, (int, float)) else repr(value)
        if mark in seen:
            raise ValueError(f"grid: {name} has the value {checks.short(value)} twice")
        seen.add(mark)
    return plain


def name_each(kind: str, given: Any, one: Any, short: Any) -> dict[str, Any]:
    """Label -> thing, of one thing, several, or a mapping with labels of its own.

    ``one(thing)`` says whether it is one; ``short`` are functions from all things to labels, the shortest first.
    """
    if isinstance(given, Mapping):
        labelled = {str(label): thing for label, thing in given.items()}
    else:
        things = [given] if one(given) or not isinstance(given, Sequence) else list(given)
        wrong = [thing for thing in things if not one(thing)]
        if wrong:
            raise TypeError(f"{kind}s must be one {kind} or several, got {checks.short(wrong[0])}")
        choices = [[label(thing) for thing in things] for label in short]
        labels = next((texts for texts in choices if len(set(texts)) == len(texts)), None)
        if labels is None:
            raise ValueError(f"{kind}s must differ in what they show, else give a mapping label -> {kind}")
        labelled = dict(zip(labels, things, strict=True))
    wrong = [thing for thing in labelled.values() if not one(thing)]
    if wrong or not labelled:
        raise TypeError(f"{kind}s must be one {kind} or several, got {checks.short(wrong[0] if wrong else given)}")
    return labelled
