"""Planted errors are never certified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tilted import LRS, TILTED

import sdeopt as so
from sdeopt.core import grad, hvp, noise_var, root_additive_cov, root_cov


class Doubled(so.SGD):
    """The drift twice."""

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -2.0 * grad(o, x)

    sdes = {"order1": replace(so.SGD.sdes["order1"], drift=drift)}


class Rootless(so.SGD):
    """η where √η belongs."""

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -self.lr * root_cov(o, x, dw)

    sdes = {"order1": replace(so.SGD.sdes["order1"], diffusion=diffusion)}


class Heavy(so.SGD):
    """The second-order drift with the whole Hessian term, not half of it."""

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        g = grad(o, x)
        return -g - self.lr * hvp(o, x, g)

    sdes = {"order2": replace(so.SGD.sdes["order2"], drift=drift)}
    default_sde = "order2"


class BlindUSAM(so.USAM):
    """USAM with the diffusion of SGD: a factor 1 + O(√η) is missing."""

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * root_additive_cov(o, x, dw)

    sdes = {"order1": replace(so.USAM.sdes["order1"], diffusion=diffusion)}


class Uncorrelated(so.SGD):
    """The variances of the noise without its correlation."""

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * np.sqrt(noise_var(o, x)) * dw

    sdes = {"order1": replace(so.SGD.sdes["order1"], diffusion=diffusion)}


class EpsInside(so.RMSprop):
    """RMSprop with ε under the root."""

    def drift(self, t: Any, y: Any, o: Any) -> Any:
        x, v = y
        g = grad(o, x)
        return -g / np.sqrt(v + self.eps), (1.0 - self.beta) / self.lr * (g * g + noise_var(o, x) - v)

    def diffusion(self, t: Any, y: Any, o: Any, dw: Any) -> Any:
        x, v = y
        return -np.sqrt(self.lr) * root_cov(o, x, dw) / np.sqrt(v + self.eps), 0.0 * v

    sdes = {"compagnoni": replace(so.RMSprop.sdes["compagnoni"], drift=drift, diffusion=diffusion)}
    default_sde = "compagnoni"


@pytest.mark.parametrize(
    ("page", "means", "covariance"),
    [
        pytest.param(Doubled(0.1), {"refuted"}, {"wrong"}, marks=pytest.mark.slow),
        (Rootless(0.1), {"certified", "inconclusive"}, {"wrong"}),
        pytest.param(Uncorrelated(0.1), {"certified", "inconclusive"}, {"wrong"}, marks=pytest.mark.slow),
        pytest.param(EpsInside(0.1, 0.85, 0.3), {"refuted"}, {"wrong"}, marks=pytest.mark.slow),
        pytest.param(Heavy(0.1), {"refuted"}, {"right"}, marks=pytest.mark.slow),
        pytest.param(BlindUSAM(0.1, 0.3), {"certified"}, {"wrong"}, marks=pytest.mark.slow),
    ],
    ids=lambda v: type(v).__name__ if hasattr(v, "lr") else "",
)
def test_planted_errors_are_refuted(page: Any, means: set[str], covariance: set[str]) -> None:
    # the slopes of the errors lie beyond 5 standard errors from the thresholds
    warm = hasattr(page, "warm")
    c = so.certify(page, TILTED, LRS, horizon=2.0, max_paths=2**15, warm=warm, rng=0)
    assert c.verdict == "refuted", str(c)
    assert c.means in means
    assert c.covariance in covariance
