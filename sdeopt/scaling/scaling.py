"""``Scaling``: the hyperparameters before and after, and under which conditions they keep the law."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.optimizers.registry import lookup
from sdeopt.results.page import Page
from sdeopt.results.result import Result
from sdeopt.scaling import pages
from sdeopt.scaling.conditions import LIMIT, Condition
from sdeopt.scaling.formulas import Change
from sdeopt.scaling.rules import Rule, find

if TYPE_CHECKING:
    from sdeopt.scaling.report import Evidence

__all__ = ["Scaling"]


@dataclass(frozen=True, eq=False, repr=False)
class Scaling(Result):
    """What `scale` found. ``print`` it, ``save`` it; ``after`` is the method to use.

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
    objective : str or None
        The objective on which the conditions were measured.
    noises : tuple of str
        The noise before and after the change.
    problem, problem_after : Problem or None
        The problem given, and the same objective with the noise after the change; a file keeps neither.

    Examples
    --------
    >>> import sdeopt as so
    >>> found = so.scale(so.RMSprop(lr=1e-3, beta=0.99, eps=1e-8), batch=(256, 1024))
    >>> found.after, found.speed
    (RMSprop(lr=0.002, beta=0.96, eps=5e-09), Fraction(4, 1))
    """

    before: Any
    after: Any
    naive: Any
    change: Change
    rule: Rule
    formula: dict[str, float]
    conditions: tuple[Condition, ...]
    warnings: tuple[str, ...]
    objective: str | None
    noises: tuple[str, ...]
    problem: Problem | None = None
    problem_after: Problem | None = None

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
        paths: int | None = None,
        observables: Any = None,
        tolerance: float = 0.1,
        alpha: float = 0.05,
        rng: Any = None,
        executor: Executor | None = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> Evidence:
        """Simulate the methods before, after and naive, and compare the laws of x at matched steps.

        On a network, without schedules, two rules of practice stand beside where they are others: η' = √κ η alone
        (arXiv:1404.5997) and, with a β₂, only β₂' = β₂^κ (arXiv:2507.07101); ``meta["rivals"]`` has their bounds.

        Parameters
        ----------
        horizon, steps : float, int
            How long, in continuous time or steps of the method *before*; give exactly one.
        paths : int
            Independent paths of each of the three. Default 40 000, or as many as 40 seconds of one core can compute, by
            the counted work of a step, in multiples of 256; at least 64. On a network that is some hundred.
        observables : sequence of str, or mapping
            As in `sdeopt.simulate`.
        tolerance : float
            Margin of the verdicts as a fraction of each quantity's scale, see `sdeopt.compare`; default 0.1.
        alpha : float
            Probability with which each bound of the relative error may be wrong; default 0.05.
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
            If no problem was given to `scale`, an argument is out of range, or ``examples`` change, after which runs
            of equal laws are not what the rule asks for.

        Examples
        --------
        >>> import sdeopt as so
        >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
        >>> s = so.scale(so.SGD(lr=0.005), batch=(8, 32), problem=problem)
        >>> s.evidence(horizon=2.0, rng=0)
        Evidence(SGD(lr=0.005) -> SGD(lr=0.02): coincide; naive SGD(lr=0.005): differ)
        """
        from sdeopt.scaling.evidence import gather

        return gather(self, horizon, steps, paths, observables, tolerance, alpha, rng, executor, progress)

    def __repr__(self) -> str:
        return f"Scaling({self.before} -> {self.after}, {self.rule.name})"

    def page(self) -> Page:
        """The rule, the hyperparameters, the conditions."""
        return pages.scaling(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw the conditions beside their limit on ``ax`` (default: axes of a new figure); return the axes."""
        from sdeopt.plots.style import drawing
        from sdeopt.scaling.figure import conditions

        with drawing(ax) as ax:
            return conditions(ax, self)

    def content(self) -> dict[str, Any]:
        """Everything but the problem."""
        return {
            "method": type(self.before).__name__,
            **{side: _plain(getattr(self, side)) for side in ("before", "after", "naive")},
            "formula": self.formula,
            "change": self.change._asdict(),
            "speed": float(self.speed),
            "noise": self.noises,
            "rule": self.rule.name,
            "statement": self.rule.statement,
            "source": self.rule.source,
            "valid": self.valid,
            "limit": LIMIT,
            "conditions": [c._asdict() | {"holds": c.holds} for c in self.conditions],
            "warnings": self.warnings,
        }

    def pack(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Hyperparameters and what was found; the rule is that of the method."""
        if self.before.schedules:
            raise ValueError(f"a file keeps no schedule: save what scale says of the constant method, {self.before!r}")
        if hasattr(type(self.before), "wrapper"):
            raise ValueError(f"a file keeps no method around another: keep what `to_json` says of {self.before!r}")
        own = ("before", "after", "naive", "change", "formula", "conditions", "warnings", "objective", "noises")
        return {"method": type(self.before).__name__} | {name: getattr(self, name) for name in own}, {}

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The scaling that `pack` took apart, without its problem."""
        method: Any = lookup(head["method"])
        before, after, naive = (method(*head[side]) for side in ("before", "after", "naive"))
        return cls(
            before=before,
            after=after,
            naive=naive,
            change=Change(*map(tuple, head["change"])),
            rule=find(before),
            formula=head["formula"],
            conditions=tuple(Condition(*condition) for condition in head["conditions"]),
            warnings=tuple(head["warnings"]),
            objective=head["objective"],
            noises=tuple(head["noises"]),
        )


def _plain(method: Method) -> dict[str, Any]:
    """The hyperparameters as numbers, schedules in words."""
    return method._asdict() | {name: repr(s) for name, s in method.schedules.items()}
