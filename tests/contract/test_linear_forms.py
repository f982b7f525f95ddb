"""``linear`` of every SDE that has it: the page's own coefficients on a quadratic, read off one unit at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import PAGES, flat, parted

import sdeopt as so
from sdeopt.core.oracle import Oracle

H, SIGMA = np.array([[1.2, 0.4], [0.4, 0.9]]), np.array([[0.5, 0.2], [0.2, 0.3]])  # share no axes
CENTER = np.array([0.3, -0.2])
LINEAR = [  # games have a Jacobian for the Hessian, see test_game_pages
    (name, sde) for name, cls in PAGES.items() for sde in cls.sdes if cls.sdes[sde].linear and cls.family != "minimax"
]


@pytest.mark.parametrize(("name", "sde"), LINEAR, ids=[f"{name}-{sde}" for name, sde in LINEAR])
def test_linear_is_the_sde_on_a_quadratic(name: str, sde: str) -> None:
    page, o = PAGES[name](0.04), Oracle(so.Quadratic(H, center=CENTER), so.Gaussian(cov=SIGMA))
    first = page.init(np.zeros(2), o) if hasattr(page, "init") else np.zeros(2)
    law, size = page.sdes[sde], flat(first).size
    A, D = law.linear(page, H, SIGMA)
    rest = flat(page.init(CENTER, o)) if hasattr(page, "init") else CENTER

    def state(y: Any) -> Any:
        return parted(y, first)

    drift = np.array([flat(law.drift(page, 0.0, state(rest + e), o)) for e in np.eye(size)]).T
    m = len(law.brownian)
    units = [tuple(np.split(e, m)) if m > 1 else e for e in np.eye(2 * m)]
    kicks = np.array([flat(law.diffusion(page, 0.0, state(rest), o, dw)) for dw in units])
    assert np.allclose(drift, -A, rtol=1e-12, atol=1e-12)
    assert np.allclose(kicks.T @ kicks, D, rtol=1e-12, atol=1e-14)
