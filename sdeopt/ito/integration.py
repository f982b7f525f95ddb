"""``integrate``: any SDE through the engine that runs the SDEs of optimizers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.moments import ESCAPE, Moments, valid_paths
from sdeopt.engine.blocks import Task, check_size
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import collect, covariance, ensemble, room, save_end, summarize, summary, warn_if_cut
from sdeopt.ito.equation import SDE
from sdeopt.ito.plan import plan
from sdeopt.ito.schemes import SCHEMES
from sdeopt.ito.visited import verify, visit
from sdeopt.results.ensemble import FULL_COVARIANCE_LIMIT, Ensemble

__all__ = ["integrate"]

Array = NDArray[np.float64]


def integrate(
    sde: SDE,
    x0: Any,
    *,
    horizon: float,
    dt: float | None = None,
    steps: int | None = None,
    paths: int | None = None,
    scheme: str | None = None,
    extrapolate: bool = False,
    dW: Any = None,
    save_at: Any = None,
    observables: Any = None,
    crossings: Mapping[str, float] | None = None,
    keep_paths: bool = False,
    increments: bool = False,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> Ensemble:
    r"""Integrate an SDE dX = b(t, X) dt + σ(t, X) dW from X(0) = x0 on many independent paths.

    ============ ====== ==== ===================================================================================
    scheme       strong weak what it needs
    ============ ====== ==== ===================================================================================
    "euler"      1/2    1    Euler–Maruyama; b and σ Lipschitz (strong), four times differentiable (weak). Strong
                             order 1 for additive noise
    "milstein"   1      1    diagonal noise; σ'σ is formed by a difference
    "weak2"      1/2    2    any noise, commutative or not; b and σ four times differentiable with derivatives of
                             polynomial growth. 2 evaluations of b and 3m + 4 actions of σ; diagonal noise: 5
                             evaluations of σ, and strong order 1. On additive noise it is Heun's scheme
    "implicit"   1/2    1    stiff drifts: Euler–Maruyama with b at the end of the step, by Newton's method with
                             differences, d + 1 evaluations of b in each iteration and one path at a time
    "heun"       1/2    1    equations in the sense of Stratonovich, for which it is the only one; strong order 1
                             for commutative noise, such as diagonal noise or m = 1
    ============ ====== ==== ===================================================================================

    "weak2" is Talay's scheme without derivatives, with normal increments and one random sign per Brownian motion.
    These orders are for coefficients that grow at most linearly; elsewhere (the cubic drift of a double well) paths may
    leave for infinity at large dt. They count as diverged then, as do paths on which a coefficient is NaN or Newton's
    method does not converge. "implicit" does not leave for large dt; on dX = -λX dt + s dW its stationary variance is
    s²/(2λ + λ² dt), so stiff components come out too quiet. Steps are constant: there are no adaptive ones.

    Talay and Tubaro's extrapolation: with ``extrapolate`` every path is integrated with dt and with dt/2 along the same
    Brownian motion, and means, covariances and observables are (2^p E_{dt/2} - E_{dt})/(2^p - 1), p the weak order of
    the scheme, so that the weak error is O(dt^{p+1}). Standard errors are those of this combination path by path. They
    are statistical: they know nothing of what is left of the bias.

    Parameters
    ----------
    sde : SDE
        The equation.
    x0 : array_like, shape (d,) or (paths, d)
        Where all paths start, or each of them.
    horizon : float
        The time T at which they end.
    dt, steps : float, int
        Step of the integrator, a whole part of the horizon, or their number; give exactly one.
    paths : int
        Independent paths, default 1000, or as many as there are starts; path i is the same for any number of paths.
    scheme : str
        Default "euler", or "heun" for an equation in the sense of Stratonovich.
    extrapolate : bool
        Talay and Tubaro's extrapolation. Final laws and kept paths are those of dt/2.
    dW : array_like, shape (paths, steps, m), optional
        Increments of the Brownian motions, of variance dt, instead of drawn ones; they say how many paths and steps
        there are. The signs of "weak2" are still drawn.
    save_at : int or array_like
        Number of saves, or times, rounded to steps, which must differ; default up to 100 equally spaced, and t = 0.
    observables : mapping name -> function of x, or sequence of str
        What to observe; the only named one is "norm2", the default.
    crossings : mapping
        Name of an observable -> level: the first time at which each path crosses it, from the side on which it begins,
        looked for at every step, see `Crossing`; not with ``extrapolate``.
    keep_paths : bool
        Keep every saved position, shape (paths, n, d).
    increments : bool
        Keep the increments of the Brownian motions, shape (paths, steps, m), 8 bytes each; with ``extrapolate`` those
        of dt/2. Sums of neighbours, given as ``dW``, integrate the same Brownian paths with a larger dt; see the second
        example.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7). An integer gives bitwise the same result for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core. For other processes functions must be importable.
    progress : bool or callable
        None: a bar on a terminal or in a notebook for runs over 2 s; True/False; or a function of (done, total).

    Returns
    -------
    Ensemble
        On Ctrl-C, the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range or that contradict each other, for coefficients of another shape or not finite at
        ``x0``, for functions that draw at random or answer twice differently, for a diffusion that is not linear in
        ``dw``, or not diagonal, at ``x0`` or at points that the first paths visit, for a scheme that does not suit the
        equation, for increments of another shape, for ``keep_paths`` that would take over 4 GiB, or for a run that
        would take over half of the memory. Errors raised inside your functions reach you unchanged.

    Warns
    -----
    DivergedWarning
        If paths diverged.
    PartialWarning
        If Ctrl-C ended the run early.

    Notes
    -----
    Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (1992): sections 10.2 (Euler), 11.1
    (Milstein without derivatives), 14.2 (what a scheme of weak order 2 must satisfy). Abdulle, Vilmart & Zygalakis,
    SIAM J. Sci. Comput. 35 (2013) A1792, doi:10.1137/12088954X ("weak2"; the signs: `sdeopt.engine.schemes`). Rümelin,
    SIAM J. Numer. Anal. 19 (1982) 604, doi:10.1137/0719041 ("heun"). Kloeden & Platen, section 12.2 ("implicit").
    Talay & Tubaro, Stoch. Anal. Appl. 8 (1990) 483, doi:10.1080/07362999008809220 (extrapolation).

    Examples
    --------
    The Ornstein–Uhlenbeck process dX = -X dt + dW has E X(1) = 1/e and Var X(1) = (1 - 1/e²)/2 from X(0) = 1:

    >>> import sdeopt as so
    >>> ou = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
    >>> e = so.integrate(ou, [1.0], horizon=1.0, dt=0.1, paths=10_000, scheme="weak2", rng=0)
    >>> e
    Ensemble(SDE(dim=1, diagonal noise), sde, paths=10000, horizon=1, d=1)
    >>> bool(abs(e.mean[-1, 0] - 0.3679) < 4 * e.stderr[-1, 0]), bool(abs(e.cov[-1, 0, 0] - 0.4323) < 0.03)
    (True, True)

    The same Brownian paths with dt and 2 dt:

    >>> fine = so.integrate(ou, [1.0], horizon=1.0, dt=0.1, paths=50, increments=True, rng=0)
    >>> coarse = so.integrate(ou, [1.0], horizon=1.0, dW=fine.increments.reshape(50, 5, 2, 1).sum(axis=2))
    >>> bool(abs(coarse.final - fine.final).max() < 0.3)
    True
    """
    run, count, scheme = plan(sde, x0, horizon, dt, steps, paths, scheme, dW, save_at, observables, rng, crossings)
    if checks.flag("extrapolate", extrapolate) and run.crossings:
        raise ValueError("crossings are seen on one grid of steps; leave them or extrapolate out")
    if extrapolate and dW is not None:
        raise ValueError("extrapolate needs increments for dt/2, which dW does not give; leave one of them out")
    keep, order = room(run, count, keep_paths), SCHEMES[scheme].order
    runs: tuple[Run, ...] = (run,)
    reduce: Any = summarize(run, keep)
    if extrapolate:
        runs = (replace(run, resolution=2), replace(run, resolution=2, substeps=2))
        weight = 2**order / (2**order - 1)
        reduce = functools.partial(_extrapolate, weight=weight, d=sde.dim, keep=keep, saves=len(run.saves))
    kept = 8 * sde.dim * (1 + keep * len(run.saves)) + 8 * checks.flag("increments", increments) * _numbers(runs[-1])
    task = Task(tuple(map(save_end, runs)), reduce, kept)
    check_size(task, count)
    verify(sde, visit(runs[-1], count))
    found, partial = collect(task, count, executor, progress, f"{sde} {scheme}")
    result = warn_if_cut(
        ensemble(runs[-1], found, partial, _describe(runs[-1], scheme, order, extrapolate, dW is not None))
    )
    if increments:
        result = replace(result, increments=_increments(runs[-1], len(result.final)))
    if not extrapolate:
        return result
    coarse, fine = (covariance(found[name], sde.dim) for name in ("coarse", "fine"))
    return replace(result, cov=coarse + 2**order / (2**order - 1) * (fine - coarse))


def _extrapolate(
    first: int, coarse: Array, fine: Array, weight: float, d: int, keep: bool, saves: int
) -> dict[str, Any]:
    """The summary of coarse + weight (fine - coarse), path by path, with the moments of both for the covariance."""
    combined = coarse + weight * (fine - coarse)
    valid, size = valid_paths(combined, ESCAPE), d if d <= FULL_COVARIANCE_LIMIT else 0
    found = summary(first, combined, d, False, saves)
    positions = np.where(valid[:, :, None], fine[:, :, :d], np.nan)
    coarse, fine, valid = coarse[:, :saves], fine[:, :saves], valid[:, :saves]
    return found | {
        "coarse": Moments.of(coarse, valid, size),
        "fine": Moments.of(fine, valid, size),
        "final": [positions[:, -1]],
        "paths": [positions[:, :saves]] if keep else [],
    }


def _numbers(run: Run) -> int:
    """Numbers in the increments of a path."""
    return int(run.steps * run.substeps * run.oracle.objective.noise_dim)


def _increments(run: Run, count: int) -> Array:
    """ΔW of the steps of the first paths, shape (count, steps, m)."""
    kernel, m = Kernel(run), run.oracle.objective.noise_dim
    root = math.sqrt(run.method.clock / run.substeps)
    return root * np.array([kernel.increments(path)[:, :m] for path in range(count)])


def _describe(run: Run, scheme: str, order: int, extrapolate: bool, given: bool) -> dict[str, Any]:
    """What a run is, as JSON-able text and numbers."""
    dt = run.method.clock
    return {
        "method": repr(run.problem.objective),
        "calculus": run.oracle.objective.calculus,
        "scheme": scheme,
        "weak_order": order + extrapolate,
        "dt": [dt, dt / 2] if extrapolate else dt,
        "steps": run.steps,
        "x0": run.problem.x0.tolist(),
        "draws": "given increments" if given else "drawn increments",
        "entropy": list(run.entropy),
    }
