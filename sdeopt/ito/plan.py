"""From the arguments of `integrate` to the run that they describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sdeopt.core import checks
from sdeopt.core import observables as observable
from sdeopt.engine import duration
from sdeopt.engine.planning import levels, paths_of, saves
from sdeopt.engine.run import Run
from sdeopt.engine.streams import normalise
from sdeopt.ito.adapter import NAME, Increments, Start, page
from sdeopt.ito.equation import SDE
from sdeopt.ito.schemes import chosen
from sdeopt.ito.visited import verify

__all__ = ["plan"]

DEFAULT_PATHS = 1000


def plan(
    sde: Any, x0: Any, horizon: Any, dt: Any, steps: Any, paths: Any, scheme: str | None, dW: Any,
    save_at: Any, observables: Any, rng: Any, crossings: Any = None,
) -> tuple[Run, int, str]:  # fmt: skip
    """Check the arguments of `integrate`; the run that they describe, its number of paths and the scheme."""
    if not isinstance(sde, SDE):
        raise TypeError(f"sde must be an equation, SDE(drift, diffusion, dim), got {checks.short(sde)}")
    begin = checks.array("x0", x0, ndim=(1, 2))
    if begin.shape[-1] != sde.dim:
        raise ValueError(f"x0 must have shape ({sde.dim},), or (paths, {sde.dim}), got {begin.shape}")
    name, kind = chosen(scheme, sde)
    time = checks.length("horizon", horizon)
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
    duration.check(total)
    signs = (("uniform", sde.noise_dim),) if kind.engine == "weak2" else ()
    start = Start(sde, Increments(increments, *signs), begin)
    sde.check(start.start())
    verify(sde, [(0.0, start.start())])
    observed = _observables(observables, start)
    return (
        Run(
            method=page(sde, time / total),
            problem=start,  # type: ignore[arg-type]
            kind="sde",
            sde=NAME,
            steps=total,
            saves=saves(save_at, total, time / total),
            substeps=1,
            resolution=1,
            scheme=kind.engine,
            observables=observed,
            crossings=levels(crossings, observed),
            entropy=normalise(rng),
            lanes=name != "implicit",  # which indexes vectors
        ),
        paths_of(start, wanted, DEFAULT_PATHS),
        name,
    )


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
        raise ValueError(f"give exactly one of dt and steps, got dt={checks.short(dt)}, steps={checks.short(steps)}")
    if dt is None:
        return checks.integer("steps", steps, low=1, high=checks.ENDLESS)
    ratio = horizon / checks.positive("dt", dt)
    if duration.whole(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6 * ratio:
        choices = " or ".join(f"{horizon / n:.10g} ({n} steps)" for n in sorted({max(int(ratio), 1), int(ratio) + 1}))
        raise ValueError(f"dt must divide the horizon {horizon:g} into whole parts, got {dt:g}: take {choices}")
    return round(ratio)
