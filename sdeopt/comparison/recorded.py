"""``Recorded``: what was logged of runs in any framework, as the discrete column of a comparison."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.notices import depth
from sdeopt.engine import duration
from sdeopt.engine.run import Run
from sdeopt.results import paired

__all__ = ["Recorded", "reduce"]

Array = NDArray[np.float64]
WHOLE = 0.05  # of a step: that far from one a recorded time may be, written with few digits


class Recorded:
    """Logs of an optimizer's runs, made anywhere; `compare` judges a page's SDE against them, by observables alone.

    With m and s the mean of an observable over the R recorded runs and its standard error, and m', s' those of the SDE
    over N paths, the gap is m' - m. The runs are independent of the paths, so its standard error is √(s² + s'²), with
    the degrees of freedom (s² + s'²)²/(s⁴/(R - 1) + s'⁴/(N - 1)) of Welch and Satterthwaite.

    Parameters
    ----------
    times : array_like, shape (n,)
        Increasing times t = k clock of the saves, k the number of steps (clock = η = ``lr`` for most methods). Integers
        are taken for times too, and `compare` warns, for they mostly are numbers of steps.
    observables : mapping
        Name -> values (runs, n) of at least two runs, or a pair (mean, standard error), both of shape (n,). The names
        are those of the observables of the comparison: "loss", or keys of its ``observables=``.
    runs : int, optional
        Of how many runs the means and standard errors in pairs are.

    Raises
    ------
    ValueError, TypeError
        For times that do not increase, values that are not finite, one run, other shapes, or pairs without ``runs``; in
        a comparison, for times that are not those of steps.

    Warns
    -----
    UserWarning
        In a comparison, for times that are integers where a step is no unit of time.

    Notes
    -----
    Means over runs are taken to be normal, which nothing can test where the runs are few. Every run must have
    begun at the ``x0`` of the problem: what differs between initialisations is no noise of the optimizer.

    References
    ----------
    Welch (1947), Biometrika 34: 28-35, doi:10.1093/biomet/34.1-2.28; Satterthwaite (1946), Biometrics Bulletin 2:
    110-114, doi:10.2307/3002019.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> rng, x, losses = np.random.default_rng(0), np.ones(12), []  # twelve runs of a script: SGD on x²/2
    >>> for _ in range(20):
    ...     x = x - 0.05 * (x + 0.5 * rng.standard_normal(12))
    ...     losses.append(x**2 / 2)
    >>> logs = so.Recorded(0.05 * np.arange(1, 21), {"loss": np.transpose(losses)})
    >>> problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
    >>> so.compare(so.SGD(0.05), problem, discrete=logs, paths=400, tolerance=0.5, rng=0)
    Report(12 recorded runs, SDE order1 of SGD(lr=0.05): agree)
    """

    def __init__(self, times: Any, observables: Any, runs: int | None = None) -> None:
        self.times = checks.array("times", times)
        self._integers = np.asarray(times).dtype.kind in "iu"
        if (np.diff(self.times) <= 0.0).any() or self.times[0] < 0.0:
            raise ValueError(f"times must increase from 0 or later, got {checks.short(self.times)}")
        if not isinstance(observables, Mapping) or not observables:
            raise TypeError(f"observables must be a mapping name -> values, got {checks.short(observables)}")
        self.runs = None if runs is None else checks.integer("runs", runs, low=2)
        n, moments = len(self.times), []
        for name, values in observables.items():
            moments.append(self._pair(name, values, n) if isinstance(values, tuple) else self._runs(name, values, n))
        self.names = tuple(map(str, observables))
        self.mean, self.stderr = (np.stack(a, axis=1) for a in zip(*moments, strict=True))

    def _pair(self, name: str, values: Any, n: int) -> tuple[Array, Array]:
        if len(values) != 2:
            raise ValueError(f"observables[{name!r}] must be (mean, standard error) or (runs, {n}), got {len(values)}")
        if self.runs is None:
            raise ValueError(f"observables[{name!r}] is a mean and a standard error, so say of how many runs: runs=")
        mean, stderr = (checks.array(f"observables[{name!r}]", a, shape=(n,)) for a in values)
        if (stderr < 0.0).any():
            raise ValueError(f"observables[{name!r}] must have standard errors of at least 0, got {stderr.min():g}")
        return mean, stderr

    def _runs(self, name: str, values: Any, n: int) -> tuple[Array, Array]:
        x = checks.real(f"observables[{name!r}]", values)
        if x.ndim != 2 or x.shape[1] != n or len(x) < 2:
            raise ValueError(f"observables[{name!r}] must have shape (runs, {n}), runs >= 2, got {x.shape}")
        if not np.isfinite(x).all():
            raise ValueError(f"observables[{name!r}] must be finite, got NaN or infinite values")
        if self.runs not in (None, len(x)):
            raise ValueError(f"observables[{name!r}] must have {self.runs} runs, got {len(x)}")
        self.runs = len(x)
        return x.mean(axis=0), x.std(axis=0, ddof=1) / np.sqrt(len(x))

    def grid(self, method: Any, horizon: Any, steps: Any, save_at: Any, seconds: Any, judge: Any) -> tuple[Any, ...]:
        """Steps, saves and what is judged: the recorded times, and what is recorded alone."""
        given = {"save_at": save_at, "seconds": seconds, "judge": None if judge == "observables" else judge}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name} must be left out beside Recorded, which says it, got {checks.short(value)}")
        off = np.abs(self.times / method.clock - np.rint(self.times / method.clock))
        if off.max() > WHOLE:
            raise ValueError(
                f"times must be those of steps, t = k·{method.clock:.6g}, got {self.times[off.argmax()]:g}, which is "
                f"{self.times[off.argmax()] / method.clock:.4g} steps"
            )
        if self._integers and method.clock != 1.0:
            clock, last = f"{method.clock:.6g}", self.times[-1]
            text = f"times are integers, taken as t = k·{clock}, so that the last, {last:.0f}, is step "
            text += f"{last / method.clock:.0f}; of numbers of steps k give {clock} * k, of times numbers such as 1.0"
            warnings.warn(text, UserWarning, stacklevel=depth())
        end = method.clock * (steps if isinstance(steps, int) else math.inf) if horizon is None else horizon
        if isinstance(end, (int, float)) and self.times[-1] > end * (1.0 + 1e-9) + WHOLE * method.clock:
            said = f"steps={steps}" if horizon is None else f"horizon={horizon}"
            raise ValueError(f"times must end by t = {end:.6g}, which is {said}, got {self.times[-1]:.6g}")
        if horizon is None and steps is None:
            steps = duration.whole(float(self.times[-1]) / method.clock)
        return steps, self.times, "observables"

    def placed(self, run: Run) -> Run:
        """The run with what is recorded alone for observables."""
        try:
            names = [checks.choice("recorded observable", name, run.observables) for name in self.names]
        except ValueError as error:
            way = "compare(..., observables=['loss']) asks for the loss of all examples, and a network's own are in "
            raise ValueError(f"{error}; {way}objective.observables()") from None
        return replace(run, observables={name: run.observables[name] for name in names})

    def named(self, problem: Any) -> str:
        """What it is called in reports."""
        return f"{self.runs} recorded runs"

    def beside(self, e: paired.Estimates, d: int) -> paired.Estimates:
        """The estimates of `reduce` with what is recorded in the place of its zeros; NaN is unknown."""
        recorded = slice(d, d + len(self.names))
        first, first_stderr, first_sd = (np.full_like(e.first, np.nan) for _ in range(3))
        first[:, recorded], first_stderr[:, recorded] = self.mean, self.stderr
        first_sd[:, recorded] = self.stderr * np.sqrt(self._count)
        first[:, -1] = first_stderr[:, -1] = 0.0  # no recorded run has diverged
        stderr = np.hypot(e.gap_stderr, first_stderr)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(stderr > 0.0, e.gap_stderr / stderr, 1.0)
        return e._replace(
            first=first, first_stderr=first_stderr, first_sd=first_sd, gap=e.second - first, gap_stderr=stderr,
            share=e.share * part**2,
        )  # fmt: skip

    def alone(self, e: paired.Estimates) -> paired.Estimates:
        """The estimates with the number of runs for that of paths: that of what scales are made of."""
        return e._replace(paths=np.full_like(e.paths, self._count))

    def still(self, e: paired.Estimates) -> paired.Estimates:
        """The same beside a column without noise."""
        return e._replace(gap_stderr=e.first_stderr)

    def degrees(self, e: paired.Estimates, columns: list[int]) -> Array:
        """Degrees of freedom of the gaps in some columns of `beside`, (n, columns)."""
        own, all_of_it = e.first_stderr[:, columns] ** 2, e.gap_stderr[:, columns] ** 2
        n = np.maximum(e.paths - 1.0, 1.0)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            welch = all_of_it**2 / (own**2 / (self._count - 1.0) + (all_of_it - own) ** 2 / n)
        found: Array = np.where(all_of_it > 0.0, welch, n)
        return found

    @property
    def _count(self) -> int:
        assert self.runs is not None  # of every observable
        return self.runs

    def __repr__(self) -> str:
        return f"Recorded({', '.join(self.names)}; {len(self.times)} times, {self.runs} runs)"


def reduce(first_path: int, sde: Array, *, d: int, keep: int = 0, vectors: bool = False) -> paired.Paired:
    """Records of the SDE alone, as if paired with zeros: the difference is the SDE itself, with its own error."""
    return paired.reduce(first_path, np.zeros_like(sde), sde, d=d, keep=0)
