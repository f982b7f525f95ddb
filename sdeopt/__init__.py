"""sdeopt: stochastic optimizers beside their stochastic differential equations.

A method is a page with two columns, the discrete update and the SDE; `simulate` runs either on any `Problem`, and
`compare` runs both on common random numbers and says, with intervals, whether they agree.

Heavy imports (Numba, SciPy, matplotlib) wait until a name that needs them is used.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdeopt import networks as networks
    from sdeopt import privacy as privacy
    from sdeopt.certificate import Certificate as Certificate
    from sdeopt.certificate.certify import certify as certify
    from sdeopt.comparison import Report as Report
    from sdeopt.comparison.compare import compare as compare
    from sdeopt.core.ensemble import Ensemble as Ensemble
    from sdeopt.core.method import methods as methods
    from sdeopt.core.problem import Problem as Problem
    from sdeopt.core.schedule import Cosine as Cosine
    from sdeopt.core.schedule import Power as Power
    from sdeopt.core.schedule import Schedule as Schedule
    from sdeopt.derivation.derive import derive as derive
    from sdeopt.diagnostics import Diagnosis as Diagnosis
    from sdeopt.diagnostics import diagnose as diagnose
    from sdeopt.engine.simulate import simulate as simulate
    from sdeopt.ito import SDE as SDE
    from sdeopt.ito import integrate as integrate
    from sdeopt.noise import *  # noqa: F403
    from sdeopt.objectives import *  # noqa: F403
    from sdeopt.optimizers import *  # noqa: F403
    from sdeopt.profile import NoiseProfile as NoiseProfile
    from sdeopt.profile import noise_profile as noise_profile
    from sdeopt.scaling import Evidence as Evidence
    from sdeopt.scaling import Scaling as Scaling
    from sdeopt.scaling import scale as scale
    from sdeopt.sweeps import Sweep as Sweep
    from sdeopt.sweeps import sweep as sweep

__version__ = "0.1.0"

_HOMES = {
    "sdeopt.core.problem": ("Problem",),
    "sdeopt.core.schedule": ("Cosine", "Power", "Schedule"),
    "sdeopt.core.method": ("methods",),
    "sdeopt.core.ensemble": ("Ensemble",),
    "sdeopt.engine.simulate": ("simulate",),
    "sdeopt.ito": ("SDE", "integrate"),
    "sdeopt.certificate": ("Certificate", "certify"),
    "sdeopt.comparison": ("Report", "compare"),
    "sdeopt.derivation": ("derive",),
    "sdeopt.diagnostics": ("Diagnosis", "diagnose"),
    "sdeopt.profile": ("NoiseProfile", "noise_profile"),
    "sdeopt.scaling": ("Evidence", "Scaling", "scale"),
    "sdeopt.sweeps": ("Sweep", "sweep"),
    "sdeopt.noise": (
        "Agents", "AlphaStable", "Batch", "DiagonalMinibatch", "Gaussian", "Laplace", "Minibatch", "NoNoise",
        "PoissonBatch", "Rademacher", "Reshuffled", "StudentT",
    ),
    "sdeopt.objectives": (
        "BilinearGame", "DiagonalLinearNetwork", "DiracGAN", "DoubleWell", "EmbeddedSaddle", "Game",
        "LinearRegression", "Logistic", "MatrixFactorization", "MatrixQuadratic", "NonlinearGame", "Objective",
        "Quadratic", "QuadraticGame", "Rosenbrock", "TorchObjective", "WideningValley",
    ),
    "sdeopt.optimizers": (
        "DSGD", "Clip21SGD2M", "DCSGDDithering", "DCSGDNatural", "DCSGDRandK", "DSignSGD", "TopKEF",
        "DNSAM", "DPSGD", "FPGD", "NGN", "NGNM", "PCNSGD", "PGD", "SAM", "SEG", "SGD", "SGDA", "SGLD", "SHGD",
        "SHGD2", "USAM", "Adagrad", "Adam", "AdamW", "AltGDA", "AntiPGD", "DPAdam", "DPSignSGD", "HeavyBall", "Lion",
        "Muon", "Nesterov", "RMSprop", "RMSpropW", "SEGIndependent", "Scion", "ScionSpectral", "SignSGD", "SignSGDW",
        "Signum", "SmoothedGDA", "WarmupSGD",
    ),
}  # fmt: skip
_MODULES = ("networks", "privacy")
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*_HOME, *_MODULES, "__version__"]

logging.getLogger("sdeopt").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"sdeopt.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'sdeopt' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
