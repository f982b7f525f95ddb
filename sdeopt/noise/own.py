"""``Noise``: a law of your own, from a function of the position and of raw draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.guards import answer, guarded, like
from sdeopt.core.oracle import Oracle
from sdeopt.noise.law import Law

__all__ = ["Noise"]

KINDS = ("normal", "uniform")
MEMORY = ("ar", "arma", "ou", "ornstein-uhlenbeck", "colored", "coloured", "fractional", "memory")
UNKNOWN = ("mean_sign", "root_sign_cov", "root_square_cov", "mean_clipped")  # of a law known by its sample alone
TRIES, NUMBERS = 4096, 10**6  # samples with which a law is tried at the start, and numbers that they may take
SURE = 7.0  # standard errors that a mean over the tries is never off by


def no_root(x: Any, dw: Any) -> Any:
    """Stand where the user gave no root_cov."""
    raise ValueError("this Noise has no root_cov; give it one: Noise(root_cov=...)")


def no_var(x: Any) -> Any:
    """Stand where the user gave no var."""
    raise ValueError("this Noise has no var; give it one: Noise(var=...)")


def only(z: Any) -> Any:
    """The one vector of draws."""
    return z[0]


def every(z: Any) -> Any:
    """All vectors of draws, a tuple."""
    return z


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Noise(Law):
    """A law of gradient noise from Python functions: uniform, multiplicative, a mixture, any function of draws and x.

    The functions are written like those of an `Objective`, and compiled like them. What is left out is never guessed:
    an SDE that asks for a missing covariance is refused by name, and ``sde="sampled"``, which needs ``sample`` alone,
    is then the default. Draws of different steps are independent: noise with memory, such as AR(1), has no place here.

    Parameters
    ----------
    sample : callable
        (x, z) -> ξ, of shape (d,) and mean 0; ``z`` is the vector of draws or, of several, their tuple.
    draws : str, pair or sequence of them
        What z is made of: "normal", "uniform" (on (0, 1)), with one number per coordinate, or a pair such as
        ("uniform", 1) with its size; default "normal". Both columns of a comparison share the first normal vector.
    root_cov : callable, optional
        (x, dw) -> Σ(x)^{1/2} dw for a standard normal ``dw``, shape (d,): the noise that enters SDEs.
    var : callable, optional
        x -> diag Σ(x), shape (d,).
    moments : float, optional
        The largest p such that E|ξ|^q is finite for all q < p; default inf, which is wrong for heavy tails.
    additive : bool, optional
        Whether ξ does not depend on x. Theory of a constant covariance is shown for such laws only; default False.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these; once the objective is known, also if ``sample`` does not have mean 0, or
        neither ``var`` nor ``root_cov`` its covariance, at the objective's start.

    Examples
    --------
    >>> import numpy as np, sdeopt as so
    >>> uniform = so.Noise(lambda x, u: 2.0 * u - 1.0, draws="uniform", additive=True)
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), uniform)
    >>> so.simulate(so.SGD(0.1), problem, "sde", steps=2, paths=8, rng=0).meta["sde"]
    'sampled'
    """

    sample_function: Callable[[Any, Any], Any]
    root_function: Callable[[Any, Any], Any]
    var_function: Callable[[Any], Any]
    take: Callable[[Any], Any]
    # not a field: what is not compiled
    _given: ClassVar[tuple[tuple[tuple[str, int | None], ...], float, bool]]

    def __init__(
        self,
        sample: Callable[[Any, Any], Any],
        *,
        draws: Any = "normal",
        root_cov: Callable[[Any, Any], Any] | None = None,
        var: Callable[[Any], Any] | None = None,
        moments: float | None = None,
        additive: bool = False,
    ) -> None:
        given = {
            "sample": sample,
            "root_cov": no_root if root_cov is None else root_cov,
            "var": no_var if var is None else var,
        }
        for (name, function), field in zip(given.items(), ("sample", "root", "var"), strict=True):
            if not callable(function):
                raise TypeError(f"{name} must be a function, got {checks.short(function)}")
            refuse_random(name, function)
            object.__setattr__(self, f"{field}_function", function)
        kinds = _kinds(draws)
        object.__setattr__(self, "take", only if len(kinds) == 1 else every)
        order = math.inf if moments is None or moments == math.inf else checks.positive("moments", moments)
        object.__setattr__(self, "_given", (kinds, order, checks.flag("additive", additive)))

    def check(self, objective: Objective) -> None:
        """Try the law at the objective's start, interpreted."""
        x, d = np.array(objective.start, dtype=float), objective.dim
        seen = np.array([self._seen(x, z) for z in self._some(objective, max(16, min(TRIES, NUMBERS // d)))])
        if self.additive and not np.array_equal(seen[0], self._seen(x + 1.0, next(self._some(objective, 1)))):
            raise ValueError("additive must be False for a sample that depends on x")
        if self.moments > 2.0:
            _agree("sample must have mean 0", seen, np.zeros(d))
        w = np.random.default_rng(1).standard_normal(d)
        if self.lacks("root_cov", objective) is None:
            _expect("root_cov", answer("root_cov", steady, "root_cov", self.root_function, x, w), d)
        if self.moments > 4.0:
            squares = seen * seen
            if self.lacks("noise_var", objective) is None:
                _agree("var must be the variance of sample", squares, _expect("var", self.var_function(x.copy()), d))
            if self.lacks("root_cov", objective) is None and d <= len(seen) // 16:
                root = np.array([self.root_function(x.copy(), e) for e in np.eye(d)])
                _agree("root_cov must have the variance of sample", squares, (root * root).sum(axis=0))

    def _some(self, objective: Objective, count: int) -> Iterator[Any]:
        random = np.random.default_rng(0)
        for _ in range(count):
            yield tuple(
                random.standard_normal(n) if kind == "normal" else random.random(n) for kind, n in self.draws(objective)
            )

    def _seen(self, x: Array, z: Any) -> Array:
        return _expect("sample", answer("sample", steady, "sample", self.sample_function, x, self.take(z)), len(x))

    def lacks(self, question: str, objective: Objective) -> str | None:
        absent = {"root_cov": self.root_function is no_root, "noise_var": self.var_function is no_var}
        argument = {"noise_var": "var"}.get(question, question)
        if absent.get(question):
            return f'Noise has no {argument}: give it one, so.Noise({argument}=...), or take sde="sampled"'
        if question == "root_additive_cov":
            constant = self.additive and not absent["root_cov"]
            return None if constant else "Noise is not known to be additive, with a root_cov that does not depend on x"
        if question in UNKNOWN:
            return f'Noise knows no {question}, only its sample, root_cov and var: take sde="sampled"'
        return super().lacks(question, objective)

    def unbounded(self, objective: Objective) -> str | None:
        """As said by ``moments``; ``var`` need not be known."""
        return None if self.moments > 2.0 else f"Noise has no variance, for its moments end at {self.moments:g}"

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        return tuple((kind, objective.dim if size is None else size) for kind, size in self._given[0])

    @property
    def moments(self) -> float:
        return self._given[1]

    @property
    def additive(self) -> bool:
        """Whether ξ does not depend on x."""
        return self._given[2]

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return like(self.sample_function(guarded(x), self.take(z)), x)

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return like(self.root_function(guarded(x), guarded(dw)), x)

    def var(self, o: Oracle, x: Vector) -> Any:
        return like(self.var_function(guarded(x)), x)

    def __repr__(self) -> str:
        kinds, moments, additive = self._given
        shown = ", ".join(kind if size is None else f"{kind} x {size}" for kind, size in kinds)
        functions = {"root_cov": self.root_function, "var": self.var_function}
        given = [n for n, f in functions.items() if f not in (no_root, no_var)]
        tail = [] if math.isinf(moments) else [f"moments={moments:g}"]
        name = getattr(self.sample_function, "__name__", "function")
        return f"Noise({', '.join([name, f'draws={shown}', *given, *tail, *['additive'] * additive])})"


def _kinds(draws: Any) -> tuple[tuple[str, int | None], ...]:
    """Kind and size of every vector of draws; None stands for one number per coordinate."""
    if isinstance(draws, str) or (isinstance(draws, tuple) and len(draws) == 2 and isinstance(draws[1], int)):
        draws = [draws]
    if not isinstance(draws, (list, tuple)) or not draws:
        raise TypeError(f'draws must be "normal", "uniform", a pair such as ("uniform", 1), or several, got {draws!r}')
    found: list[tuple[str, int | None]] = []
    for one in draws:
        kind, size = one if isinstance(one, tuple) and len(one) == 2 else (one, None)
        if str(kind).lower().partition("(")[0] in MEMORY:
            raise ValueError(f"noise with memory, {kind!r}, has no place here: its draws are new at every step")
        known = checks.choice("kind of draws", kind, KINDS)
        found.append((known, None if size is None else checks.integer("size of draws", size, low=1)))
    return tuple(found)


def _expect(name: str, got: Any, d: int) -> Array:
    a = checks.real(f"{name} at start", got)
    if a.shape != (d,) or not np.isfinite(a).all():
        raise ValueError(f"{name} must return a finite vector of shape ({d},), got {checks.short(got)}")
    return np.asarray(a, dtype=float)


def _agree(what: str, seen: Array, wanted: Array) -> None:
    """Raise where means over the tries are off by more than ``SURE`` standard errors."""
    error = SURE * seen.std(axis=0) / math.sqrt(len(seen)) + 1e-9 * (1.0 + np.abs(wanted))
    worst = int(np.argmax(np.abs(seen.mean(axis=0) - wanted) / error))
    if abs(seen.mean(axis=0)[worst] - wanted[worst]) > error[worst]:
        raise ValueError(
            f"{what}, at start coordinate {worst + 1} of {len(seen)} samples gives {seen.mean(axis=0)[worst]:.3g} ± "
            f"{error[worst]:.1g}, and not {wanted[worst]:.3g}"
        )
