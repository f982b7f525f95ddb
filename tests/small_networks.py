"""Networks so small that all of their batches can be listed, and runs on them; nothing without PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import plan

torch = pytest.importorskip("torch")

ENTROPY = torch.nn.functional.cross_entropy
X, Y = np.random.default_rng(0).standard_normal((9, 4)), np.arange(9) % 2


def small(examples: int = 6, **settings: Any) -> Any:
    """Two inputs, two hidden units, three classes: d = 15."""
    rng = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 3))
    X, y = rng.standard_normal((examples, 2)), np.arange(examples) % 3
    return so.TorchObjective(module, ENTROPY, X, y, **settings)


def point(f: Any, seed: int = 3) -> Any:
    return f.start + 0.3 * np.random.default_rng(seed).standard_normal(f.dim)


def column(page: Any, kind: str, f: Any, noise: Any, **settings: Any) -> Run:
    grid = {"steps": 4, "substeps": 3, "save_at": 2, "rng": 5} | settings
    return plan(page, so.Problem(f, noise), kind, **grid)
