"""Steps to the corners of norm balls: Scion, Scion of the spectral norm, Muon; and the drifts of the whole family."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.optimizers.muon import A, B, C, newton_schulz
from sdeopt.optimizers.scionspectral import msign

MATRIX = so.MatrixQuadratic([[2.0, 1.0, -1.0], [0.0, 1.5, 2.0]], A=[[1.0, 0.5], [0.0, 1.2]])


def test_matrix_quadratic_is_half_the_squared_residual() -> None:
    x, v = np.linspace(-1.0, 2.0, 6), np.linspace(0.5, 1.0, 6)
    left, target = np.array(MATRIX.A), np.array(MATRIX.target)
    residual = left @ x.reshape(2, 3) - target
    assert MATRIX.value(x) == pytest.approx(0.5 * np.sum(residual**2), rel=1e-13)
    assert MATRIX.grad(x) == pytest.approx((left.T @ residual).ravel(), rel=1e-12)
    assert MATRIX.hvp(x, v) == pytest.approx((left.T @ left @ v.reshape(2, 3)).ravel(), rel=1e-13)
    tall = so.MatrixQuadratic([[1.0], [2.0], [4.0]], A=[[1.0], [1.0], [1.0]])  # no X reaches the target
    assert tall.optimum == pytest.approx(7.0 / 3.0)
    assert tall.minimum == pytest.approx(0.5 * (16.0 + 1.0 + 25.0) / 9.0)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4, 4), (1, 5), (5, 1)])
def test_newton_schulz_moves_singular_values_by_its_polynomial(shape: tuple[int, int]) -> None:
    G = np.random.default_rng(1).standard_normal(shape)
    U, s, Vt = np.linalg.svd(G, full_matrices=False)
    s = s / np.linalg.norm(G)
    for _ in range(5):
        s = A * s + B * s**3 + C * s**5
    assert newton_schulz(G.ravel(), shape[0], 5, 0).reshape(shape) == pytest.approx(U * s @ Vt, abs=1e-13)


@pytest.mark.parametrize("condition", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4, 4)])
def test_msign_is_the_polar_factor(shape: tuple[int, int], condition: float) -> None:
    n, point = min(shape), np.random.default_rng(2)
    U, V = (np.linalg.qr(point.standard_normal((m, n)))[0] for m in shape)
    G = 3.7 * U * np.geomspace(1.0, 1.0 / condition, n) @ V.T
    assert msign(G.ravel(), shape[0]).reshape(shape) == pytest.approx(U @ V.T, abs=1e-15 * condition + 1e-14)


def test_msign_of_a_row_is_its_direction_and_of_zero_zero() -> None:
    d = np.array([3.0, 0.0, -4.0])
    assert msign(d, 1) == pytest.approx(d / 5.0, rel=1e-14)
    assert msign(d, 3) == pytest.approx(d / 5.0, rel=1e-14)
    assert (msign(0.0 * d, 1) == 0.0).all()


@pytest.mark.parametrize("shape", [(2, 3), (3, 2)])
def test_muon_is_that_of_torch_in_double_precision(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())
    target = np.random.default_rng(4).standard_normal(shape)
    page, o = so.Muon(lr=0.1, beta=0.7, weight_decay=0.3), so.Problem(so.MatrixQuadratic(target)).oracle
    p = torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64))
    theirs = torch.optim.Muon([p], lr=0.1, momentum=0.7, weight_decay=0.3)
    y = page.init(np.zeros(p.numel()), o)
    for k in range(8):
        p.grad = p.detach() - torch.tensor(target)
        theirs.step()
        y = page.step(k, y, o, ())
    assert y[0] == pytest.approx(p.detach().numpy().ravel(), rel=1e-12)


def polar(d: Any) -> Any:
    U, _, Vt = np.linalg.svd(d.reshape(2, 3), full_matrices=False)
    return (U @ Vt).ravel()


@pytest.mark.parametrize("page, lmo", [(so.Scion, np.sign), (so.ScionSpectral, polar)])
def test_scion_is_the_published_recursion(page: Any, lmo: Any) -> None:
    page = page(lr=0.2, beta=0.6, radius=1.5)
    o = so.Problem(MATRIX, so.Gaussian(0.8)).oracle
    z = np.random.default_rng(5).standard_normal((12, 6))
    x, d = np.linspace(-0.5, 0.5, 6), np.zeros(6)
    y = page.init(x, o)
    for k in range(12):
        d = 0.6 * d + 0.4 * (MATRIX.grad(x) + 0.8 * z[k])
        x = 0.8 * x - 0.2 * 1.5 * lmo(d)
        y = page.step(k, y, o, (z[k],))
    assert y[0] == pytest.approx(x, rel=1e-10)
    assert y[1] == pytest.approx(d, rel=1e-10)


@pytest.mark.parametrize("page, size", [(so.Scion, np.inf), (so.ScionSpectral, 2)])
def test_scion_never_leaves_its_ball(page: Any, size: Any) -> None:
    page = page(lr=0.3, beta=0.5, radius=0.7)
    far = so.MatrixQuadratic(100.0 * MATRIX.target)
    o, draw = so.Problem(far, so.StudentT(1.5)).oracle, np.random.default_rng(6)
    y, sizes = page.init(np.zeros(6), o), []
    for k in range(40):
        y = page.step(k, y, o, tuple(draw.standard_normal((2, 6))))
        shaped = y[0].reshape(2, 3) if size == 2 else y[0]
        sizes.append(np.linalg.norm(shaped, size))
    assert max(sizes) <= 0.7 * (1.0 + 1e-9)
    assert max(sizes) > 0.65


# -- the drifts, without noise

PLANE = so.Quadratic([1.0, 2.0])
FLOWS = [
    (so.NGN(lr=0.1), PLANE, [1.0, -1.0]),
    (so.NGNM(lr=0.1), PLANE, [1.0, -1.0]),
    (so.WarmupSGD(lr=0.1), PLANE, [1.0, -1.0]),
    (so.Scion(lr=0.1, beta=0.8, radius=1.5), PLANE, [3.0, -3.0]),
    (so.ScionSpectral(lr=0.1, beta=0.8), MATRIX, [0.0] * 6),
    (so.Muon(lr=0.1, beta=0.8, weight_decay=0.3), MATRIX, [0.0] * 6),
]


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else y


def end(page: Any, o: Any, x: Any, lr: float, time: float = 0.4) -> Any:
    """Where steps of ``lr`` have led by ``time``, with what the regime ties to the learning rate."""
    page = page.scaled(lr) if hasattr(page, "scaled") else page._replace(lr=lr)
    y = page.init(x, o) if hasattr(page, "init") else x
    for k in range(round(time / lr)):
        y = page.step(k, y, o, ())
    return flat(y)[: x.size]


def flow(page: Any, o: Any, x: Any, time: float = 0.4, n: int = 200) -> Any:
    """The drift integrated by Runge-Kutta; an average starts at a hint of its direction, since sign(0) = 0."""
    parts = len(page.parts)

    def b(y: Any) -> Any:
        return flat(page.drift(0.0, tuple(np.split(y, parts)) if parts > 1 else y, o))

    y, dt = np.concatenate([x, 1e-12 * o.objective.grad(x)]) if parts > 1 else x, time / n
    for _ in range(n):
        k1 = b(y)
        k2 = b(y + 0.5 * dt * k1)
        k3 = b(y + 0.5 * dt * k2)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + b(y + dt * k3))
    return y[: x.size]


@pytest.mark.parametrize("page, f, start", FLOWS, ids=lambda v: type(v).__name__)
def test_steps_without_noise_follow_the_drift_to_first_order(page: Any, f: Any, start: Any) -> None:
    x, o = np.array(start), so.Problem(f).oracle
    exact = flow(page, o, x)
    coarse, fine = (np.linalg.norm(end(page, o, x, lr) - exact) for lr in (0.01, 0.005))
    assert np.log2(coarse / fine) == pytest.approx(1.0, abs=0.05)
    assert fine < 0.005
