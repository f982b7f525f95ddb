"""The vocabulary: method, oracle, problem, ensemble, the arithmetic of pages. Plain Python; no loops, no Numba."""

from sdeopt.core.elementary import cos, erf, exp, log, power, sin, tanh, where
from sdeopt.core.math import basis, dot, matvec, norm, total
from sdeopt.core.method import SDE, lookup, method, methods, rival
from sdeopt.core.oracle import (
    Oracle,
    batch_grad,
    direction_jacobian,
    direction_residual,
    examples,
    expect_direction,
    grad,
    hvp,
    mean_sign,
    noise,
    noise_var,
    noisy_grad,
    root_additive_cov,
    root_cov,
    root_sign_cov,
    root_square_cov,
    square_grad,
    value,
    weighted_grad,
)
from sdeopt.core.schedule import Cosine, Power, Schedule

__all__ = [
    "SDE", "Cosine", "Oracle", "Power", "Schedule", "basis", "batch_grad", "cos", "direction_jacobian", "direction_residual",
    "dot", "erf", "examples",
    "exp", "expect_direction", "grad", "hvp", "log", "lookup", "matvec", "mean_sign", "method", "methods", "noise",
    "noise_var", "noisy_grad", "norm", "power", "rival", "root_additive_cov", "root_cov",
    "root_sign_cov", "root_square_cov", "sin", "tanh", "square_grad", "total", "value", "weighted_grad", "where",
]
