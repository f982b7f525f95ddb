"""The C++ baseline: writes the coefficients of em.cpp, compiles it for this machine, runs it.

Which number of lanes and which compiler is best differs between workloads, so the benchmark tries several.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import erfcx

from benchmarks.engines.workloads import A4, G4, H10, STEPS, Workload

__all__ = ["COMPILERS", "LANES", "by_cpp"]

SOURCE = Path(__file__).with_name("em.cpp")
COMPILERS, LANES = ("g++", "clang++"), (4, 8, 16)
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-std=c++17", "-Wno-psabi")


def _fit(f: Callable[[np.ndarray], np.ndarray], a: float, b: float, degree: int) -> np.ndarray:
    """Coefficients, constant first, of a polynomial that interpolates f on [a, b] at Chebyshev points."""
    return Chebyshev.interpolate(f, degree, domain=[a, b]).convert(kind=Polynomial, domain=[-1, 1]).coef


def header() -> str:
    """The polynomials, and the matrices of the workloads."""
    reach = 0.1716**2

    def series(s2: np.ndarray) -> np.ndarray:  # 2 atanh(s)/s
        return 2.0 * sum(s2**k / (2 * k + 1) for k in range(16))

    tables = {
        "LOG": _fit(series, 0.0, reach, 5),
        "SIN": _fit(lambda y: np.sinc(0.5 * np.sqrt(y)) * np.pi / 2, 0.0, 0.25, 5),
        "COS": _fit(lambda y: np.cos(np.pi / 2 * np.sqrt(y)), 0.0, 0.25, 5),
        "EXP": _fit(np.exp, -0.35, 0.35, 10),
        "ERFCX": _fit(lambda t: erfcx(3.0 * (1.0 + t) / (1.0 - t)), -1.0, 1.0 / 3.0, 18),
        "H10": H10,
        "A4": A4,
        "G4": G4,
    }
    return "\n".join(f"static const double {name}{_table(values)};" for name, values in tables.items())


def _table(values: np.ndarray) -> str:
    if values.ndim == 1:
        return f"[{values.size}] = {{{', '.join(map(repr, values.tolist()))}}}"
    rows = ", ".join("{" + ", ".join(map(repr, row)) + "}" for row in values.tolist())
    return f"[{values.shape[0]}][{values.shape[1]}] = {{{rows}}}"


@functools.cache
def _program(compiler: str, lanes: int) -> str | None:
    if shutil.which(compiler) is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="sdeopt-peers-"))
    (folder / "generated.h").write_text(header() + "\n")
    program = folder / "em"
    command = [compiler, *FLAGS, f"-DLANES={lanes}", f"-I{folder}", str(SOURCE), "-o", str(program)]
    subprocess.run(command, check=True)
    return str(program)


def by_cpp(w: Workload, compiler: str, lanes: int, paths: int) -> Callable[[], tuple[float, float]] | None:
    """A run: nanoseconds per path-step and the mean of x_1; None without the compiler."""
    program = _program(compiler, lanes)
    if program is None:
        return None
    words = [program, w.name, str(paths), str(STEPS), repr(w.dt), *map(repr, w.start.tolist())]

    def call() -> tuple[float, float]:
        cost, mean, _ = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
        return float(cost), float(mean)

    return call
