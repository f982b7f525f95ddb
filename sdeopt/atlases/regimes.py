"""Regimes of the noise: a law, and what it sets on the methods that it is meant for; those of a problem by default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Law, Method
from sdeopt.core.method import FAMILIES
from sdeopt.core.problem import Problem
from sdeopt.noise import Agents, AlphaStable, Batch, Gaussian, Laplace, Minibatch, StudentT
from sdeopt.optimizers import SGD, HeavyBall, SignSGD
from sdeopt.optimizers.registry import methods
from sdeopt.sweeps.axes import name_each
from sdeopt.theory.one_pass import gaussian_sigma

__all__ = ["Regime", "name_regimes", "quick", "usual_methods", "usual_regimes"]

LR = 0.05  # until it is tuned
LEVELS = (0.3, 1.0, 3.0)  # of the Gaussian noise, in units of the gradient at the start
TAILS = (5.0, 2.5, 1.5)
STABLE = 1.5
SIZES = (1, 4, 16)  # of minibatches
AGENTS = 4
PRIVATE_BATCH, DELTA, EPSILONS = 4, 1e-5, (4.0, 1.0, 0.25)  # of one pass: the examples of a batch are new ones


class Regime(NamedTuple):
    """A law, and fields that it sets: only methods that have all of them are run in it."""

    law: Law
    settings: Mapping[str, float] = {}

    def lacks(self, method: Method) -> str | None:
        """Why a method is not run here, or None."""
        missing = [name for name in self.settings if name not in type(method)._fields]
        return f"it has no {' and no '.join(missing)}, which this regime is about" if missing else None

    def page(self, method: Method, lr: float) -> Method:
        """The method in this regime, at a learning rate."""
        fields = method._asdict() | dict(self.settings) | {"lr": lr}
        placed: Method = type(method)(**fields)
        return placed

    def __str__(self) -> str:
        return ", ".join([repr(self.law), *(f"{name} = {value:.4g}" for name, value in self.settings.items())])


def name_regimes(given: Any) -> dict[str, Regime]:
    """Label -> regime, of laws, of pairs (law, settings), or of a mapping with labels of its own."""
    found = name_each("law", given, _one, (lambda entry: str(_regime(entry)),))
    return {label: _regime(entry) for label, entry in found.items()}


def _one(entry: Any) -> bool:
    if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], Mapping):
        entry = entry[0]
    return hasattr(entry, "draws") and hasattr(entry, "noisy_grad")


def _regime(entry: Any) -> Regime:
    if not isinstance(entry, tuple):
        return Regime(entry)
    law, settings = entry
    return Regime(law, {str(name): checks.number(f"setting {name!r} of a law", v) for name, v in settings.items()})


def usual_methods() -> dict[str, Method]:
    """Every page of the registry, at its defaults, as users run it, family by family.

    Not at ``Method.at``, where its SDE is a model of it: momentum is nearer to 1 there, and decides who wins.
    """
    pages: Mapping[str, Any] = methods()
    own = {name: page for name, page in pages.items() if page.__module__.startswith("sdeopt.")}
    families = [*FAMILIES]
    ordered = sorted(own.items(), key=lambda entry: (families.index(entry[1].family), entry[0]))
    return {name: page(lr=LR) for name, page in ordered}


def usual_regimes(problem: Problem) -> dict[str, Regime]:
    """Those that an objective can have; scales are in units of a coordinate of its gradient at the start."""
    f = problem.objective
    s = unit(problem)
    found = {f"Gaussian {level:g}": Regime(Gaussian(float(f"{level * s:.3g}"))) for level in LEVELS}
    found |= {f"Student-t, ν = {nu:g}": Regime(StudentT(nu, s)) for nu in TAILS}
    found |= {"Cauchy": Regime(StudentT(1.0, s)), f"stable, α = {STABLE:g}": Regime(AlphaStable(STABLE, s))}
    found["Laplace"] = Regime(Laplace(s))
    if f.lacks("batch_grad") is None:
        found |= {f"minibatch of {size}": Regime(Minibatch(size)) for size in SIZES}
    found["unequal agents"] = Regime(Agents(Gaussian(s), AGENTS, shifts=shifts(f.dim, s)))
    for k in sizes(f.dim):
        found[f"compressed, ω = {f.dim / k - 1.0:.3g}"] = Regime(Agents(Gaussian(s), AGENTS), {"k": float(k)})
    for epsilon in EPSILONS:
        z = gaussian_sigma(epsilon, DELTA)
        settings = {"clip": s * float(np.sqrt(f.dim)), "sigma_dp": math.ceil(z * 1e3) / 1e3}
        found[f"private, ε = {epsilon:g}"] = Regime(Batch(Gaussian(s), PRIVATE_BATCH), settings)
    return found


def quick(problem: Problem) -> dict[str, Any]:
    """Arguments of an atlas that is finished in a minute: three methods under three laws of two kinds."""
    laws = usual_regimes(problem)
    return {
        "methods": [SGD(LR), SignSGD(LR), HeavyBall(LR)],
        "laws": {label: tuple(laws[label]) for label in ("Gaussian 0.3", "Gaussian 3", "Cauchy")},
        "gradients": 100,
        "lrs": (0.003, 0.01, 0.03, 0.1, 0.3),
        "paths": 200,
        "tuning": 60,
    }


def unit(problem: Problem) -> float:
    """The root mean square of the coordinates of ∇f at the start, to two digits; 1 where that is 0."""
    g = np.asarray(problem.objective.grad(problem.x0.reshape(-1, problem.dim)[0]))
    return float(f"{np.sqrt((g * g).mean()):.2g}") or 1.0


def shifts(d: int, s: float) -> Any:
    """Gradients that differ by 2s in every coordinate between two halves of the agents."""
    return np.outer([1.0, 1.0, -1.0, -1.0], np.full(d, 2.0 * s))


def sizes(d: int) -> list[int]:
    """k of three compressors that keep k of d entries: a half, a quarter, an eighth, as far as these differ."""
    return sorted({max(d // 2, 1), max(d // 4, 1), max(d // 8, 1)} - {d}, reverse=True)
