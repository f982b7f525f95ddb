"""The rules of what stands around methods: averages of their positions, and two methods on one network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sdeopt.scaling import rules
from sdeopt.scaling.formulas import Change, Fields
from sdeopt.scaling.rules import Rule
from sdeopt.wrappers import EMA, Averaged, Layered

__all__ = ["find"]

BUSBRIDGE = "average: Busbridge et al. (2023), arXiv:2307.13813"


def find(method: Any) -> Rule:
    """The rule of ``method``, with what is around it; a ``ValueError`` says why there is none."""
    wrapper = getattr(type(method), "wrapper", None)
    if wrapper is EMA:
        return moving(find(method.inner))
    if wrapper is Averaged:
        inner = find(method.inner)
        return replace(inner, fields=lambda m, c: inner.fields(m.inner, c))
    if wrapper is Layered:
        return layered(method, find(method.inner), find(method.rest))
    if wrapper is not None:
        find(method.inner)  # or the reason why there is none inside
        name, inside = wrapper.__name__, repr(method.inner)
        raise ValueError(f"there is no scaling rule for {name} around a method: scale the method inside, {inside}")
    return rules.find(method)


def moving(inner: Rule) -> Rule:
    """δ' = δ^s, s the steps before that one step after makes up for: so much is left of a position after them."""

    def fields(m: Any, c: Change) -> Fields:
        return inner.fields(m.inner, c) | {"decay": m.decay ** float(inner.speed(c))}

    return replace(
        inner,
        name=f"{inner.name}, EMA",
        statement=f"{inner.statement}, δ' = δ^s, s = steps before / steps after",
        source=f"{inner.source}; {BUSBRIDGE}",
        fields=fields,
        conditions=(*inner.conditions, "ema"),
    )


def layered(method: Any, matrices: Rule, rest: Rule) -> Rule:
    """Each by its own rule; for what both take, one step after makes up for as many before."""
    takes = tuple(name for name in matrices.takes if name in rest.takes)

    def fields(m: Any, c: Change) -> Fields:
        return matrices.fields(m.inner, c) | {f"rest_{name}": v for name, v in rest.fields(m.rest, c).items()}

    return Rule(
        f"{matrices.name}; rest: {rest.name}",
        f"{matrices.statement}; rest: {rest.statement}",
        f"{matrices.source}; rest: {rest.source}",
        fields,
        matrices.speed,
        ("layers",),
        takes,
    )
