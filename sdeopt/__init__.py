"""sdeopt: stochastic optimizers beside their stochastic differential equations.

A method is a page with two columns, the discrete update and the SDE; `simulate` runs either on any `Problem`, and
`compare` runs both on common random numbers and says, with intervals, whether they agree.

Heavy imports (Numba, SciPy, matplotlib) wait until a name that needs them is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sdeopt import core as core
    from sdeopt import networks as networks
    from sdeopt import privacy as privacy
    from sdeopt import reference as reference
    from sdeopt import theory as theory
    from sdeopt import torch as torch
    from sdeopt.atlases.atlas import atlas as atlas
    from sdeopt.atlases.report import Atlas as Atlas
    from sdeopt.certificate.certify import certify as certify
    from sdeopt.certificate.report import Certificate as Certificate
    from sdeopt.comparison.compare import compare as compare
    from sdeopt.comparison.recorded import Recorded as Recorded
    from sdeopt.comparison.report import Report as Report
    from sdeopt.core.guards import InterpretedWarning as InterpretedWarning
    from sdeopt.core.guards import OnePathWarning as OnePathWarning
    from sdeopt.core.notices import DivergedWarning as DivergedWarning
    from sdeopt.core.notices import PartialWarning as PartialWarning
    from sdeopt.core.problem import Problem as Problem
    from sdeopt.core.schedule import Cosine as Cosine
    from sdeopt.core.schedule import Piecewise as Piecewise
    from sdeopt.core.schedule import Power as Power
    from sdeopt.core.schedule import Schedule as Schedule
    from sdeopt.core.schedule import decay as decay
    from sdeopt.core.schedule import hold as hold
    from sdeopt.core.schedule import ramp as ramp
    from sdeopt.derivation.derivation import Derivation as Derivation
    from sdeopt.derivation.derive import derive as derive
    from sdeopt.diagnostics.diagnose import diagnose as diagnose
    from sdeopt.diagnostics.report import Diagnosis as Diagnosis
    from sdeopt.engine.simulate import simulate as simulate
    from sdeopt.ito import SDE as SDE
    from sdeopt.ito import integrate as integrate
    from sdeopt.ladders.report import SVAGLadder as SVAGLadder
    from sdeopt.ladders.svag import svag as svag
    from sdeopt.noise import *  # noqa: F403
    from sdeopt.objectives import *  # noqa: F403
    from sdeopt.objectives.collapse import nc0 as nc0
    from sdeopt.optimizers import *  # noqa: F403
    from sdeopt.optimizers.registry import methods as methods
    from sdeopt.profile.measure import noise_profile as noise_profile
    from sdeopt.profile.report import NoiseProfile as NoiseProfile
    from sdeopt.results.ensemble import Ensemble as Ensemble
    from sdeopt.results.overlay import overlay as overlay
    from sdeopt.results.result import Result
    from sdeopt.scaling.report import Evidence as Evidence
    from sdeopt.scaling.scale import scale as scale
    from sdeopt.scaling.scaling import Scaling as Scaling
    from sdeopt.sweeps.sweep import sweep as sweep
    from sdeopt.sweeps.table import Sweep as Sweep
    from sdeopt.torch.estimate import NoiseScaleEstimate as NoiseScaleEstimate
    from sdeopt.wrappers import *  # noqa: F403

__version__ = "0.1.0"

_CATALOGUES = ("noise", "objectives", "optimizers", "wrappers")  # whose ``__all__`` are public too
_MODULES = ("core", "networks", "privacy", "reference", "theory", "torch")
_HOMES = {
    "sdeopt.core.notices": ("DivergedWarning", "PartialWarning"),
    "sdeopt.core.problem": ("Problem",),
    "sdeopt.core.schedule": ("Cosine", "Piecewise", "Power", "Schedule", "decay", "hold", "ramp"),
    "sdeopt.core.guards": ("InterpretedWarning", "OnePathWarning"),
    "sdeopt.engine.simulate": ("simulate",),
    "sdeopt.ito": ("SDE", "integrate"),
    "sdeopt.atlases.atlas": ("atlas",),
    "sdeopt.atlases.report": ("Atlas",),
    "sdeopt.certificate.certify": ("certify",),
    "sdeopt.certificate.report": ("Certificate",),
    "sdeopt.comparison.compare": ("compare",),
    "sdeopt.comparison.recorded": ("Recorded",),
    "sdeopt.comparison.report": ("Report",),
    "sdeopt.derivation.derivation": ("Derivation",),
    "sdeopt.derivation.derive": ("derive",),
    "sdeopt.diagnostics.diagnose": ("diagnose",),
    "sdeopt.diagnostics.report": ("Diagnosis",),
    "sdeopt.ladders.report": ("SVAGLadder",),
    "sdeopt.ladders.svag": ("svag",),
    "sdeopt.objectives.collapse": ("nc0",),
    "sdeopt.optimizers.registry": ("methods",),
    "sdeopt.profile.measure": ("noise_profile",),
    "sdeopt.profile.report": ("NoiseProfile",),
    "sdeopt.results.ensemble": ("Ensemble",),
    "sdeopt.results.overlay": ("overlay",),
    "sdeopt.scaling.report": ("Evidence",),
    "sdeopt.scaling.scale": ("scale",),
    "sdeopt.scaling.scaling": ("Scaling",),
    "sdeopt.sweeps.sweep": ("sweep",),
    "sdeopt.sweeps.table": ("Sweep",),
    "sdeopt.torch.estimate": ("NoiseScaleEstimate",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def load(file: str | Path) -> Result:
    """Open a file that any result was saved to.

    Parameters
    ----------
    file : str or Path
        Its name, with or without .npz.

    Returns
    -------
    Result
        What was saved: an ensemble, report, certificate, sweep, atlas, scaling, evidence, profile, estimate of the
        noise scale, diagnosis, ladder or derivation.

    Raises
    ------
    ValueError
        If the file is empty, damaged, no result of sdeopt, or one of a newer version of it.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import sdeopt as so, tempfile
    >>> found = so.diagnose(so.Problem(so.Quadratic([1.0, 2.0])), [[0.0, 2.0], [0.0, 1.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.save(f"{folder}/run")
    ...     so.load(f"{folder}/run")
    Diagnosis(2 positions on 1 path)
    """
    from sdeopt.results import files
    from sdeopt.results.result import Result

    content = files.read(file)
    _catalogue("optimizers")  # whose pages say the formulas of what is opened
    kind: Any = __getattr__(content.kind) if content.kind in _HOME else None
    if not (isinstance(kind, type) and issubclass(kind, Result)):
        raise ValueError(f"{content.path} holds a {content.kind}, which this sdeopt does not know")
    return kind.restore(content)


def _catalogue(name: str) -> Any:
    return importlib.import_module(f"sdeopt.{name}")


def __getattr__(name: str) -> Any:
    if name == "__all__":
        listed = [public for catalogue in _CATALOGUES for public in _catalogue(catalogue).__all__]
        return [*_HOME, *listed, *_MODULES, "__version__", "load"]
    if name in _MODULES:
        return _catalogue(name)
    homes = [_HOME[name]] if name in _HOME else [f"sdeopt.{catalogue}" for catalogue in _CATALOGUES if name[0] != "_"]
    for home in map(importlib.import_module, homes):
        if name in _HOME or name in home.__all__:
            globals()[name] = value = getattr(home, name)
            return value
    raise AttributeError(f"module 'sdeopt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
