"""``noise_profile``: the gradient noise of a problem at one point, and the Hessian beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.engine import work
from sdeopt.engine.progress import Progress
from sdeopt.engine.streams import Entropy, normalise, stream_key
from sdeopt.noise.diagonal import DiagonalMinibatch
from sdeopt.noise.law import Law
from sdeopt.noise.minibatch import Minibatch, PoissonBatch
from sdeopt.profile.products import Here, Sums, is_correlated, sums, top
from sdeopt.profile.report import NoiseProfile
from sdeopt.profile.tail import draw_sets, hill
from sdeopt.results.estimate import Estimate, jackknife

__all__ = ["noise_profile"]

LANCZOS = 6  # products for an eigenvalue, a guess for the progress bar
NORMALS = 1e11  # gradients' entries that draws of normal noise may combine, of networks about 10 s
NONE = np.empty(0)
Named = tuple[str, Estimate, str]  # a number, and what it is


def noise_profile(
    problem: Problem, x: Any = None, *, largest: int = 10, probes: int = 16, samples: int = 1024, rng: Any = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> NoiseProfile:  # fmt: skip
    """Measure the covariance Σ(x) of the gradient noise, its alignment with the Hessian H, and its tail.

    - trace tr Σ, effective rank tr Σ/λ₁ and participation (tr Σ)²/tr Σ², a rank that the whole spectrum enters.
    - alignment tr ΣH/(‖Σ‖ ‖H‖), Frobenius norms: 1 if Σ is a positive multiple of H. Overlap ‖UᵀV‖²/k of the spaces of
      the k largest eigenvalues: 1 if they are the same, about k/d by chance.
    - critical batch sizes, in examples of a batch, else in draws of the law: B_simple = tr Σ₁/|∇f|² and
      B_noise = tr ΣH₁/(∇fᵀH∇f) with Σ₁ the covariance of one example. Below them a larger batch pays.
    - tail index α of |ξ|, P(|ξ| > r) ~ r^{-α}, by Hill's estimator; and what it says of normal noise with the same Σ.

    Parameters
    ----------
    problem : Problem
        Any; of laws without a covariance only the tail is measured, and without a Hessian nothing that needs one.
    x : array_like, shape (d,), optional
        Where. Default the problem's start.
    largest : int
        k >= 1, how many of the largest eigenvalues; default 10, at most d.
    probes : int
        Random vectors >= 2 for the traces that are estimated; default 16.
    samples : int
        Draws >= 16 of the noise for the tail index; default 1024. Those of normal noise combine the gradients of all
        examples, and are left out where that is more than 10^11 numbers.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7).
    progress : bool or callable
        As for `simulate`.

    Returns
    -------
    NoiseProfile
        Every number exact (up to the 1e-8 of Lanczos) or with a 95 % interval.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, and if there is no noise at x or the law has correlated coordinates that it does
        not explain (no ``noise_cov``).

    Notes
    -----
    No d by d matrix is formed. Products with Σ of minibatches are made of the gradients of all examples, kept where
    they fit 256 MiB; else they take one pass for ∇f_i·v and one weighted gradient.
    Hill's estimate is about the range that the ⌊√samples⌋ largest of |ξ| span, and about a power law in it: it gives a
    number for any noise. Batches of finite data are bounded, so that no moment is infinite; that of normal noise is
    the yardstick, and larger batches come closer to it.

    References
    ----------
    Effective rank: Koltchinskii & Lounici (2017), Bernoulli 23: 110-133, doi:10.3150/15-BEJ730. Alignment: Zhu et al.
    (2019), arXiv:1803.00195. Overlap: Gur-Ari, Roberts & Dyer (2018), arXiv:1812.04754. Batch sizes: McCandlish et al.
    (2018), arXiv:1812.06162, equations 2.8 and 2.9. Tails of gradient noise: Şimşekli et al. (2019), arXiv:1901.06053.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([2.0, 1.0]), so.Gaussian([1.0, 0.5]), x0=[1.0, 1.0])
    >>> found = so.noise_profile(problem, rng=0)
    >>> found["trace"].value, found["effective rank"].value, found["B_simple"].value  # 1.25 against |∇f|² = 5
    (1.25, 1.25, 0.25)
    """
    expect_problem(problem)
    if reason := problem.lacks("noisy_grad"):
        raise ValueError(f"noise_profile is about gradients of f: {reason}")
    at = checks.array("x", problem.x0 if x is None else x, shape=(problem.dim,)).copy()
    k = min(checks.integer("largest", largest, low=1), problem.dim)
    probes, samples = checks.integer("probes", probes, low=2), checks.integer("samples", samples, low=16)
    entropy = normalise(rng)
    meta = {
        "objective": repr(problem.objective), "noise": repr(problem.noise), "dim": problem.dim,
        "probes": probes, "samples": samples, "entropy": list(entropy), "reasons": [],
    }  # fmt: skip
    products, draws = LANCZOS * k + 2 * k + probes, (1 if _passes(problem, samples) > NORMALS else 2) * samples
    total = 2 * products + draws
    with Progress(total, progress, f"noise of {problem.objective!r}", unit="evaluations") as bar:
        measure = _Measure(problem, at, entropy, lambda done: bar.advance(min(done, total)))
        if work.costly(problem):
            seconds = measure.expected(products, samples, draws - samples)
            bar.log(seconds)
            bar.expect(lambda: seconds)
        return measure.profile(k, probes, samples, meta)


def _passes(problem: Problem, samples: int) -> float:
    """How many entries of gradients of single examples so many draws of normal noise combine."""
    over, f = isinstance(problem.noise.independent, (Minibatch, PoissonBatch)), cast(Any, problem.objective)
    return float(samples) * problem.dim * float(f.examples()) if over else 0.0


class _Measure:
    """The measurements at one point."""

    def __init__(self, problem: Problem, x: Array, entropy: Entropy, advance: Callable[[int], None]) -> None:
        self.problem, self.law = problem, cast(Any, problem.noise.independent)
        if isinstance(self.law, DiagonalMinibatch):  # what the optimizer sees of it
            self.law = Minibatch(self.law.batch, self.law.replace)
        self.o: Any = Oracle(Here(problem, x), self.law)
        self.x, self.entropy, self.advance, self.done = x, entropy, advance, 0
        self.no_cov = next(filter(None, map(problem.lacks, ("noise_var", "root_cov"))), None)
        game = problem.lacks("players") is None
        self.no_hessian = "a game has no Hessian" if game else problem.lacks("hvp")

    def profile(self, k: int, probes: int, samples: int, meta: dict[str, Any]) -> NoiseProfile:
        """All of it."""
        spectrum, hessian = NONE, NONE
        found: list[Named] = []
        if self.no_cov is None:
            found, spectrum, hessian = self.covariance(k, probes)
        entries, reasons = _passes(self.problem, samples), [self.no_cov, self.no_hessian]
        if entries > NORMALS:
            reasons.append(
                f"normal tail: {samples} draws would combine {entries:.1g} entries of gradients (limit {NORMALS:.0e}, "
                f"which samples={max(int(samples * NORMALS / entries), 1)} keeps)"
            )
        found += self.tails(samples, entries <= NORMALS)
        meta["reasons"] = [reason for reason in reasons if reason is not None]
        estimates = {name: estimate for name, estimate, _ in found}
        return NoiseProfile(meta, estimates, {name: meaning for name, _, meaning in found}, spectrum, hessian)

    def expected(self, products: int, draws: int, normals: int) -> float:
        """Seconds for so many products with Σ and with H, draws of the noise, and of normal noise, each timed."""
        o, x, f = self.o, self.x, self.o.objective
        z = draw_sets(self.law.draws(f), self.entropy, "profile timing", 1)[0]
        seconds = draws * work.shortest(lambda: self.law.sample(o, x, z))
        if self.no_cov is None:
            seconds += products * work.shortest(lambda: self.law.noise_cov(o, x, x))
            (w,) = draw_sets(
                [("normal", n) for n in self.law.brownian("gradient", f)], self.entropy, "profile timing", 1
            )[0]
            seconds += normals * work.shortest(lambda: self.law.root_cov(o, x, w)) if normals else 0.0
            seconds += products * work.shortest(lambda: f.hvp(x, x)) if self.no_hessian is None else 0.0
        return seconds

    def counted(self, value: Any) -> Array:
        """A value that cost about a gradient."""
        self.done += 1
        self.advance(self.done)
        return np.asarray(value)

    def cov(self, v: Array) -> Array:
        """Σ v."""
        return self.counted(self.law.noise_cov(self.o, self.x, v))

    def hvp(self, v: Array) -> Array:
        """H v."""
        return self.counted(self.o.objective.hvp(self.x, v))

    def seed(self, stream: str) -> tuple[int, int]:
        """A seed for one purpose."""
        return stream_key(self.entropy, f"profile {stream}", 1)

    def covariance(self, k: int, probes: int) -> tuple[list[Named], Array, Array]:
        """What Σ has, and the spectra of Σ and H."""
        if type(self.law).noise_cov is Law.noise_cov and is_correlated(self.o, self.x):
            raise ValueError(f"{self.law!r} has correlated coordinates: give it noise_cov(self, o, x, v), which is Σ v")
        d, trace = len(self.x), float(np.sum(self.law.var(self.o, self.x) + 0.0 * self.x))
        if not trace > 0.0:
            raise ValueError(f"there is no noise at x to measure: {self.law!r} has tr Σ = {trace:g}")
        spectrum, U = top(self.cov, d, k, self.seed("Σ"))
        hessian, basis, hvp = NONE, U, None
        if self.no_hessian is None:
            hessian, V = top(self.hvp, d, k, self.seed("H"))
            basis, hvp = np.hstack([U, V]) if 2 * k <= d else np.eye(d), self.hvp
        s = sums(self.cov, hvp, basis, probes, self.seed("probes"))
        found = [
            ("trace", Estimate.exact(trace), "tr Σ"),
            ("effective rank", Estimate.exact(trace / spectrum[0]), f"tr Σ/λ₁, of {d}"),
            ("participation", _by_probes(lambda t: trace**2 / t[0], s), "(tr Σ)²/tr Σ²"),
        ]
        if hvp is not None:
            overlap = float(np.sum((U.T @ V) ** 2)) / k
            found += [
                ("alignment", _by_probes(lambda t: t[2] / math.sqrt(t[0] * t[1]), s), "tr ΣH/(‖Σ‖ ‖H‖)"),
                ("overlap", Estimate.exact(overlap), f"of the {k} largest; by chance {k / d:.3g}"),
            ]
        return found + self.batches(trace, s, hvp is not None), spectrum, hessian

    def batches(self, trace: float, s: Sums, bent: bool) -> list[Named]:
        """The critical batch sizes; one where no batch pays, a NaN where the loss curves down along the gradient."""
        o, x, g = self.o, self.x, self.o.objective.grad(self.x)
        share = float(self.law.batch_size(o))  # of the covariance of one example over that of the law
        if isinstance(self.law, (Minibatch, PoissonBatch)):
            share = float(np.sum(o.objective.grad_var(x))) / trace
        slope = float(g @ g)
        simple = share * trace / slope if slope > 0.0 else math.inf
        found = [("B_simple", Estimate.exact(simple), "tr Σ₁/|∇f|²")]
        bend = float(g @ self.hvp(g)) if bent else 0.0
        if bend > 0.0:
            found.append(("B_noise", _by_probes(lambda t: share * t[2] / bend, s), "tr HΣ₁/(∇fᵀH∇f)"))
        return found

    def tails(self, samples: int, normal: bool) -> list[Named]:
        """Hill's estimate for the noise, and, if asked, for normal noise with its covariance."""
        o, x, f = self.o, self.x, self.o.objective
        radii = [self.norm(self.law.sample(o, x, z)) for z in self.draws(self.law.draws(f), "noise", samples)]
        found = [("tail index", hill(np.array(radii)), f"Hill, {math.isqrt(samples)} largest of {samples}")]
        if self.no_cov is None and normal:
            sizes = [("normal", size) for size in self.law.brownian("gradient", f)]
            normals = [z[0] for z in self.draws(sizes, "normal", samples)]
            radii = [self.norm(self.law.root_cov(o, x, w)) for w in normals]
            found.append(("normal tail", hill(np.array(radii)), "the same of normal noise with this Σ"))
        return found

    def draws(self, entries: Any, stream: str, count: int) -> Any:
        """Sets of raw draws."""
        return draw_sets(entries, self.entropy, f"profile {stream}", count)

    def norm(self, xi: Any) -> float:
        """|ξ|."""
        return float(np.linalg.norm(self.counted(xi)))


def _by_probes(function: Callable[[Array], float], s: Sums) -> Estimate:
    """``function`` of the sums, of which the probes estimate a part."""
    return jackknife(lambda rest: float(function(s.exact + rest)), s.rest)
