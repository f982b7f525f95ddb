"""``Objective``: your own function, in the place of one of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.contracts import Vector
from sdeopt.core.guards import guarded, like, one_number
from sdeopt.objectives.contract import Array, Smooth

__all__ = ["Objective", "expect_vector"]


STEPS = (1e-3, 1e-4, 1e-5)  # in units of 1 + |x|
CLOSE, APART = 1e-2, 5e-2  # relative: slopes that agree, and a gradient that does not


def no_value(x: Any) -> Any:
    """Stand where the user gave no value."""
    raise ValueError("this Objective has no value; give it one: Objective(value=...)")


def no_hvp(x: Any, v: Any) -> Any:
    """Stand where the user gave no hvp."""
    raise ValueError("this Objective has no hvp; give it one: Objective(hvp=...)")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Objective(Smooth):
    """An objective from Python functions.

    Functions written in the arithmetic of pages (NumPy's + - * /, sqrt, and the vocabulary of ``sdeopt.core``) are
    compiled; any other function (a PyTorch model, a simulator) runs interpreted, with the same results, and an
    `InterpretedWarning` says so. NumPy's exp, log, sin, tanh and powers such as x**2 are allowed and compiled too, but
    not on SIMD lanes: at small d ``sdeopt.core.exp`` and x*x are some 20 times faster. Numbers, arrays and tuples that
    a function refers to, in its closure, its defaults, its globals or by ``module.name``, are compiled in: each run
    takes those of the moment when it begins. Whole numbers that arise at run time have 64 bits: write ``float(n)``
    where a sum or product may leave them; powers above the square are not compiled. What a function writes into its
    argument is lost with it.

    Parameters
    ----------
    dim : int
        Dimension d.
    value : callable, optional
        x -> f(x), a number. Without it, losses cannot be observed.
    grad : callable, optional
        x -> ∇f(x), an array of shape (d,). Default: derived from ``value``, with ``hvp``, which needs SymPy. A function
        in the arithmetic of pages, or with NumPy's sums, dots and products with matrices, is derived for any d, one
        that takes entries, x[0], for d up to 32. At a kink it is the mean of the slopes on both sides.
    hvp : callable, optional
        (x, v) -> ∇²f(x) v, an array of shape (d,). Without it, where ``grad`` is given, methods that need the Hessian
        are refused.
    start : array_like, shape (d,), optional
        Default starting point; default ones.
    optimum : array_like, shape (d,), optional
        A minimiser, where you know it.
    minimum : float, optional
        The smallest value, where you know it.

    Raises
    ------
    TypeError
        If a function is not callable or does not return a real number (value) or an array of them (grad, hvp).
    ValueError
        If a function returns another shape or a non-finite number at ``start``, if ``grad`` is not the gradient of
        ``value`` there, or if ``value`` alone is given and cannot be differentiated; finite differences are not taken
        for it. Errors raised inside your functions reach you
        unchanged.
    ImportError
        If a gradient has to be derived and SymPy is missing.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.Objective(value=lambda x: 0.25 * so.core.total(x * x * x * x), grad=lambda x: x * x * x, dim=2)
    >>> f.value(f.start).item(), f.grad(f.start).tolist()
    (0.5, [1.0, 1.0])
    >>> f.lacks("hvp")
    'Objective has no hvp'
    >>> rosenbrock = so.Objective(value=lambda x: (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2, dim=2)
    >>> rosenbrock.grad(rosenbrock.start + 1.0).tolist()
    [1602.0, -400.0]
    """

    TURNED: ClassVar[str] = ""  # how the gradient differs from that of the value
    value_function: Callable[[Any], Any]
    grad_function: Callable[[Any], Any]
    hvp_function: Callable[[Any, Any], Any]
    # not a field: what is not compiled
    _given: ClassVar[tuple[int, Array, Array | None, float | None]]

    def __init__(
        self,
        *,
        dim: int,
        value: Callable[[Any], Any] | None = None,
        grad: Callable[[Any], Any] | None = None,
        hvp: Callable[[Any, Any], Any] | None = None,
        start: Any = None,
        optimum: Any = None,
        minimum: float | None = None,
    ) -> None:
        d = checks.dimension("dim", dim)
        if grad is None:
            grad, hvp = _derived(value, hvp, d)
        for name, function in (("value", value or no_value), ("grad", grad), ("hvp", hvp or no_hvp)):
            if not callable(function):
                raise TypeError(f"{name} must be a function, got {checks.short(function)}")
            refuse_random(name, function)
            object.__setattr__(self, f"{name}_function", function)
        begin = checks.array("start", np.ones(d) if start is None else start, shape=(d,))
        end = None if optimum is None else checks.array("optimum", optimum, shape=(d,))
        least = None if minimum is None else checks.number("minimum", minimum)
        object.__setattr__(self, "_given", (d, begin, end, least))
        self._try(begin)

    def _try(self, x: Array) -> None:
        expect_vector("grad", steady("grad", self.grad_function, x), self.dim)
        if self.lacks("hvp") is None:
            expect_vector("hvp", steady("hvp", self.hvp_function, x, x), self.dim)
        if self.lacks("value") is None:
            f = steady("value", self.value_function, x)
            one_number("value", f)
            checks.number("value(start)", f)
            _agree(self, x)

    def _rise(self, x: Array) -> Array:
        """What ``grad`` says of the gradient of ``value``."""
        return np.asarray(self.grad(x))

    def value(self, x: Vector) -> Any:
        return self.value_function(guarded(x))

    def grad(self, x: Vector) -> Any:
        return like(self.grad_function(guarded(x)), x)

    def hvp(self, x: Vector, v: Vector) -> Any:
        return like(self.hvp_function(guarded(x), guarded(v)), x)

    @property
    def dim(self) -> int:
        return self._given[0]

    @property
    def start(self) -> Array:
        return np.array(self._given[1])

    @property
    def optimum(self) -> Array | None:
        end = self._given[2]
        return None if end is None else np.array(end)

    @property
    def minimum(self) -> float | None:
        return self._given[3]

    def lacks(self, question: str) -> str | None:
        """Why the objective cannot answer ``question``, or None."""
        absent = {"value": self.value_function is no_value, "hvp": self.hvp_function is no_hvp}
        return f"{type(self).__name__} has no {question}" if absent.get(question) else super().lacks(question)

    def __repr__(self) -> str:
        given = [name for name in ("value", "grad", "hvp") if self.lacks(name) is None]
        return f"Objective({', '.join(given)}, dim={self.dim})"


def _agree(f: Objective, x: Array) -> None:
    """Raise where ``grad`` is not the slope of ``value``, by central differences along one direction.

    The differences are taken at several distances, and a function with a kink or a jump near ``x`` is given the
    benefit of the doubt: they must agree with one another, and not with ``grad``.
    """
    u = np.cos(np.arange(1.0, len(x) + 1.0))
    u /= np.linalg.norm(u)
    size = 1.0 + float(np.linalg.norm(x))
    with np.errstate(all="ignore"):
        try:
            slopes = [_slope(f, x, h * size * u) / (h * size) for h in STEPS]
        except Exception:  # it need not exist beside x
            return
    told = float(f._rise(x) @ u)
    spread, gap = max(slopes) - min(slopes), min(abs(s - told) for s in slopes)
    scale = max(abs(told), *map(abs, slopes))
    if math.isfinite(scale) and spread < CLOSE * scale and gap > APART * scale:
        raise ValueError(
            f"grad must be the gradient of value{f.TURNED}: along one direction at start value changes at the rate "
            f"{slopes[0]:.6g}, and grad says {told:.6g}"
        )


def _slope(f: Objective, x: Array, step: Array) -> float:
    return (float(f.value(x + step)) - float(f.value(x - step))) / 2.0


def _derived(value: Any, hvp: Any, dim: int) -> tuple[Any, Any]:
    """Gradient and Hessian-vector product of ``value``; an ``hvp`` that is given stays."""
    if value is None:
        raise TypeError("Objective needs value or grad, got neither")
    if not callable(value):
        raise TypeError(f"value must be a function, got {value!r}")
    try:
        from sdeopt.derivation.objectives import derivatives
    except ImportError as error:
        raise ImportError('deriving a gradient needs SymPy: pip install "sdeopt[derive]", or give grad=') from error
    gradient, product, _ = derivatives(value, dim)
    return gradient, hvp or product


def expect_vector(name: str, got: Any, d: int) -> None:
    """Raise unless ``got`` is a finite array of shape (d,)."""
    if not isinstance(got, np.ndarray):
        raise TypeError(f"{name} must return a NumPy array of shape ({d},), got {type(got).__name__}")
    if got.shape != (d,):
        raise ValueError(f"{name} must return shape ({d},), got {got.shape}")
    if not np.isfinite(checks.real(f"{name} at start", got, flags=True)).all():
        raise ValueError(f"{name} at start must be finite, got {checks.short(got)}")
