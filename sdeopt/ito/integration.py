"""``integrate``: any Itô SDE through the engine that runs the SDEs of optimizers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core import observables as observable
from sdeopt.core.ensemble import FULL_COVARIANCE_LIMIT, Ensemble
from sdeopt.core.moments import Moments, valid_paths
from sdeopt.engine.blocks import Task
from sdeopt.engine.kernels import Run
from sdeopt.engine.loops import ESCAPE
from sdeopt.engine.planning import levels, paths_of, saves
from sdeopt.engine.rng import normalise
from sdeopt.engine.simulate import collect, ended, ensemble, room, spread, summarize, summary
from sdeopt.ito.adapter import NAME, Increments, Start, page
from sdeopt.ito.equation import SDE

__all__ = ["integrate"]

Array = NDArray[np.float64]
ORDERS = {"euler": 1, "milstein": 1, "weak2": 2}  # weak orders of the schemes
DEFAULT_PATHS = 1000


def integrate(
    sde: SDE,
    x0: Any,
    *,
    horizon: float,
    dt: float | None = None,
    steps: int | None = None,
    paths: int | None = None,
    scheme: str = "euler",
    extrapolate: bool = False,
    dW: Any = None,
    save_at: Any = None,
    observables: Any = None,
    crossings: Mapping[str, float] | None = None,
    keep_paths: bool = False,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> Ensemble:
    r"""Integrate an Itô SDE dX = b(t, X) dt + σ(t, X) dW from X(0) = x0 on many independent paths.

    ============ ====== ==== ===================================================================================
    scheme       strong weak what it needs
    ============ ====== ==== ===================================================================================
    "euler"      1/2    1    Euler–Maruyama; b and σ Lipschitz (strong), four times differentiable (weak). Strong
                             order 1 for additive noise
    "milstein"   1      1    diagonal noise; σ'σ is formed by a difference
    "weak2"      1/2    2    any noise, commutative or not; b and σ four times differentiable with derivatives of
                             polynomial growth. 2 evaluations of b and 3m + 4 actions of σ; diagonal noise: 5
                             evaluations of σ, and strong order 1. On additive noise it is Heun's scheme
    ============ ====== ==== ===================================================================================

    "weak2" is Talay's scheme without derivatives, with normal increments and one random sign per Brownian motion.
    These orders are for coefficients that grow at most linearly; elsewhere (the cubic drift of a double well) paths may
    leave for infinity at large dt. They count as diverged then, as do paths on which a coefficient is NaN.

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
        "euler" (default), "milstein" or "weak2".
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
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7). An integer gives bitwise the same result for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core. For other processes functions must be importable.
    progress : bool or callable
        None: a bar on a terminal for runs over 2 s; True/False; or a function of (done, total).

    Returns
    -------
    Ensemble
        On Ctrl-C, the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range or that contradict each other, for coefficients of another shape or not finite at
        ``x0``, for a diffusion that is not linear in ``dw``, for "milstein" without diagonal noise, for increments of
        another shape, or for ``keep_paths`` that would take over 4 GiB. Errors raised inside your functions reach you
        unchanged.

    Notes
    -----
    Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (1992): sections 10.2 (Euler), 11.1
    (Milstein without derivatives), 14.2 (what a scheme of weak order 2 must satisfy). Abdulle, Vilmart & Zygalakis,
    SIAM J. Sci. Comput. 35 (2013) A1792, doi:10.1137/12088954X ("weak2"; the signs: `sdeopt.engine.schemes`). Talay &
    Tubaro, Stoch. Anal. Appl. 8 (1990) 483, doi:10.1080/07362999008809220 (extrapolation).

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
    """
    run, count = _plan(sde, x0, horizon, dt, steps, paths, scheme, dW, save_at, observables, rng, crossings)
    if extrapolate and run.crossings:
        raise ValueError("crossings are seen on one grid of steps; leave them or extrapolate out")
    if extrapolate and dW is not None:
        raise ValueError("extrapolate needs increments for dt/2, which dW does not give; leave one of them out")
    keep, order = room(run, count, keep_paths), ORDERS[scheme]
    runs: tuple[Run, ...] = (run,)
    reduce: Any = summarize(run, keep)
    if extrapolate:
        runs = (replace(run, resolution=2), replace(run, resolution=2, substeps=2))
        weight = 2**order / (2**order - 1)
        reduce = functools.partial(_extrapolated, weight=weight, d=sde.dim, keep=keep, saves=len(run.saves))
    task = Task(tuple(map(ended, runs)), reduce)
    found, partial = collect(task, count, executor, progress, f"{sde} {scheme}")
    result = ensemble(runs[-1], found, partial, _describe(runs[-1], scheme, order, extrapolate, dW is not None))
    if not extrapolate:
        return result
    coarse, fine = (spread(found[name], sde.dim) for name in ("coarse", "fine"))
    return replace(result, cov=coarse + 2**order / (2**order - 1) * (fine - coarse))


def _plan(
    sde: Any, x0: Any, horizon: Any, dt: Any, steps: Any, paths: Any, scheme: str, dW: Any, save_at: Any,
    observables: Any, rng: Any, crossings: Any = None,
) -> tuple[Run, int]:  # fmt: skip
    """Check the arguments of `integrate`; the run that they describe and its number of paths."""
    if not isinstance(sde, SDE):
        raise TypeError(f"sde must be an equation, SDE(drift, diffusion, dim), got {sde!r}")
    begin = checks.array("x0", x0, ndim=(1, 2))
    if begin.shape[-1] != sde.dim:
        raise ValueError(f"x0 must have shape ({sde.dim},), or (paths, {sde.dim}), got {begin.shape}")
    name = checks.choice("scheme", scheme, ORDERS)
    if name == "milstein" and not sde.diagonal:
        raise ValueError("scheme 'milstein' needs diagonal noise, a diffusion(t, x); for other noise take 'weak2'")
    time = checks.positive("horizon", horizon)
    if dW is None:
        increments: Any = sde.noise_dim
        total, wanted = _steps(time, dt, steps), paths
    else:
        if (dt, steps, paths) != (None, None, None):
            raise ValueError("dW says how many paths and steps there are; do not give paths, steps or dt with it")
        given = checks.array("dW", dW, ndim=3)
        wanted, total, m = given.shape
        if m != sde.noise_dim:
            raise ValueError(f"dW must have shape (paths, steps, noise_dim = {sde.noise_dim}), got {given.shape}")
        increments = ("increments", m, given)
    signs = (("uniform", sde.noise_dim),) if name == "weak2" and not sde.diagonal else ()
    start = Start(sde, Increments(increments, *signs), begin)
    sde.check(start.start())
    observed = _observables(observables, start)
    return Run(
        method=page(sde, time / total),
        problem=start,  # type: ignore[arg-type]
        kind="sde",
        sde=NAME,
        steps=total,
        saves=saves(save_at, total, time / total),
        substeps=1,
        resolution=1,
        scheme="weak2_diagonal" if name == "weak2" and sde.diagonal else name,
        observables=observed,
        crossings=levels(crossings, observed),
        entropy=normalise(rng),
        interpreted=not all(isinstance(f, FunctionType) for f in (sde.drift, sde.diffusion)),
    ), paths_of(start, wanted, DEFAULT_PATHS)


def _observables(wanted: Any, start: Start) -> dict[str, Callable[..., Any]]:
    """Name -> function (o, x); of the named ones only |x|² means something without an objective."""
    resolved = observable.resolve(["norm2"] if wanted is None else wanted, start)
    if not isinstance(wanted, Mapping):
        for name in resolved:
            checks.choice("observable", name, ("norm2",))
    return resolved


def _steps(horizon: float, dt: Any, steps: Any) -> int:
    """Number of steps."""
    if (dt is None) == (steps is None):
        raise ValueError(f"give exactly one of dt and steps, got dt={dt!r}, steps={steps!r}")
    if dt is None:
        return checks.integer("steps", steps, low=1)
    ratio = horizon / checks.positive("dt", dt)
    if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6 * ratio:
        choices = " or ".join(f"{horizon / n:.10g} ({n} steps)" for n in sorted({max(int(ratio), 1), int(ratio) + 1}))
        raise ValueError(f"dt must divide the horizon {horizon:g} into whole parts, got {dt:g}: take {choices}")
    return round(ratio)


def _extrapolated(
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


def _describe(run: Run, scheme: str, order: int, extrapolate: bool, given: bool) -> dict[str, Any]:
    """What a run is, as JSON-able text and numbers."""
    dt = run.method.clock
    return {
        "method": repr(run.problem.objective),
        "scheme": scheme,
        "weak_order": order + extrapolate,
        "dt": [dt, dt / 2] if extrapolate else dt,
        "steps": run.steps,
        "x0": run.problem.x0.tolist(),
        "draws": "given increments" if given else "drawn increments",
        "entropy": list(run.entropy),
    }
