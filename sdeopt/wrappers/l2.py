"""Coupled weight decay, PyTorch's ``weight_decay``: λx is added to every gradient that a method sees.

Discrete
    the step of the method, with γ + λx for γ

SDE
    every one of the method, with ∇f + λx for ∇f, H + λI for H and f + λ|x|²/2 for f

Regime
    that of the method, with λ fixed

Claim
    that of the method, for both columns are those of the method on f + λ|x|²/2, whose noise is that of f. Stationary on
    a quadratic: the method's own law at H + λI. For SGD coupled and decoupled decay are one; behind a preconditioner,
    a sign or a norm they are not: AdamW decays x by ηθx, Adam with λ by about ηλx/√v.

Heavy tails
    As the method.

Sources
    The two decays: Loshchilov & Hutter (2019), arXiv:1711.05101. That adding λx to the gradient is descent on
    f + λ|x|²/2 needs no source.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np

from sdeopt.core.bounds import Bounds
from sdeopt.core.contracts import Method
from sdeopt.core.math import dot
from sdeopt.core.oracle import grad, hvp, noisy_grad, noisy_value, value, vjp
from sdeopt.core.traits import SAMPLED, expect_method
from sdeopt.theory import stationary
from sdeopt.wrappers.wrap import expect_questions, looking, make, questions, through

__all__ = ["L2"]

BOUNDS = Bounds(low=0.0)
OTHERS = (  # questions about the noise around a gradient that the page hands over, or about sizes
    "batch_size", "blocks", "direction_cov", "direction_jacobian", "direction_residual", "expect_direction",
    "mean_sign", "matrix_rows", "noise", "noise_var", "players", "root_additive_cov", "root_cov", "root_levy",
    "root_sign_cov", "root_sign_residual", "root_square_cov", "sign_response",
)  # fmt: skip


def decayed_value(o: Any, x: Any) -> Any:
    return value(o.inner, x) + 0.5 * o.amount * dot(x, x)


def decayed_noisy_value(o: Any, x: Any, z: Any) -> Any:
    return noisy_value(o.inner, x, z) + 0.5 * o.amount * dot(x, x)


def decayed_grad(o: Any, x: Any) -> Any:
    return grad(o.inner, x) + o.amount * x


def decayed_noisy_grad(o: Any, x: Any, z: Any) -> Any:
    return noisy_grad(o.inner, x, z) + o.amount * x


def decayed_hvp(o: Any, x: Any, v: Any) -> Any:
    return hvp(o.inner, x, v) + o.amount * v


def decayed_vjp(o: Any, x: Any, v: Any) -> Any:
    return vjp(o.inner, x, v) + o.amount * v


INSTEAD = {
    value: decayed_value, noisy_value: decayed_noisy_value, grad: decayed_grad, noisy_grad: decayed_noisy_grad,
    hvp: decayed_hvp, vjp: decayed_vjp,
}  # fmt: skip
KNOWN = frozenset(OTHERS) | {q.__name__ for q in INSTEAD}


def L2(method: Method, l2: float) -> Any:
    """Coupled weight decay around any method: it sees γ + λx, the gradient of f + λ|x|²/2.

    As ``weight_decay`` of torch.optim's SGD, RMSprop and Adam. What is observed stays f, without the new term. Inside
    `Clipped`, ``Clipped(L2(Adam(...)), ...)``, the gradient is clipped before the decay is added, as in PyTorch.

    Parameters
    ----------
    method : method
        Any page that sees one gradient at a time: not those of agents, per-class or per-example gradients.
    l2 : float
        λ >= 0.

    Returns
    -------
    method
        A page with the hyperparameters of ``method`` and ``l2``, and the same SDEs.

    Raises
    ------
    ValueError, TypeError
        If ``method`` is no method or asks for gradients of parts of the data, or ``l2`` is not a number >= 0.

    References
    ----------
    Loshchilov & Hutter (2019), arXiv:1711.05101.

    Examples
    --------
    >>> import sdeopt as so
    >>> coupled = so.L2(so.Adam(lr=0.01), l2=0.1)
    >>> coupled
    L2(Adam(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-08), l2=0.1)
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), x0=[1.0, -1.0])
    >>> so.L2(so.SGD(lr=0.1), l2=0.5).step(0, problem.x0, problem.oracle, ())  # x - 0.1 (h x + 0.5 x), without noise
    array([ 0.85, -0.75])
    """
    expect_method(method)
    return _around(type(method))(*method, l2)


@functools.cache
def _around(cls: Any) -> Any:
    expect_questions(cls, "L2", KNOWN, "it adds the decay to the one gradient that is seen")
    n = len(cls._fields)

    def seen(name: str, f: Any) -> Any:
        return None if f is None else looking(through(f, "L2", INSTEAD), n, name)

    functions = {name: seen(name, vars(cls).get(name)) for name in ("step", "init", "warm") if name in vars(cls)}
    sdes = {}
    for sde in cls.sdes.values():
        if questions(sde.drift, sde.diffusion, sde.start) <= KNOWN:
            own = {name: seen(name, getattr(sde, name)) for name in ("drift", "diffusion", "start")}
            closed = sde.linear is not None or sde.stationary is not None
            sdes[sde.name] = replace(sde, **own, linear=None, stationary=_level(sde) if closed else None)
    sampled = replace(SAMPLED, order=cls.order)
    return make(L2, cls, {"l2": BOUNDS}, functions, sdes=sdes or {sampled.name: sampled})


def _level(sde: Any) -> Any:
    """The law at rest, of f + λ|x|²/2; its mean is not that of f, so that ``linear`` has none."""

    def level(self: Any, H: Any, Sigma: Any, *players: Any) -> Any:
        stiff = H + self.l2 * np.eye(len(H))
        if sde.stationary is not None:
            return sde.stationary(self, stiff, Sigma, *players)
        d = len(H)
        return stationary(*sde.linear(self, stiff, Sigma, *players))[:d, :d]

    return level
