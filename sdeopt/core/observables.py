"""Observables: numbers read off a state, by name or by the user's own function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random
from sdeopt.core.guards import answer, guarded, one_number
from sdeopt.core.math import dot
from sdeopt.core.oracle import grad, value, value_and_grad
from sdeopt.core.sharpness import sharpness

__all__ = ["KNOWN", "SYMBOLS", "explain", "growth", "passes", "position", "resolve"]

FAR = (1e4, 1e8)  # distances at which growth is measured


def _loss(o: Any, x: Any) -> Any:
    return value(o, x)


def _norm2(o: Any, x: Any) -> Any:
    return dot(x, x)


def _grad_norm2(o: Any, x: Any) -> Any:
    g = grad(o, x)
    return dot(g, g)


def _loss_and_grad_norm2(o: Any, x: Any) -> Any:
    f, g = value_and_grad(o, x)
    return f, dot(g, g)


NAMED: dict[str, Callable[..., Any]] = {"loss": _loss, "norm2": _norm2, "grad_norm2": _grad_norm2}
KNOWN = NAMED | {"sharpness": sharpness}  # with what is reported only on request
CLASSES = "class_losses"  # stands for the loss of every class of a classification
BUILT_IN = re.compile(r"(mean|var|cov) x.*|tr Cov x|diverged")  # names of moments in reports
PARTIAL = re.compile(r"loss of \d+ examples")  # the default of large data, see `sdeopt.objectives.torch_observables`
SYMBOLS = {"f(x)": "loss", "|x|²": "norm2", "|∇f(x)|²": "grad_norm2", "λ_max(∇²f(x))": "sharpness"}  # of what is named
LARGEST = 256  # dimensions in which ∇²f is formed at every save


def explain(names: Sequence[str]) -> list[str]:
    """What a table says of the names in it that are no words, and of a loss that is of some examples: notes."""
    said = [f"{name} is {symbol}" for symbol, name in SYMBOLS.items() if name in names and name != "loss"]
    lines = [f"{', '.join(said)}."] if said else []
    for name in filter(PARTIAL.fullmatch, names):
        lines.append(f'{name}: of the training data, the same in every run; observables=["loss"] is of all of them.')
    return lines


def passes(observables: Mapping[str, Callable[..., Any]], objective: Any) -> list[tuple[Callable[..., Any], Any]]:
    """Functions (o, x), each with the places of what it returns among the observables: a number, or two of one pass."""
    found = list(observables.values())
    both = [found.index(f) for f in (_loss, _grad_norm2) if f in found]
    if len(both) < 2 or not _shares(type(objective)):
        return [(f, (i,)) for i, f in enumerate(found)]
    rest = [(f, (i,)) for i, f in enumerate(found) if i not in both]
    return [(_loss_and_grad_norm2, tuple(both)), *rest]


def _shares(cls: type) -> bool:
    """Whether a class answers both at once; one that has its own ``value`` or ``grad`` of another's does not."""
    owners = [next((c for c in cls.__mro__ if n in vars(c)), None) for n in ("value_and_grad", "value", "grad")]
    return owners[0] is not None and len(set(owners)) == 1


SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def position(quantity: str, names: Sequence[str]) -> int:
    """Where a quantity stands among the names of a report: "f(x)" for "loss", "var x1" for "var x₁", "cov x1 x2"."""
    words = checks.short(quantity).strip("'") if not isinstance(quantity, str) else quantity
    plain = re.sub(r"x(\d+)", lambda m: "x" + m[1].translate(SUBSCRIPTS), words)
    plain = re.sub(r"(x[₀-₉]+)[ ,]+(x[₀-₉]+)", r"\1,\2", plain)
    for one in (words, SYMBOLS.get(words, words), plain):
        if one in names:
            return list(names).index(one)
    return list(names).index(checks.choice("quantity", quantity, names))


def _of_position(f: Callable[[Any], float]) -> Callable[..., Any]:
    def of_position(o: Any, x: Any) -> Any:
        return f(guarded(x))

    of_position.of = f  # type: ignore[attr-defined]
    of_position.batched = getattr(f, "batched", False)  # type: ignore[attr-defined]  # it takes (d, paths)
    return of_position


def resolve(observables: Any, problem: Any) -> dict[str, Callable[..., Any]]:
    """Return name -> function (o, x) for a sequence of names or a mapping name -> function of x.

    The name "class_losses" stands for one observable for every class of a classification. None stands for what the
    objective says is worth its cost (``usual_observables``, of networks their loss) or, where it says nothing, for
    "norm2", "grad_norm2" and, if the problem has values, "loss"; "sharpness" must be asked for. Functions are tried at
    x0: they return one number, or a truth value, whose mean is a probability. What they write into x is lost with it.
    """
    if observables is None and hasattr(problem.objective, "usual_observables"):
        return resolve(problem.objective.usual_observables(), problem)
    if observables is None:
        return {n: f for n, f in NAMED.items() if n != "loss" or problem.lacks("value") is None}
    if isinstance(observables, Mapping):
        wrong = [n for n, f in observables.items() if not callable(f)]
        if wrong:
            got = checks.short(observables[wrong[0]])
            raise TypeError(f"observables[{checks.short(wrong[0])}] must be a function of x, got {got}")
        _distinct([str(n) for n in observables])
        _not_ours([str(n) for n in observables])
        for n, f in observables.items():
            refuse_random(f"observables[{n!r}]", f)
            _try(str(n), f, np.array(problem.x0, dtype=float))
        return {str(n): _of_position(f) for n, f in observables.items()}
    if isinstance(observables, Sequence) and not isinstance(observables, str):
        names = [checks.choice("observable", n, (*KNOWN, CLASSES)) for n in observables]
        _distinct(names)
        if "sharpness" in names:
            _has_sharpness(problem)
        each = _class_losses(problem.objective) if CLASSES in names else {}
        return {k: f for n in names for k, f in (each.items() if n == CLASSES else ((n, KNOWN[n]),))}
    raise TypeError(f"observables must be names, a mapping name -> function, or None, got {checks.short(observables)}")


def _has_sharpness(problem: Any) -> None:
    """Raise unless the problem has a Hessian, of a size that can be formed."""
    reason = "a game has no Hessian" if problem.lacks("players") is None else problem.lacks("hvp")
    if reason is not None:
        raise ValueError(f"observables: sharpness is the largest eigenvalue of the Hessian, but {reason}")
    if problem.dim > LARGEST:
        raise ValueError(
            f"observables: sharpness forms the Hessian, in at most {LARGEST} dimensions, got {problem.dim}; "
            "so.profile has its largest eigenvalues at one point"
        )


def _class_losses(objective: Any) -> dict[str, Callable[..., Any]]:
    """Functions (o, x), one for every class."""
    if not hasattr(objective, CLASSES):
        raise ValueError(
            f"observables: {CLASSES} are of a classification, such as Logistic or a network whose y are classes, "
            f"got {checks.short(objective)}"
        )
    return {name: _of_position(f) for name, f in objective.class_losses().items()}


def _distinct(names: Sequence[str]) -> None:
    """Raise where a name stands for two things."""
    for n in names:
        if names.count(n) > 1:
            raise ValueError(f"observables must have names of their own, got {n!r} twice")
        if BUILT_IN.fullmatch(n):
            raise ValueError(f"observables must not be called {n!r}, which is a quantity of the run itself")


def _not_ours(names: Sequence[str]) -> None:
    """Raise where a function is called what stands for f(x): figures and `repeat` would take it for that."""
    for symbol, n in SYMBOLS.items():
        if n in names:
            raise ValueError(f"observables must not be called {n!r}, which is {symbol}; a list of names asks for that")


def _try(name: str, f: Any, x: Any) -> None:
    """Raise unless ``f`` returns one number at ``x``; ours do, where x has all the ``entries`` that they read."""
    if (getattr(f, "__module__", None) or "").startswith("sdeopt."):
        needs = getattr(f, "entries", 0)
        if needs > x.shape[-1]:
            raise ValueError(f"observables[{name!r}] needs a position of at least {needs} entries, got {x.shape[-1]}")
        return
    begin = x.reshape(-1, x.shape[-1])[0]  # of the first path, where they differ
    with np.errstate(all="ignore"):
        one_number(label := f"observables[{name!r}]", answer(label, f, begin.copy()))


def growth(f: Callable[..., Any], problem: Any) -> float:
    """The exponent r of |f(x)| ~ |x|^r far from 0, the largest over some directions; inf where f has no values there.

    Moments of f(x) end at p/r where those of x end at p.
    """
    axes = np.eye(problem.dim)[:8]
    random = np.random.default_rng(0).standard_normal((4, problem.dim))
    sizes = np.zeros((2, 0))
    for u in (*axes, *-axes, *(random / np.linalg.norm(random, axis=1)[:, None])):
        try:
            with np.errstate(all="ignore"):
                pair = [abs(float(f(problem.oracle, r * u))) for r in FAR]
        except Exception:  # a user's function may not be made for such states
            return np.inf
        sizes = np.column_stack([sizes, pair])
    if not np.isfinite(sizes).all():
        return np.inf
    near, far = np.log(np.maximum(sizes, 1.0))
    return max(round(float(np.max(far - near) / np.log(FAR[1] / FAR[0])), 2), 0.0)
