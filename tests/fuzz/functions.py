"""Closed forms, accounting, networks and objectives of PyTorch, with arguments that nobody means."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
from hypothesis import strategies as st

import sdeopt as so

from .judge import Find, tried
from .values import replaced

EYE = [[1.0, 0.0], [0.0, 2.0]]
TWO = so.DiagonalLinearNetwork([[1.0]], [1.0])
VALLEY = so.Problem(TWO, so.Gaussian(0.3), x0=[2.0, 1.0])
GOOD: dict[str, dict[str, Any]] = {
    "theory.averages.averaged_ou": {"lr": 0.1, "h": 1.0, "scale": 0.5, "time": 1.0, "start": 1.0},
    "theory.averages.averaged_sgd": {"lr": 0.1, "h": 1.0, "scale": 0.5, "steps": 10, "start": 1.0},
    "theory.compression.dcsgd_bound": {
        "t": 1.0, "lr": 0.1, "mu": 1.0, "L": 2.0, "dim": 2, "variance": 1.0, "agents": 4, "omega": 1.0, "gap": 3.0
    },
    "theory.compression.dcsgd_rule": {"omega": 4.0, "agents": 5.0, "batch": 2.0},
    "theory.compression.dithering_covariance": {"g": [3.0, -4.0], "levels": 2},
    "theory.compression.dithering_omega": {"d": 16, "levels": 2},
    "theory.compression.dsignsgd_rule": {"agents": 2.0, "batch": 9.0},
    "theory.compression.natural_covariance": {"g": [3.0, -5.0, 0.0]},
    "theory.compression.rand_k_covariance": {"g": [1.0, 2.0], "k": 1, "Sigma": EYE},
    "theory.compression.rand_k_omega": {"d": 10, "k": 2},
    "theory.compression.rand_k_stationary": {
        "lr": 0.1, "curvature": 1.0, "variance": 1.0, "agents": 1, "omega": 0.0, "discrete": True
    },
    "theory.delays.delay_limit": {"h": 1.0, "delay": 2},
    "theory.delays.delayed_variance": {"lr": 0.1, "h": 1.0, "scale": 0.5, "delay": 2},
    "theory.edge.central_flow": {"objective": TWO, "x": [1.0, 1.0], "lr": 0.23, "times": [0.0, 0.5]},
    "theory.edge_rmsprop.rmsprop_central_flow": {
        "objective": TWO, "x": [1.0, 1.0], "squares": [4.0, 4.0], "lr": 0.1, "beta": 0.9, "times": [0.0, 0.5],
        "eps": 0.1,
    },
    "theory.epochs.reshuffled_variance": {"lr": 0.1, "h": 1.0, "scale": 0.5, "epoch": 4, "discrete": True},
    "theory.fractional.antipgd_variance": {"h": 1.0, "lr": 0.1, "sigma": 0.5},
    "theory.fractional.fpgd_variance": {"h": 1.0, "lr": 0.1, "sigma": 0.5, "hurst": 0.3, "steps": 5},
    "theory.fractional.fractional_ou_variance": {"h": 1.0, "sigma": 0.5, "hurst": 0.3, "t": 1.0},
    "theory.fractional.pgd_variance": {"h": 1.0, "lr": 0.1, "sigma": 0.5},
    "theory.fractional.widening_flow": {"radius": 1.0, "v": 0.5, "d": 4, "sigma": 0.1, "times": [0.0, 1.0]},
    "theory.games.lowest_rho": {"a": 3.0, "coupling": 1.0},
    "theory.games.matching_rho": {"a": 3.0, "coupling": 1.0},
    "theory.games.seg": {"a": 3.0, "coupling": 1.0, "lr": 0.01, "sigma": 1.0, "rho": 0.25, "samples": 1},
    "theory.games.seg_matrix_noise": {"coupling": 2.0, "lr": 0.01, "sigma": 1.0, "rho": 0.01},
    "theory.games.sgda": {"a": 0.0, "coupling": 1.0, "lr": 0.1, "sigma": 1.0},
    "theory.games.shgd": {"a": 0.0, "coupling": 2.0, "lr": 0.01, "sigma": 1.0, "samples": 2},
    "theory.games.shgd_matrix_noise": {"coupling": 2.0, "lr": 0.01, "sigma": 1.0},
    "theory.linear.correlation": {"Sigma": EYE},
    "theory.linear.moments": {"A": EYE, "D": EYE, "mean": [1.0, 1.0], "cov": EYE, "times": [0.0, 1.0]},
    "theory.linear.stationary": {"A": EYE, "D": EYE},
    "theory.linear.transition": {"A": EYE, "D": EYE, "t": 0.5},
    "theory.manifold.flow_limit": {"objective": TWO, "x": [2.0, 1.0]},
    "theory.manifold.label_noise_flow": {"objective": TWO, "x": [2.0, 1.0], "scale": 0.5, "times": [0.0, 0.5]},
    "theory.private.abadi_sigma": {"epsilon": 1.0, "delta": 1e-5, "steps": 1000, "sample_rate": 0.01},
    "theory.one_pass.gaussian_sigma": {"epsilon": 1.0, "delta": 1e-5},
    "theory.private.dpsgd_loss": {"lr": 0.1, "s": 1.0, "dim": 2, "mu": 1.0, "L": 2.0, "initial": 1.0, "time": 1.0},
    "theory.private.dpsgd_lr": {"steps": 100, "s": 1.0, "dim": 2, "initial": 1.0, "L": 2.0},
    "theory.private.dpsignsgd_loss": {"lr": 0.1, "s": 1.0, "dim": 2, "mu": 1.0, "L": 2.0, "initial": 1.0, "time": 1.0},
    "theory.private.dpsignsgd_lr": {"steps": 100, "dim": 2, "initial": 1.0, "L": 2.0},
    "theory.private.private_scale": {"scale": 0.6, "batch": 4, "clip": 1.0, "sigma_dp": 1.6},
    "theory.slow.adam_label_noise_flow": {"objective": TWO, "x": [2.0, 1.0], "rate": 5.0, "times": [0.0, 0.2]},
    "theory.slow.slow_coefficients": {"problem": VALLEY, "x": [1.25, 0.75]},
    "theory.slow.slow_sde": {"problem": VALLEY, "times": [0.0, 0.02], "dt": 0.01, "paths": 2, "rng": 0},
    "theory.streaming.homogenized_sgd": {
        "H": [1.0, 2.0], "lr": 0.1, "start": [1.0, -1.0], "scale": 0.5, "times": [0.0, 1.0]
    },
    "theory.streaming.homogenized_signsgd": {
        "H": [1.0, 2.0], "lr": 0.1, "start": [1.0, -1.0], "scale": 0.5, "times": [0.0, 1.0]
    },
    "theory.streaming.streaming_sgd": {"H": [1.0, 2.0], "lr": 0.1, "start": [1.0, -1.0], "scale": 0.5, "steps": 3},
    "theory.scheduled.power_law": {"d": 3, "beta": 1.5, "source": 0.5},
    "theory.scheduled.scheduled_limit": {
        "H": [1.0, 2.0], "lr": so.Cosine(0.1, 2.0), "start": [1.0, -1.0], "scale": 0.5, "times": [0.0, 1.0]
    },
    "theory.scheduled.scheduled_sgd": {
        "H": [1.0, 2.0], "lr": so.Cosine(0.1, 2.0), "start": [1.0, -1.0], "scale": 0.5, "steps": 3
    },
    "theory.stable.levy_ou_scale": {"h": 1.0, "lr": 0.1, "alpha": 1.5, "scale": 0.5, "t": 1.0},
    "theory.stable.stable_sgd_scale": {"h": 1.0, "lr": 0.1, "alpha": 1.5, "scale": 0.5, "steps": 5},
}  # fmt: skip
OPTIONAL: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {  # with the modules that they need
    "privacy.epsilon": (("dp_accounting",), {"sigma": 4.0, "delta": 1e-5, "steps": 10, "sample_rate": 1.0}),
    "networks.mlp": (
        ("torch", "sklearn"),
        {"data": "breast_cancer", "widths": (2,), "activation": "tanh", "holdout": 0.9, "seed": 0, "device": "cpu"},
    ),
    "networks.cnn": (
        ("torch", "sklearn"), {"channels": (1,), "activation": "relu", "holdout": 0.99, "seed": 0, "device": "cpu"}
    ),
    "TorchObjective": (("torch",), {"module": None, "loss": None, "X": [[1.0], [2.0]], "y": [[1.0], [0.0]],
                                    "test": None, "device": "cpu"}),
}  # fmt: skip


def _there(modules: tuple[str, ...]) -> bool:
    return all(importlib.util.find_spec(module) for module in modules)


def _arguments(name: str) -> dict[str, Any]:
    if name in GOOD:
        return GOOD[name]
    good = dict(OPTIONAL[name][1])
    if name == "TorchObjective":
        import torch

        good |= {"module": torch.nn.Linear(1, 1), "loss": torch.nn.MSELoss()}
    return good


NAMES = sorted(GOOD) + [name for name, (modules, _) in OPTIONAL.items() if _there(modules)]


@st.composite
def asked(draw: Any) -> tuple[str, dict[str, Any]]:
    """A function and its arguments; closed forms more often than what is slow to build."""
    name = draw(st.sampled_from(NAMES))
    return name, draw(replaced(_arguments(name)))


def _numbers(name: str, answer: Any) -> None:
    """Raise a `Find` where a closed form is NaN."""
    if not name.startswith(("theory", "privacy")):
        repr(answer)
        return
    for part in answer if isinstance(answer, tuple) else (answer,):
        if isinstance(part, (float, np.ndarray)) and np.isnan(part).any():
            raise Find(f"the answer is NaN: {answer!r}")


def check(case: tuple[str, dict[str, Any]]) -> None:
    """One try."""
    name, arguments = case
    module, _, function = f"sdeopt.{name}".rpartition(".")
    call = getattr(so if module == "sdeopt" else importlib.import_module(module), function)
    answer = tried(lambda: call(**arguments), list(arguments.values()))
    if answer is not None:
        tried(lambda: _numbers(name, answer))
