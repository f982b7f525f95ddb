"""SOAP beside a loop in NumPy, pytorch_optimizer, Adam on diagonals, and the drift that its page states."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from test_shampoo import TARGET

import sdeopt as so
from sdeopt.optimizers.soap import axes, side

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(3)
FAR = np.array([[2.0, 0.6], [0.4, -2.5]])
SD = np.array([0.3, 0.5, 0.4, 0.2, 0.6, 0.35])


def largest_first(a: Any) -> Any:
    """Eigenvectors by LAPACK."""
    return np.linalg.eigh(a)[1][:, ::-1]


def moved(page: Any, problem: so.Problem, draws: Any) -> Any:
    """The state after every step."""
    o, found = problem.oracle, []
    y = page.init(problem.x0.copy(), o)
    for k, z in enumerate(draws):
        y = page.step(k, y, o, (z,))
        found.append(y)
    return found


@pytest.mark.parametrize("n", [1, 2, 5])
def test_axes_are_those_of_lapack(n: int) -> None:
    a = np.random.default_rng(n).standard_normal((n, n + 1))
    columns, rows = (q.reshape(n, n) for q in axes((a @ a.T).ravel(), n))
    np.testing.assert_array_equal(columns, rows.T)
    np.testing.assert_allclose(np.abs(largest_first(a @ a.T).T @ columns), np.eye(n), atol=1e-12)
    assert side(np.zeros(n * n)) == n


def test_soap_is_its_published_recursion() -> None:
    lr, b1, b2, eps, decay = 0.05, 0.8, 0.9, 1e-3, 0.3
    start = np.array([[0.5, -0.3, 0.1], [-0.7, 0.9, 0.4]])  # which step 0 leaves alone, decay and all
    problem = so.Problem(so.MatrixQuadratic(TARGET), so.Gaussian(0.6), x0=start.ravel())
    page = so.SOAP(lr, b1, b2, eps, decay)
    draws = np.random.default_rng(1).standard_normal((40, 6))
    x, m, v, left, right = start, 0.0, 0.0, np.zeros((2, 2)), np.zeros((3, 3))
    for k, (z, y) in enumerate(zip(draws, moved(page, problem, draws), strict=True)):
        g = x - TARGET + 0.6 * z.reshape(2, 3)
        if k > 0:
            q, p = largest_first(left), largest_first(right)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * (q.T @ g @ p) ** 2
            rate = lr * np.sqrt(1 - b2**k) / (1 - b1**k)
            x = (1 - lr * decay) * (x - rate * q @ ((q.T @ m @ p) / (np.sqrt(v) + eps)) @ p.T)
        left, right = b2 * left + (1 - b2) * g @ g.T, b2 * right + (1 - b2) * g.T @ g
        for found, wanted in zip(y, (x, m, v, left, right), strict=True):
            np.testing.assert_allclose(found, np.broadcast_to(np.ravel(wanted), found.shape), rtol=1e-8, atol=1e-9)
    assert np.abs(x).max() > 0.1


@pytest.mark.extras("torch", "pytorch_optimizer")
@pytest.mark.parametrize("exact", [True, False])
def test_soap_is_that_of_pytorch_optimizer(exact: bool) -> None:
    """To rounding with exact axes there too; with its own, one power iteration late, not far off."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    problem = so.Problem(so.MatrixQuadratic(TARGET), so.Gaussian(0.2))
    draws = np.random.default_rng(2).standard_normal((40, 6))
    x = torch.zeros((2, 3), dtype=torch.float64, requires_grad=True)
    optimizer = package.SOAP([x], 0.01, (0.9, 0.95), weight_decay=0.3, precondition_frequency=1, eps=1e-3)
    if exact:
        optimizer.get_orthogonal_matrix_qr = lambda state, *more: optimizer.get_orthogonal_matrix(state["GG"])
    apart = 0.0
    for z, y in zip(draws, moved(so.SOAP(0.01, 0.9, 0.95, 1e-3, 0.3), problem, draws), strict=True):
        at = x.detach().numpy()
        x.grad = torch.tensor(at - TARGET + 0.2 * z.reshape(2, 3))
        optimizer.step()
        apart = max(apart, float(np.abs(x.detach().numpy().ravel() - y[0]).max()))
    assert apart < (1e-9 if exact else 0.05)
    assert exact or apart > 1e-6
    assert np.abs(y[0]).max() > 0.2


def test_matrices_that_stay_diagonal_have_the_path_of_adam() -> None:
    """One step late, with ε = 0; the axes are those of the entries, in any order."""
    target, starts = np.diag([3.0, -2.0]), {}
    for name, page in {"SOAP": so.SOAP(0.05, 0.8, 0.9, 1e-300, 0.0), "Adam": so.Adam(0.05, 0.8, 0.9, 1e-300)}.items():
        problem = so.Problem(so.MatrixQuadratic(target))
        o, y = problem.oracle, page.init(np.zeros(4), problem.oracle)
        path = []
        for k in range(20):
            y = page.step(k, y, o, ())
            path.append(y[0])
        starts[name] = np.array(path)
    np.testing.assert_allclose(starts["SOAP"][1:, [0, 3]], starts["Adam"][:-1, [0, 3]], rtol=1e-10)
    assert np.abs(starts["SOAP"][:, [1, 2]]).max() == 0.0


def test_soap_turns_with_its_matrix() -> None:
    """f(QᵀXP) for f(X): the path turns, that of Adam does not.

    Entries that vanish in the axes at all times would be divided by their own rounding: hence A, and the start.
    """
    Q, P = np.array([[0.6, 0.8], [-0.8, 0.6]]), np.array([[0.28, -0.96], [0.96, 0.28]])
    A, start, apart = np.diag([1.0, 1.4]), np.array([[0.5, -0.3], [-0.7, 0.9]]), {}
    for page in (so.SOAP(0.05, weight_decay=0.3), so.AdamW(0.05, weight_decay=0.3)):
        ends = []
        for f, x in ((so.MatrixQuadratic(FAR, A), start), (so.MatrixQuadratic(FAR @ P.T, A @ Q.T), Q @ start @ P.T)):
            o = so.Problem(f).oracle
            y = page.init(x.ravel(), o)
            for k in range(25):
                y = page.step(k, y, o, ())
            ends.append(y[0].reshape(2, 2))
        apart[type(page)] = np.abs(Q @ ends[0] @ P.T - ends[1]).max()
    assert apart[so.SOAP] < 1e-9
    assert apart[so.AdamW] > 0.1


def test_the_mean_of_a_step_is_the_stated_drift() -> None:
    """Over all draws of normal noise, exactly but for X; from warm means, and a little away from them."""
    lr, sd = 1e-4, np.array([0.3, 0.5, 0.4, 0.2])
    page = so.SOAP(lr, 1.0 - 2.0 * lr, 1.0 - 1.5 * lr, 0.01, 0.4)
    problem = so.Problem(so.MatrixQuadratic(FAR), so.Gaussian(sd), x0=[0.3, -0.1, 0.2, 0.5])
    o = problem.oracle
    x, m, v, left, right = (part * f for part, f in zip(page.warm(problem.x0, o), (1, 1.1, 0.9, 0.8, 1.2), strict=True))
    mean = [0.0 * part for part in (x, m, v, left, right)]
    share = WEIGHTS / WEIGHTS.sum()
    for places in itertools.product(range(3), repeat=4):
        after = page.step(10**7, (x, m, v, left, right), o, (NODES[list(places)],))
        w = np.prod(share[list(places)])
        mean = [a + w * (b - c) / lr for a, b, c in zip(mean, after, (x, m, v, left, right), strict=True)]
    G, L, R, S = problem.objective.grad(x).reshape(2, 2), left.reshape(2, 2), right.reshape(2, 2), sd**2
    S = S.reshape(2, 2)
    q, p = largest_first(L), largest_first(R)
    ahead = (q.T @ m.reshape(2, 2) @ p) / (np.sqrt(v.reshape(2, 2)) + 0.01)
    wanted = [
        -q @ ahead @ p.T - 0.4 * x.reshape(2, 2),
        2.0 * (G - m.reshape(2, 2)),
        1.5 * ((q.T @ G @ p) ** 2 + (q**2).T @ S @ p**2 - v.reshape(2, 2)),
        1.5 * (G @ G.T + np.diag(S.sum(axis=1)) - L),
        1.5 * (G.T @ G + np.diag(S.sum(axis=0)) - R),
    ]
    np.testing.assert_allclose(mean[0], wanted[0].ravel(), rtol=2e-3)
    for found, expected in zip(mean[1:], wanted[1:], strict=True):
        np.testing.assert_allclose(found, expected.ravel(), rtol=1e-8, atol=1e-8)


def test_the_levels_at_rest_of_soap_and_of_adam() -> None:
    """On f = h|X|²/2, V at its mean and hardly any momentum: X' = -h D⁻¹ X + √η D⁻¹ Σ^{1/2} dW, D = √V in its axes."""
    h, lr = 1.3, 1e-6
    sigma = np.kron([[2.0, 0.5], [0.5, 0.7]], [[1.0, -0.8], [-0.8, 3.0]])
    s, (values, q) = np.sqrt(np.diag(sigma)), np.linalg.eigh(sigma)
    adam = lr / h * sigma / (s[:, None] + s)
    found = so.Adam(lr).stationary(h * np.eye(4), sigma)
    np.testing.assert_allclose(found, adam, rtol=1e-4)
    root = (q * np.sqrt(values)) @ q.T
    inverse = np.linalg.inv(root)
    found = so.theory.stationary(h * inverse, lr * inverse @ sigma @ inverse)
    np.testing.assert_allclose(found, lr / (2.0 * h) * root, rtol=1e-9)
    assert np.trace(root) < s.sum()


def test_warm_means_are_at_rest() -> None:
    """No drift of M, V, L and R there."""
    page, problem = so.SOAP(0.1, 0.5, 0.5), so.Problem(so.MatrixQuadratic(TARGET), so.Gaussian(SD), x0=np.arange(6.0))
    y = page.warm(problem.x0, problem.oracle)
    total = [0.0 * part for part in y]
    for places in itertools.product(range(3), repeat=6):
        after = page.step(10**7, y, problem.oracle, (NODES[list(places)],))
        w = np.prod((WEIGHTS / WEIGHTS.sum())[list(places)])
        total = [a + w * (b - c) for a, b, c in zip(total, after, y, strict=True)]
    for part in total[1:]:
        np.testing.assert_allclose(part, 0.0, atol=1e-10)


def test_v_is_raised_to_what_m_demands() -> None:
    page = so.SOAP(0.1, 0.8, 0.9)
    left, right = np.diag([3.0, 1.0]).ravel(), np.diag([1.0, 2.0]).ravel()  # columns in the other order
    m, v = np.array([1.0, 2.0, 3.0, 4.0]), np.array([-1.0, 0.0, 100.0, -3.0])
    bound = (1 - 0.9) * (0.9 - 0.64) / (0.04 * 0.9)
    found = page.domain((m, m, v, left, right))[2]
    np.testing.assert_allclose(found, [4.0 * bound, bound, 100.0, 9.0 * bound], rtol=1e-12)
