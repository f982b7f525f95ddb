"""The integrators, each as its documentation would have it: Euler–Maruyama at a fixed step, float64, one thread.

Each function takes a `Workload` and returns (call, path-steps of a call). One whose packages are not installed, or that
is not made for the problem, raises ``ImportError`` or `Unsuited`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import erf

from benchmarks.engines.workloads import STEPS, Workload

__all__ = ["INTEGRATORS", "NUMPY", "Call", "Unsuited", "jax_library"]

Call = tuple[Callable[[], Any], int]
NUMPY = SimpleNamespace(asarray=np.asarray, erf=erf, sqrt=np.sqrt, exp=np.exp, concatenate=np.concatenate)


class Unsuited(Exception):
    """The peer is not made for the workload."""


def jax_library() -> Any:
    """JAX in float64, and its functions by the names that a `Workload` uses."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    return jax, SimpleNamespace(
        asarray=jnp.asarray, erf=jax.scipy.special.erf, sqrt=jnp.sqrt, exp=jnp.exp, concatenate=jnp.concatenate
    )


def _equation(w: Workload) -> Any:
    if w.drift is None:
        raise Unsuited("an integrator has no discrete optimizers")
    return w.drift


def sdeint(w: Workload) -> Call:
    """``sdeint.itoEuler``, one path at a time."""
    import sdeint

    drift, start = _equation(w), w.start
    times = w.dt * np.arange(STEPS + 1)

    def matrix(y: Any, t: Any) -> Any:
        s = w.diffusion(t, y, NUMPY)
        return np.diag(s) if w.diagonal else s

    return (lambda: sdeint.itoEuler(lambda y, t: drift(t, y, NUMPY), matrix, start, times)[-1, 0]), STEPS


def torchsde(w: Workload) -> Call:
    """``torchsde.sdeint`` with method "euler", without gradients."""
    import torch
    import torchsde

    drift = _equation(w)
    torch.set_num_threads(1)
    lib = SimpleNamespace(
        asarray=torch.as_tensor, erf=torch.erf, sqrt=torch.sqrt, exp=lambda a: torch.exp(torch.as_tensor(a)),
        concatenate=torch.cat,
    )  # fmt: skip
    paths = 4096 if w.normals == 2 else 1024

    class Model(torch.nn.Module):
        noise_type, sde_type = ("diagonal" if w.diagonal else "general"), "ito"

        def f(self, t: Any, y: Any) -> Any:
            return drift(t, y, lib)

        def g(self, t: Any, y: Any) -> Any:
            s = w.diffusion(t, y, lib)
            return s.expand_as(y) if w.diagonal else s.expand(len(y), *s.shape)

    model, y0 = Model(), torch.as_tensor(np.tile(w.start, (paths, 1)))
    times = torch.tensor([0.0, w.dt * STEPS], dtype=torch.float64)

    def call() -> Any:
        with torch.no_grad():
            return torchsde.sdeint(model, y0, times, method="euler", dt=w.dt)[-1, :, 0].mean().item()

    return call, paths * STEPS


def diffrax(w: Workload) -> Call:
    """``diffrax.Euler`` with ``UnsafeBrownianPath``, its fastest Brownian motion, mapped over paths."""
    drift = _equation(w)
    jax, lib = jax_library()
    import diffrax
    import lineax

    paths, end = 1024, STEPS * w.dt

    def spread(t: Any, y: Any, args: Any) -> Any:
        s = w.diffusion(t, y, lib)
        return lineax.DiagonalLinearOperator(jax.numpy.broadcast_to(s, y.shape)) if w.diagonal else s

    def solve(key: Any) -> Any:
        motion = diffrax.UnsafeBrownianPath(shape=(w.normals,), key=key)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(lambda t, y, args: drift(t, y, lib)), diffrax.ControlTerm(spread, motion)
        )
        solution = diffrax.diffeqsolve(
            terms, diffrax.Euler(), 0.0, end, w.dt, lib.asarray(w.start), max_steps=STEPS + 2,
            adjoint=diffrax.ForwardMode(), saveat=diffrax.SaveAt(t1=True),
        )  # fmt: skip
        return solution.ys[0, 0]

    run = jax.jit(lambda keys: jax.vmap(solve)(keys).mean())
    keys = jax.random.split(jax.random.key(0), paths)
    return (lambda: float(run(keys))), paths * STEPS


def sdepy(w: Workload) -> Call:
    """``sdepy.integrate``, which vectorises over paths; diagonal noise only."""
    import sdepy

    drift = _equation(w)
    if not w.diagonal:
        raise Unsuited("written for diagonal noise")
    paths, d = 4096, w.start.size

    @sdepy.integrate
    def process(t: Any, x: Any) -> Any:
        y = x.T  # of one path and coordinate when sdepy tries the function
        s = w.diffusion(t, y, NUMPY)
        return {"dt": drift(t, y, NUMPY).T, "dw": np.broadcast_to(s, np.broadcast_shapes(s.shape, y.shape)).T}

    def call() -> Any:
        made = process(x0=w.start[:, None], vshape=(d,), paths=paths, steps=STEPS)
        return made(np.array([0.0, w.dt * STEPS]))[-1, 0].mean()

    return call, paths * STEPS


INTEGRATORS = {"sdepy": sdepy, "diffrax": diffrax, "torchsde": torchsde, "sdeint": sdeint}
