"""One learning rate of a ladder: what is run for it, and the statistics so far."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.certificate.sight import stretch
from sdeopt.engine.blocks import Interrupted, Task, fold, records
from sdeopt.engine.run import Run
from sdeopt.engine.work import cost
from sdeopt.results import paired

__all__ = ["LOUD", "Rung", "reduce"]

Array = NDArray[np.float64]
LOUD = math.sqrt(2.0)  # factor of the diffusion in the wrong SDE: twice the variance
OTHERS = 4.0  # times the work of a judged path that one of those that choose asks for, with all baselines
APART = 2**40  # number of the first of the paths that choose; those that are judged are numbered from 0


@dataclass
class Rung:
    """The runs of one learning rate, on common random numbers, and their statistics at the horizon.

    ``main`` pairs the optimizer and the SDE, on ``paths`` paths. On paths of their own, which also choose what is
    judged: ``loud`` pairs the optimizer and the SDE with twice the noise variance, ``even`` the same after averages
    over ±W (see `reduce`), ``change`` the SDE with dt and with dt/2. ``flow`` is where the drift alone leads, shape
    (d + observables,), and ``stretch`` its derivative (`sight.stretch`).
    """

    sde: Run
    main: Any = None
    loud: Any = None
    even: Any = None
    change: Any = None
    flow: Any = None
    stretch: Any = None
    paths: int = 0
    begun: float = 0.0  # paths whose work is that of those that chose

    @functools.cached_property
    def price(self) -> float:
        """Work of one of the paths that are judged."""
        return cost(replace(self.sde, kind="discrete")) + cost(self.sde)

    def begin(self, paths: int, halve: bool, options: dict[str, Any]) -> None:
        """Run the paths that choose, with the baselines; if asked also with half the dt."""
        discrete, label = replace(self.sde, kind="discrete"), f"{self.sde.method}"
        reduction = functools.partial(reduce, d=self.sde.problem.dim)
        others = [replace(self.sde, noise_factor=factor) for factor in (-1.0, LOUD, -LOUD)]
        try:
            task = Task((discrete, self.sde, *others), reduction)
            where = self._where(options, "apart")
            self.main, self.loud, self.even = fold(task, paths, _merge, label=label, first=APART, **where)
            if halve:
                coarse = replace(self.sde, resolution=2 * self.sde.substeps)
                fine = replace(coarse, substeps=2 * coarse.substeps)
                task, label = Task((coarse, fine), reduction), f"{label}, dt/2"
                where = self._where(options, "halved")
                (self.change,) = fold(task, paths, _merge, label=label, first=APART, **where)
        except Interrupted:
            raise KeyboardInterrupt from None
        if halve:
            self.stretch = stretch(self.sde)
        flow = replace(self.sde, noise_factor=0.0)
        self.flow = records(flow, 1, label=f"{label}, flow", **self._where(options, "flow"))[0, -1]
        self.paths, self.begun = paths, paths * (OTHERS + 3.0 * halve)

    def renew(self, options: dict[str, Any]) -> None:
        """As many paths to be judged: on those that chose it, the clearest gap of several is too large."""
        paths, self.main, self.paths = self.paths, None, 0
        try:
            self.grow(paths, options)
        except Interrupted:
            raise KeyboardInterrupt from None

    def grow(self, paths: int, options: dict[str, Any]) -> None:
        """Add paths up to the number ``paths``; on Ctrl-C those that are finished."""
        if paths <= self.paths:
            return
        runs = (replace(self.sde, kind="discrete"), self.sde)
        task = Task(runs, functools.partial(reduce, d=self.sde.problem.dim))
        more, label = paths - self.paths, f"{self.sde.method}"
        try:
            (part,) = fold(task, more, _merge, label=label, first=self.paths, **self._where(options, "judged"))
        except Interrupted as stop:
            self._add(stop.result[0], stop.folded)
            raise
        self._add(part, more)

    def _add(self, part: Any, paths: int) -> None:
        self.main = part if self.main is None else paired.merge(self.main, part)
        self.paths += paths

    def _where(self, options: dict[str, Any], part: str) -> dict[str, Any]:
        """The options with the part of the checkpoint that belongs to some of the paths of this learning rate."""
        store = options["store"]
        return options | {"store": store and store.part(f"{self.sde.steps}-{part}")}

    def lost(self) -> list[int]:
        """Numbers of paths that diverged, of the optimizer and of the SDE."""
        return [round(float(share) * self.paths) for share in self.main.lost.mean[-1, :2]]

    def numbers(self) -> dict[str, Array]:
        """Values, gaps and standard errors at the horizon, each of shape (Q,), also those of the baselines."""
        d, w = self.sde.problem.dim, self.sde.width
        main, loud, even = (paired.estimates(p, d) for p in (self.main, self.loud, self.even))
        loud_gap, loud_stderr = loud.gap[0].copy(), loud.gap_stderr[0].copy()
        loud_gap[:w], loud_stderr[:w] = even.gap[0, :w], even.gap_stderr[0, :w]
        sharper = even.first_stderr[0, :w] < main.first_stderr[0, :w]  # few paths averaged over ±W, or many plain ones
        flow_gap, flow_stderr = -main.first[0], main.first_stderr[0].copy()
        flow_gap[:w] = self.flow - np.where(sharper, even.first[0, :w], main.first[0, :w])
        flow_stderr[:w] = np.minimum(even.first_stderr[0, :w], main.first_stderr[0, :w])
        return {
            "discrete": main.first[0],
            "discrete_stderr": main.first_stderr[0],
            "sde": main.second[0],
            "sde_stderr": main.second_stderr[0],
            "gap": main.gap[0],
            "gap_stderr": main.gap_stderr[0],
            "flow_gap": flow_gap,
            "flow_stderr": flow_stderr,
            "loud_gap": loud_gap,
            "loud_stderr": loud_stderr,
        }

    def halved(self) -> dict[str, Array]:
        """Change of the SDE, (Q,), when dt is halved."""
        change = paired.estimates(self.change, self.sde.problem.dim)
        return {"change": change.gap[0], "change_stderr": change.gap_stderr[0]}


def reduce(first: int, discrete: Array, sde: Array, *others: Array, d: int) -> tuple[Any, ...]:
    """The pair (discrete, SDE); given ``others``, also the two pairs of the baseline.

    These are the SDE on -W, and the louder SDE on W and on -W. Half the difference of ±W has mean zero and most of the
    variance: without it a mean of the optimizer is known well enough to be compared with the flow.
    """

    def pair(a: Array, b: Array) -> paired.Paired:
        return paired.reduce(first, a, b, d=d, keep=0)._replace(finals=())  # no positions are kept

    if not others:
        return (pair(discrete, sde),)
    mirrored, loud, loud_mirrored = others
    with np.errstate(invalid="ignore", over="ignore"):  # diverged paths
        even = pair(discrete - 0.5 * (sde - mirrored), 0.5 * (loud + loud_mirrored))
    return pair(discrete, sde), pair(discrete, loud), even


def _merge(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(paired.merge(x, y) for x, y in zip(a, b, strict=True))
