"""What is known of a page beside its functions: one record, whose entries stand on the class by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sdeopt.core import checks, foreign
from sdeopt.core.bounds import Bounds
from sdeopt.core.contracts import Method
from sdeopt.core.schedule import Cosine, Piecewise, Power, Schedule

__all__ = ["SAMPLED", "SCHEDULES", "Model", "Traits", "equip", "expect_method", "learning_rate", "model", "several"]

SCHEDULES = (Schedule, Cosine, Power, Piecewise)


@dataclass(frozen=True)
class Model:
    """One SDE of a method: its two coefficients, its claim, and the Brownian motions that it needs.

    ``drift``, ``diffusion`` and ``start`` take the method as ``self``. ``brownian`` names the increments in ``dw`` by
    the question that consumes them ("gradient", "sign", "square", "direction"), "gradient2" for a second sample of the
    gradient, "epoched" for "gradient" in epochs that cancel, where the law has them, "own" for the method's own draws,
    or "state" for one per coordinate; with several names ``dw`` is a tuple. An SDE without ``drift`` is `SAMPLED`.

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
    unmet: Callable[[Any], str | None] | None = None  # of a derived one: an assumption that the method breaks
    text: str = ""  # of a derived one: the page that registers it, for processes that did not derive it


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


def several(method: Method) -> bool:
    """Whether a step has a tuple of samples of the gradient, also where its hyperparameter counts one."""
    return method.samples > 1 or isinstance(method.traits.samples, str)


def model(method: Method, name: str) -> Model:
    """The SDE of ``method`` called ``name``, or `SAMPLED`, which every method has."""
    found: Model | None = method.sdes.get(name)
    if found is None and name != SAMPLED.name:
        raise ValueError(f"sde must be registered with the method in every process, got {checks.short(name)}")
    return found if found is not None else replace(SAMPLED, order=method.order)


def expect_method(method: Any) -> None:
    """Raise a ``TypeError`` unless ``method`` is an instance of a page; a class is told how to make one."""
    kind = method if isinstance(method, type) else type(method)
    if hasattr(kind, "sdes") and kind is not method:
        return
    if hasattr(kind, "sdes"):
        got = f"{checks.short(method)}: pass an instance, {kind.__name__}(lr=...)"
    else:
        got = foreign.told(method, "pass an instance of a page, so.SGD(lr=0.1)")
    raise TypeError(f"method must be an optimizer such as SGD(lr=0.1), got {got}")


def learning_rate(self: Any) -> Any:
    """The usual clock: one step takes η units of time."""
    return self.lr


@dataclass(frozen=True)
class Traits:
    """What `method` says of a page, see there; ``sdes`` grows with its rivals, and the first is the default."""

    order: float
    sdes: dict[str, Model]
    parts: tuple[str, ...] = ("x",)
    clock_of: Callable[[Any], float] = learning_rate
    family: str = "descent"
    samples: int | str = 1
    bounded: bool = False
    limited: bool = False
    lanes: bool = True
    lasting: bool = False
    example: tuple[str, str] = ("quadratic:1,2", "gaussian:0.5")
    shown: tuple[str, str] = example
    at: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    scheduled: tuple[str, ...] = ("lr", "weight_decay")


def equip(cls: Any, traits: Traits) -> None:
    """Put the traits on a page, with what follows from them."""
    cls.traits = traits
    for entry in fields(traits):
        value = getattr(traits, entry.name)
        setattr(cls, entry.name, staticmethod(value) if entry.name == "clock_of" else value)
    cls.default_sde = next(iter(traits.sdes))
    cls.clock = property(lambda self: float(type(self).clock_of(self.constant())))
    cls.schedules = property(_schedules)
    cls.constant = _constant
    if isinstance(counts := traits.samples, str):
        cls.samples = property(lambda self: int(getattr(self, counts)))
    if not hasattr(cls, "check"):
        cls.check = lambda self, objective: None


def _schedules(page: Any) -> dict[str, Any]:
    return {name: v for name, v in zip(page._fields, page, strict=True) if isinstance(v, SCHEDULES)}


def _constant(page: Any) -> Any:
    """The page at the peaks of its schedules."""
    peaks = {name: schedule.peak for name, schedule in page.schedules.items()}
    return page._replace(**peaks) if peaks else page
