"""Averages of the positions of a method: the running mean of all, or an exponential one.

Discrete
    y' = the step of the method, x' its position; then
    Averaged   a' = a + (x' - a)/(k + 1), the mean of the positions after 1, ..., k + 1 steps
    EMA        a' = δ a + (1 - δ) x',     a₀ = x₀

SDE
    every one of the method, and beside it, with τ the time of a step,
    Averaged   dA = (X - A)/max(t, τ) dt
    EMA        dA = κ (X - A) dt,    κ = (1 - δ)/τ

    The position that is observed is a; that of the method is the next part of the state.

Regime
    that of the method, and for EMA with κ fixed

Claim
    The weak order of the method. Averages of SGD on f = h x²/2 with noise variance s², ρ = 1 - ηh: Var of the mean of k
    positions is s²/(hk)² Σ_{i=1}^k (1 - ρ^i)², which tends to s²/(h²k) whatever η is: that of the best estimator
    (`sdeopt.theory.averaged_sgd`). At rest the EMA has η s²/(2h) κ/(κ + h) to leading order.

Heavy tails
    As the method.

Sources
    Polyak & Juditsky (1992), doi:10.1137/0330046; Ruppert (1988), Cornell ORIE report 781. The SDEs are derived here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sdeopt.core.bounds import Bounds
from sdeopt.core.contracts import Method
from sdeopt.core.math import filled
from sdeopt.core.traits import expect_method
from sdeopt.wrappers.wrap import make

__all__ = ["EMA", "Averaged"]

DECAY = Bounds(low=0.0, high=1.0, open_high=True)


def Averaged(method: Method) -> Any:
    """The mean of all positions after the first step, Polyak-Ruppert averaging, in the place of the last one.

    Parameters
    ----------
    method : method
        Any page.

    Returns
    -------
    method
        A page with the hyperparameters of ``method`` and its SDEs; its position is the mean.

    Raises
    ------
    TypeError
        If ``method`` is no method.

    References
    ----------
    Polyak & Juditsky (1992), doi:10.1137/0330046.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    >>> e = so.simulate(so.Averaged(so.SGD(lr=0.5)), problem, steps=2, paths=1, save_at=2)
    >>> e.mean[:, 0]  # of 1/2, and of 1/2 and 1/4
    array([1.   , 0.5  , 0.375])
    """
    expect_method(method)
    return _mean(type(method))(*method)


def EMA(method: Method, decay: float) -> Any:
    """The exponential moving average of the positions, a' = δ a + (1 - δ) x', in the place of the last one.

    As torch.optim.swa_utils.AveragedModel with ``get_ema_multi_avg_fn(decay)``, but for its beginning: here a₀ = x₀,
    there a₁ = x₁.

    Parameters
    ----------
    method : method
        Any page.
    decay : float
        δ in [0, 1); a position counts for about 1/(1 - δ) steps.

    Returns
    -------
    method
        A page with the hyperparameters of ``method`` and ``decay``, and its SDEs; its position is the average.

    Raises
    ------
    ValueError, TypeError
        If ``method`` is no method, or ``decay`` is not a number in [0, 1).

    References
    ----------
    Polyak & Juditsky (1992), doi:10.1137/0330046.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    >>> e = so.simulate(so.EMA(so.SGD(lr=0.5), decay=0.5), problem, steps=2, paths=1, save_at=2)
    >>> e.mean[:, 0]  # x is 1, 1/2, 1/4
    array([1.  , 0.75, 0.5 ])
    """
    expect_method(method)
    return _moving(type(method))(*method, decay)


@functools.cache
def _mean(cls: Any) -> Any:
    clock = cls.clock_of

    def follow(self: Any, k: Any, a: Any, x: Any) -> Any:
        return a + (x - a) / (k + 1.0)

    def pull(self: Any, t: Any, a: Any, x: Any) -> Any:
        return (x - a) / max(t, clock(self))

    page = _beside(Averaged, cls, {}, follow, pull)
    if hasattr(page, "warm"):  # long after the start a mean of all positions stands still
        del page.warm
    return page


@functools.cache
def _moving(cls: Any) -> Any:
    clock, n = cls.clock_of, len(cls._fields)

    def follow(self: Any, k: Any, a: Any, x: Any) -> Any:
        return self[n] * a + (1.0 - self[n]) * x

    def pull(self: Any, t: Any, a: Any, x: Any) -> Any:
        return (1.0 - self[n]) / clock(self) * (x - a)

    page = _beside(EMA, cls, {"decay": DECAY}, follow, pull)
    for name, sde in page.sdes.items():
        if cls.sdes[name].linear is not None:
            page.sdes[name] = replace(sde, linear=_follow(cls.sdes[name].linear))
    inner = vars(cls).get("scaled", lambda self, lr: self._replace(lr=lr))

    def scaled(self: Any, lr: float) -> Any:
        moved = inner(self, lr)
        return moved._replace(decay=1.0 - (1.0 - self.decay) * moved.clock / self.clock)

    page.scaled = scaled
    return page


def _follow(linear: Any) -> Any:
    """The linear form (A, D) of the method, and before it dA = κ (X - A) dt."""

    def form(self: Any, H: Any, *rest: Any) -> Any:
        A, D = linear(self, H, *rest)
        d, n = len(H), len(A)
        kappa = (1.0 - self.decay) / self.clock
        pulled, added = np.zeros((2, d + n, d + n))
        pulled[:d, : 2 * d] = kappa * np.hstack([np.eye(d), -np.eye(d)])
        pulled[d:, d:], added[d:, d:] = A, D
        return pulled, added

    return form


def _beside(wrapper: Callable[..., Any], cls: Any, new: Any, follow: Any, pull: Any) -> Any:
    """The page with an average in front of its state: ``follow`` it in a step, ``pull`` it in the drift."""
    put, rest = (_put_several, _several) if len(cls.parts) > 1 else (_put_one, _one)
    first = _first if len(cls.parts) > 1 else _whole

    def of_start(f: Any) -> Any:
        def start(self: Any, x: Any, o: Any) -> Any:
            y = f(self, x, o)
            return put(first(y), y)

        return start

    def of_domain(f: Any) -> Any:
        return lambda self, y: put(y[0], f(self, rest(y)))

    step_of, functions = vars(cls)["step"], vars(cls)

    def step(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
        moved = step_of(self, k, rest(y), o, z)
        return put(follow(self, k, y[0], first(moved)), moved)

    def of_drift(f: Any) -> Any:
        return lambda self, t, y, o: put(pull(self, t, y[0], y[1]), f(self, t, rest(y), o))

    def of_diffusion(f: Any) -> Any:
        return lambda self, t, y, o, dw: put(filled(0.0, y[0]), f(self, t, rest(y), o, dw))

    init = functions.get("init", lambda self, x, o: x)
    own = {"step": step, "init": of_start(init)}
    own |= {"warm": of_start(functions["warm"])} if "warm" in functions else {}
    own |= {"domain": of_domain(functions["domain"])} if "domain" in functions else {}
    sdes = {
        sde.name: sde
        if sde.drift is None
        else replace(
            sde,
            drift=of_drift(sde.drift),
            diffusion=of_diffusion(sde.diffusion),
            start=None if sde.start is None else of_start(sde.start),
            linear=None,
            stationary=None,
        )  # fmt: skip
        for sde in cls.sdes.values()
    }
    return make(wrapper, cls, new, own, sdes=sdes, parts=("average", *cls.parts))


def _whole(y: Any) -> Any:
    return y


def _first(y: Any) -> Any:
    return y[0]


def _one(y: Any) -> Any:
    return y[1]


def _several(y: Any) -> Any:
    return y[1:]


def _put_one(a: Any, y: Any) -> Any:
    return a, y


def _put_several(a: Any, y: Any) -> Any:
    return (a, *y)
