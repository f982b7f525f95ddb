"""Whether an SDE has the moments of the step it came from: both columns, by quadrature over their draws.

One step from the state y has the mean y + τ b(y) and the covariance τ σσᵀ(y) up to a relative O(τ), so what is left
must shrink like τ. It is measured at two steps of which one lasts 16 times as long, from where a run stands at time 1,
over scrambled Sobol sequences. Eight scramblings say how well the integrals are known (of two, one in fifteen agrees by
chance far better than it is right), and so do jumps: all counts of the points beyond a jump may be equal and wrong by
one. All noise of the SDE is drawn at once, so that its
covariance needs no assumption on how increments enter.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sdeopt.core.checks import Array
from sdeopt.derivation.series import q

__all__ = ["Check", "check", "compare_moments", "scale"]

TIME = 1.0  # at which the state is taken
CLOCKS = (0.02, 0.02 / 16.0)  # units of time of a step
POINTS, SCRAMBLINGS = 2**16, 8
TAIL = 16  # points at either end, whose distances are no jumps
SLACK, SIGMAS = 1.4, 6.0  # of the shrinkage; of the error of the integrals
ROUNDING = 1e-9  # relative to what is compared
ROUGH = 0.1


@dataclass(frozen=True)
class Check:
    """Errors of one step's mean, by part of the state, and covariance, by pairs of parts, each on its own scale.

    Attributes
    ----------
    names : tuple of str
        What each row is: "mean x", "cov x x", ...
    coarse, fine : ndarray
        Relative errors at the long and at the short step.
    resolution : ndarray
        How well the integrals behind ``fine`` are known.
    clocks : tuple of float
        Units of time of the two steps.
    """

    names: tuple[str, ...]
    coarse: Array
    fine: Array
    resolution: Array
    clocks: tuple[float, float]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The rows whose errors do not shrink as they must."""
        allowed = SLACK * self.clocks[1] / self.clocks[0] * self.coarse + SIGMAS * self.resolution + ROUNDING
        return tuple(name for name, good in zip(self.names, self.fine <= allowed, strict=True) if not good)

    @property
    def open(self) -> tuple[str, ...]:
        """The rows of which the integrals say too little: an error of a tenth would not be seen."""
        rough = SIGMAS * self.resolution > ROUGH
        return tuple(name for name, open in zip(self.names, rough, strict=True) if open and name not in self.wrong)

    @property
    def agrees(self) -> bool:
        """Whether all do, and an error of a tenth would be seen."""
        return not self.wrong and not self.open

    def __str__(self) -> str:
        head = f"{'one step':12s} {'error':>9s} {'16x finer':>10s} {'ratio':>7s} {'known to':>9s}"
        rows = [
            f"{name:12s} {a:9.1e} {b:10.1e} {f'{a / b:7.1f}' if b > SIGMAS * r + ROUNDING else '      -'} {r:9.1e}"
            for name, a, b, r in zip(self.names, self.coarse, self.fine, self.resolution, strict=True)
        ]
        verdict = "the SDE has the moments of the step"
        if self.wrong:
            verdict = f"differs in {', '.join(self.wrong)}"
        elif self.open:
            verdict = f"open: the integrals are too rough in {', '.join(self.open)}; try another problem"
        return "\n".join([head, *rows, verdict])


def check(d: Any, sde: Any, method: Any, problem: Any) -> Check:
    """Compare ``sde``, derived as ``d``, with the step of ``method`` on ``problem``."""
    pages = [scale(d, method, tau) for tau in CLOCKS]
    return compare_moments(sde, pages, problem)


def scale(d: Any, method: Any, tau: float) -> Any:
    """The method where a step lasts ``tau``, everything tied to η moved along as the limit says."""
    limit, me = d.limit, d.trace.me
    values = {symbol: float(getattr(value, "peak", value)) for symbol, value in zip(me, method, strict=True)}
    exponent = float(sp.degree(sp.powdenest(limit.tau.xreplace({me.lr: q**2 * me.lr}), force=True), q))
    here = float(limit.tau.xreplace(values))
    scale = (tau / here) ** (1.0 / exponent)
    rates = {rate: float(sp.sympify(meaning).xreplace(values)) for rate, meaning in limit.named.items()}
    known = {**values, **rates, q: scale}
    moved = {symbol: float(sp.sympify(limit.moves.get(symbol, symbol)).xreplace(known)) for symbol in me}
    moved[me.lr] = values[me.lr] * scale**2
    return type(method)(*(moved[symbol] for symbol in me))


def compare_moments(sde: Any, pages: list[Any], problem: Any) -> Check:
    """The errors of ``sde`` for the same method at two learning rates."""
    found = [[_errors(sde, page, problem, seed) for seed in range(SCRAMBLINGS)] for page in pages]
    errors, parts = [[error for error, _ in pair] for pair in found], type(pages[0]).parts
    coarse, fine = (np.mean(pair, axis=0) for pair in errors)
    pairs = itertools.combinations_with_replacement(parts, 2)
    names = (*(f"mean {p}" for p in parts), *(f"cov {p} {r}" for p, r in pairs))
    spread = np.std(errors[1], axis=0, ddof=1) / np.sqrt(SCRAMBLINGS)
    known = np.maximum(np.linalg.norm(spread, axis=1), np.linalg.norm(found[1][0][1], axis=1))
    long, short = (page.clock for page in pages)
    return Check(names, np.linalg.norm(coarse, axis=1), np.linalg.norm(fine, axis=1), known, (long, short))


def _errors(sde: Any, page: Any, problem: Any, seed: int) -> tuple[Array, Array]:
    """What the SDE leaves of the moments of a step, and what one point at a jump makes of that.

    Both have a row for each part and each pair of parts, padded with zeros.
    """
    from sdeopt.engine.images import images
    from sdeopt.engine.simulate import plan

    steps = round(TIME / page.clock)
    step, model = (
        plan(page, problem, kind, sde=sde.name, steps=2, substeps=1, observables=[], rng=0)
        for kind in ("discrete", "sde")
    )
    y, o, t = _state(page, step, steps), problem.oracle, steps * page.clock
    ends = np.cumsum([0, *(np.size(part) for part in _parts(y))])
    parts = [slice(a, b) for a, b in itertools.pairwise(ends)]
    moves = images(step, type(page).step, steps, y, _draws(step, seed)) - _flat(y)
    kicks = images(model, sde.diffusion, t, y, _draws(model, seed))
    drift, noise = page.clock * _flat(sde.drift(page, t, y, o)), page.clock * kicks.T @ kicks / len(kicks)
    mean = moves.mean(axis=0)
    left = (moves - mean).T @ (moves - mean) / len(moves) - noise
    size = [np.trace(noise[p, p]) or drift[p] @ drift[p] for p in parts]

    def rows(of_mean: Array, of_cov: Array) -> Array:
        means = [of_mean[p] / max(float(np.linalg.norm(drift[p])), 1e-300) for p in parts]
        pairs = itertools.combinations_with_replacement(range(len(parts)), 2)
        covs = [of_cov[parts[p], parts[r]].ravel() / max(np.sqrt(size[p] * size[r]), 1e-300) for p, r in pairs]
        width = max(row.size for row in (*means, *covs))
        return np.array([np.pad(row, (0, width - row.size)) for row in (*means, *covs)])

    jumps = _jumps(moves), _jumps_of_products(moves - mean) + page.clock * _jumps_of_products(kicks)
    return rows(mean - drift, left), rows(*jumps)


def _jumps(values: Array) -> Array:
    """What a point on the wrong side of the largest jump changes in the mean of each column."""
    inner = np.sort(values, axis=0)[TAIL : max(len(values) - TAIL, TAIL)]
    return np.asarray(np.diff(inner, axis=0).max(axis=0, initial=0.0)) / len(values)


def _jumps_of_products(values: Array) -> Array:
    return np.array([_jumps(values * column[:, None]) for column in values.T])


def _state(page: Any, run: Any, steps: int) -> Any:
    """Where ``steps`` steps lead with noise of the right size that averages out, entries stretched by 0.8 to 1.25."""
    from sdeopt.engine import doors
    from sdeopt.engine.draws import draws

    problem = run.problem
    x, o = np.array(problem.x0), problem.oracle
    y = page.init(x, o) if hasattr(page, "init") else x
    doors.check(run, draws(run)[0], y, y)
    kinds = [(vector.kind, vector.size) for vector in draws(run)[1]]
    if any(kind not in ("normal", "uniform") for kind, _ in kinds):
        raise ValueError(f"noise must be made of normal and uniform draws to be integrated over, got {problem.noise!r}")
    before = _flat(y)
    for i in range(steps):
        before = _flat(y)
        values = [np.full(n, 0.37) if kind == "uniform" else (-1.0) ** (np.arange(n) + i) for kind, n in kinds]
        y = page.step(i, y, o, _nest(run, np.concatenate([*values, []])))
    middle = 0.5 * (before + _flat(y))  # without what the last draw alone has left, of O(√τ)
    if not np.isfinite(middle).all():
        raise ValueError(f"{type(page).__name__} diverges within time {TIME:g}, so check it on another problem")
    stretch = np.random.default_rng(1).uniform(0.8, 1.25, middle.size) * middle
    if not isinstance(y, tuple):
        return stretch
    pieces = np.split(stretch, np.cumsum([np.size(part) for part in y])[:-1])
    return tuple(piece.reshape(np.shape(part))[()] for piece, part in zip(pieces, y, strict=True))


def _draws(run: Any, seed: int) -> Array:
    """Draws of one step of ``run``, a row each, at the points of a Sobol sequence."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    from sdeopt.engine.draws import draws

    vectors = draws(run)[1]
    size = sum(vector.size for vector in vectors)
    if size == 0:
        return np.empty((1, 0))
    points = qmc.Sobol(size, rng=seed).random(POINTS)
    uniform = np.concatenate([np.full(vector.size, vector.kind == "uniform") for vector in vectors])
    return np.asarray(np.where(uniform, points, ndtri(np.clip(points, 1e-12, 1.0 - 1e-12))))


def _nest(run: Any, values: Array) -> Any:
    from sdeopt.engine import states
    from sdeopt.engine.draws import draws

    return states.slicer(draws(run)[0])(values, 0)


def _flat(y: Any) -> Array:
    return np.concatenate([np.atleast_1d(np.asarray(part, dtype=float)) for part in _parts(y)])


def _parts(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)
