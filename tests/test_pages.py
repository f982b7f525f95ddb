"""The two columns of the classical pages against each other, by quadrature: no simulation, no random numbers.

One step from the state y must have the mean τ b(y) and the covariance τ σσᵀ(y) up to a relative O(τ), τ being the time
of a step. Each moment is measured on its own scale at τ and τ/2; what is left must halve.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from columns import CORRELATED, LANDSCAPE, LINE, ROUND, assert_halves, flat, hermite, pair, relative, split

import sdeopt as so
from sdeopt.core.oracle import Oracle


def position(d: int, *parts: Any) -> Any:
    x = np.array([0.8, -0.5])[:d]
    return (x, *(np.asarray(p)[:d] for p in parts)) if parts else x


MEAN, SQUARE = (0.9, -0.4), (0.7, 1.1)
PAGES: dict[str, tuple[Callable[[float], Any], Callable[[float, int], Any], Callable[..., Any]]] = {
    # a page whose step takes the time τ, a state, the rule for its increments
    "SGD": (so.SGD, lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "USAM": (lambda tau: so.USAM(tau, 0.2 * tau), lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "DNSAM": (lambda tau: so.DNSAM(tau, 0.2 * tau), lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "HeavyBall": (
        lambda tau: so.HeavyBall(tau * tau, 1.0 - 0.7 * tau),
        lambda tau, d: position(d, np.array(MEAN) / tau),
        lambda d: hermite(d, 3),
    ),
    "RMSprop": (lambda tau: so.RMSprop(tau, 1.0 - 1.5 * tau), lambda tau, d: position(d, SQUARE), pair),
    "RMSpropW": (
        lambda tau: so.RMSpropW(tau, 1.0 - 1.5 * tau, weight_decay=0.8),
        lambda tau, d: position(d, SQUARE),
        pair,
    ),
    "Adam": (
        lambda tau: so.Adam(tau, 1.0 - 2.0 * tau, 1.0 - 1.5 * tau),
        lambda tau, d: position(d, MEAN, SQUARE),
        pair,
    ),
    "AdamW": (
        lambda tau: so.AdamW(tau, 1.0 - 2.0 * tau, 1.0 - 1.5 * tau, weight_decay=0.8),
        lambda tau, d: position(d, MEAN, SQUARE),
        pair,
    ),
}


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("name", PAGES)
def test_one_step_has_the_moments_of_the_sde(name: str, d: int) -> None:
    make, state, increments = PAGES[name]
    o = Oracle(LINE, ROUND) if d == 1 else Oracle(LANDSCAPE, CORRELATED)
    taus = (2e-3, 1e-3)
    assert_halves([relative(make(tau), state(tau, d), o, 0.7, hermite(d), increments(d)) for tau in taus])


@pytest.mark.parametrize("make", [so.SGD, lambda lr: so.USAM(lr, 2.0), lambda lr: so.DNSAM(lr, 2.0)])
def test_one_step_on_a_quadratic_has_exactly_the_moments_of_the_sde(make: Any) -> None:
    """The step is affine in ξ: for any ρ, one step of the SDE by Euler's rule is the step."""
    o = Oracle(so.Quadratic([[1.2, 0.4], [0.4, 0.9]]), CORRELATED)
    assert relative(make(1e-2), position(2), o, 0.0, hermite(2, 3), hermite(2, 3)).max() < 1e-13


def test_every_page_has_a_test_of_its_own() -> None:
    """Beside the contract, which finds pages through the registry."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in so.methods() if f"so.{name}(" not in tests] == []


@pytest.mark.parametrize("x", [[0.3], [-0.02], [0.3, -0.4], [1.2, 0.1]])
def test_one_step_of_signsgd_has_the_moments_of_the_sde(x: list[float]) -> None:
    """No O(τ) here: the step is τ times a sign, so its moments are those of the sign."""
    d = len(x)
    o = Oracle(so.Quadratic([1.5, 0.7][:d]), so.Gaussian([0.6, 0.9][:d]))
    y = np.array(x)
    rule = split(-o.objective.grad(y) / o.noise.scale)
    assert relative(so.SignSGD(1e-2), y, o, 0.0, rule, hermite(d, 3)).max() < 1e-10


@pytest.mark.parametrize("name", ["RMSprop", "RMSpropW", "Adam", "AdamW"])
def test_rivals_of_the_adaptive_methods_leave_out_what_they_say(name: str) -> None:
    make, state, _ = PAGES[name]
    page, y, o, d = make(0.1), state(0.1, 2), Oracle(LANDSCAPE, CORRELATED), 2
    full, c, m = (page.sdes[s] for s in ("full", "compagnoni", "malladi"))
    g, rate = o.objective.grad(y[0]), 15.0 * 0.1
    drift = {s.name: flat(s.drift(page, 0.7, y, o)) for s in (full, c, m)}
    assert np.allclose(drift["full"][-d:], drift["compagnoni"][-d:], rtol=1e-14)
    assert np.allclose(drift["full"] - drift["malladi"], [0.0] * (len(drift["full"]) - d) + list(rate * g * g))
    if name.startswith("Adam"):
        iota1, iota2 = 1.0 - np.exp(-2.0 * 0.7), 1.0 - np.exp(-1.5 * 0.7)
        extra = -np.sqrt(iota2) / iota1 * 0.1 * 2.0 * (g - y[1]) / np.sqrt(y[2])
        assert np.allclose(drift["compagnoni"][:d] - drift["full"][:d], extra, rtol=1e-6)
    else:
        assert np.allclose(drift["compagnoni"], drift["full"], rtol=1e-14)
    dw = (np.array([0.3, -1.0]), np.array([0.7, 0.2]))
    kick = flat(full.diffusion(page, 0.7, y, o, dw))
    for s in (c, m):
        assert np.allclose(flat(s.diffusion(page, 0.7, y, o, dw[0])), [*kick[:-d], 0.0, 0.0], rtol=1e-14)


def test_the_floor_is_a_tenth_of_the_noise() -> None:
    o, page, x = Oracle(LINE, ROUND), so.RMSprop(0.1, 0.85), np.array([0.8])
    full = page.sdes["full"]
    dx, dv = full.drift(page, 50.0, (x, np.array([-0.2])), o)
    assert dx == pytest.approx(-1.2 / np.sqrt(0.036), rel=1e-6)
    assert dv == pytest.approx(1.5 * (1.44 + 0.36 + 0.2), rel=1e-12)
    assert full.drift(page, 50.0, (x, np.array([0.037])), o)[0] == pytest.approx(-1.2 / np.sqrt(0.037), rel=1e-6)


@pytest.mark.parametrize("name", ["RMSprop", "RMSpropW", "Adam", "AdamW"])
def test_start_is_the_state_after_the_first_step(name: str) -> None:
    """Exactly so without noise, but for ι = 1 - e^{-(1 - β)} where the step has 1 - β."""
    page, x, o = PAGES[name][0](1e-3), np.array([0.8, -0.5]), Oracle(LANDSCAPE, so.NoNoise())
    stepped = page.step(0, page.init(x, o), o, ())
    for sde in page.sdes.values():
        started = sde.start(page, x, o)
        assert np.allclose(started[0], stepped[0], rtol=1e-12)
        for part, other in zip(started[1:-1], stepped[1:-1], strict=True):
            assert np.allclose(part, other, rtol=2e-3)
        if sde.name != "malladi":
            assert np.allclose(started[-1], stepped[-1], rtol=2e-3)


@pytest.mark.parametrize("name", PAGES)
def test_without_noise_there_is_none(name: str) -> None:
    page, o = PAGES[name][0](0.1), Oracle(LANDSCAPE, so.NoNoise())
    y = PAGES[name][1](0.1, 2)
    for sde in page.sdes.values():
        if "levy" in sde.brownian:
            continue  # belongs to a law without a variance
        dw = tuple(np.ones(2) for _ in sde.brownian)
        assert not flat(sde.diffusion(page, 0.7, y, o, dw if len(dw) > 1 else dw[0])).any()
