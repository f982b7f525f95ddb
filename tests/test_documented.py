"""Steps against those that the documentation of PyTorch states, written out for one parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from columns import LINE, ROUND

import sdeopt as so
from sdeopt.core.oracle import Oracle


def torch_rmsprop(state: dict[str, float], x: float, g: float, lr: float, alpha: float, eps: float) -> float:
    """One parameter of torch.optim.RMSprop, step by step as its documentation has it."""
    state["square_avg"] = alpha * state.get("square_avg", 0.0) + (1.0 - alpha) * g**2
    return x - lr * g / (state["square_avg"] ** 0.5 + eps)


def torch_adamw(
    state: dict[str, float], x: float, g: float, lr: float, betas: tuple[float, float], eps: float, decay: float
) -> float:
    """One parameter of torch.optim.AdamW; Adam is the case without decay."""
    state["step"] = state.get("step", 0) + 1
    x *= 1.0 - lr * decay
    state["exp_avg"] = state.get("exp_avg", 0.0) + (g - state.get("exp_avg", 0.0)) * (1.0 - betas[0])
    state["exp_avg_sq"] = state.get("exp_avg_sq", 0.0) * betas[1] + (1.0 - betas[1]) * g * g
    step_size = lr / (1.0 - betas[0] ** state["step"])
    denom = state["exp_avg_sq"] ** 0.5 / (1.0 - betas[1] ** state["step"]) ** 0.5 + eps
    return x - step_size * state["exp_avg"] / denom


def torch_sgd(state: dict[str, float], x: float, g: float, lr: float, momentum: float) -> float:
    """One parameter of torch.optim.SGD with momentum: the buffer begins as the first gradient."""
    state["momentum_buffer"] = momentum * state["momentum_buffer"] + g if state else g
    return x - lr * state["momentum_buffer"]


@pytest.mark.parametrize(
    ("page", "update"),
    [
        (so.HeavyBall(0.1, 0.8), lambda s, x, g: torch_sgd(s, x, g, 0.1, 0.8)),
        (so.RMSprop(0.1, 0.9, 1e-2), lambda s, x, g: torch_rmsprop(s, x, g, 0.1, 0.9, 1e-2)),
        (so.Adam(0.1, 0.8, 0.9, 1e-2), lambda s, x, g: torch_adamw(s, x, g, 0.1, (0.8, 0.9), 1e-2, 0.0)),
        (so.AdamW(0.1, 0.8, 0.9, 1e-2, 0.3), lambda s, x, g: torch_adamw(s, x, g, 0.1, (0.8, 0.9), 1e-2, 0.3)),
    ],
    ids=["HeavyBall", "RMSprop", "Adam", "AdamW"],
)
def test_ten_steps_of_torch(page: Any, update: Any) -> None:
    o = Oracle(LINE, ROUND)
    y = page.init(np.array([1.0]), o)
    x, state = 1.0, {}
    for k in range(10):
        z = np.array([np.sin(3.0 * k)])
        x = update(state, x, 1.5 * x + 0.6 * z[0])
        y = page.step(k, y, o, (z,))
        assert y[0][0] == pytest.approx(x, rel=1e-13)


def test_decay_of_rmspropw_is_decoupled() -> None:
    o, y, z = Oracle(LINE, ROUND), (np.array([1.0]), np.array([0.5])), (np.array([0.2]),)
    plain, decayed = so.RMSprop(0.1, 0.9, 1e-2).step(0, y, o, z), so.RMSpropW(0.1, 0.9, 1e-2, 0.3).step(0, y, o, z)
    assert decayed[0] == pytest.approx(plain[0] - 0.1 * 0.3, rel=1e-14)
    assert decayed[1] == plain[1]
