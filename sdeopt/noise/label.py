"""``LabelNoise``: fresh noise in the targets of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import Oracle, examples, label_grad
from sdeopt.noise.law import Law

__all__ = ["LabelNoise"]

CLOSED = ("mean_sign", "root_sign_cov", "root_square_cov")


@dataclass(frozen=True, eq=False, repr=False)
class LabelNoise(Law):
    """The optimizer sees ∇f(x) - (1/n) Σ_i ζ_i ∇m_i(x): at every step all n targets y_i get new noise ζ_i ~ N(0, δ²).

    For f = (1/n) Σ ½(m_i(x) - y_i)², as `LinearRegression`, `DiagonalLinearNetwork` and `MatrixSensing` have it, with
    m_i the output for example i and J the n by d matrix of the ∇m_i:

        Σ(x) = (δ/n)² JᵀJ,   which is (δ²/n) ∇²f(x) wherever f(x) = 0 (and everywhere for a linear model)

    So the noise never leaves the directions in which f is curved, and it does not fade where the data are fitted. Among
    the minimisers SGD then drifts, in times 1/η², to those of small tr ∇²f: `sdeopt.theory.label_noise_flow`.

    Parameters
    ----------
    scale : float
        δ >= 0, in the units of y; default 1.

    Raises
    ------
    ValueError, TypeError
        If ``scale`` is negative or not finite; in a `Problem`, if the objective is no least-squares regression.

    References
    ----------
    Blanc, Gupta, Valiant & Valiant (2020), arXiv:1904.09080; Damian, Ma & Lee (2021), arXiv:2106.06530; both recalled.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0]], [3.0])
    >>> o = so.Problem(f, so.LabelNoise(0.5)).oracle
    >>> x = np.array([2.0, 1.0])  # 2² - 1² = 3
    >>> o.noise.var(o, x).tolist(), (0.25 * np.diag(f.hessian(x))).tolist()
    ([4.0, 1.0], [4.0, 1.0])
    """

    scale: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", checks.number("scale", self.scale, low=0.0))

    @property
    def normal(self) -> bool:
        """It is, whatever x is."""
        return True

    def check(self, objective: Any) -> None:
        if not callable(getattr(objective, "label_grad", None)):
            raise ValueError(
                f"{type(objective).__name__} has no targets to disturb: use LabelNoise with a regression such as "
                "DiagonalLinearNetwork, or additive noise such as Gaussian(scale)"
            )

    def lacks(self, question: str, objective: Objective) -> str | None:
        """What only additive noise has, and what only formulas of the law give."""
        if question == "root_additive_cov":
            return f"{self!r} depends on x, so it is not additive noise: use Gaussian with a constant scale or cov"
        if question == "noisy_value":
            return f"{self!r} has no loss of a sample, which would need the residuals"
        if question in CLOSED:
            return f"{self!r} has no closed form of it; the SDE 'sampled' does without"
        return super().lacks(question, objective)

    def draws(self, objective: Any) -> tuple[tuple[str, int], ...]:
        """One normal for each target."""
        return (("normal", int(objective.examples())),)

    def brownian(self, question: str, objective: Any) -> tuple[int, ...]:
        """One normal for each target."""
        return (int(objective.examples()),)

    def sample(self, o: Oracle, x: Vector, z: Draws) -> Any:
        return -self.scale / examples(o) * label_grad(o, x, z[0])

    def root_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return -self.scale / examples(o) * label_grad(o, x, dw)

    def var(self, o: Oracle, x: Vector) -> Any:
        """One output after the other."""
        found, silent = 0.0 * x, np.zeros(examples(o))
        for i in range(examples(o)):
            one = silent.copy()
            one[i] = 1.0
            slope = label_grad(o, x, one)
            found = found + slope * slope
        share = self.scale / examples(o)
        return share * share * found

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        slopes = np.array([label_grad(o, x, one) for one in np.eye(examples(o))])
        return (self.scale / examples(o)) ** 2 * slopes.T @ (slopes @ v)
