"""Paths on tensors: time outermost, all paths of a group at the same step, each on vectors of its own.

A batch of parameters through a network is no faster on a CPU than one after the other, so paths are taken in turn; what
a save needs of all of them is there when it comes. Draws are those of every other mode, by address; index numbers stay
float64. A state is brought back to its type after every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sdeopt.core.moments import ESCAPE
from sdeopt.core.observables import NAMED
from sdeopt.core.oracle import Oracle
from sdeopt.engine import assembly, states
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.draws import draws
from sdeopt.engine.identity import grid
from sdeopt.engine.machine.draws import fill
from sdeopt.engine.run import Run
from sdeopt.engine.tensors.linker import Linker
from sdeopt.results.pages import TRACE

__all__ = ["Loop", "signs"]

WHOLE = ("uniform", "epochs")  # draws that are numbers of examples, or compared with rates


class Loop:
    """A loop as the kernel calls it; it fills the records of some paths."""

    def __init__(self, run: Run) -> None:
        f: Any = run.problem.objective  # one that lives on a device
        self._run = run
        self._dtype, self._device = f.placement
        link = self._link = Linker(self._dtype, self._device)
        self._page, self._oracle = link.page(run.method.constant()), Oracle(f.resident, link.lower(run.oracle.noise))
        schedules = tuple(run.method.schedules.values())
        self._lead = (self._page, schedules, grid(run)) if schedules else self._page
        self._move = link(assembly.mover(run))
        self._observables = [self._observable(g) for n, g in run.observables.items() if n != TRACE]
        shape, vectors = draws(run)
        ends = np.cumsum([0, *states.flat_sizes(shape)])
        kinds = dict(zip(ends[:-1].tolist(), [v.kind for v in vectors], strict=False))
        self._unpack = states.unpacker(shape, lambda a, b: self._cut(a, b, kinds[a] in WHOLE))
        self._try()

    def _cut(self, a: int, b: int, whole: bool) -> Any:
        return lambda row, at: row[a:b] if whole else row[a:b].to(self._dtype)

    def _observable(self, f: Any) -> Any:
        """The observable (o, x); a function of the user's gets x in NumPy's memory."""
        if f in NAMED.values():
            return self._link(f)
        inner: Any = getattr(f, "of", None)
        if getattr(inner, "tensors", False):
            return lambda o, x: inner(x)
        return lambda o, x: f(self._run.oracle, x.double().cpu().numpy())

    def _try(self) -> None:
        """Raise a ``ValueError`` if the page does not run on tensors."""
        run, size = self._run, sum(states.flat_sizes(draws(self._run)[0]))
        if run.crossings:
            raise ValueError("crossings are not followed on tensors: leave out dtype in TorchObjective")
        _, y1, first = initial_states(run)
        try:
            self._step(first * (run.substeps if run.kind == "sde" else 1), self._state(y1), np.full(size, 0.5))
        except (TypeError, RuntimeError, AttributeError, IndexError) as error:
            what, said = type(self._run.method).__name__, str(error).splitlines()[0]
            raise ValueError(f"{what} does not run on tensors ({said}): leave out dtype in TorchObjective") from error

    def _state(self, y: Any) -> Any:
        if isinstance(y, tuple):
            return tuple(map(self._state, y))
        return torch.from_numpy(np.array(y, dtype=float)).to(self._device, self._dtype)

    def _step(self, j: int, y: Any, row: Any) -> Any:
        """The state after step j of the loop, from a row of draws."""
        run = self._run
        z = self._unpack(torch.from_numpy(row).to(self._device), 0)
        if run.kind == "discrete":
            y = self._move(self._lead, j, y, self._oracle, z)
        else:
            y = self._move(self._lead, self._oracle, j, y, z, run.method.clock, run.substeps, run.noise_factor)
        return tuple(part.to(self._dtype) for part in y) if isinstance(y, tuple) else y.to(self._dtype)

    def __call__(self, path0: int, records: Any, layout: Any, keys: Any, given: Any, tile: int, stop: Any) -> Any:
        """Fill ``records``; return the last positions of all paths, tensors."""
        run, paths = self._run, range(len(records))
        fine = run.substeps if run.kind == "sde" else 1
        begun = [initial_states(run, path0 + p if run.problem.several else 0) for p in paths]
        first, ys = begun[0][2], [self._state(y0) for y0, *_ in begun]
        at = {k: s for s, k in enumerate(run.saves)}
        self._write(records, at.get(0), ys)
        if first:
            ys = [self._state(y1) for _, y1, _ in begun]
            self._write(records, at.get(1), ys)
        rows, columns = run.steps * fine, layout[-1, 1] if len(layout) else 0
        buffers = np.empty((len(records), tile * columns))
        for j0 in range(first * fine, rows, tile):
            n = min(tile, rows - j0)
            for p in paths:
                fill(buffers[p], n, columns, 1, layout, keys, given, path0 + p, p, j0)
            for i in range(n):
                stop.check()
                for p in paths:
                    ys[p] = self._step(j0 + i, ys[p], buffers[p][i * columns : (i + 1) * columns])
                if (j0 + i + 1) % fine == 0:
                    self._write(records, at.get((j0 + i + 1) // fine), ys)
        return [y[0] if isinstance(y, tuple) else y for y in ys]

    def _write(self, records: Any, s: int | None, ys: list[Any]) -> None:
        """One save of all paths: position, or its projections, and observables; NaN from the time of divergence on."""
        if s is None:
            return
        d = self._run.kept
        xs = [y[0] if isinstance(y, tuple) else y for y in ys]
        for p, x in enumerate(xs):
            alive = bool(x.abs().sum(dtype=torch.float64) < ESCAPE) and (s == 0 or not np.isnan(records[p, s - 1, 0]))
            if not alive:
                records[p, s] = np.nan
                continue
            records[p, s, :d] = self._seen(x).double().cpu().numpy()
            for i, f in enumerate(self._observables):
                records[p, s, d + i] = float(f(self._oracle, x))
        if TRACE in self._run.observables:
            records[:, s, -1] = cov_trace(xs, ~np.isnan(records[:, s, 0]))

    def _seen(self, x: Any) -> Any:
        count = self._run.projections
        return signs(count, len(x), self._dtype, self._device) @ x if count else x


@torch.no_grad()
def cov_trace(xs: list[Any], alive: Any) -> Any:
    """|x - x̄|² P/(P - 1) of every path, whose mean is tr Cov x; NaN of those that are lost, 0 where one is left."""
    there = [x for x, a in zip(xs, alive, strict=True) if a]
    found, n = np.where(alive, 0.0, np.nan), len(there)
    if n > 1:
        mean = torch.zeros_like(there[0], dtype=torch.float64)
        for i, x in enumerate(there):
            mean += (x - mean) / (i + 1)
        found[alive] = [float(((x - mean) ** 2).sum()) * n / (n - 1) for x in there]
    return found


_SIGNS: dict[Any, Any] = {}


def signs(count: int, d: int, dtype: Any, device: Any) -> Any:
    """Random directions of length 1, the same in every run: signs over √d, (count, d)."""
    key = count, d, dtype, device
    if key not in _SIGNS:
        _SIGNS.clear()  # as large as some states
        drawn = np.random.default_rng(0).integers(0, 2, (count, d), dtype=np.int8)
        _SIGNS[key] = (2 * torch.from_numpy(drawn).to(device, dtype) - 1) / d**0.5
    return _SIGNS[key]
