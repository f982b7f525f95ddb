"""Schedules: a hyperparameter that moves during the run, its peak times a factor ψ in [0, 1].

A schedule stands where a page has ``lr`` or ``weight_decay``. The peak of ``lr`` is η and sets the clock: one step
takes clock(η) units of time wherever ψ stands, so that warm-up may begin at 0 and takes as long as its length says.

Pages know nothing of schedules. The optimizer's step k uses η_k = η ψ(t_k) and θ_k = θ φ(t_k), as PyTorch's
``lr_scheduler`` does; decoupled decay shrinks x by η_k θ_k x. For the SDE the engine runs, at time t, the page of the
constant η' = ψη (and θ' = φθ) at that page's own time t' = k clock(η') and rescales: with r = clock(η')/clock(η)

    dY = r b(t', Y; η', θ') dt + √r σ(t', Y; η', θ') dW,

for then r b clock(η) = b clock(η') and r σσᵀ clock(η) = σσᵀ clock(η') are the mean and the covariance of the step that
is taken. For SGD this is dX = -ψ∇f dt + ψ√η Σ^{1/2}dW; for signs -ψ s dt + ψ√η C^{1/2} dW; decay adds -ψφθ X dt;
averages with a fixed beta keep their rate (1 - beta)/η. With clock √η (momentum) r = √ψ, with α² (Adagrad) r = ψ².

A schedule that moves leaves weak order 1 in the time of a step, also to SDEs that have order 2 with a constant rate:
of the step it has the rate at the beginning, the SDE the rate in passing, a difference of (clock/2) ψ'.

Sources: ψ in the drift of SGD and ψ² in its covariance: Li, Tai & E (2017), arXiv:1511.06251, section 4; the change of
clock for other pages is derived here, from the moments of one step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.elementary import cos, power
from sdeopt.core.guards import answer
from sdeopt.core.phases import Phase, decay, hold, ramp

__all__ = ["UNITS", "Cosine", "Phase", "Piecewise", "Power", "Schedule", "decay", "hastened", "hold", "ramp", "units"]

SMALLEST = 1e-12  # a factor of exactly 0 would divide by zero in pages that use (1 - beta)/lr
UNITS = ("time", "steps", "run")  # t = k clock, the number of the step k, the fraction of the run
TRIED = 1000  # steps at which a user's function is tried before a run
SLACK = 1e-9  # relative distance at which a phase has ended


@dataclass(frozen=True)
class Schedule:
    """Any schedule: ``peak`` times ``shape(s)``.

    Numbers, arrays and tuples that a function refers to, in its closure, its defaults, its globals or by
    ``module.name``, are compiled in: each run takes those of the moment when it begins.

    Parameters
    ----------
    peak : float
        The largest value that the hyperparameter takes; as learning rate it also sets the clock, t = k peak.
    shape : callable
        ψ(s), between 0 and 1; 0 stands for 1e-12.
    unit : str
        What s is: "time", t = k clock (default); "steps", the number k of the step (t/clock in the SDE); "run", the
        fraction of the run that is over.

    Raises
    ------
    ValueError, TypeError
        If ``peak`` is not positive, or ψ leaves [0, 1]: at 0 at once, elsewhere when a run begins.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.Schedule(0.1, lambda t: 1.0 / (1.0 + t)).factor(1.0)
    0.5
    >>> warmup = so.SGD(so.Schedule(0.1, lambda k: min(k / 10, 1.0), unit="steps"))
    >>> warmup.clock, warmup.lr.factor(5.0)
    (0.1, 0.5)
    """

    peak: float
    shape: Callable[[float], float] = field(repr=False)
    unit: str = "time"

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", checks.positive("peak", self.peak))
        object.__setattr__(self, "unit", checks.choice("unit", self.unit, UNITS))
        if not callable(self.shape):
            raise TypeError(f"shape must be a function of {self.unit}, got {checks.short(self.shape)}")
        refuse_random("shape", self.shape)
        self._refuse(0.0)
        steady("shape", self.shape, 0.0)

    def factor(self, s: float) -> Any:
        """ψ(s)."""
        return max(self.shape(s), SMALLEST)

    def check(self, clock: float, steps: int) -> None:
        """Refuse a shape that leaves [0, 1] during a run of so many steps, tried at up to 1000 of them."""
        scale, whole = units(self, clock, steps)[0]
        for k in np.unique(np.linspace(0, steps, min(steps, TRIED) + 1).round()):
            self._refuse(float(k) * scale / whole)

    def _refuse(self, s: float) -> None:
        value = checks.number(f"shape({s:g})", answer(f"shape({s:g})", self.shape, s))
        if not 0.0 <= value <= 1.0 + SLACK:
            raise ValueError(
                f"shape({s:g}) must be in [0, 1], got {value:g}: a schedule is its peak, here {self.peak:g}, times "
                "a shape, and the peak of lr sets the clock: write so.Schedule(peak, shape) the largest value as peak"
            )


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``peak`` at t = 0 down to ``final`` peak at t = ``horizon``, constant after.

    ψ(t) = final + (1 - final)(1 + cos(π min(t/horizon, 1)))/2  (Loshchilov & Hutter, arXiv:1608.03983, eq. 5).

    Parameters
    ----------
    peak : float
        Value at t = 0.
    horizon : float
        Continuous time, t = k lr, at which the decay ends.
    final : float
        Fraction of ``peak`` that is left, in [0, 1]; default 0.

    Examples
    --------
    >>> import sdeopt as so
    >>> print(round(so.Cosine(0.1, horizon=2.0).factor(1.0), 12))
    0.5
    """

    peak: float
    horizon: float
    final: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", checks.positive("peak", self.peak))
        object.__setattr__(self, "horizon", checks.positive("horizon", self.horizon))
        object.__setattr__(self, "final", checks.number("final", self.final, low=0.0, high=1.0))

    def factor(self, t: float) -> Any:
        """ψ(t)."""
        s = min(t / self.horizon, 1.0)
        return max(self.final + (1.0 - self.final) * 0.5 * (1.0 + cos(math.pi * s)), SMALLEST)


@dataclass(frozen=True)
class Power:
    """ψ(t) = (1 + t)^(-exponent), the schedules 1/t^a of stochastic approximation (Robbins & Monro 1951).

    Parameters
    ----------
    peak : float
        Value at t = 0.
    exponent : float
        a >= 0; default 1/2.

    Examples
    --------
    >>> import sdeopt as so
    >>> round(float(so.Power(0.1, exponent=1.0).factor(3.0)), 12)
    0.25
    """

    peak: float
    exponent: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", checks.positive("peak", self.peak))
        object.__setattr__(self, "exponent", checks.number("exponent", self.exponent, low=0.0))

    def factor(self, t: float) -> Any:
        """ψ(t)."""
        return power(1.0 + t, -self.exponent)


@dataclass(frozen=True)
class Piecewise:
    """Phases one after the other, at the end of which the last value stays.

    ============================ =============================================================
    linear warm-up, cosine       ``[ramp(0.1), ramp(0.9, 1, 0.1, "cosine")]``, floor 0.1
    warm-up, stable, decay (WSD) ``[ramp(0.05), hold(0.75), ramp(0.2, 1, 0)]``
    inverse root                 ``[ramp(0.1), decay(0.9, scale=0.1)]``
    step                         ``[hold(0.5), hold(0.25, 0.1), hold(0.25, 0.01)]``
    constant after warm-up       ``[ramp(0.1)]``
    ============================ =============================================================

    Lists are composed by ``+``. A phase has ended at the first step at or after its end.

    Parameters
    ----------
    peak : float
        The largest value that the hyperparameter takes; as learning rate it also sets the clock, t = k peak.
    phases : sequence of Phase
        What `ramp`, `hold` and `decay` return; a factor of 0 stands for 1e-12.
    unit : str
        Of lengths and scales: "run", fractions of the run; "steps"; or "time", t = k clock.

    Raises
    ------
    ValueError, TypeError
        For a peak that is not positive, no phases, or fractions of the run whose sum is above 1.

    Examples
    --------
    >>> import sdeopt as so
    >>> wsd = so.Piecewise(0.1, [so.ramp(0.05), so.hold(0.75), so.ramp(0.2, 1.0, 0.0)], unit="run")
    >>> [round(wsd.factor(s), 9) for s in (0.0, 0.025, 0.5, 0.9, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    >>> so.SGD(wsd).clock
    0.1
    """

    peak: float
    phases: Sequence[Phase]
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", checks.positive("peak", self.peak))
        object.__setattr__(self, "unit", checks.choice("unit", self.unit, UNITS))
        if not isinstance(self.phases, Sequence) or not all(isinstance(p, Phase) for p in self.phases):
            got = checks.short(self.phases)
            raise TypeError(f"phases must be a list of what ramp, hold and decay return, got {got}")
        total = math.fsum(p.length for p in self.phases)
        if not self.phases or (self.unit == "run" and total > 1.0 + SLACK):
            raise ValueError(
                f"phases must be some, in fractions of the run up to 1, got {len(self.phases)} of {total:g}"
            )
        object.__setattr__(self, "phases", tuple(self.phases))

    def factor(self, s: float) -> Any:
        """ψ(s)."""
        n, begin = 0, 0.0
        while n + 1 < len(self.phases) and s >= (begin + self.phases[n][0]) * (1.0 - SLACK):
            begin = begin + self.phases[n][0]
            n = n + 1
        length, start, end, curve, exponent, scale = self.phases[n]
        u = min(max(s - begin, 0.0), length)
        if curve == 2.0:
            return max(start * power(1.0 + u / scale, -exponent), SMALLEST)
        if curve == 1.0:
            return max(end + (start - end) * 0.5 * (1.0 + cos(math.pi * (u / length))), SMALLEST)
        return max(end + (start - end) * (1.0 - u / length), SMALLEST)


def units(schedule: Any, clock: float, steps: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """(a, b) such that a schedule is asked at a k/b in step k, and the same for the time t of the SDE."""
    unit = getattr(schedule, "unit", "time")
    if unit == "time":
        return (clock, 1.0), (1.0, 1.0)
    if unit == "steps":
        return (1.0, 1.0), (1.0, clock)
    return (1.0, float(steps)), (1.0, steps * clock)


def hastened(schedule: Any, peak: float, time: float, steps: float) -> Any:
    """The schedule with another peak, for runs so many times shorter in time and in steps; fractions stay."""
    rate = {"time": time, "steps": steps, "run": 1.0}[getattr(schedule, "unit", "time")]
    if rate == 1.0:
        return replace(schedule, peak=peak)
    if isinstance(schedule, Cosine):
        return replace(schedule, peak=peak, horizon=schedule.horizon / rate)
    if isinstance(schedule, Piecewise):
        phases = tuple(p._replace(length=p.length / rate, scale=p.scale / rate) for p in schedule.phases)
        return replace(schedule, peak=peak, phases=phases)
    if isinstance(schedule, Power):
        exponent = schedule.exponent
        return Schedule(peak, lambda t: power(1.0 + t * rate, -exponent))
    shape = schedule.shape
    return replace(schedule, peak=peak, shape=lambda s: shape(s * rate))
