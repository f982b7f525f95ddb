"""``@method``: what turns a NamedTuple of hyperparameters into a page of the registry.

A page is a ``typing.NamedTuple`` whose fields are the hyperparameters, each with its `bounds`, and whose functions are
the two columns::

    step(self, k, y, o, z)        one iteration: state y at step k -> state at step k + 1; z: draws of this step
    drift(self, t, y, o)          b(t, y) of the SDE
    diffusion(self, t, y, o, dw)  σ(t, y) dw, an action on the Brownian increment

Optional: ``init(self, x, o)`` gives the state y at time 0 (default: y is x itself; else a tuple whose first part is x);
``start(self, x, o)`` gives the state of the SDE after the first step, for SDEs that are singular at t = 0;
``warm(self, x, o)`` gives the state at x long after the start, for methods with running means;
``domain(self, y)`` puts a state back where the step is defined, for methods whose state has constraints;
``check(self, objective)``, plain Python, raises a ValueError if a hyperparameter does not fit the objective;
``own(self, objective, noise)``, plain Python, lists the draws that a step makes beside the gradient's, as
``Law.draws`` does: ("normal" | "uniform" | "fractional", size, parameters...).

The draws ``z`` of a step are those of the noise law. A method that sees the gradient of two samples has a tuple of two
such, one that counts them by a hyperparameter a tuple of so many; one with draws of its own gets the pair (those of the
gradient, its own).

Functions are compiled by the engine, so they use NumPy arithmetic and the vocabulary of ``sdeopt.core`` only.

Increments: the integrator multiplies the diffusion by √dt, so ``dw`` is standard normal here. Write the diffusion
with the sign with which the noise enters the step (usually minus): the law does not care, but the common random
numbers of ``compare`` then move both columns the same way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from sdeopt.core import checks, foreign
from sdeopt.core.bounds import bounds_of
from sdeopt.core.chance import refuse_random
from sdeopt.core.guards import answer
from sdeopt.core.oracle import Oracle
from sdeopt.core.schedule import Schedule
from sdeopt.core.traits import SAMPLED, SCHEDULES, Model, Traits, equip, learning_rate

__all__ = ["FAMILIES", "REGISTRY", "method", "rival", "sealed"]

T = TypeVar("T", bound=type)

FAMILIES = {
    "descent": "Gradient descent and momentum",
    "sharpness": "Sharpness-aware",
    "sign": "Signs",
    "adaptive": "Adaptive step sizes",
    "normalised": "Normalised steps and norm balls",
    "injection": "Injected noise",
    "distributed": "Distributed and compressed",
    "private": "Differentially private",
    "minimax": "Minimax games",
}


REGISTRY: dict[str, type] = {}


def _sde(cls: type, name: str, order: float, brownian: str | tuple[str, ...]) -> Model:
    names = (brownian,) if isinstance(brownian, str) else brownian
    functions = vars(cls)
    missing = [column for column in ("drift", "diffusion") if column not in functions]
    if missing:
        raise TypeError(f"{cls.__name__}: an SDE must have drift and diffusion, got no {missing[0]}")
    optional = {key: functions.get(key) for key in ("start", "linear", "stationary")}
    return Model(
        name, order, functions["drift"], functions["diffusion"], names, **optional, doc=cls.__doc__ or "", text=""
    )


def _validated_new(cls: Any) -> Any:
    create = cls.__new__

    @functools.wraps(create)
    def new(kind: Any, *args: Any, **kwargs: Any) -> Any:
        raw = create(kind, *args, **kwargs)
        named = zip(kind._fields, raw, strict=True)
        fixed = [_field(kind, name, value) for name, value in named]
        page = tuple.__new__(kind, fixed)
        if not page.clock > 0.0:
            raise ValueError(f"{kind.__name__}: lr must be larger, a step of it takes {page.clock:g} units of time")
        return page

    return new


def _field(kind: Any, name: str, value: Any) -> Any:
    owner: str = kind.__name__
    if name in kind.scheduled and isinstance(value, SCHEDULES):
        return value
    if name == "lr" and foreign.way_of(value if isinstance(value, type) else type(value)) is not None:
        raise TypeError(f"{owner}: lr must be a number, a function of time or a schedule, got {foreign.told(value)}")
    if name == "lr" and callable(value):
        first = checks.number("lr(0)", answer("lr(0)", value, 0.0))
        if first <= 0.0:
            raise ValueError(
                f"{owner}: lr(0) must be positive, for it is the peak and sets the clock, got {first:g}: write "
                "so.Schedule(peak, shape) for a schedule that begins lower, at 0 for example"
            )
        return Schedule(first, lambda t: value(t) / first)
    if isinstance(value, (list, tuple, dict, np.ndarray)):
        raise TypeError(
            f"{owner}: {name} must be one number for all coordinates, for parameter groups are not supported, got "
            f"{checks.short(value)}"
        )
    return kind.bounds[name].check(f"{owner}: {name}", value)


def _expect_page(cls: Any) -> None:
    """Raise unless the class is a tuple with names, has a step, and draws no numbers of its own."""
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "step")):
        raise TypeError(f"a page must be a class of typing.NamedTuple with a function step, got {checks.short(cls)}")
    if "lr" not in cls._fields:
        raise TypeError(f"{cls.__name__}: a page must have a field lr, its learning rate")
    if not cls.__module__.startswith("sdeopt."):
        for name, f in vars(cls).items():
            refuse_random(f"{cls.__name__}.{name}", f)


class _Zeros:
    """Stands for a problem whose answers are all 0, a number or a vector."""

    def __getattr__(self, name: str) -> Any:
        return lambda *given: next((0.0 * x for x in given if isinstance(x, np.ndarray)), 0.0)


def _parts(cls: Any) -> tuple[str, ...]:
    """Names of the parts of the state that ``init`` returns, which are the first that ``step`` binds: x, v = y."""
    if not hasattr(cls, "init"):
        return ("x",)
    page = tuple.__new__(cls, [cls._field_defaults.get(name, 0.5) for name in cls._fields])
    try:
        state = cls.init(page, np.ones(2), Oracle(_Zeros(), _Zeros()))
    except Exception:  # it asks for more than zeros can answer; a run will tell how many parts there are
        return ("x",)
    if not isinstance(state, tuple):
        return ("x",)
    code = cls.step.__code__
    names = ("x", *code.co_varnames[code.co_argcount :][1 : len(state)])
    return names if len(set(names)) == len(state) else ("x", *(f"y{i}" for i in range(2, len(state) + 1)))


def method(
    page: Any = None,
    /,
    *,
    order: float = 1.0,
    clock: Callable[[Any], float] = learning_rate,
    sde: str = "order1",
    parts: tuple[str, ...] | None = None,
    brownian: str | tuple[str, ...] = "gradient",
    family: str = "descent",
    samples: int | str = 1,
    bounded: bool = False,
    limited: bool = False,
    lanes: bool = True,
    lasting: bool = False,
    objective: str = "quadratic:1,2",
    noise: str = "gaussian:0.5",
    at: Mapping[str, Any] | None = None,
) -> Any:
    """Register a page and give it typed equality, validation, its clock and its default SDE.

    Numbers, arrays and tuples that a function refers to, in its closure, its defaults, its globals or by
    ``module.name``, are compiled in: each run takes those of the moment when it begins. Hyperparameters are arguments,
    and compile nothing anew.

    Parameters
    ----------
    page : class
        The page, where ``@method`` stands without parentheses.
    order : float
        Claimed weak order of the SDE in the learning rate; default 1.
    clock : callable
        Units of time of one step, a function of the method; default its learning rate, t = kη.
    sde : str
        Name of the page's own SDE; rivals are added by `rival`. A page without ``drift`` has "sampled" only.
    parts : tuple of str
        Names of the parts of the state; the first is the position x. Default: as many as ``init`` returns, with the
        names that ``step`` gives them.
    brownian : str or tuple of str
        The increments that ``diffusion`` receives, see `Model`.
    family : str
        Where the method belongs, a key of ``FAMILIES``.
    samples : int or str
        Independent samples of the gradient that one step sees, 1 or 2, or the name of the hyperparameter that counts
        them.
    bounded : bool
        Whether steps are bounded whatever the noise, so that the sampled SDE exists without a variance of the noise.
    limited : bool
        Whether every step moves x by a bounded distance whatever the noise, up to normal noise of the method's own, so
        that x has all moments; other parts of the state may have none. All ``bounded`` pages are.
    lasting : bool
        Whether the noise of the SDE lasts as the learning rate goes to 0 (injected noise), in place of vanishing.
    lanes : bool
        Whether its functions do without indices, so that they compile on SIMD lanes; else one path runs at a time.
    objective, noise : str
        Names, as on the command line, of a small problem on which the method makes sense.
    at : mapping
        Hyperparameters there, where a learning rate of 0.05 with the others at their defaults is outside the regime:
        on the command line they stand in for those, unless one of them is given. With "objective" and "noise" another
        problem stands in for that one, where neither is named: one that stays in the regime for long.

    Returns
    -------
    class or callable
        The page, or the decorator of it.

    Raises
    ------
    TypeError
        If ``page`` is no ``typing.NamedTuple`` with a ``step`` and a field ``lr``, has only one of drift and
        diffusion, or a field states no bounds.
    """

    def decorate(cls: Any) -> Any:
        _expect_page(cls)
        written = hasattr(cls, "drift") or hasattr(cls, "diffusion")
        own = _sde(cls, sde, order, brownian) if written else replace(SAMPLED, order=order)
        there = {"objective": objective, "noise": noise} | dict(at or {})
        shown = there.pop("objective"), there.pop("noise")
        traits = Traits(
            order=order, sdes={own.name: own}, parts=parts or _parts(cls), clock_of=clock, samples=samples,
            bounded=bounded, family=checks.choice("family", family, FAMILIES), limited=bounded or limited, lanes=lanes,
            lasting=lasting, example=(objective, noise), shown=shown, at=there, bounds=bounds_of(cls),
        )  # fmt: skip
        REGISTRY[cls.__name__] = sealed(cls, traits)
        return cls

    return decorate if page is None else decorate(page)


def sealed(cls: Any, traits: Traits) -> Any:
    """The class as a page: with its traits, fields that are checked, and typed equality."""
    equip(cls, traits)
    cls.__new__ = _validated_new(cls)
    cls.__eq__ = lambda a, b: type(a) is type(b) and tuple(a) == tuple(b)
    cls.__ne__ = lambda a, b: not a == b
    cls.__hash__ = lambda a: hash((type(a), *a))
    cls._make = classmethod(lambda kind, values: kind(*values))  # so that _replace checks what it is given
    return cls


def rival(owner: Any, name: str, *, order: float, brownian: str | tuple[str, ...] = "gradient") -> Callable[[T], T]:
    """Register another SDE of the method ``owner`` under ``name``; its functions take the method as ``self``."""

    def decorate(cls: T) -> T:
        owner.sdes[name] = _sde(cls, name, order, brownian)
        return cls

    return decorate
