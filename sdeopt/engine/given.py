"""Increments that are made for whole paths before the loop runs, because they are not sums of independent normals.

"fractional", H: increments of a fractional Brownian motion B^H, by circulant embedding: the covariance γ(k) of unit
increments, wrapped around a circle of 2n places, is diagonal in Fourier space with eigenvalues λ >= 0, and √λ times
white noise there has exactly that covariance. Coarse increments are sums of the fine ones, so both columns of a
comparison follow the same motion. n is the number of fine increments, rounded up to a power of two.

"stable", α: increments of a symmetric α-stable Lévy motion with E exp(i u L_1) = exp(-|u|^α), by Chambers, Mallows and
Stuck from a uniform angle and an exponential.

The integrator multiplies what it is given by √dt, so an increment ΔB^H = dt^H G is passed as dt^{H - 1/2} G, and a
stable one as dt^{1/α - 1/2} S. A step of the optimizer gets the unit G and S.

"epoched", N: normal increments, of which in every epoch, N steps of the optimizer, the mean is taken away, times
√(N/(N - 1)): a Brownian bridge for each epoch, whose increment over a step has variance 1 again. Coarse increments are
sums of the fine ones over their root.

"increments": the user's own, an array (paths, steps, size) of ΔW, passed as ΔW/√dt.

A path's increments are held for all its steps, 8 bytes each: `portion` says of how many paths at a time.

Sources: Davies & Harte, Biometrika 74 (1987) 95-101, doi:10.1093/biomet/74.1.95 (λ >= 0 for every H: Craigmile, J. Time
Ser. Anal. 24 (2003) 505-511, doi:10.1111/1467-9892.00318); Chambers, Mallows & Stuck, J. Amer. Statist. Assoc. 71
(1976) 340-344, doi:10.1080/01621459.1976.10480344.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.fractional import autocovariance
from sdeopt.engine.draws import Draw
from sdeopt.engine.machine.draws import NOTHING, fill

__all__ = ["fractional_noise", "given", "portion", "stable"]

Array = NDArray[np.float64]
HELD = 2**22  # numbers that a portion of paths may hold, 32 MiB
RAW = 2**17  # raw draws that are transformed at a time, 1 MiB


def portion(vectors: list[tuple[Draw, Any]], rows: int, width: int) -> int | None:
    """Paths at a time for a loop that takes ``width``; None if nothing is given."""
    columns = sum(draw.size for draw, _ in vectors if draw.code == 2)
    return max(HELD // (rows * columns) // width, 1) * width if columns else None


def given(vectors: list[tuple[Draw, Any]], path0: int, count: int, rows: int, dt: float | None) -> Array:
    """What the loop is given for a portion of paths, shape (count, rows, columns); ``dt`` is None for the optimizer."""
    columns = [_columns(draw, key, path0, count, rows, dt) for draw, key in vectors if draw.code == 2]
    return np.concatenate(columns, axis=2) if columns else np.empty((count, 0, 0))


def _columns(draw: Draw, key: Any, path0: int, count: int, rows: int, dt: float | None) -> Array:
    """One vector of draws, (count, rows, size), a few paths at a time."""
    (parameter,) = draw.parameters
    if draw.kind == "increments":
        return np.asarray(parameter[path0 : path0 + count] / math.sqrt(dt or 1.0))
    make, exponent = MAKERS[draw.kind](parameter)
    unit = np.empty((count, rows, draw.size))
    few = max(RAW // (rows * draw.stride * draw.size), 1)
    for first in range(0, count, few):
        paths = min(few, count - first)
        unit[first : first + paths] = np.moveaxis(make(draw, key, path0 + first, paths, rows), 2, 0)
    return unit if dt is None else unit * dt ** (exponent - 0.5)


def _raw(key: Any, kind: int, columns: int, path: int, paths: int, rows: int) -> Array:
    """Addressed draws, (rows, columns, paths): normals or uniforms."""
    width = 1 << (paths - 1).bit_length()  # a power of two, as `fill` asks
    out = np.empty((rows, columns, width))
    fill(out.reshape(-1), rows, columns, width, np.array([[0, columns, kind, 1]]), key[None, :], NOTHING, path, 0, 0)
    return out[:, :, :paths]


def _fractional(draw: Draw, key: Any, path: int, paths: int, rows: int) -> Array:
    """Sums of ``stride`` fine increments in units of their standard deviation, (rows, size, paths)."""
    hurst, stride = draw.parameters[0], draw.stride
    half = 1 << (rows * stride - 1).bit_length()
    fine = fractional_noise(_raw(key, 0, draw.size, path, paths, 2 * half), hurst)[: rows * stride]
    coarse = fine[::stride].copy()
    for j in range(1, stride):
        coarse += fine[j::stride]
    unit: Array = coarse / float(stride) ** hurst
    return unit


@functools.lru_cache(maxsize=4)
def _root_spectrum(n: int, hurst: float) -> Array:
    """√(2n λ) for the circle of 2n places, n + 1 of them; rounding may leave a λ of 0 below it."""
    gamma = autocovariance(np.arange(n + 1), hurst)
    spectrum = np.fft.rfft(np.concatenate([gamma, gamma[-2:0:-1]])).real
    root: Array = np.sqrt(2.0 * n * np.maximum(spectrum, 0.0))
    return root


def fractional_noise(normals: Array, hurst: float) -> Array:
    """Unit fractional Gaussian noise along the first axis, (n, ...), from normals (2n, ...), 2n for each series.

    Its covariance is `autocovariance`; the series are independent.
    """
    n = len(normals) // 2
    root = _root_spectrum(n, hurst).reshape(-1, *[1] * (normals.ndim - 1))
    white = np.empty((n + 1, *normals.shape[1:]), dtype=complex)
    white.real[:] = root * normals[: n + 1]
    white.imag[[0, n]] = 0.0
    white.imag[1:n] = root[1:n] * normals[n + 1 :]
    white[1:n] *= np.sqrt(0.5)
    noise: Array = np.fft.irfft(white, n=2 * n, axis=0)[:n]
    return noise


def _epoched(draw: Draw, key: Any, path: int, paths: int, rows: int) -> Array:
    """Increments of one Brownian bridge after the other, (rows, size, paths); the last may be cut short."""
    steps, stride = draw.parameters[0], draw.stride
    epoch = steps * (draw.fine // stride)
    whole = -(-rows // epoch) * epoch
    fine = _raw(key, 0, draw.size, path, paths, whole * stride).reshape(-1, epoch, stride, draw.size, paths)
    unit = _summed(fine, 2) / math.sqrt(stride)
    mean = _summed(unit, 1) / epoch
    bridge = (unit - mean[:, None]) * math.sqrt(steps / max(steps - 1, 1))
    return np.asarray(bridge.reshape(whole, draw.size, paths)[:rows])


def _summed(a: Array, axis: int) -> Array:
    """The sum along an axis in its order, which NumPy keeps or not as the shape will have it."""
    parts = np.moveaxis(a, axis, 0)
    total: Array = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def _stable(draw: Draw, key: Any, path: int, paths: int, rows: int) -> Array:
    d = draw.size
    u = _raw(key, 1, 2 * d, path, paths, rows)
    return stable(u[:, :d], u[:, d:], draw.parameters[0])


def stable(u: Array, v: Array, alpha: float) -> Array:
    """Symmetric α-stable variables of unit scale from uniforms u and v on the grid of multiples of 2⁻⁵² in [0, 1)."""
    angle, exponential = np.pi * (u + 0.5**53 - 0.5), -np.log1p(-(v + 0.5**53))
    tail = (np.cos((1.0 - alpha) * angle) / exponential) ** ((1.0 - alpha) / alpha)
    result: Array = np.sin(alpha * angle) / np.cos(angle) ** (1.0 / alpha) * tail
    return result


MAKERS: dict[str, Any] = {  # how a kind is made, and as which power of dt it grows, for its parameter
    "fractional": lambda hurst: (_fractional, hurst),
    "epoched": lambda steps: (_epoched, 0.5),
    "stable": lambda alpha: (_stable, 1.0 / alpha),
}
