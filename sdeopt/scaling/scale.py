"""``scale``: the hyperparameters that keep the law of x when batch, agents or compression change."""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.core.schedule import hastened
from sdeopt.scaling.around import find
from sdeopt.scaling.conditions import measure
from sdeopt.scaling.formulas import Change
from sdeopt.scaling.problems import apply_change
from sdeopt.scaling.rules import Rule, pair
from sdeopt.scaling.scaling import Scaling

__all__ = ["scale"]

BEST = 2.0 / 3.0  # power of the examples of a run with which the batch of conditional gradient grows


def scale(
    method: Method,
    *,
    batch: tuple[int, int] | int | None = None,
    agents: tuple[int, int] | None = None,
    new_k: int | None = None,
    examples: tuple[int, int] | None = None,
    problem: Problem | None = None,
) -> Scaling:
    """Return the hyperparameters with which the law of x stays, in time, when batch, agents or compression change.

    One step after the change makes up for several before, ``speed`` of them; at matched steps the two methods have the
    same law of x as far as their SDE and the rule's conditions reach. Every rule is a statement with a source,
    ``rule.statement`` and ``rule.source``; a method without one is refused.

    Parameters
    ----------
    method : method
        An optimizer before the change, also with `EMA` or `Averaged` around it, or two on a network by `Layered`. Of a
        schedule the rule scales the peak; lengths in time and in steps become shorter as the run does, so that ψ is the
        same at matched steps.
    batch : (int, int), optional
        Batch size before and after (of one agent). With ``examples`` also that before alone: after it is B τ^{2/3}.
    agents : (int, int), optional
        Number of agents before and after, for methods of the family "distributed".
    new_k : int, optional
        Entries that rand-k sends after the change, `DCSGDRandK` and `DCSGDNormalised` only; before it is ``method.k``.
    examples : (int, int), optional
        Examples, or tokens, of the whole run before and after, T' = τT, for `Scion`, `ScionSpectral` and `Muon`. Their
        rule then keeps what is best for such a run, and not the law of x.
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
        If there is no rule for the method, no pair is given, the method does not know what changes, a pair or ``new_k``
        or ``examples`` is out of range, or the problem's noise has another batch or number of agents than before.
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
    >>> s = so.scale(so.Scion(lr=0.02, beta=0.9), batch=64, examples=(10**6, 8 * 10**6))
    >>> s.after, s.change.batch
    (Scion(lr=0.01, beta=0.9, radius=1.0), (64, 256))
    """
    rule = find(method)
    if problem is not None:
        expect_problem(problem)
        problem.alone("scale")
    change = _change(method, rule, {"batch": batch, "agents": agents, "new_k": new_k, "examples": examples})
    schedules, method = method.schedules, method.constant()
    formula = {name: _round(value) for name, value in rule.fields(method, change).items()}
    after, cut = _reachable(method, formula, change)
    for text in cut:
        warnings.warn(text, stacklevel=2)
    still = type(method)(*method._replace(**_sent(change)))
    rates = [name for name in ("lr", "rest_lr") if name in method._fields]
    linear = still._replace(**{r: _round(getattr(method, r) * float(change.kappa * change.alpha)) for r in rates})
    later = None if problem is None else apply_change(problem, change, method.family == "private")
    scheduled = functools.partial(_scheduled, schedules, method, float(rule.speed(change)))
    return Scaling(
        before=method._replace(**schedules),
        after=scheduled(after),
        naive=scheduled(still if linear == after else linear),
        change=change,
        rule=rule,
        formula=formula,
        conditions=measure(rule.conditions, after, later, change),
        warnings=cut,
        objective=None if problem is None else repr(problem.objective),
        noises=tuple(repr(p.noise) for p in (problem, later) if p is not None),
        problem=problem,
        problem_after=later,
    )


def _change(method: Any, rule: Rule, given: dict[str, Any]) -> Change:
    words = [name for name, value in given.items() if value is not None]
    if not words:
        raise ValueError("give what changes: batch=(before, after), agents=(before, after), new_k or examples")
    for word in words:
        if word.removeprefix("new_") not in rule.takes:
            known = ", ".join("new_k" if name == "k" else name for name in rule.takes)
            raise ValueError(f"{word} has no part in the rule of {type(method).__name__}, which takes {known}")
    if given["examples"] is not None and isinstance(given["batch"], int):
        before, tau = given["batch"], Change(examples=pair("examples", given["examples"])).tau
        given = given | {"batch": (before, max(round(before * float(tau) ** BEST), 1))}
    pairs = {name: pair(name, given[name]) for name in ("batch", "agents", "examples") if given[name] is not None}
    if given["new_k"] is not None:
        pairs["k"] = (int(method.k), checks.integer("new_k", given["new_k"], low=1))
    return Change(**pairs)


def _scheduled(schedules: dict[str, Any], before: Method, speed: float, method: Any) -> Any:
    """The method with the schedules of the one before: ``speed`` times fewer steps, of another clock each."""
    time = _round(speed * before.clock / method.clock)
    return method._replace(**{name: hastened(s, getattr(method, name), time, speed) for name, s in schedules.items()})


def _sent(change: Change) -> dict[str, float]:
    """The number of entries sent is no choice of the naive rule."""
    return {"k": float(change.k[1])} if change.k[0] != change.k[1] else {}


def _reachable(method: Method, formula: dict[str, float], change: Change) -> tuple[Any, tuple[str, ...]]:
    """The method with the fields of the formula, a β below 0 replaced by 0; and a sentence about each such."""
    low = {name: value for name, value in formula.items() if "beta" in name and value < 0.0}
    moved = method._replace(**formula | dict.fromkeys(low, 0.0))
    texts = tuple(
        f"the rule asks for {name} = {value:.4g}, outside [0, 1): 0 is taken, and the rule is not kept; it can be kept "
        f"up to a batch of {math.floor(change.batch[1] / (1.0 - value) + 1e-9)}"
        for name, value in low.items()
    )
    return type(method)(*moved), texts


def _round(value: float) -> float:
    """Without the last digits, which are those of round-off: 3 · 0.1 is 0.3."""
    return float(f"{value:.14g}")
