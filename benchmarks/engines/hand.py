"""Loops written by hand for each workload, as one would for speed: NumPy, JAX, and the first thing in Numba."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engines.others import NUMPY, Call, jax_library
from benchmarks.engines.workloads import A4, ADAM, DT, G4, H1, H10, KICK3, RATE1, RATE2, S2, SIGMA1, STEPS, Workload
from sdeopt.engine.kernels import Kernel

__all__ = ["BY_HAND"]

U = np.uint64


def numpy_blocked(w: Workload) -> Call:
    """Vectorised over blocks of paths that stay in the second-level cache, with NumPy's fastest generator."""
    block = 4096 if w.normals == 2 else 1024
    generator = np.random.Generator(np.random.SFC64(0))
    z = np.empty((block, w.normals))

    def call() -> Any:
        state = tuple(np.tile(part, (block, 1)) for part in w.state)
        for k in range(STEPS):
            generator.standard_normal(out=z)
            state = w.step(k * w.dt, state, z, NUMPY)
        return state[0][:, 0].mean()

    return call, block * STEPS


def jax_scan(w: Workload) -> Call:
    """``jax.lax.scan`` over steps, ``jax.vmap`` over paths, one key a path."""
    jax, lib = jax_library()
    paths = 4096 if w.normals == 2 else 1024

    def path(key: Any) -> Any:
        def step(state: Any, given: Any) -> Any:
            k, key = given
            z = jax.random.normal(key, (w.normals,), dtype="float64")
            return w.step(k * w.dt, state, z, lib), None

        keys = jax.random.split(key, STEPS)
        start = tuple(map(lib.asarray, w.state))
        return jax.lax.scan(step, start, (jax.numpy.arange(STEPS), keys))[0][0][0]

    run = jax.jit(lambda keys: jax.vmap(path)(keys).mean())
    keys = jax.random.split(jax.random.key(0), paths)
    return (lambda: float(run(keys))), paths * STEPS


def jax_given(w: Workload) -> Call:
    """The same on the draws of sdeopt, its own normals of the same paths, which are made beforehand and not counted."""
    jax, lib = jax_library()
    paths = 4096 if w.normals == 2 else 1024
    kernel = Kernel(w.run())
    z = jax.numpy.asarray(np.stack([kernel.increments(p) for p in range(paths)]))
    times = w.dt * jax.numpy.arange(STEPS)

    def path(z: Any) -> Any:
        start = tuple(map(lib.asarray, w.state))
        return jax.lax.scan(lambda state, given: (w.step(given[0], state, given[1], lib), None), start, (times, z))

    run = jax.jit(lambda z: jax.vmap(path)(z)[0][0][:, 0].mean())
    return (lambda: float(run(z))), paths * STEPS


def numba_loop(w: Workload, draws: Callable[[Any], Any] | None = None) -> Call:
    """What a user of Numba writes first: ``prange`` over paths, arrays, ``np.random.normal`` inside."""
    import numba

    loop = {"W1": _linear, "W2": _signs, "W3": _adam, "W4": _dense, "AdamW": _adamw}[w.name]
    move, paths, start, dt, normals = numba.njit(loop), 4096 if w.normals == 2 else 1024, w.start, w.dt, w.normals
    fill = (draws or _by_numpy)(numba)

    @numba.njit(parallel=True)
    def run() -> Any:
        out = np.empty(paths)
        for p in numba.prange(paths):
            x, z, words = start.copy(), np.empty(normals), np.arange(4 * p + 1, 4 * p + 5).astype(np.uint64)
            for k in range(STEPS):
                fill(words, z)
                move(k * dt, x, z)
            out[p] = x[0]
        return out.mean()

    numba.set_num_threads(1)
    return run, paths * STEPS


def numba_xoshiro(w: Workload) -> Call:
    """The same with a generator for each path in the place of Numba's: xoshiro256+, and Box and Muller's transform."""
    return numba_loop(w, _by_xoshiro)


def _by_numpy(numba: Any) -> Any:
    @numba.njit
    def fill(words: Any, z: Any) -> None:
        for i in range(z.size):
            z[i] = np.random.normal()

    return fill


def _by_xoshiro(numba: Any) -> Any:
    a, b, c, d, golden, small = U(17), U(45), U(19), U(11), U(0x9E3779B97F4A7C15), U(2**32)

    @numba.njit
    def uniform(s: Any) -> Any:
        result, t = s[0] + s[3], s[1] << a
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = (s[3] << b) | (s[3] >> c)
        return (result >> d) * 2.0**-53

    @numba.njit
    def fill(s: Any, z: Any) -> None:
        if s[3] < small:  # numbers, as they come: spread over all bits
            for i in range(4):
                s[i] *= golden
            for _ in range(20):
                uniform(s)
        for i in range(0, z.size, 2):
            radius, angle = math.sqrt(-2.0 * math.log(1.0 - uniform(s))), 2.0 * math.pi * uniform(s)
            z[i], z[i + 1] = radius * math.cos(angle), radius * math.sin(angle)

    return fill


def _linear(t: Any, x: Any, z: Any) -> None:
    for i in range(2):
        x[i] += -H1[i] * x[i] * DT + SIGMA1[i] * math.sqrt(DT) * z[i]


def _signs(t: Any, x: Any, z: Any) -> None:
    for i in range(2):
        e = math.erf(S2[i] * x[i])
        x[i] += -e * DT + 0.1 * math.sqrt(1.0 - e * e) * math.sqrt(DT) * z[i]


LR, BETA1, BETA2, EPS, DECAY, SIGMA = ADAM.values()


def _adam(t: Any, x: Any, z: Any) -> None:
    i1, i2 = 1.0 - math.exp(-RATE1 * (t + LR)), 1.0 - math.exp(-RATE2 * (t + LR))
    for i in range(10):
        m, v = x[10 + i], x[20 + i]
        g = H10[i] * x[i]
        x[i] -= LR / i1 * (m + LR * RATE1 * (g - m)) / (math.sqrt(v / i2) + EPS)
        x[10 + i] = m + LR * RATE1 * (g - m) + KICK3 * math.sqrt(LR) * z[i]
        x[20 + i] = v + LR * RATE2 * (g * g + SIGMA * SIGMA - v)


def _dense(t: Any, x: Any, z: Any) -> None:
    y = np.empty(10)
    for i in range(10):
        y[i] = x[i]
        for j in range(10):
            y[i] += -A4[i, j] * x[j] * DT
        for j in range(i + 1):
            y[i] += G4[i, j] * z[j] * math.sqrt(DT)
    x[:] = y


def _adamw(k: Any, x: Any, z: Any) -> None:
    i1, i2 = 1.0 - BETA1 ** (k + 1.0), 1.0 - BETA2 ** (k + 1.0)
    for i in range(10):
        g = H10[i] * x[i] + SIGMA * z[i]
        x[10 + i] = BETA1 * x[10 + i] + (1.0 - BETA1) * g
        x[20 + i] = BETA2 * x[20 + i] + (1.0 - BETA2) * g * g
        x[i] -= LR * DECAY * x[i] + LR / i1 * x[10 + i] / (math.sqrt(x[20 + i] / i2) + EPS)


BY_HAND = {
    "NumPy, blocked": numpy_blocked, "JAX scan + vmap": jax_scan, "JAX, draws given": jax_given,
    "Numba prange": numba_loop, "Numba prange, xoshiro": numba_xoshiro,
}  # fmt: skip
