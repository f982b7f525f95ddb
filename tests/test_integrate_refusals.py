"""What ``so.SDE`` and ``so.integrate`` refuse: equations, coefficients and arguments, each by a sentence of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from equations import GBM, SIGMA, growth, noise, slow

import sdeopt as so

pytestmark = pytest.mark.filterwarnings("ignore::sdeopt.InterpretedWarning")  # functions made `slow` on purpose


def writes(t: Any, x: Any) -> Any:
    x *= 0.5
    return x


SPIN = so.SDE(lambda t, x: -x, lambda t, x, dw: np.array([-x[1], x[0]]) * dw[0], dim=2, noise_dim=1)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, r"drift must be a function of \(t, x\)", (lambda x: x, noise, 1)),
        (TypeError, r"drift must be a function of \(t, x\)", (np.ones(2), noise, 1)),
        (TypeError, r"diffusion must be a function of \(t, x, dw\)", (growth, lambda x: x, 1)),
        (TypeError, r"diffusion must be a function of \(t, x, dw\)", (growth, 0.5, 1)),
        (ValueError, "dim must be at least 1, got 0", (growth, noise, 0)),
        (TypeError, "dim must be an integer, got 1.5", (growth, noise, 1.5)),
    ],
)
def test_equations_that_are_refused(error: Any, message: str, arguments: Any) -> None:
    with pytest.raises(error, match=message):
        so.SDE(*arguments)


def test_diagonal_noise_has_as_many_motions_as_coordinates() -> None:
    with pytest.raises(ValueError, match="noise_dim of diagonal noise is dim = 2, got 3"):
        so.SDE(growth, noise, dim=2, noise_dim=3)


@pytest.mark.parametrize(
    ("error", "message", "sde"),
    [
        (ValueError, r"drift must return shape \(2,\), got \(1,\)", so.SDE(lambda t, x: x[:1], noise, 2)),
        (TypeError, r"drift must return a NumPy array of shape \(2,\), got float", so.SDE(lambda t, x: 0.0, noise, 2)),
        (ValueError, "drift at x0 must be finite", so.SDE(lambda t, x: x / 0.0 * x, noise, 2)),
        (ValueError, r"diffusion must return shape \(2,\), got \(3,\)", so.SDE(growth, lambda t, x: np.ones(3), 2)),
        (ValueError, "diffusion at x0 must be in .*, got nan", so.SDE(growth, lambda t, x: math.nan, 2)),
        (ValueError, "diffusion at x0 must be finite", so.SDE(growth, lambda t, x, dw: np.log(-x) * dw, 2)),
        (TypeError, "diffusion at x0 must be a number, got 'a'", so.SDE(growth, lambda t, x: "a", 2)),
        (ValueError, "drift must not write into its arguments", so.SDE(writes, noise, 2)),
        (ValueError, "must be linear in dw", so.SDE(growth, lambda t, x, dw: x * dw * dw, 2)),
        (ValueError, "must be linear in dw", so.SDE(growth, lambda t, x, dw: SIGMA * x, 2)),
        (ValueError, r"entry 0 a function of t and x\[0\] alone", so.SDE(growth, lambda t, x: x * x[1], 2)),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_coefficients_that_are_refused(error: Any, message: str, sde: so.SDE) -> None:
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        so.integrate(sde, np.ones(2), horizon=1.0, dt=0.1)


@pytest.mark.parametrize(
    ("error", "message", "sde", "options"),
    [
        (TypeError, "sde must be an equation", growth, {"dt": 0.1}),
        (ValueError, "give exactly one of dt and steps", GBM, {}),
        (ValueError, "give exactly one of dt and steps", GBM, {"dt": 0.1, "steps": 10}),
        (ValueError, "dt must divide the horizon 1 into whole parts, got 0.3", GBM, {"dt": 0.3}),
        (ValueError, "dt must divide the horizon", GBM, {"dt": 3.0}),
        (ValueError, "steps must be at least 1, got 0", GBM, {"steps": 0}),
        (ValueError, "paths must be at least 1", GBM, {"dt": 0.1, "paths": 0}),
        (ValueError, "unknown scheme 'weak3'; did you mean 'weak2'", GBM, {"dt": 0.1, "scheme": "weak3"}),
        (ValueError, "'milstein' needs diagonal noise", SPIN, {"dt": 0.1, "scheme": "milstein", "x0": [1.0, 0.0]}),
        (ValueError, r"x0 must have shape \(1,\), or \(paths, 1\), got \(2,\)", GBM, {"dt": 0.1, "x0": [1.0, 2.0]}),
        (ValueError, "horizon must be in", GBM, {"dt": 0.1, "horizon": -1.0}),
        (ValueError, r"dW must have 3 dimension\(s\)", GBM, {"dW": np.zeros((3, 10))}),
        (ValueError, r"dW must have shape \(paths, steps, noise_dim = 1\)", GBM, {"dW": np.zeros((3, 10, 2))}),
        (ValueError, "dW must be finite", GBM, {"dW": np.full((3, 10, 1), np.nan)}),
        (ValueError, "do not give paths, steps or dt", GBM, {"dW": np.zeros((3, 10, 1)), "paths": 3}),
        (ValueError, "extrapolate needs increments for dt/2", GBM, {"dW": np.zeros((3, 10, 1)), "extrapolate": True}),
        (ValueError, "unknown observable 'loss'", GBM, {"dt": 0.1, "observables": ["loss"]}),
        (ValueError, "save_at must lie in", GBM, {"dt": 0.1, "save_at": [2.0]}),
        (ValueError, "keep_paths would take", GBM, {"dt": 1e-3, "save_at": 1000, "paths": 10**7, "keep_paths": True}),
    ],
)
def test_arguments_that_are_refused(error: Any, message: str, sde: Any, options: dict[str, Any]) -> None:
    with pytest.raises(error, match=message):
        so.integrate(sde, options.pop("x0", [1.0]), **({"horizon": 1.0} | options))


def test_errors_of_the_users_functions_arrive_unchanged() -> None:
    def late(t: Any, x: Any) -> Any:
        if t > 0.45:
            raise RuntimeError("the sensor is gone")
        return -x

    with pytest.raises(RuntimeError, match="the sensor is gone"):
        so.integrate(so.SDE(slow(late), noise, 1), [1.0], horizon=1.0, dt=0.1, paths=3)
