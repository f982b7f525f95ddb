"""``Ensemble``: the numbers of one simulated column."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.results import pages
from sdeopt.results.crossing import Crossing
from sdeopt.results.drawn import Drawn
from sdeopt.results.intervals import Interval, interval_of
from sdeopt.results.page import Page
from sdeopt.results.result import frames

__all__ = ["FULL_COVARIANCE_LIMIT", "Diverged", "Ensemble", "Trajectory"]

Array = NDArray[np.float64]

ARRAYS = ("times", "mean", "cov", "final", "counts", "stderr", "skewness", "share")
FULL_COVARIANCE_LIMIT = 64  # above this dimension only the diagonal of the covariance is kept


@dataclass(frozen=True, eq=False)
class Diverged:
    """The paths that left the finite range: how many, and which."""

    count: int
    paths: NDArray[np.int64]


class Trajectory(NamedTuple):
    """One path in full: ``times`` (n,), ``states`` (n, d)."""

    times: Array
    states: Array


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Drawn):
    """Statistics in time of many paths of an optimizer or of its SDE.

    Attributes
    ----------
    kind : str
        "discrete" or "sde".
    times : ndarray, shape (n,)
        Continuous times t = k clock of the saves (k lr for most methods).
    mean : ndarray, shape (n, d)
        Mean of x over the paths that have not diverged; NaN where the law of the noise says that there is none.
    cov : ndarray, shape (n, d, d) or (n, d)
        Unbiased covariance of x; only its diagonal where d > 64. NaN where x has no variance.
    observables : dict
        Name -> (mean (n,), standard error (n,)); NaN where there is none.
    final : ndarray, shape (paths, d)
        Positions at the horizon, whether or not it is saved; NaN for diverged paths.
    counts : ndarray, shape (n,)
        Paths that enter the statistics at each time.
    diverged : Diverged
        Count and ids of the paths that left the finite range (some |x_i| above 1e50, or NaN). They enter no statistic
        from then on, so what is left is conditioned on survival: ``counts`` says from when.
    paths : ndarray, shape (paths, n, d), or None
        Every saved position, with ``keep_paths=True`` only.
    crossings : dict
        Name of an observable -> `Crossing`, the first times at which the paths crossed the level that was given.
    increments : ndarray, shape (paths, steps, m), or None
        The increments of the Brownian motions along each path, with ``increments=True`` of `integrate` only.
    stderr : ndarray, shape (n, d)
        Standard error of ``mean``; `interval` makes an interval of it, or says why there is none.
    skewness, share : ndarray, shape (n, d + observables)
        Of x and the observables: skewness over paths, and the largest share of one path in the sum of squares.
    meta : dict
        What was run, as text and numbers: method, problem, dt, scheme, ``rng``, its entropy, whether it is partial; and
        ``moments``, the order at which those of x and of every observable end (inf: all exist, as far as is known).

    Notes
    -----
    Of large networks on tensors ``mean``, ``cov``, ``stderr`` are those of ``meta["projections"]`` projections of x on
    fixed random directions of length 1, ``final`` holds whole positions, and tr Cov x, the mean over paths of
    |x - x̄|² P/(P - 1), is among the observables.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
    >>> ensemble = so.simulate(so.SGD(lr=0.1), problem, horizon=1.0, paths=100, rng=0)
    >>> ensemble.mean.shape, ensemble.cov.shape, sorted(ensemble.observables)
    ((11, 1), (11, 1, 1), ['grad_norm2', 'loss', 'norm2'])
    """

    kind: str
    times: Array
    mean: Array
    cov: Array
    observables: dict[str, tuple[Array, Array]]
    final: Array
    counts: Array
    diverged: Diverged
    stderr: Array
    skewness: Array
    share: Array
    meta: dict[str, Any]
    paths: Array | None = None
    crossings: dict[str, Crossing] = field(default_factory=dict)
    increments: Array | None = None
    _replay: Any = field(default=None, repr=False)

    def __repr__(self) -> str:
        """One line: what was run, how often, up to when."""
        lost = f", {self.diverged.count} diverged" if self.diverged.count else ""
        partial = ", partial" if self.meta.get("partial") else ""
        return (
            f"Ensemble({self.meta.get('method')}, {self.kind}, paths={len(self.final)}, "
            f"horizon={self.times[-1]:g}, d={self.final.shape[1]}{lost}{partial})"
        )

    def interval(self, observable: str | None = None) -> Interval:
        """The 95 % interval of E x, or of an observable's mean, at every save: Hall's (`sdeopt.results.intervals`).

        Parameters
        ----------
        observable : str, optional
            Default x itself.

        Returns
        -------
        Interval
            ``low`` and ``high``, (n, d) or (n,), NaN where no interval is stated, and the ``reason``, else "".

        Raises
        ------
        ValueError
            If there is no such observable.

        Examples
        --------
        >>> import sdeopt as so
        >>> heavy = so.Problem(so.Quadratic([1.0]), so.StudentT(nu=3), x0=[1.0])
        >>> ensemble = so.simulate(so.SGD(lr=0.1), heavy, horizon=1.0, paths=400, rng=0)
        >>> [float(round(end[-1, 0], 2)) for end in ensemble.interval()[:2]]
        [0.31, 0.38]
        >>> ensemble.interval("loss").reason
        'no interval: the tails of the noise are too heavy for a variance'
        """
        order, d = self.order(observable), self.mean.shape[1]
        if observable is None:
            return interval_of(
                self.counts[:, None], self.mean, self.stderr, self.skewness[:, :d], self.share[:, :d], order
            )
        i = d + list(self.observables).index(observable)
        return interval_of(self.counts, *self.observables[observable], self.skewness[:, i], self.share[:, i], order)

    def order(self, observable: str | None = None) -> float:
        """Where the moments of x or of an observable end; inf where all exist, as far as is known."""
        if observable is not None:
            checks.choice("observable", observable, self.observables)
        moments = self.meta["moments"]
        return float(moments["x"] if observable is None else moments["observables"][observable])

    def replay(self, path: int) -> Trajectory:
        """Run one path again and return every step of it: draws have addresses, so it is the same path.

        Parameters
        ----------
        path : int
            Number of the path, 0 <= path < paths; a whole number.

        Returns
        -------
        Trajectory
            ``times`` and ``states`` of all steps of the optimizer (for the SDE: at the same times).

        Raises
        ------
        ValueError, TypeError
            If there is no such path, or the ensemble was loaded or unpickled (it holds no functions).
        """
        if self._replay is None:
            raise ValueError("replay needs the method and the problem; a pickled or loaded ensemble holds numbers only")
        if checks.integer("path", path) >= len(self.final):
            raise ValueError(f"path must be in [0, {len(self.final)}), got {path}")
        result: Trajectory = self._replay(path)
        return result

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the numbers, as in `save`; `replay` does not survive, for its functions may not."""
        return vars(self) | {"_replay": None}

    def pack(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Everything but the functions."""
        arrays = {f"observable:{n}": np.stack(v) for n, v in self.observables.items()}
        arrays |= {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        arrays |= {f"crossing:{name}": crossing.times for name, crossing in self.crossings.items()}
        crossings = {name: [c.level, c.horizon, c.dt] for name, c in self.crossings.items()}
        head = {"kind": self.kind, "meta": self.meta, "observables": list(self.observables), "crossings": crossings}
        return head, arrays | {"diverged": self.diverged.paths}

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The ensemble that `pack` took apart; of version 0 intervals are Student's, for it kept no skewness."""
        names, lost, mean = head["observables"], arrays["diverged"], arrays["mean"]
        fields: dict[str, Any] = {name: arrays.get(name) for name in (*ARRAYS, "paths", "increments")}
        if version == 0:
            fields |= dict.fromkeys(("skewness", "share"), np.zeros((len(mean), mean.shape[1] + len(names))))
            head["meta"]["moments"] = {"x": math.inf, "observables": dict.fromkeys(names, math.inf)}
        if any(fields[name] is None for name in ARRAYS):
            raise ValueError("an array is missing")
        return cls(
            kind=head["kind"],
            meta=head["meta"],
            observables={name: tuple(arrays[f"observable:{name}"]) for name in names},
            diverged=Diverged(len(lost), lost),
            crossings={
                name: Crossing(level, arrays[f"crossing:{name}"], horizon, dt)
                for name, (level, horizon, dt) in head.get("crossings", {}).items()
            },
            **fields,
        )

    def page(self) -> Page:
        """Means with their intervals at some of the saves."""
        return pages.ensemble(self)

    def content(self) -> dict[str, Any]:
        """Everything but the paths."""
        return {
            "kind": self.kind,
            "meta": self.meta,
            "times": self.times,
            "counts": self.counts,
            "mean": self.mean,
            "stderr": self.stderr,
            "interval": self.interval(),
            "variance": self.variance,
            "observables": {
                name: {"mean": mean, "stderr": stderr, "interval": self.interval(name)}
                for name, (mean, stderr) in self.observables.items()
            },
            "diverged": self.diverged.paths,
        }

    @property
    def variance(self) -> Array:
        """Variances of the coordinates, (n, d)."""
        return self.cov if self.cov.ndim == 2 else np.einsum("nii->ni", self.cov)

    def summary(self) -> Any:
        """A pandas ``DataFrame`` over time: means with the ends of their 95 % intervals, and standard deviations of x.

        It needs the extra ``sdeopt[xarray]``.
        """
        columns: dict[str, Any] = {}
        for name, (mean, _) in self.observables.items():
            low, high, _ = self.interval(name)
            columns |= {name: mean, f"{name} low": low, f"{name} high": high}
        low, high, _ = self.interval()
        for i, sd in enumerate(np.sqrt(np.where(self.variance < 0.0, np.nan, self.variance)).T):
            x = f"x{i + 1}"
            columns |= {x: self.mean[:, i], f"{x} low": low[:, i], f"{x} high": high[:, i], f"{x} sd": sd}
        return frames().DataFrame({"paths": self.counts, **columns}, index=self.times).rename_axis("t")

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` with the dimensions time, i, j, path (needs the extra ``sdeopt[xarray]``)."""
        try:
            import xarray
        except ImportError as error:
            raise ImportError('to_xarray needs xarray: pip install "sdeopt[xarray]"') from error
        cov_dims = ("time", "i", "j")[: self.cov.ndim]
        data: dict[str, Any] = {
            "mean": (("time", "i"), self.mean),
            "stderr": (("time", "i"), self.stderr),
            "cov": (cov_dims, self.cov),
            "count": ("time", self.counts),
            "final": (("path", "i"), self.final),
        }
        for name, (mean, stderr) in self.observables.items():
            data |= {name: ("time", mean), f"{name}_stderr": ("time", stderr)}
        if self.paths is not None:
            data["paths"] = (("path", "time", "i"), self.paths)
        attributes = {k: str(v) for k, v in self.meta.items()}
        return xarray.Dataset(data, coords={"time": self.times}, attrs={"kind": self.kind, **attributes})
