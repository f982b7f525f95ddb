"""What should not become slower from one commit to the next; against peers see ``benchmarks/peers.py``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

TWO, TEN = np.array([1.0, 2.0]), np.linspace(0.5, 2.0, 10)
METHODS = {"SGD, d = 2": (so.SGD, TWO), "SignSGD, d = 2": (so.SignSGD, TWO), "AdamW, d = 10": (so.AdamW, TEN)}
SCRIPT = """
import sdeopt as so
so.simulate(so.SGD(0.1), so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5)), steps=10, paths=10, rng=0)
"""


class PathSteps:
    """500 steps of 2048 paths of either column, compiled before."""

    params: Any = (list(METHODS), ["discrete", "sde"])
    param_names = ("method", "column")
    timeout = 300

    def setup(self, method: str, column: str) -> None:
        page, h = METHODS[method]
        problem = so.Problem(so.Quadratic(h), so.Gaussian(0.5))
        run = plan(page(0.01), problem, column, steps=500, substeps=1, scheme="euler", observables=[], rng=0)
        self.kernel = Kernel(run)
        self.kernel(0, 32)

    def time_lanes(self, method: str, column: str) -> None:
        for first in range(0, 2048, 256):
            self.kernel(first, 256)


class Large:
    """20 steps of minibatch SGD, and of its SDE, on logistic regression with d = 1000."""

    params = ("discrete", "sde")
    param_names = ("column",)
    timeout = 300

    def setup(self, column: str) -> None:
        random = np.random.default_rng(0)
        X = random.standard_normal((2000, 1000)) / np.sqrt(1000)
        f = so.Logistic(X, np.sign(X[:, 0] + 0.1 * random.standard_normal(2000)), l2=0.01)
        problem = so.Problem(f, so.Minibatch(16), x0=np.zeros(1000))
        grid: dict[str, Any] = {"substeps": 1, "scheme": "euler", "observables": [], "rng": 0}
        self.kernel = Kernel(plan(so.SGD(0.1), problem, column, steps=20, **grid))
        self.kernel(0, 1)

    def time_vectors(self, column: str) -> None:
        self.kernel(0, 4)


class Start:
    """A new process up to its first result."""

    timeout = 300

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.run()

    def teardown(self) -> None:
        self.folder.cleanup()

    def run(self) -> None:
        env = os.environ | {"SDEOPT_CACHE_DIR": self.folder.name, "PYTHONPATH": str(Path(so.__file__).parent.parent)}
        subprocess.run([sys.executable, "-c", SCRIPT], env=env, check=True)

    def time_warm(self) -> None:
        self.run()
