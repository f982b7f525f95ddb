"""How a page is wrapped: a page of its own, with one hyperparameter more, made from the functions of the inner one.

A wrapper that changes what a method sees leaves the page as it is and changes its oracle: copies of the page's
functions put other questions (`through`), to an oracle that holds the wrapper's number beside the problem (`Seen`). So
any page is wrapped, in all ways of running, and a page that is not wrapped is what it was, bit for bit.

Wrappers compose: the functions of the outer one stand in for the questions that the inner one puts, so that the outer
one comes first to the gradient.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from sdeopt.core.bounds import Bounds
from sdeopt.core.method import sealed
from sdeopt.core.references import rebound
from sdeopt.engine.questions import QUESTIONS, questions_of, references

__all__ = ["Seen", "expect_questions", "looking", "make", "questions", "through"]

KEPT = ("domain", "own", "scaled", "check")


class Seen(NamedTuple):
    """The oracle of a wrapped page: the problem, the number of the wrapper, and the oracle that it looks through."""

    objective: Any
    noise: Any
    amount: Any
    inner: Any


def through(f: Any, tag: str, instead: Mapping[Any, Any]) -> Any:
    """A copy of ``f`` that puts ``instead[q]`` in the place of q, questions mostly, itself and in its helpers."""
    done: dict[Any, FunctionType] = {}

    def bind(thing: Any) -> Any:
        if isinstance(thing, FunctionType):
            return instead[thing] if thing in instead else copy(thing)
        if isinstance(thing, ModuleType) and any(getattr(thing, q.__name__, None) is q for q in instead):
            other = ModuleType(thing.__name__)
            vars(other).update(vars(thing), **{q.__name__: new for q, new in instead.items()})
            return other
        return thing

    def copy(g: FunctionType) -> FunctionType:
        if g in QUESTIONS or not _reaches(g, instead, set()):
            return g
        if g not in done:
            done[g] = g  # where it calls itself
            done[g] = rebound(g, bind)
            done[g].__qualname__ = f"{g.__qualname__} through {tag}"  # by which compiled code is known
        return done[g]

    return copy(f)


def _reaches(f: FunctionType, things: Mapping[Any, Any], seen: set[Any]) -> bool:
    """Whether ``f`` may call one of these, itself or through its helpers."""
    seen.add(f)
    called = set(references(f)) - seen
    return any(g in things or (g not in QUESTIONS and _reaches(g, things, seen)) for g in called)


def looking(f: Any, n: int, of: str) -> Any:
    """``f``, a function of a page by its name, with its oracle looking through a wrapper whose number is self[n]."""
    if of == "step":
        return lambda self, k, y, o, z: f(self, k, y, Seen(o.objective, o.noise, self[n], o), z)
    if of == "diffusion":
        return lambda self, t, y, o, dw: f(self, t, y, Seen(o.objective, o.noise, self[n], o), dw)
    if of == "drift":
        return lambda self, t, y, o: f(self, t, y, Seen(o.objective, o.noise, self[n], o))
    return lambda self, x, o: f(self, x, Seen(o.objective, o.noise, self[n], o))


def questions(*functions: Any) -> set[str]:
    """Names of what the functions ask; None stands for a function that a page does not have."""
    return set().union(*(questions_of(f) for f in functions if f is not None))


def expect_questions(cls: Any, tag: str, known: frozenset[str], why: str) -> None:
    """Refuse a page whose step asks what the wrapper has no answer for."""
    other = questions(cls.step) - known
    if other:
        raise ValueError(f"{tag} does not fit {cls.__name__}, whose step asks {', '.join(sorted(other))}: {why}")


def make(
    wrapper: Callable[..., Any], cls: Any, new: Mapping[str, Bounds], functions: Mapping[str, Any], **traits: Any
) -> Any:
    """The page around the page ``cls``, without an entry in the registry, with ``new`` fields and ``functions``.

    What the page has besides, it keeps: functions that ask nothing, its clock, its traits but those given.
    """
    tag, n = wrapper.__name__, len(cls._fields)
    for field in set(new) & set(cls._fields):
        raise ValueError(f"{tag} has the hyperparameter {field}, which {cls.__name__} has already")
    named: Any = namedtuple  # whose fields are not known before
    outer = named(f"{tag}{cls.__name__}", (*cls._fields, *new), module=cls.__module__)
    kept = {name: vars(cls)[name] for name in KEPT if name in vars(cls)}
    for name, f in (kept | dict(functions)).items():
        setattr(outer, name, f)
    sealed(outer, replace(cls.traits, bounds={**cls.bounds, **new}, **traits))
    shown = "".join(f", {field}={{}}" for field in new)
    outer.wrapper, outer.inner = wrapper, property(lambda page: tuple.__new__(cls, page[:n]))
    outer.__doc__ = f"{tag} around {cls.__name__}.\n\n{cls.__doc__}"
    outer.__repr__ = lambda page: f"{tag}({page.inner!r}{shown.format(*map(repr, page[n:]))})"
    outer.__reduce__ = lambda page: (wrapper, (page.inner, *page[n:]))
    return outer
