"""Steps of methods with agents, written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so


def hand(compress: Any, grads: Any, draws: Any) -> Any:
    return np.mean([compress(g, w) for g, w in zip(grads, draws, strict=True)], axis=0)


def by_order(k: int) -> Any:
    """rand-k: the entries with the k largest normals, times d/k."""
    return lambda g, w: np.where(np.isin(np.arange(g.size), np.argsort(-w)[:k]), g * g.size / k, 0.0)


def by_levels(s: int) -> Any:
    def compress(g: Any, u: Any) -> Any:
        r = s * np.abs(g) / np.linalg.norm(g)
        return np.linalg.norm(g) * np.sign(g) * (np.floor(r) + (u >= 1.0 - r % 1.0)) / s

    return compress


def by_powers(g: Any, u: Any) -> Any:
    low = 2.0 ** np.floor(np.log2(np.abs(g)))
    return np.sign(g) * np.where(u < (np.abs(g) - low) / low, 2.0 * low, low)


WIDE = so.Problem(
    so.Quadratic(np.linspace(0.5, 2.0, 5)),
    so.Agents([so.Gaussian(0.6), so.StudentT(3, 0.4), so.NoNoise()], shifts=np.outer([1.0, -2.0, 1.0], np.arange(5.0))),
)


def noisy(x: Any, z: Any) -> Any:
    """What the three agents of ``WIDE`` see, written out; ``z`` holds 15 normals and 5 more of the Student-t."""
    n = z[0].reshape(3, 5)
    q = n[1] ** 2 + z[1] ** 2
    noise = np.array([0.6 * n[0], 0.4 * n[1] * np.sqrt(3.0 * np.expm1(q / 3.0) / q), np.zeros(5)])
    return np.linspace(0.5, 2.0, 5) * x + np.outer([1.0, -2.0, 1.0], np.arange(5.0)) + noise


def rolled(page: Any, steps: int) -> Any:
    """States of the page, and the draws of the gradient and its own, normals or uniforms as it says."""
    point, o = np.random.default_rng(8), WIDE.oracle
    own = page.own(WIDE.objective, WIDE.noise) if hasattr(page, "own") else ()
    y = page.init(WIDE.x0, o) if hasattr(page, "init") else WIDE.x0
    states, draws = [y], []
    for k in range(steps):
        seen = point.normal(size=15), point.normal(size=5)
        mine = tuple(point.random(n) if kind == "uniform" else point.normal(size=n) for kind, n in own)
        draws.append((seen, mine))
        states.append(page.step(k, states[-1], o, (seen, mine) if own else seen))
    return states, draws


@pytest.mark.parametrize(
    ("page", "compress"),
    [
        (so.DCSGDRandK(0.1, k=2), by_order(2)),
        (so.DCSGDDithering(0.1, levels=3), by_levels(3)),
        (so.DCSGDNatural(0.1), by_powers),
        (so.DSGD(0.1), None),
        (so.DSignSGD(0.1), None),
    ],
)
def test_steps_by_hand(page: Any, compress: Any) -> None:
    states, draws = rolled(page, 6)
    for x, after, (seen, own) in zip(states, states[1:], draws, strict=False):
        g = noisy(x, seen)
        sent = np.sign(g).mean(axis=0) if isinstance(page, so.DSignSGD) else g.mean(axis=0)
        if compress is not None:
            sent = hand(compress, g, own[0].reshape(3, 5))
        assert np.allclose(after, x - 0.1 * sent, rtol=0, atol=1e-12)


def test_top_k_with_error_feedback_by_hand() -> None:
    """Also its identity: x less the mean memory makes the steps of DSGD."""
    states, draws = rolled(so.TopKEF(0.1, k=2), 8)
    memory = np.zeros((3, 5))
    for (x, e), (after, e1), (seen, _) in zip(states, states[1:], draws, strict=False):
        p = memory + 0.1 * noisy(x, seen)
        sent = np.where(np.argsort(np.argsort(-np.abs(p), axis=1), axis=1) < 2, p, 0.0)
        memory = p - sent
        assert np.allclose(after, x - sent.mean(axis=0), rtol=0, atol=1e-12)
        assert np.allclose(e1, memory.ravel(), rtol=0, atol=1e-12)
        virtual = x - e.reshape(3, 5).mean(axis=0) - 0.1 * noisy(x, seen).mean(axis=0)
        assert np.allclose(after - e1.reshape(3, 5).mean(axis=0), virtual, rtol=0, atol=1e-12)


def test_clip21_by_hand() -> None:
    """Also its identity: G less the mean of the g_i is the walk of the private noise."""
    page = so.Clip21SGD2M(0.1, beta1=0.3, beta2=0.2, clip=3.0, sigma_omega=0.7)
    states, draws = rolled(page, 8)
    x, v, g, G, walk = WIDE.x0, np.zeros((3, 5)), np.zeros((3, 5)), np.zeros(5), np.zeros(5)
    clipped = False
    for after, (seen, (w,)) in zip(states[1:], draws, strict=True):
        x = x - 0.1 * G
        v = 0.7 * v + 0.3 * noisy(x, seen)
        size = np.linalg.norm(v - g, axis=1, keepdims=True)
        c = (v - g) * np.minimum(1.0, 3.0 / size)
        clipped = clipped or bool((size > 3.0).any() and (size < 3.0).any())
        g, G = g + 0.2 * c, G + 0.2 * (c.mean(axis=0) + 0.7 / np.sqrt(3.0) * w)
        walk = walk + 0.2 * 0.7 / np.sqrt(3.0) * w
        for found, expected in zip(after, (x, v.ravel(), g.ravel(), G), strict=True):
            assert np.allclose(found, expected, rtol=0, atol=1e-12)
        assert np.allclose(after[3] - after[2].reshape(3, 5).mean(axis=0), walk, rtol=0, atol=1e-12)
    assert clipped


@pytest.mark.parametrize(("trim", "liars", "lie"), [(0.0, 0.0, 0.0), (0.0, 2.0, 5.0), (0.5, 1.0, -5.0)])
def test_byz_clip21_by_hand(trim: float, liars: float, lie: float) -> None:
    page = so.ByzClip21SGD2M(0.1, 0.3, 0.2, 3.0, 0.7, trim, liars, lie)
    states, draws = rolled(page, 8)
    x, v, g, s = WIDE.x0, np.zeros((3, 5)), np.zeros((3, 5)), np.zeros((3, 5))
    for after, (seen, (w,)) in zip(states[1:], draws, strict=True):
        told = s + lie * (np.arange(3) < liars)[:, None]
        x = x - 0.1 * (np.median(told, axis=0) if trim else told.mean(axis=0))
        v = 0.7 * v + 0.3 * noisy(x, seen)
        c = (v - g) * np.minimum(1.0, 3.0 / np.linalg.norm(v - g, axis=1, keepdims=True))
        g, s = g + 0.2 * c, s + 0.2 * (c + 0.7 * w.reshape(3, 5))
        for found, expected in zip(after, (x, v.ravel(), g.ravel(), s.ravel()), strict=True):
            assert np.allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("agents", "trim"), [(7, 0.0), (7, 0.2), (7, 0.3), (7, 0.5), (6, 0.4), (6, 0.5), (1, 0.5)])
def test_a_trimmed_mean(agents: int, trim: float) -> None:
    """Ties included: of equal entries any may go."""
    from scipy.stats import trim_mean

    from sdeopt.optimizers.byzclip21sgd2m import trimmed

    heard = np.random.default_rng(7).integers(-3, 4, (agents, 200)).astype(float)
    found = trimmed(so.ByzClip21SGD2M(0.1, trim=trim), tuple(heard))
    expected = np.median(heard, axis=0) if trim == 0.5 else trim_mean(heard, trim, axis=0)
    assert np.allclose(found, expected, rtol=0, atol=1e-14)
