"""``scale``: the hyperparameters that keep the law of x when batch, agents or compression change."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sdeopt.core import checks
from sdeopt.core.plain import as_json, printed
from sdeopt.core.problem import Problem
from sdeopt.scaling import render
from sdeopt.scaling.conditions import LIMIT, Condition, measured
from sdeopt.scaling.problems import changed
from sdeopt.scaling.rules import Change, Rule, find, pair

if TYPE_CHECKING:
    from sdeopt.scaling.report import Evidence

__all__ = ["Scaling", "scale"]


@dataclass(frozen=True, eq=False, repr=False)
class Scaling:
    """What `scale` found. ``print`` it; ``after`` is the method to use.

    Attributes
    ----------
    before, after, naive : method
        The method given; scaled by the rule; and, to tell the rule from, scaled linearly (η' = κα η and nothing else),
        or not at all where linear is what the rule says.
    change : Change
        Batch, agents and entries sent, each (before, after).
    rule : Rule
        Its ``name``, ``statement`` and ``source``.
    formula : dict
        Field -> value as the rule gives it; ``after`` differs from it where a β would leave [0, 1).
    speed : Fraction
        Steps before that one step after makes up for: run 1/speed times as many.
    conditions : tuple of Condition
        What must be small, and how large it is.
    warnings : tuple of str
        What the rule asks and the method cannot do.
    problem, problem_after : Problem or None
        The problem given, and the same objective with the noise after the change.
    """

    before: Any
    after: Any
    naive: Any
    change: Change
    rule: Rule
    formula: dict[str, float]
    conditions: tuple[Condition, ...]
    warnings: tuple[str, ...]
    problem: Problem | None
    problem_after: Problem | None

    @property
    def speed(self) -> Fraction:
        """Steps before that one step after makes up for."""
        return self.rule.speed(self.change)

    @property
    def valid(self) -> bool | None:
        """False if a condition fails or a β had to be cut, True if all were measured and hold, else None."""
        known = [condition.holds for condition in self.conditions]
        if self.warnings or False in known:
            return False
        return None if None in known else True

    def evidence(
        self,
        *,
        horizon: float | None = None,
        steps: int | None = None,
        paths: int = 40_000,
        observables: Any = None,
        tolerance: float = 0.1,
        rng: Any = None,
        executor: Executor | None = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> Evidence:
        """Simulate the methods before, after and naive, and compare the laws of x at matched steps.

        Parameters
        ----------
        horizon, steps : float, int
            How long, in continuous time or steps of the method *before*; give exactly one.
        paths : int
            Independent paths of each of the three; default 40 000.
        observables : sequence of str, or mapping
            As in `sdeopt.simulate`.
        tolerance : float
            Margin of the verdicts as a fraction of each quantity's scale, see `sdeopt.compare`; default 0.1.
        rng : int, SeedSequence, Generator or None
            Randomness (SPEC 7); the three methods draw independently of each other.
        executor, progress
            As in `sdeopt.simulate`.

        Returns
        -------
        Evidence
            On Ctrl-C, of the paths that are finished.

        Raises
        ------
        ValueError, TypeError
            If no problem was given to `scale`, or an argument is out of range.

        Examples
        --------
        >>> import sdeopt as so
        >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
        >>> s = so.scale(so.SGD(lr=0.005), batch=(8, 32), problem=problem)
        >>> s.evidence(horizon=2.0, rng=0)
        Evidence(SGD(lr=0.005) -> SGD(lr=0.02): coincide; naive SGD(lr=0.005): differ)
        """
        from sdeopt.scaling.evidence import gather

        return gather(self, horizon, steps, paths, observables, tolerance, rng, executor, progress)

    def __repr__(self) -> str:
        return f"Scaling({self.before} -> {self.after}, {self.rule.name})"

    def __str__(self) -> str:
        return printed(render.scaling(self))

    def __rich__(self) -> Any:
        return render.scaling(self)

    def to_json(self) -> str:
        """Everything but the problem as JSON; a condition that was not measured is null."""
        content = {
            "method": type(self.before).__name__,
            "before": self.before._asdict(),
            "after": self.after._asdict(),
            "naive": self.naive._asdict(),
            "formula": self.formula,
            "change": self.change._asdict(),
            "speed": float(self.speed),
            "noise": [repr(p.noise) for p in (self.problem, self.problem_after) if p is not None],
            "rule": self.rule.name,
            "statement": self.rule.statement,
            "source": self.rule.source,
            "valid": self.valid,
            "limit": LIMIT,
            "conditions": [c._asdict() | {"holds": c.holds} for c in self.conditions],
            "warnings": list(self.warnings),
        }
        return as_json(content)


def scale(
    method: Any,
    *,
    batch: tuple[int, int] | None = None,
    agents: tuple[int, int] | None = None,
    new_k: int | None = None,
    problem: Problem | None = None,
) -> Scaling:
    """Return the hyperparameters with which the law of x stays, in time, when batch, agents or compression change.

    One step after the change makes up for several before, ``speed`` of them; at matched steps the two methods have the
    same law of x as far as their SDE and the rule's conditions reach. Every rule is a statement with a source,
    ``rule.statement`` and ``rule.source``; a method without a published one is refused.

    Parameters
    ----------
    method : method
        An optimizer before the change, with a constant learning rate.
    batch : (int, int), optional
        Batch size before and after (of one agent).
    agents : (int, int), optional
        Number of agents before and after, for methods of the family "distributed".
    new_k : int, optional
        Entries that rand-k sends after the change, `DCSGDRandK` only; those before are ``method.k``.
    problem : Problem, optional
        The problem *before* the change, on which the conditions are then measured. Its noise is that of the batch
        before: a `Minibatch` or `Batch` of that size, or the law of the mean over it. For private methods a law that is
        no batch is that of one example.

    Returns
    -------
    Scaling

    Raises
    ------
    ValueError
        If there is no rule for the method, nothing changes, the method does not know what changes, a pair or ``new_k``
        is out of range, or the problem's noise has another batch or number of agents than the ones before.
    TypeError
        If ``method`` is no optimizer, ``problem`` no problem, or a pair is none.

    Warns
    -----
    UserWarning
        If the rule asks for a β below 0, κ(1 - β) > 1: then 0 is taken and the rule is not kept.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.scale(so.SGD(lr=0.1), batch=(64, 256)).after
    SGD(lr=0.4)
    >>> s = so.scale(so.AdamW(lr=1e-3), batch=(256, 1024))
    >>> s.after, s.speed
    (AdamW(lr=0.002, beta1=0.6, beta2=0.996, eps=5e-09, weight_decay=0.02), Fraction(4, 1))
    >>> so.scale(so.DCSGDRandK(lr=0.1, k=8), new_k=2).after
    DCSGDRandK(lr=0.025, k=2.0)
    """
    rule = find(method)
    if problem is not None and not isinstance(problem, Problem):
        raise TypeError(f"problem must be a sdeopt.Problem, got {problem!r}")
    if problem is not None:
        problem.alone("scale")
    change = _change(method, rule, batch, agents, new_k)
    formula = {name: _round(value) for name, value in rule.fields(method, change).items()}
    after, cut = _reachable(method, formula, change)
    for text in cut:
        warnings.warn(text, stacklevel=2)
    still = type(method)(*method._replace(**_sent(change)))
    linear = still._replace(lr=_round(method.lr * float(change.kappa * change.alpha)))
    later = None if problem is None else changed(problem, change, method.family == "private")
    return Scaling(
        before=method,
        after=after,
        naive=still if linear == after else linear,
        change=change,
        rule=rule,
        formula=formula,
        conditions=measured(rule.conditions, after, later, change),
        warnings=cut,
        problem=problem,
        problem_after=later,
    )


def _change(method: Any, rule: Rule, batch: Any, agents: Any, new_k: Any) -> Change:
    given = {"batch": batch, "agents": agents, "new_k": new_k}
    words = [name for name, value in given.items() if value is not None]
    if not words:
        raise ValueError("give what changes: batch=(before, after), agents=(before, after) or new_k")
    for word in words:
        if word.removeprefix("new_") not in rule.takes:
            known = ", ".join("new_k" if name == "k" else name for name in rule.takes)
            raise ValueError(f"{word} has no part in the rule of {type(method).__name__}, which takes {known}")
    pairs = {name: pair(name, given[name]) for name in ("batch", "agents") if given[name] is not None}
    if new_k is not None:
        pairs["k"] = (int(method.k), checks.integer("new_k", new_k, low=1))
    return Change(**pairs)


def _sent(change: Change) -> dict[str, float]:
    """The number of entries sent is no choice of the naive rule."""
    return {"k": float(change.k[1])} if change.k[0] != change.k[1] else {}


def _reachable(method: Any, formula: dict[str, float], change: Change) -> tuple[Any, tuple[str, ...]]:
    """The method with the fields of the formula, a β below 0 replaced by 0; and a sentence about each such."""
    low = {name: value for name, value in formula.items() if name.startswith("beta") and value < 0.0}
    moved = method._replace(**formula | dict.fromkeys(low, 0.0))
    texts = tuple(
        f"the rule asks for {name} = {value:.4g}, outside [0, 1): 0 is taken, and the rule is not kept; it can be kept "
        f"up to a batch of {math.floor(change.batch[0] / (1.0 - getattr(method, name)) + 1e-9)}"
        for name, value in low.items()
    )
    return type(method)(*moved), texts


def _round(value: float) -> float:
    """Without the last digits, which are those of round-off: 3 · 0.1 is 0.3."""
    return float(f"{value:.14g}")
