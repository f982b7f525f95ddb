"""The problem after the change: the same objective, seen by other batches and agents."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from sdeopt.core.problem import Problem
from sdeopt.noise import (
    AffineGaussian,
    Agents,
    Batch,
    DiagonalMinibatch,
    Gaussian,
    Minibatch,
    NoNoise,
    PoissonBatch,
    Reshuffled,
)
from sdeopt.scaling.formulas import Change

__all__ = ["apply_change"]


def apply_change(problem: Problem, change: Change, per_example: bool) -> Problem:
    """``problem``, which is the one before, after ``change``.

    `Minibatch`, `PoissonBatch` and `Batch` hold their size, which must be the batch before. Any other law is the noise
    of the whole batch before; a `Gaussian` one is scaled by 1/√κ, of others the mean of κ draws is taken. For methods
    that look at every example, ``per_example``, it is the noise of one, so that the batch before must be 1.
    """
    noise, d = problem.noise, problem.dim
    if change.k != (1, 1) and max(change.k) > d:
        raise ValueError(f"k must be at most the dimension {d} of the problem, got {change.k}")
    if not isinstance(noise, Agents):
        law = _batch(noise, change, per_example)
        if change.agents == (1, 1):
            return replace(problem, noise=law)
        _expect("agents", 1, change.agents[0], noise)
        return replace(problem, noise=Agents(law, agents=change.agents[1]))
    if change.agents != (1, 1):
        _expect("agents", noise.agents, change.agents[0], noise)
    every = noise.laws if isinstance(noise.laws, tuple) else (noise.laws,)
    laws = [_batch(_minibatch(law, law.batch) if isinstance(law, Minibatch) else law, change, per_example)
            for law in every]  # fmt: skip
    return replace(problem, noise=_agents(noise, laws, change.alpha))


def _agents(noise: Agents, laws: list[Any], alpha: Fraction) -> Agents:
    """α times the agents, each kind of them as often as before."""
    count = alpha * noise.agents
    if len(set(map(repr, laws))) == 1 and noise.shifts is None:
        return Agents(laws[0], agents=int(count))
    if alpha.denominator != 1:
        raise ValueError(f"agents that differ can be multiplied by a whole number only, got {float(alpha):g} times")
    times = int(alpha)
    shifts = None if noise.shifts is None else [list(b) for b in noise.shifts] * times
    return Agents(laws * times if len(laws) > 1 else laws[0], agents=int(count), shifts=shifts)


def _batch(law: Any, change: Change, per_example: bool) -> Any:
    """The law of a batch κ times as large."""
    if change.batch == (1, 1) or isinstance(law, NoNoise):
        return law
    before, after = change.batch
    if isinstance(law, (Minibatch, PoissonBatch)):
        _expect("batch", law.batch, before, law)
        return PoissonBatch(after) if isinstance(law, PoissonBatch) else _minibatch(law, after)
    if isinstance(law, Batch):
        _expect("batch", law.batch, before, law)
        return Batch(law.law, after)
    if per_example:
        _expect("batch", 1, before, law)
        return _mean(law, after)
    if isinstance(law, AffineGaussian):
        return AffineGaussian(law.scale / float(change.kappa) ** 0.5, law.growth / float(change.kappa))
    if hasattr(law, "cov"):
        return Gaussian(cov=law.cov / float(change.kappa))
    if isinstance(law, Gaussian) and not callable(law.scale):  # type: ignore[attr-defined]
        return Gaussian(law.scale / float(change.kappa) ** 0.5)  # type: ignore[attr-defined]
    if change.kappa.denominator != 1:
        raise ValueError(
            f"batch after must be a multiple of the batch before for the noise {law!r}, got {change.batch}"
        )
    return _mean(law, int(change.kappa))


def _mean(law: Any, count: int) -> Batch:
    """The law of the mean of so many draws."""
    try:
        return Batch(law, count)
    except ValueError as error:
        raise ValueError(
            "problem must have noise of which a larger batch is known, such as Minibatch or Gaussian, got "
            f"{law!r}: leave it out for the rule alone"
        ) from error


def _minibatch(law: Minibatch, batch: int) -> Minibatch:
    """Batches of another size; of an agent's share without the share, since `Agents` deals the data out again."""
    if isinstance(law, Reshuffled):
        return Reshuffled(batch)
    return (DiagonalMinibatch if isinstance(law, DiagonalMinibatch) else Minibatch)(batch, law.replace)


def _expect(name: str, has: int, given: int, noise: Any) -> None:
    if has != given:
        raise ValueError(f"{name} before must be that of the problem, {has} in {noise!r}, got {given}")
