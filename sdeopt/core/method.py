"""``@method``: what turns a NamedTuple of hyperparameters into a page of the registry.

A page is a ``typing.NamedTuple`` whose fields are the hyperparameters and whose functions are the two columns::

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
such; one with draws of its own gets the pair (those of the gradient, its own).

Functions are compiled by the engine, so they use NumPy arithmetic and the vocabulary of ``sdeopt.core`` only.

Increments: the integrator multiplies the diffusion by √dt, so ``dw`` is standard normal here. Write the diffusion
with the sign with which the noise enters the step (usually minus): the law does not care, but the common random
numbers of ``compare`` then move both columns the same way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random
from sdeopt.core.guards import answer
from sdeopt.core.schedule import Cosine, Piecewise, Power, Schedule

__all__ = ["FAMILIES", "REGISTRY", "SAMPLED", "Model", "method", "model", "rival"]

T = TypeVar("T", bound=type)

BOUNDS: dict[str, dict[str, Any]] = {
    "lr": {"low": 0.0, "open_low": True},
    "rho": {"low": 0.0},
    "momentum": {"low": 0.0, "high": 1.0, "open_high": True},
    "beta": {"low": 0.0, "high": 1.0, "open_high": True},
    "beta1": {"low": 0.0, "high": 1.0, "open_high": True},
    "beta2": {"low": 0.0, "high": 1.0, "open_high": True},
    "eps": {"low": 0.0},
    "weight_decay": {"low": 0.0},
    "clip": {"low": 0.0, "open_low": True},
    "sigma_dp": {"low": 0.0},
    "radius": {"low": 0.0, "open_low": True},
    "k": {"low": 1.0, "whole": True},
    "levels": {"low": 1.0, "whole": True},
    "sigma_omega": {"low": 0.0},
    "h0": {"low": 0.0, "open_low": True},
    "h1": {"low": 0.0},
    "l2": {"low": 0.0},
    "temperature": {"low": 0.0},
    "initial": {"low": 0.0},
    "sigma": {"low": 0.0},
    "hurst": {"low": 0.0, "high": 1.0, "open_low": True, "open_high": True},
    "ratio": {"low": 0.0, "open_low": True},
    "pull": {"low": 0.0},
    "follow": {"low": 0.0, "high": 1.0, "open_low": True},
    "SEG.rho": {},  # of one page, whose name comes first
    "SEGIndependent.rho": {},
}
SCHEDULES = (Schedule, Cosine, Power, Piecewise)
SCHEDULED = ("lr", "weight_decay")
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


@dataclass(frozen=True)
class Model:
    """One SDE of a method: its two coefficients, its claim, and the Brownian motions that it needs.

    ``drift``, ``diffusion`` and ``start`` take the method as ``self``. ``brownian`` names the increments in ``dw`` by
    the question that consumes them ("gradient", "sign", "square", "direction"), "gradient2" for a second sample of the
    gradient, "own" for the method's own draws, or "state" for one per coordinate; with several names ``dw`` is a tuple.
    An SDE without ``drift`` is `SAMPLED`.

    Closed forms, plain Python, where the class has them (else None): ``linear(self, H, Sigma)`` returns (A, D) of
    dY = -A Y dt + D^{1/2} dW, exact on a quadratic with Hessian H and constant noise covariance Sigma, Y being the
    parts of the state stacked, measured from the critical point; ``stationary(self, H, Sigma)`` returns the covariance
    of x at stationarity on that quadratic, shape (d, d), to leading order in the learning rate, or raises a
    ``ValueError`` that says why there is none. In the family "minimax" both take the Jacobian J of an affine field in
    the place of H, and a third argument: 1 in the coordinates of the minimising player and 0 in the others, (d,).
    """

    name: str
    order: float
    drift: Any
    diffusion: Any
    brownian: tuple[str, ...]
    start: Callable[..., Any] | None
    linear: Callable[..., Any] | None
    stationary: Callable[..., Any] | None
    doc: str


SAMPLED = Model(
    name="sampled",
    order=1,
    drift=None,
    diffusion=None,
    brownian=(),
    start=None,
    linear=None,
    stationary=None,
    doc="""dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW, Δ the step of the method itself: its moments, sampled.

    Every method has it. Each integrator step takes fresh draws of the method's own step instead of formulas for its
    mean and covariance, and has exactly the moments of the SDE (`sdeopt.engine.sampled`). Valid for any law of the
    noise with a variance, minibatches of any size included; it costs four steps of the optimizer per integrator step.

    Source: the recipe of weak approximation, drift and diffusion from the mean and covariance of a step, is that of Li,
    Tai & E (2019), arXiv:1811.01558; the sampling is chosen here.
    """,
)

REGISTRY: dict[str, type] = {}


def model(method: Any, name: str) -> Model:
    """The SDE of ``method`` called ``name``, or `SAMPLED`, which every method has."""
    found: Model | None = method.sdes.get(name)
    return found if found is not None else replace(SAMPLED, order=method.order)


def _sde(cls: type, name: str, order: float, brownian: str | tuple[str, ...]) -> Model:
    names = (brownian,) if isinstance(brownian, str) else brownian
    functions = vars(cls)
    optional = {key: functions.get(key) for key in ("start", "linear", "stationary")}
    return Model(name, order, functions["drift"], functions["diffusion"], names, **optional, doc=cls.__doc__ or "")


def _validated_new(cls: Any) -> Any:
    create = cls.__new__

    @functools.wraps(create)
    def new(kind: Any, *args: Any, **kwargs: Any) -> Any:
        raw = create(kind, *args, **kwargs)
        fixed = [_field(kind.__name__, name, value) for name, value in zip(kind._fields, raw, strict=True)]
        page = tuple.__new__(kind, fixed)
        if not page.clock > 0.0:
            raise ValueError(f"{kind.__name__}: lr must be larger, a step of it takes {page.clock:g} units of time")
        return page

    return new


def _field(owner: str, name: str, value: Any) -> Any:
    if name in SCHEDULED and isinstance(value, SCHEDULES):
        return value
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
    rule = BOUNDS.get(f"{owner}.{name}", BOUNDS.get(name, {}))
    return checks.number(f"{owner}: {name}", value, **rule)


def _constant(page: Any) -> Any:
    """The page at the peaks of its schedules."""
    return page._replace(**{name: schedule.peak for name, schedule in page.schedules.items()})


def learning_rate(self: Any) -> Any:
    """The usual clock: one step takes η units of time."""
    return self.lr


def method(
    *,
    order: float,
    clock: Callable[[Any], float] = learning_rate,
    sde: str = "order1",
    parts: tuple[str, ...] = ("x",),
    brownian: str | tuple[str, ...] = "gradient",
    family: str = "descent",
    samples: int = 1,
    bounded: bool = False,
    limited: bool = False,
    lanes: bool = True,
    lasting: bool = False,
    objective: str = "quadratic:1,2",
    noise: str = "gaussian:0.5",
    at: Mapping[str, float] | None = None,
) -> Callable[[T], T]:
    """Register a page and give it typed equality, validation, its clock and its default SDE.

    Numbers, arrays and tuples that a function refers to, in its closure, its defaults, its globals or by
    ``module.name``, are compiled in: each run takes those of the moment when it begins. Hyperparameters are arguments,
    and compile nothing anew.

    Parameters
    ----------
    order : float
        Claimed weak order of the SDE in the learning rate.
    clock : callable
        Units of time of one step, a function of the method; default its learning rate, t = kη.
    sde : str
        Name of the page's own SDE; rivals are added by `rival`. A page without ``drift`` has "sampled" only.
    parts : tuple of str
        Names of the parts of the state; the first is the position x.
    brownian : str or tuple of str
        The increments that ``diffusion`` receives, see `Model`.
    family : str
        Where the method belongs, a key of ``FAMILIES``.
    samples : int
        Independent samples of the gradient that one step sees, 1 or 2.
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
        on the command line they stand in for those, unless one of them is given.

    Returns
    -------
    callable
        The class decorator.
    """

    def decorate(cls: T) -> T:
        page: Any = cls
        if not cls.__module__.startswith("sdeopt."):
            for name, f in vars(cls).items():
                refuse_random(f"{cls.__name__}.{name}", f)
        page.__new__ = _validated_new(cls)
        page.__eq__ = lambda a, b: type(a) is type(b) and tuple(a) == tuple(b)
        page.__ne__ = lambda a, b: not a == b
        page.__hash__ = lambda a: hash((type(a), *a))
        page.parts = parts
        page.order = order
        page.clock = property(lambda self: float(clock(self.constant())))
        page._make = classmethod(lambda kind, values: kind(*values))  # so that _replace checks what it is given
        page.schedules = property(
            lambda self: {name: v for name, v in zip(self._fields, self, strict=True) if isinstance(v, SCHEDULES)}
        )
        page.constant = lambda self: _constant(self) if self.schedules else self
        page.clock_of = staticmethod(clock)
        page.samples = samples
        page.bounded = bounded
        page.limited = bounded or limited
        page.lanes = lanes
        page.lasting = lasting
        page.family = checks.choice("family", family, FAMILIES)
        page.example = (objective, noise)
        page.at = {} if at is None else dict(at)
        if not hasattr(cls, "check"):
            page.check = lambda self, objective: None
        page.sdes = {}
        if hasattr(cls, "drift"):
            page.sdes[sde] = _sde(cls, sde, order, brownian)
        else:
            page.sdes[SAMPLED.name] = replace(SAMPLED, order=order)
        page.default_sde = next(iter(page.sdes))
        REGISTRY[cls.__name__] = cls
        return cls

    return decorate


def rival(owner: Any, name: str, *, order: float, brownian: str | tuple[str, ...] = "gradient") -> Callable[[T], T]:
    """Register another SDE of the method ``owner`` under ``name``; its functions take the method as ``self``."""

    def decorate(cls: T) -> T:
        owner.sdes[name] = _sde(cls, name, order, brownian)
        return cls

    return decorate
