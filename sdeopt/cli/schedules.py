"""The words of ``--schedule``: a schedule with the learning rate as its peak."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from sdeopt.core import checks
from sdeopt.core.phases import Phase, decay, hold, ramp
from sdeopt.core.schedule import Cosine, Piecewise, Power
from sdeopt.core.spec import allow, number, split

__all__ = ["schedule"]

SHAPES = ("cosine", "power", "warmup", "warmup-cosine", "wsd", "inverse-root", "step")
WARMUP, DECAY, FACTOR = 0.1, 0.2, 0.1  # fractions of the run, and the factor of one step


def schedule(spec: str, lr: float, horizon: float | None) -> Cosine | Power | Piecewise:
    """Return the schedule that ``spec`` names, with the peak ``lr``; a cosine ends at ``horizon``, that of the run.

    All but "cosine" and "power", which are functions of time, have lengths in fractions of the run.
    """
    name, args, kwargs = split(spec)
    name = checks.choice("schedule", name, SHAPES)
    if name == "cosine":
        allow(name, args, kwargs, most=0, keys=("horizon", "final"))
        given = {key: _number(name, key, text) for key, text in kwargs.items()}
        if horizon is None and "horizon" not in given:
            raise ValueError("cosine: horizon= must be given where the run has no length, as cosine:horizon=5")
        return Cosine(lr, **{"horizon": horizon or 0.0} | given)
    if name == "power":
        return Power(lr, **_by_name(name, args, kwargs, "exponent"))
    if name == "step":
        allow(name, args, kwargs, most=None, keys=("factor",))
        factor = _fraction("step: factor", number("step: factor", kwargs.get("factor", str(FACTOR))))
        ends = [_number(name, "its steps", text) for text in args] or [0.5, 0.75]
        return Piecewise(lr, _steps(ends, factor), "run")
    return Piecewise(lr, _warm_up(name, args, kwargs), "run")


def _warm_up(name: str, args: list[str], kwargs: Mapping[str, str]) -> list[Phase]:
    """Linear warm-up, and what follows it."""
    keys = {"warmup-cosine": ("final",), "wsd": ("decay", "final")}.get(name, ())
    given = _by_name(name, args, kwargs, "warmup", *keys)
    warm, final = _fraction(f"{name}: warmup", given.get("warmup", WARMUP)), given.get("final", 0.0)
    start, rest = [ramp(warm)] if warm > 0.0 else [], 1.0 - warm
    if name == "warmup-cosine" and rest > 0.0:
        return [*start, ramp(rest, 1.0, final, "cosine")]
    if name == "wsd":
        fall = checks.number("wsd: decay", given.get("decay", DECAY), low=0.0, high=rest, open_low=True)
        stay = [hold(rest - fall)] if rest > fall else []
        return [*start, *stay, ramp(fall, 1.0, final)]
    if name == "inverse-root" and rest > 0.0:
        return [*start, decay(rest, scale=checks.positive("inverse-root: warmup", warm))]
    return start or [hold(1.0)]


def _steps(ends: list[float], factor: float) -> list[Phase]:
    """Constant in between, times ``factor`` at each of the ends."""
    if sorted({*ends, 0.0, 1.0}) != [0.0, *ends, 1.0]:
        raise ValueError(f"step: its steps must be rising fractions of the run between 0 and 1, got {ends}")
    stretches = itertools.pairwise([0.0, *ends, 1.0])
    return [hold(b - a, factor**i) for i, (a, b) in enumerate(stretches)]


def _by_name(name: str, args: list[str], kwargs: Mapping[str, str], *keys: str) -> dict[str, float]:
    """Numbers by key; the first may stand without its key."""
    allow(name, args, kwargs, most=1, keys=keys)
    if args and keys[0] in kwargs:
        raise ValueError(f"{name}: {keys[0]} is given twice")
    return {key: _number(name, key, text) for key, text in [*zip(keys, args, strict=False), *kwargs.items()]}


def _fraction(name: str, value: float) -> float:
    return checks.number(name, value, low=0.0, high=1.0)


def _number(name: str, key: str, text: str) -> float:
    return number(f"{name}: {key}", text)
