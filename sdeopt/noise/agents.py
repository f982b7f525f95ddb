"""``Agents``: several optimizers' eyes on one objective, each with a gradient and a noise of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import average, checks, each, pieces
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import (
    Oracle,
    agent_grads,
    agent_means,
    noise,
    noise_var,
    noisy_grad,
    noisy_value,
    root_cov,
    root_sign_cov,
)
from sdeopt.core.oracle import mean_sign as expected_sign
from sdeopt.noise.law import Law, derived_field, fit
from sdeopt.noise.minibatch import Minibatch
from sdeopt.noise.share import Share

__all__ = ["Agents"]

LINE = SimpleNamespace(dim=1, examples=lambda: 2)  # the number of draws of a law does not depend on the objective
MEAN = ("root_cov", "root_additive_cov", "noise_var", "noisy_value")
OF_EACH = {"agent_roots": "root_cov", "mean_agent_sign": "mean_sign", "root_agent_sign_cov": "root_sign_cov"}
MOST = 256  # agents: their code is compiled in minutes
NEVER = ("mean_sign", "root_sign_cov", "root_square_cov", "noisy_class_grads")


@dataclass(frozen=True, eq=False, repr=False)
class Agents(Law):
    """N agents: agent i sees ∇f_i(x) + ξ_i, with f = (1/N) Σ f_i and independent ξ_i, each with a law of its own.

    Methods of the distributed family see every agent; any other law is one agent. To other methods this is the noise of
    the mean gradient, ξ = (1/N) Σ ξ_i with Σ = (1/N²) Σ Σ_i, whose signs, squares and directions have no closed form.

    Heterogeneous gradients are ∇f_i = ∇f + b_i with Σ b_i = 0, the rows of ``shifts``; or, with `Minibatch` and a
    finite sum of n examples, ∇f_i of the i-th share of the data, n/N examples in a row, from which the agent's batch is
    drawn. L liars, off by b, have the row (1 - L/N) b and the others -(L/N) b, who see f(x) - (L/N) bᵀx then. Compiled
    code holds every agent one after the other: 16 take about 5 s, 128 a minute.

    Parameters
    ----------
    laws : law or sequence of laws
        The noise of every agent, or of one agent each: any laws of ``sdeopt.noise`` but `DiagonalMinibatch`, one may be
        heavy-tailed; if one is a `Minibatch`, all are.
    agents : int, optional
        1 <= N <= 256, needed with one law only.
    shifts : array_like, shape (N, d), optional
        The b_i, which sum to 0 in every coordinate; default 0.

    Raises
    ------
    ValueError, TypeError
        If the numbers of agents disagree, a shift is not finite, the shifts do not sum to 0, or laws are not laws; in a
        `Problem`, if a law does not fit the objective or n is not a multiple of N.

    References
    ----------
    Monzio Compagnoni et al., arXiv:2502.17009, where the agents' noises differ.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> law = so.Agents([so.Gaussian(0.5), so.StudentT(nu=3)], shifts=[[1.0, 0.0], [-1.0, 0.0]])
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), law).oracle
    >>> [g.tolist() for g in so.core.agent_means(o, np.ones(2))]
    [[2.0, 2.0], [0.0, 2.0]]
    >>> o.noise.var(o, np.ones(2)).tolist()  # (0.25 + 3)/4
    [0.8125, 0.8125]
    >>> so.Agents(so.Gaussian(0.5), agents=4)
    Agents(Gaussian(scale=0.5), agents=4)
    """

    laws: Any
    agents: Any = None
    shifts: Any = None
    offsets: tuple[Any, ...] = derived_field()
    deal: Callable[..., Any] = derived_field()

    wraps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        laws, n = _members(self.laws, self.agents)
        every = laws if isinstance(laws, tuple) else (laws,) * n
        leads = tuple(_leads_with_normal(law) for law in every)
        fields: dict[str, Any] = {
            "laws": laws,
            "agents": n,
            "offsets": (0.0,) * n,
            "picks": any(law.picks for law in every),
            "deal": _deal(leads, tuple(len(law.draws(LINE)) for law in every)),
        }
        if self.shifts is not None:
            fields["shifts"] = _balance(self.shifts, n)
            fields["offsets"] = tuple(checks.array("shifts", b) for b in fields["shifts"])
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def normal(self) -> bool:
        """Whether that of every agent is."""
        return all(law.normal for law in self._every())

    @property
    def exact_loss(self) -> bool:
        """Whether that of every agent is."""
        return all(law.exact_loss for law in self._every())

    def check(self, objective: Objective) -> None:
        fit("shifts", self.offsets[0], objective)
        for law in self._every():
            law.check(objective)

    def lacks(self, question: str, objective: Objective) -> str | None:
        """What an agent lacks, and what the mean over agents has no formula for."""
        if question in MEAN or question in OF_EACH:
            reasons = (law.lacks(OF_EACH.get(question, question), objective) for law in self._every())
            return next((reason for reason in reasons if reason is not None), None)
        if question in NEVER:
            return f"the mean gradient of {self!r} has no closed form of it; the SDE 'sampled' does without"
        return super().lacks(question, objective)

    @property
    def moments(self) -> float:
        """Those of the heaviest agent."""
        return min(float(law.moments) for law in self._every())

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """One vector for the first normals of all agents, if any has some, then what else each agent draws."""
        every = [law.draws(objective) for law in self._every()]
        normals = [_leads_with_normal(law) for law in self._every()]
        rest = [entry for entries, leads in zip(every, normals, strict=True) for entry in entries[leads:]]
        joined = [("normal", self.agents * objective.dim)] if any(normals) else []
        return (*joined, *rest)

    def brownian(self, question: str, objective: Objective) -> tuple[int, ...]:
        """One vector for all agents, of equal pieces."""
        sizes = [law.brownian(question, objective) for law in self._every()]
        if len(set(sizes)) > 1:
            raise ValueError(f"laws must have increments of one size, but label noise has its own, got {self!r}")
        return (sum(size for (size,) in sizes),)

    def _every(self) -> tuple[Any, ...]:
        """The law of each agent."""
        return self.laws if isinstance(self.laws, tuple) else (self.laws,) * self.agents

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return average(each(one_noise, o, self.laws, self.offsets, x, self.deal(z)))

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The mean of what the agents see."""
        return average(agent_grads(o, x, z))

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The mean of their losses; the f_i(x) = f(x) + b_iᵀx of ``shifts`` have the mean f(x)."""
        return average(each(one_value, o, self.laws, self.offsets, x, self.deal(z)))

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return average(each(one_root, o, self.laws, self.offsets, x, pieces(dw, self.offsets)))

    def var(self, o: Oracle, x: Vector) -> Any:
        return average(each(one_var, o, self.laws, self.offsets, x, self.offsets)) / len(self.offsets)

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        every = [law.noise_cov(Oracle(o.objective, law), x, v) for law in self._every()]
        return np.sum(every, axis=0) / self.agents**2

    def agent_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return each(one_grad, o, self.laws, self.offsets, x, self.deal(z))

    def local_grads(self, o: Oracle, xs: Any, z: Draws) -> Any:
        return each(one_grad, o, self.laws, self.offsets, xs, self.deal(z))

    def agent_means(self, o: Oracle, x: Vector) -> Any:
        return each(one_mean, o, self.laws, self.offsets, x, self.offsets)

    def agent_roots(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return each(one_root, o, self.laws, self.offsets, x, pieces(dw, self.offsets))

    def mean_agent_sign(self, o: Oracle, x: Vector) -> Any:
        return average(each(one_sign, o, self.laws, self.offsets, x, self.offsets))

    def root_agent_sign_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return average(each(one_sign_root, o, self.laws, self.offsets, x, pieces(dw, self.offsets)))

    def __reduce__(self) -> Any:
        return Agents, (self.laws, self.agents, self.shifts)

    def __repr__(self) -> str:
        every = list(map(repr, self._every()))
        alike = len(set(every)) == 1
        laws = f"{every[0]}, agents={self.agents}" if alike else f"[{', '.join(every)}]"
        shifts = "" if self.shifts is None else f", shifts={self.shifts.tolist()}"
        return f"Agents({laws}{shifts})"


def one_noise(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """ξ_i."""
    return noise(Oracle(o.objective, law), x, z)


def one_grad(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """∇f_i + ξ_i."""
    return noisy_grad(Oracle(o.objective, law), x, z) + offset


def one_value(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """f_i of the sample, without b_iᵀx."""
    return noisy_value(Oracle(o.objective, law), x, z)


def one_mean(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """∇f_i."""
    return agent_means(Oracle(o.objective, law), x)[0] + offset


def one_root(o: Oracle, law: Any, offset: Any, x: Vector, dw: Vector) -> Any:
    """Σ_i^{1/2} dw_i."""
    return root_cov(Oracle(o.objective, law), x, dw)


def one_var(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """diag Σ_i."""
    return noise_var(Oracle(o.objective, law), x) + 0.0 * x


def one_sign(o: Oracle, law: Any, offset: Any, x: Vector, z: Draws) -> Any:
    """E sign(∇f_i + ξ_i)."""
    return expected_sign(Oracle(o.objective, law), x, one_mean(o, law, offset, x, z))


def one_sign_root(o: Oracle, law: Any, offset: Any, x: Vector, dw: Vector) -> Any:
    """Cov(sign(∇f_i + ξ_i))^{1/2} dw_i."""
    return root_sign_cov(Oracle(o.objective, law), x, one_mean(o, law, offset, x, dw), dw)


@functools.cache
def _deal(leads: tuple[bool, ...], counts: tuple[int, ...]) -> Any:
    """A function of the draws of all agents that gives the tuple of those of each."""
    size = (0,) * len(leads)
    dealt = _deal_among(leads, counts)
    return (lambda z: dealt(pieces(z[0], size), z[1:])) if any(leads) else (lambda z: dealt(size, z))


@functools.cache
def _deal_among(leads: tuple[bool, ...], counts: tuple[int, ...]) -> Any:
    """The same of the pieces of what leads and of the rest, by halves: so few functions are compiled."""
    m = len(leads) // 2
    if m == 0:
        return (lambda normals, z: ((normals[0], *z),)) if leads[0] else (lambda normals, z: (z,))
    left, right = _deal_among(leads[:m], counts[:m]), _deal_among(leads[m:], counts[m:])
    k = sum(counts[:m]) - sum(leads[:m])
    return lambda normals, z: (*left(normals[:m], z[:k]), *right(normals[m:], z[k:]))


def _leads_with_normal(law: Law) -> bool:
    return law.draws(LINE)[:1] == (("normal", LINE.dim),)


def _members(laws: Any, agents: Any) -> tuple[Any, int]:
    """The law of all agents, or the tuple of those of each, and how many agents there are."""
    one = not isinstance(laws, Sequence)
    given = (laws,) if one else tuple(laws)
    if not given or not all(isinstance(law, Law) and not isinstance(law, Agents) for law in given):
        raise TypeError(f"laws must be a law of sdeopt.noise or several, none of them Agents, got {checks.short(laws)}")
    if one and agents is None:
        raise ValueError("agents must be given with one law, as in Agents(Gaussian(0.5), agents=4)")
    n = len(given) if agents is None else checks.integer("agents", agents, low=1)
    if n > MOST:
        raise ValueError(f"agents must be at most {MOST}, since compiled code holds them one after the other, got {n}")
    if not one and len(given) != n:
        raise ValueError(f"agents must be the number of laws, {len(given)}, got {n}")
    if not any(law.picks for law in given):
        return (laws if one else given), n
    if not all(type(law) in (Minibatch, Share) for law in given):
        raise ValueError(f"laws must all be Minibatch or none, since a batch is of the agent's data, got {laws!r}")
    return tuple(Share(law.batch, law.replace, i, n) for i, law in enumerate(given * n if one else given)), n


def _balance(shifts: Any, n: int) -> Array:
    b = checks.array("shifts", shifts, ndim=2)
    if len(b) != n:
        raise ValueError(f"shifts must have one row for each of {n} agents, got shape {b.shape}")
    gap = np.abs(b.sum(axis=0)).max()
    if gap > 1e-12 * np.abs(b).sum():
        raise ValueError(f"shifts must sum to 0 over the agents, since f is the mean of the f_i, got {b.sum(axis=0)}")
    return b
