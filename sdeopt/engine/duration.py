"""How long a run would take at least, estimated before it begins, and refused above a year; of networks a month.

The estimate is a floor: no page takes less than `COST` for a step of one path, in any dimension (docs/performance.md:
3.9 ns, an Ornstein–Uhlenbeck process in two dimensions on SIMD lanes). So nothing is refused that would end within a
year. What is refused was never meant, such as a dt of 1e-300, and is refused before anything is made for so many steps.

Of a network a step is timed (`sdeopt.engine.work`), so the limit is nearer: few mean to wait for a month.
"""

from __future__ import annotations

from typing import Any

__all__ = ["check", "check_timed", "whole"]

COST = 2e-9  # seconds for one step of one path
YEAR, MONTH = 365.25 * 86400.0, 30.0 * 86400.0


def whole(ratio: float) -> int:
    """Round ``ratio``, a number of steps of one path, unless they would take over a year."""
    check(ratio)
    return round(ratio)


def check(steps: float, paths: float = 1, workers: int = 1) -> None:
    """Refuse a run of so many steps for each of so many paths, on so many threads.

    Raises
    ------
    ValueError
        If it would take over a year.

    Examples
    --------
    >>> check(2.0**62)
    Traceback (most recent call last):
        ...
    ValueError: the run would take at least 292 years (4.61e+18 steps): take a shorter horizon, fewer steps, ...
    """
    years = COST * _float(steps) * _float(paths) / workers / YEAR
    if years > 1.0:
        many = f"{_number(_float(steps))} steps" + (f" for each of {_number(_float(paths))} paths" if paths > 1 else "")
        raise ValueError(
            f"the run would take at least {_number(years)} years ({many}): take a shorter horizon, fewer steps, "
            "substeps or paths, or a larger dt or lr; the limit is a year"
        )


def check_timed(seconds: float) -> None:
    """Refuse a run that takes so many seconds by a timed step.

    Raises
    ------
    ValueError
        If it would take over 30 days.

    Examples
    --------
    >>> check_timed(1e7)
    Traceback (most recent call last):
        ...
    ValueError: the run would take about 116 days, by a step that was timed (limit 30): take fewer ...
    """
    if seconds > MONTH:
        raise ValueError(
            f"the run would take about {seconds / 86400.0:.3g} days, by a step that was timed (limit 30): take fewer "
            "paths, fewer steps, fewer saves (save_at), or sde='sampled'"
        )


def _float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:  # of an integer
        return float("inf")


def _number(value: float) -> str:
    return f"{value:.3g}" if value < float("inf") else "over 1e308"
