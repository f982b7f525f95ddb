"""What to simulate: one column, on one grid, and whether the problem can answer what it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sdeopt.core.contracts import Method
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem
from sdeopt.core.texts import know, text_of
from sdeopt.core.traits import model
from sdeopt.engine.draws import unmet_need
from sdeopt.engine.questions import questions_of
from sdeopt.engine.streams import Entropy
from sdeopt.engine.values import ours

__all__ = ["Run", "guard", "lacking", "refuse"]


@dataclass(frozen=True)
class Run:
    """One column to simulate, on one grid. ``saves`` are step numbers; ``substeps`` and ``scheme`` serve the SDE.

    ``resolution`` is the number of fine increments in one step that all runs of one comparison share. ``noise_factor``
    multiplies the diffusion: 0 gives the flow, the baseline of every comparison. ``crossings`` are pairs of the name of
    an observable and a level, see `crossings`. ``discrete``, where given, has the step that stands in for the page's
    (``stepper(problem, page)``), and is not compiled. With ``projections`` records hold so many of the position, not
    the position itself (pages on tensors).
    """

    method: Method
    problem: Problem
    kind: str
    sde: str
    steps: int
    saves: tuple[int, ...]
    substeps: int
    resolution: int
    scheme: str
    observables: dict[str, Callable[..., Any]]
    entropy: Entropy
    interpreted: bool = False
    lanes: bool = True
    noise_factor: float = 1.0
    crossings: tuple[tuple[str, float], ...] = ()
    discrete: Any = None
    projections: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """With the text of a derived SDE, which no other process need have derived."""
        text = text_of(self.method, self.sde) if self.kind == "sde" else ""
        return vars(self) | ({"text": text} if text else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        text = state.get("text", "")
        vars(self).update((name, value) for name, value in state.items() if name != "text")
        know(type(self.method), self.sde, text)

    @property
    def model(self) -> Any:
        """The chosen SDE of the method."""
        return model(self.method, self.sde)

    @property
    def in_lanes(self) -> bool:
        """Whether page and observables are written for SIMD lanes."""
        return self.lanes and self.method.lanes and all(getattr(f, "lanes", True) for f in self.observables.values())

    @property
    def functions(self) -> tuple[Any, ...]:
        """The functions of the page that this run calls."""
        if self.kind == "discrete" or self.model.drift is None:
            return (type(self.method).step,)
        return self.model.drift, self.model.diffusion

    @property
    def kept(self) -> int:
        """Numbers of a record that stand for the position."""
        return self.projections or self.problem.dim

    @property
    def width(self) -> int:
        """Numbers per record: position, observables and steps of crossings."""
        return self.kept + len(self.observables) + len(self.crossings)

    @property
    def oracle(self) -> Oracle:
        """What the page asks: an SDE has noise that is independent from step to step."""
        o = self.problem.oracle
        return o if self.kind == "discrete" else Oracle(o.objective, getattr(o.noise, "independent", o.noise))


def lacking(run: Run) -> str | None:
    """What the run needs and the problem or the method does not give, as "question: reason", or None."""
    questions = set().union(*(questions_of(f) for f in run.functions))
    for question in sorted(questions):
        reason = run.problem.lacks(question)
        if reason is not None:
            return f"{question}: {reason}"
    if run.kind == "sde" and run.model.drift is None and not run.method.bounded:
        reason = run.problem.noise.unbounded(run.problem.objective)
        if reason is not None:
            return f"noise_var: {reason}"  # a sampled SDE needs second moments of the step
    return unmet_need(run) or no_loss(run)


def no_loss(run: Run) -> str | None:
    """Why a step that goes by values of the loss is refused on a game, whose field is not their gradient, or None."""
    step: Any = getattr(type(run.method), "step", None)  # an equation of `integrate` has none
    asked = questions_of(step) if step is not None else set()
    if run.problem.lacks("players") is not None or "players" in asked or not asked & {"value", "noisy_value"}:
        return None
    return "value: a game has a payoff, which one player raises, and no loss"


def guard(run: Run) -> str:
    """What may keep the paths of a user's page from diverging, where its state has parts that nothing keeps above 0."""
    if run.kind != "sde" or len(run.method.parts) == 1 or ours(type(run.method)):
        return ""
    parts = ", ".join(run.method.parts[1:])
    if run.model.drift is not None:
        remedy = "let drift and diffusion read np.maximum(part, 0.0), or run sde='sampled' with domain(self, y)"
    elif hasattr(run.method, "domain"):
        return ""
    else:
        remedy = "give the page domain(self, y), which returns the state with np.maximum(part, 0.0)"
    return f"; a smaller dt will not help where a part of the state, {parts}, falls below 0 under a root: {remedy}"


def refuse(run: Run) -> None:
    """Raise a ``ValueError`` naming what the method asks and the problem cannot answer."""
    reason = lacking(run)
    if reason is not None:
        column = f"the SDE {run.sde!r} of" if run.kind == "sde" else "the discrete"
        raise ValueError(f"{column} {type(run.method).__name__} needs {reason}")
