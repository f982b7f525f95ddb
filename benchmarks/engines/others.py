"""The other tools, each as its documentation would have it: Euler–Maruyama at a fixed step, float64, one thread.

Each function takes a `Workload` and returns (call, path-steps of a call). One whose packages are not installed raises
``ImportError``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import erf

from engines.workloads import Workload

__all__ = ["PEERS"]

STEPS = 500
Call = tuple[Callable[[], Any], int]
NUMPY = SimpleNamespace(asarray=np.asarray, erf=erf, sqrt=np.sqrt, exp=np.exp, concatenate=np.concatenate)


def _move(w: Workload, lib: Any, t: Any, x: Any, z: Any) -> Any:
    """One step of all paths; ``z`` has a column per coordinate."""
    s = w.diffusion(t, x, lib)
    noise = s * z if w.diagonal else z @ s.T
    return x + w.dt * w.drift(t, x, lib) + np.sqrt(w.dt) * noise


def numpy_blocked(w: Workload) -> Call:
    """Vectorised over blocks of paths that stay in the second-level cache, with NumPy's fastest generator."""
    block = 4096 if w.start.size == 2 else 1024
    generator = np.random.Generator(np.random.SFC64(0))

    def call() -> Any:
        x = np.tile(w.start, (block, 1))
        for k in range(STEPS):
            x = _move(w, NUMPY, k * w.dt, x, generator.standard_normal(x.shape))
        return x[:, 0].mean()

    return call, block * STEPS


def sdeint(w: Workload) -> Call:
    """``sdeint.itoEuler``, one path at a time."""
    import sdeint

    d = w.start.size
    times = w.dt * np.arange(STEPS + 1)

    def matrix(y: Any, t: Any) -> Any:
        s = w.diffusion(t, y, NUMPY)
        return np.diag(s) if w.diagonal else s

    def call() -> Any:
        return sdeint.itoEuler(lambda y, t: w.drift(t, y, NUMPY), matrix, w.start, times)[-1, min(0, d)]

    return call, STEPS


def torchsde(w: Workload) -> Call:
    """``torchsde.sdeint`` with method "euler"."""
    import torch
    import torchsde

    torch.set_num_threads(1)
    lib = SimpleNamespace(
        asarray=torch.as_tensor, erf=torch.erf, sqrt=torch.sqrt, exp=lambda a: torch.exp(torch.as_tensor(a)),
        concatenate=torch.cat,
    )  # fmt: skip
    paths = 4096 if w.start.size == 2 else 1024

    class Model(torch.nn.Module):
        noise_type, sde_type = ("diagonal" if w.diagonal else "general"), "ito"

        def f(self, t: Any, y: Any) -> Any:
            return w.drift(t, y, lib)

        def g(self, t: Any, y: Any) -> Any:
            s = w.diffusion(t, y, lib)
            return s if w.diagonal else s.expand(len(y), *s.shape)

    model, y0 = Model(), torch.as_tensor(np.tile(w.start, (paths, 1)))
    times = torch.tensor([0.0, w.dt * STEPS], dtype=torch.float64)

    def call() -> Any:
        with torch.no_grad():
            return torchsde.sdeint(model, y0, times, method="euler", dt=w.dt)[-1, :, 0].mean()

    return call, paths * STEPS


def _jax() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    return jax, SimpleNamespace(
        asarray=jnp.asarray, erf=jax.scipy.special.erf, sqrt=jnp.sqrt, exp=jnp.exp, concatenate=jnp.concatenate
    )


def jax_scan(w: Workload) -> Call:
    """``jax.lax.scan`` over steps, ``jax.vmap`` over paths, one key a path."""
    jax, lib = _jax()
    paths = 4096 if w.start.size == 2 else 1024

    def path(key: Any) -> Any:
        def step(x: Any, given: Any) -> Any:
            k, key = given
            return _move(w, lib, k * w.dt, x, jax.random.normal(key, x.shape, dtype="float64")), None

        keys = jax.random.split(key, STEPS)
        return jax.lax.scan(step, lib.asarray(w.start), (jax.numpy.arange(STEPS), keys))[0][0]

    run = jax.jit(lambda keys: jax.vmap(path)(keys).mean())
    keys = jax.random.split(jax.random.key(0), paths)
    return (lambda: run(keys).block_until_ready()), paths * STEPS


def diffrax(w: Workload) -> Call:
    """``diffrax.Euler`` with ``UnsafeBrownianPath``, its fastest Brownian motion, mapped over paths."""
    jax, lib = _jax()
    import diffrax
    import lineax

    d, paths = w.start.size, 1024
    end = STEPS * w.dt

    def solve(key: Any) -> Any:
        motion = diffrax.UnsafeBrownianPath(shape=(d,), key=key)
        if w.diagonal:
            noise = diffrax.ControlTerm(
                lambda t, y, args: lineax.DiagonalLinearOperator(w.diffusion(t, y, lib)), motion
            )  # fmt: skip
        else:
            noise = diffrax.ControlTerm(lambda t, y, args: w.diffusion(t, y, lib), motion)
        terms = diffrax.MultiTerm(diffrax.ODETerm(lambda t, y, args: w.drift(t, y, lib)), noise)
        solution = diffrax.diffeqsolve(
            terms, diffrax.Euler(), 0.0, end, w.dt, lib.asarray(w.start), max_steps=STEPS + 2,
            adjoint=diffrax.ForwardMode(), saveat=diffrax.SaveAt(t1=True),
        )  # fmt: skip
        return solution.ys[0, 0]

    run = jax.jit(lambda keys: jax.vmap(solve)(keys).mean())
    keys = jax.random.split(jax.random.key(0), paths)
    return (lambda: run(keys).block_until_ready()), paths * STEPS


def sdepy(w: Workload) -> Call:
    """``sdepy.integrate``, which vectorises over paths; diagonal noise only."""
    import sdepy

    if not w.diagonal or w.name == "W3":
        raise ImportError("sdepy: written for diagonal noise of one vector")
    paths, d = 4096, w.start.size

    @sdepy.integrate
    def process(t: Any, x: Any) -> Any:
        y = x.T
        return {"dt": w.drift(t, y, NUMPY).T, "dw": w.diffusion(t, y, NUMPY).T}

    def call() -> Any:
        made = process(x0=w.start[:, None], vshape=(d,), paths=paths, steps=STEPS)
        return made(np.array([0.0, w.dt * STEPS]))[-1, 0].mean()

    return call, paths * STEPS


def numba_loop(w: Workload) -> Call:
    """What a user of Numba writes first: ``prange`` over paths, ``np.random.normal`` inside (W1 and W2)."""
    import math

    import numba

    if w.name not in ("W1", "W2"):
        raise ImportError("the naive loop is written for W1 and W2")
    a, paths = ((1.0, 2.0) if w.name == "W1" else (1.0, 1.5)), 4096
    signs, dt, (s0, s1) = w.name == "W2", w.dt, (0.1, 0.1 * math.sqrt(0.5))

    @numba.njit(parallel=True)
    def run() -> Any:
        out = np.empty(paths)
        root = math.sqrt(dt)
        for p in numba.prange(paths):
            x, y = 1.0, 1.0
            for _ in range(STEPS):
                if signs:
                    e, f = math.erf(a[0] * x), math.erf(a[1] * y)
                    x += -e * dt + 0.1 * math.sqrt(1.0 - e * e) * root * np.random.normal()
                    y += -f * dt + 0.1 * math.sqrt(1.0 - f * f) * root * np.random.normal()
                else:
                    x += -a[0] * x * dt + s0 * root * np.random.normal()
                    y += -a[1] * y * dt + s1 * root * np.random.normal()
            out[p] = x
        return out.mean()

    numba.set_num_threads(1)
    return run, paths * STEPS


PEERS = {
    "NumPy, blocked": numpy_blocked,
    "JAX scan + vmap": jax_scan,
    "Numba prange": numba_loop,
    "sdepy": sdepy,
    "diffrax": diffrax,
    "torchsde": torchsde,
    "sdeint": sdeint,
}
