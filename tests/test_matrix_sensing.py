"""Matrix sensing: by hand, and the same numbers compiled and interpreted."""

from dataclasses import replace

import numpy as np
import pytest
from landscapes import MATRIX, SUMS

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.objectives import spec


def test_matrix_sensing_of_every_entry_is_the_factorization():
    f, entries = so.MatrixFactorization(MATRIX, rank=2), np.eye(12).reshape(12, 4, 3)
    g, x = so.MatrixSensing(entries, MATRIX.ravel(), rank=2), f.optimum + 0.1
    assert g.value(x) == pytest.approx(f.value(x) / 12, rel=1e-13)  # Σ/(2n), not ½ Σ
    np.testing.assert_allclose(g.grad(x), f.grad(x) / 12, rtol=1e-12)


def test_trace_of_the_hessian_of_matrix_sensing_where_it_fits():
    f = spec.parse("matrix-sensing:rows=3,cols=2,rank=1,n=4")
    u, v = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.5])
    g, x = so.MatrixSensing(f.sensors, f.sensors @ v @ u, rank=1), np.concatenate((u, v))
    expected = (np.sum((f.sensors @ v) ** 2) + np.sum((u @ f.sensors) ** 2)) / 4
    assert np.trace(g.hessian(x)) == pytest.approx(expected, rel=1e-13)


def test_the_slopes_of_outputs_are_those_of_moved_targets():
    f, w = SUMS["sensing"], np.linspace(-1.0, 2.0, 7)
    moved, x = so.MatrixSensing(f.sensors, f.y + w, rank=1), f.start
    np.testing.assert_allclose(f.label_grad(x, w) / 7, f.grad(x) - moved.grad(x), rtol=1e-12, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_compiled_runs_have_the_bits_of_plain_python(kind):
    """Gradients of batches and, in the SDE, weighted ones; the Hessian is in neither and has finite differences."""
    problem = so.Problem(SUMS["sensing"], so.Minibatch(2))
    run = plan(so.SGD(0.05), problem, kind=kind, steps=3, rng=0)
    made, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert made.mode in ("lanes", "vectors")
    assert np.array_equal(made(0, 5), plain(0, 5))
