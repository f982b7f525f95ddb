"""What must be small for a rule to hold, measured on a problem at its starting point, after the change.

Each number is of the order of the relative error that it causes, so that one limit serves all. Signal against noise is
measured only where the rule leans on it: if batch or compression change.

    step     η' λ_max(H), H = ∇²f: the share of its distance from the minimum that x covers in one step along the
             stiffest direction. The stationary variance of SGD on a quadratic has the factor 1/(1 - η'λ/2).
    sign     the same of P^{-1/2} H P^{-1/2}, P = √(π/2) σ being what signs divide a small gradient by, of the average
             that they see σ√((1 - β')/(1 + β')); decay added.
    ratio    the same, P = √v + ε, v = (∂f)² + σ² of adaptive steps, η'θ' added; of `DiLoCo` H max(1, α/(1 - μ)) times.
    buffer   η' λ_max/(1 - μ)²: how far the slope moves while the momentum remembers it.
    late     η'λ_max (τ + ½): the share of its distance that x covers until a gradient arrives.
    turn     η' times the largest singular value of ∂b, b the drift: how far a step changes the field that it follows.
    round    η'Hα λ_max: the same for a round of H steps and the outer learning rate α.
    outer    the same over (1 - μ)², as in "buffer".
    swing    max(η'λ_max, 1 - μ'): curvature and friction in a step of a second-order method.
    noise    max_i (∂_i f)²/σ_i², the signal against the noise of what the optimizer sees: signs and adaptive steps
             respond linearly to the gradient, and v is the variance, only where this is small.
    sent     |∇f|²/tr Σ of what an agent sees: compression adds noise in proportion to both, and only that of Σ obeys
             the rule; of `AdaGradNorm` and `Shampoo` the same as "noise", for their sums are of many coordinates.
    growth   |∇f|²/tr Σ' where f(cx) = f(x) for all c > 0, as with normalised layers, else not asked: then ∇f·x = 0, a
             step adds η²(|∇f|² + tr Σ) to |x|², and the SDE η² tr Σ. Two runs at rest under weight decay whose
             |x|², |∇f|² and tr Σ are within a factor C have |∇f|² <= (C² - 1) tr Σ: the necessary condition of Li,
             Malladi & Arora (2021), arXiv:2102.12470, on the SDE and on the linear rule. Measured at x0, so begin at
             the end of a run.
    memory   1 - β₂': v is a mean of many squares.
    first    max_i ((∂_i f)² + σ_i²)/v₀': the share of the first square in the sum of Adagrad, infinite if v₀ = 0.
    peak     √(1 - β₂'): by how much a running mean of squares strays from its mean, which its maximum remembers.
    belief   1 - β₁': γ - m' is (1 - β₁') less than the noise.
    shrink   η': the share of x that a step of conditional gradient takes away.
    forget   1 - β', of `DiLoCo` 1 - μ': the gradient of one step, or a round, in the average of all.
    ema      1 - δ': the position of one step in the average.
    layers   not measured: either method of `Layered` sees its own part of x.
    cold     2 |ln κ| η'λ/(√v (1 - β')): RMSprop starts from v = 0, and until v has filled, after 1/(1 - β) steps, x
             moves in long steps, which add η²/(1 - β) ln(1/(1 - β)) to its variance; the logarithm does not scale.
    variance not to be found: noise without one averages otherwise than as 1/√κ.
    share    B'/n where no example is drawn twice: then Σ falls as 1/B - 1/n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.contracts import Method
from sdeopt.core.oracle import agent_means, examples, grad, noise_var, value
from sdeopt.core.problem import Problem
from sdeopt.noise import Minibatch, PoissonBatch, Reshuffled
from sdeopt.optimizers import AdaGradNorm, DiLoCo, Shampoo
from sdeopt.scaling.curvature import DENSE, curvature
from sdeopt.scaling.formulas import Change

__all__ = ["LIMIT", "Condition", "measure"]

Array = NDArray[np.float64]
LIMIT = 0.1
SIGNAL = ("noise", "sent")
FIELDS = ("memory", "shrink", "forget", "peak", "belief", "ema", "layers")  # no matter of the problem
ROUNDING, SINGLE = 1e-9, 1e-5  # relative, of numbers that are 0, in double and in single precision
PROBES = 1000  # gradients of a private method that are drawn for their mean and variance


class Condition(NamedTuple):
    """A number that must be small, see the head of this file; NaN if it was not measured, and ``reason`` says why."""

    name: str
    formula: str
    value: float
    reason: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether it is below the limit; None if not measured."""
        return None if math.isnan(self.value) else self.value <= LIMIT


class Seen(NamedTuple):
    """Squared mean and variance, per coordinate, of the gradient that an agent sees at x0, averaged over agents."""

    mean2: Array
    var: Array


def measure(names: tuple[str, ...], method: Method, problem: Problem | None, change: Change) -> tuple[Condition, ...]:
    """The conditions ``names`` of ``method`` on ``problem``, both after the change."""
    noise = None if problem is None else problem.noise
    once = isinstance(noise, PoissonBatch) or (isinstance(noise, Minibatch) and not noise.replace)
    once = once and not isinstance(noise, Reshuffled)  # of whose batches κ in a row are one, κ times as large
    asked = [name for name in names if name not in SIGNAL or change.kappa != 1 or change.sent != 1]
    if "growth" in asked and (problem is None or not _scale_free(problem)):
        asked.remove("growth")
    found = tuple(_measure(name, method, problem, change) for name in (*asked, *["share"] * once))
    lack = None if problem is None else problem.lacks("noise_var")
    if lack is None or (method.bounded and (change.kappa == 1 or method.family == "private")):
        return found
    return (*found, Condition("variance", "variance of the noise", math.inf, lack))


def _measure(name: str, method: Method, problem: Problem | None, change: Change) -> Condition:
    formula, function = CONDITIONS[name]
    if problem is None and name not in FIELDS:
        return Condition(name, formula, math.nan, "no problem is given")
    try:
        return Condition(name, formula, function(method, problem, change))
    except ValueError as error:
        return Condition(name, formula, math.nan, str(error))


def _see(method: Method, problem: Problem) -> Seen:
    """What an agent sees at x0; the clipped gradients of a private method are drawn."""
    o, x0 = problem.oracle, np.array(problem.x0)
    if method.family == "private":
        return _draw(method, problem)
    lack = problem.lacks("noise_var") or problem.lacks("agent_means")
    if lack is not None:
        raise ValueError(lack)
    means = [np.asarray(g) ** 2 for g in agent_means(o, x0)]
    return Seen(np.mean(means, axis=0), problem.noise.agents * (np.asarray(noise_var(o, x0)) + 0.0 * x0))


def _draw(method: Any, problem: Problem) -> Seen:
    """x - x' of one step of DP-SGD with η = 1 is the private gradient; so few steps are not worth a compiler."""
    from sdeopt.engine.kernels import Kernel
    from sdeopt.engine.simulate import plan
    from sdeopt.optimizers import DPSGD

    page: Any = DPSGD(1.0, method.clip, method.sigma_dp)
    one = plan(page, problem, steps=1, observables=[], rng=0)
    moved = Kernel(replace(one, interpreted=True))(0, PROBES)[:, -1] - problem.x0
    return Seen(moved.mean(axis=0) ** 2, moved.var(axis=0, ddof=1))


def _step(method: Method, problem: Problem, change: Change) -> float:
    return float(method.lr * curvature(problem, np.ones(problem.dim)))


def _sign(method: Any, problem: Problem, change: Change) -> float:
    beta = getattr(method, "momentum", 0.0)
    P = np.sqrt(math.pi / 2.0 * _see(method, problem).var) * math.sqrt((1.0 - beta) / (1.0 + beta))
    rate = curvature(problem, P) + getattr(method, "weight_decay", 0.0) + getattr(method, "l2", 0.0) / P.min()
    return float(method.lr * rate)


def _squares(method: Any, problem: Problem) -> Array:
    """What a step adds to the squares that the method divides by, per coordinate: of all of them for `AdaGradNorm`.

    For `Shampoo` the geometric mean of what it adds to L and R, cσ² and rσ² if all entries are alike.
    """
    seen = _see(method, problem)
    squares = seen.mean2 + seen.var
    share = {AdaGradNorm: 1.0, Shampoo: squares.size**-0.5}.get(type(method))
    return squares if share is None else np.full_like(squares, share * squares.sum())


def _adaptive(method: Any, problem: Problem, change: Change) -> float:
    root = np.sqrt(_squares(method, problem)) + getattr(method, "eps", 0.0)
    steps = method.local_steps * max(1.0, method.outer_lr / (1.0 - method.momentum)) if type(method) is DiLoCo else 1.0
    return float(method.lr * steps * (curvature(problem, root) + getattr(method, "weight_decay", 0.0)))


def _late(method: Any, problem: Problem, change: Change) -> float:
    return _step(method, problem, change) * (float(method.delay) + 0.5)


def _round(method: Any, problem: Problem, change: Change) -> float:
    return _step(method, problem, change) * float(method.local_steps * method.outer_lr)


def _outer(method: Any, problem: Problem, change: Change) -> float:
    return _round(method, problem, change) / (1.0 - float(method.momentum)) ** 2


def _swing(method: Any, problem: Problem, change: Change) -> float:
    return max(_step(method, problem, change), 1.0 - float(method.momentum))


def _turn(method: Any, problem: Problem, change: Change) -> float:
    """By central differences of the drift."""
    o, x0 = problem.oracle, np.array(problem.x0)
    if problem.dim > DENSE:
        raise ValueError(f"the derivative of the drift is formed up to dimension {DENSE}")
    y = np.concatenate([x0] * len(method.parts))  # running means of x begin there

    def b(at: Array) -> Array:
        parts = tuple(np.split(at, len(method.parts)))
        found = type(method).sdes[method.default_sde].drift(method, 0.0, parts if len(parts) > 1 else at, o)
        return np.ravel(np.concatenate(found) if len(parts) > 1 else found)

    steps = 1e-5 * np.eye(y.size) * (1.0 + np.abs(y).max())
    columns = [(b(y + e) - b(y - e)) / (2.0 * e.max()) for e in steps]
    return float(method.clock * np.linalg.norm(np.array(columns), 2))


def _first(method: Any, problem: Problem, change: Change) -> float:
    return float(np.max(_squares(method, problem)) / method.initial) if method.initial > 0.0 else math.inf


def _buffer(method: Any, problem: Problem, change: Change) -> float:
    return float(method.lr * curvature(problem, np.ones(problem.dim)) / (1.0 - method.momentum) ** 2)


def _noise(method: Method, problem: Problem, change: Change) -> float:
    seen = _see(method, problem)
    return float(np.max(_ratio(seen.mean2, seen.var)))


def _share_sent(method: Method, problem: Problem, change: Change) -> float:
    seen = _see(method, problem)
    return float(_ratio(seen.mean2.sum(), seen.var.sum()))


def _scale_free(problem: Problem) -> bool:
    """Whether the length of x0 has no part in f, nor in its slope."""
    if problem.lacks("value") is not None or problem.lacks("grad") is not None:
        return False
    o, x0, objective = problem.oracle, np.array(problem.x0), cast(Any, problem.objective)
    off = SINGLE if getattr(objective, "tensors", False) and objective.placement[0].itemsize < 8 else ROUNDING
    g, f = np.asarray(grad(o, x0)), float(value(o, x0))
    along = abs(float(g @ x0)) <= off * float(np.linalg.norm(g) * np.linalg.norm(x0))
    return bool(along and g.any() and x0.any() and abs(float(value(o, 2.0 * x0)) - f) <= off * (1.0 + abs(f)))


def _memory(method: Method, problem: Problem | None, change: Change) -> float:
    return float(1.0 - getattr(method, "beta2" if "beta2" in method._fields else "beta"))


def _forget(method: Any, problem: Problem | None, change: Change) -> float:
    return float(1.0 - getattr(method, "beta" if "beta" in method._fields else "momentum"))


def _layers(method: Method, problem: Problem, change: Change) -> float:
    raise ValueError("each method sees its own part of x")


def _ratio(a: Any, b: Any) -> Any:
    """a/b, 0 where a is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a > 0.0, a / b, 0.0)


def _cold(method: Any, problem: Problem, change: Change) -> float:
    still = method._replace(**{"weight_decay": 0.0} if "weight_decay" in method._fields else {})
    return 2.0 * abs(math.log(change.kappa)) * _adaptive(still, problem, change) / (1.0 - float(method.beta))


def _share(method: Method, problem: Problem, change: Change) -> float:
    return float(problem.oracle.noise.batch / examples(problem.oracle))


CONDITIONS: dict[str, tuple[str, Callable[[Any, Any, Change], float]]] = {
    "step": ("step against curvature, η'λ", _step),
    "sign": ("step against curvature, η'λ/(σ√(π/2))", _sign),
    "ratio": ("step against curvature, η'(λ/√v + θ')", _adaptive),
    "late": ("delay against curvature, η'λ (τ + ½)", _late),
    "turn": ("step against change of the drift, η'|∂b|", _turn),
    "round": ("round against curvature, η'Hαλ", _round),
    "outer": ("memory of the momentum, η'Hαλ/(1 - μ)²", _outer),
    "swing": ("step against curvature and friction, max(η'λ, 1 - μ')", _swing),
    "first": ("first square against v₀, max ((∂f)² + σ²)/v₀'", _first),
    "buffer": ("memory of the momentum, η'λ/(1 - μ)²", _buffer),
    "noise": ("signal against noise, max (∂f)²/σ²", _noise),
    "sent": ("signal against noise, |∇f|²/tr Σ", _share_sent),
    "growth": ("growth of |x|, which f ignores, |∇f|²/tr Σ", _share_sent),
    "memory": ("memory of the squares, 1 - β₂'", _memory),
    "shrink": ("decay of x in a step, η'", lambda method, problem, change: float(method.lr)),
    "forget": ("memory of the gradients, 1 - β'", _forget),
    "peak": ("spread of v, √(1 - β₂')", lambda method, problem, change: math.sqrt(1.0 - method.beta2)),
    "belief": ("memory of the gradients, 1 - β₁'", lambda method, problem, change: float(1.0 - method.beta1)),
    "ema": ("memory of the average, 1 - δ'", lambda method, problem, change: float(1.0 - method.decay)),
    "layers": ("conditions of the two methods", _layers),
    "cold": ("start from v = 0, 2 |ln κ| η'λ/(√v (1 - β'))", _cold),
    "share": ("batch against data, B'/n", _share),
}
