"""Increments that are made for whole paths before the loop runs, because they are not sums of independent normals.

"fractional", H: increments of a fractional Brownian motion B^H, by circulant embedding: the covariance γ(k) of unit
increments, wrapped around a circle of twice the length, is diagonal in Fourier space with eigenvalues λ >= 0, and √λ
times white noise there has exactly that covariance. Coarse increments are sums of the fine ones, so both columns of a
comparison follow the same motion.

"stable", α: increments of a symmetric α-stable Lévy motion with E exp(i u L_1) = exp(-|u|^α), by Chambers, Mallows and
Stuck from a uniform angle and an exponential.

The integrator multiplies what it is given by √dt, so an increment ΔB^H = dt^H G is passed as dt^{H - 1/2} G, and a
stable one as dt^{1/α - 1/2} S. A step of the optimizer gets the unit G and S.

Sources: Davies & Harte, Biometrika 74 (1987) 95-101, doi:10.1093/biomet/74.1.95; Chambers, Mallows & Stuck, J. Amer.
Statist. Assoc. 71 (1976) 340-344, doi:10.1080/01621459.1976.10480344.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.engine.draws import Draw
from sdeopt.engine.rng import fill

__all__ = ["fractional_noise", "given", "stable"]

Array = NDArray[np.float64]


def given(vectors: list[tuple[Draw, Any]], path0: int, count: int, rows: int, dt: float | None) -> Array:
    """What the loop is given for a chunk of paths, shape (count, rows, columns); ``dt`` is None for the optimizer."""
    columns = [
        _columns(draw, key, path0, count, rows, dt) for draw, key in vectors if draw.code == 2
    ]  # fmt: skip
    return np.concatenate(columns, axis=2) if columns else np.empty((count, 0, 0))


def _columns(draw: Draw, key: Any, path0: int, count: int, rows: int, dt: float | None) -> Array:
    (parameter,) = draw.parameters
    if draw.kind == "fractional":
        exponent, unit = parameter, _fractional(draw, key, path0, count, rows)
    else:
        exponent, unit = 1.0 / parameter, _stable(draw, key, path0, count, rows)
    return unit if dt is None else unit * dt ** (exponent - 0.5)


def _raw(key: Any, kind: int, columns: int, path: int, rows: int) -> Array:
    """``rows`` rows of addressed draws of one path."""
    out = np.empty((rows, columns))
    fill(out.reshape(-1), rows, columns, 1, np.array([[0, columns, kind, 1]]), key[None, :], path, 0)
    return out


def _fractional(draw: Draw, key: Any, path0: int, count: int, rows: int) -> Array:
    hurst, fine = draw.parameters[0], rows * draw.stride
    out = np.empty((count, rows, draw.size))
    for i in range(count):
        increments = fractional_noise(_raw(key, 0, draw.size, path0 + i, 2 * fine), hurst)
        out[i] = increments.reshape(rows, draw.stride, draw.size).sum(axis=1)
    coarse: Array = out / float(draw.stride) ** hurst
    return coarse


def fractional_noise(normals: Array, hurst: float) -> Array:
    """Unit fractional Gaussian noise, (n, d), from 2n standard normals per column.

    Its covariance is γ(k) = ½ (|k + 1|^{2H} - 2|k|^{2H} + |k - 1|^{2H}), columns independent.
    """
    n = len(normals) // 2
    k = np.arange(n + 1.0)
    gamma = 0.5 * ((k + 1.0) ** (2 * hurst) - 2.0 * k ** (2 * hurst) + np.abs(k - 1.0) ** (2 * hurst))
    spectrum = np.maximum(np.fft.rfft(np.concatenate([gamma, gamma[-2:0:-1]])).real, 0.0)  # >= 0 but for rounding
    inner = (normals[1:n] + 1j * normals[n + 1 :]) / np.sqrt(2.0)
    white = np.concatenate([normals[:1], inner, normals[n : n + 1]])
    full: Array = np.fft.irfft(np.sqrt(spectrum * 2 * n)[:, None] * white, n=2 * n, axis=0)
    return full[:n]


def _stable(draw: Draw, key: Any, path0: int, count: int, rows: int) -> Array:
    d = draw.size
    out = np.empty((count, rows, d))
    for i in range(count):
        u = _raw(key, 1, 2 * d, path0 + i, rows)
        out[i] = stable(u[:, :d], u[:, d:], draw.parameters[0])
    return out


def stable(u: Array, v: Array, alpha: float) -> Array:
    """Symmetric α-stable variables of unit scale from uniforms u and v in [0, 1)."""
    angle, exponential = np.pi * (u + 0.5**53 - 0.5), -np.log1p(-v)
    tail = (np.cos((1.0 - alpha) * angle) / np.maximum(exponential, 1e-300)) ** ((1.0 - alpha) / alpha)
    result: Array = np.sin(alpha * angle) / np.cos(angle) ** (1.0 / alpha) * tail
    return result
