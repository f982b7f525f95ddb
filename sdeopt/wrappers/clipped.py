"""Clipping by norm: the gradient that a method sees is shortened to a length, where it is longer.

Discrete
    the step of the method, with γ min(1, C/|γ|) for γ; |γ| is the norm of all coordinates, in every step

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW, the moments of the step Δ by fresh draws of it

Regime
    that of the method, with C and the law of the noise fixed

Claim
    Weak order as the method's. Of normal noise N(0, s²I) a clipped gradient has the mean K g and the covariance
    s²P I + (Q - K²) g gᵀ. With R² noncentral chi-squared at |g|²/s², K and P are the means of min(1, C/(sR)) and of its
    square at d + 2 degrees of freedom, Q that of the square at d + 4 (`sdeopt.noise.clipping`). So clipping shortens
    the drift, and moves no minimum where the noise is symmetric; with C far below the noise the drift is C E[γ/|γ|], as
    of normalised steps.

Heavy tails
    Runs: a clipped gradient has all moments, whatever the noise has.

Sources
    Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063, with which PyTorch's ``clip_grad_norm_`` agrees up to a relative
    10⁻⁶/|γ|. Moments of a clipped normal vector: Bock (1975), Annals of Statistics 3, 209-218; the second is derived
    here by the same identity.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from sdeopt.core.bounds import Bounds
from sdeopt.core.contracts import Method
from sdeopt.core.oracle import noisy_grad
from sdeopt.core.traits import SAMPLED, expect_method
from sdeopt.noise.directions import clipped
from sdeopt.wrappers.wrap import expect_questions, looking, make, questions, through

__all__ = ["Clipped"]

BOUNDS = Bounds(low=0.0, open_low=True)
KNOWN = frozenset({"blocks", "noisy_grad", "noisy_value", "matrix_rows"})


def clipped_grad(o: Any, x: Any, z: Any) -> Any:
    return clipped(noisy_grad(o.inner, x, z), o.amount)


def Clipped(method: Method, max_norm: float) -> Any:
    """Gradient clipping by norm around any method: it sees γ min(1, C/|γ|).

    As ``torch.nn.utils.clip_grad_norm_`` before every step. A method that asks for the gradient at several points sees
    each of them clipped. Clipping example by example is another thing: `DPSGD` on `Batch`.

    Parameters
    ----------
    method : method
        Any page whose step asks for the gradient that is seen, and for no others.
    max_norm : float
        C > 0, in units of the gradient.

    Returns
    -------
    method
        A page with the hyperparameters of ``method`` and ``max_norm``, and the SDE "sampled".

    Raises
    ------
    ValueError, TypeError
        If ``method`` is no method or asks for other gradients, or ``max_norm`` is not a number > 0.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> page = so.Clipped(so.SGD(lr=0.1), max_norm=1.0)
    >>> page
    Clipped(SGD(lr=0.1), max_norm=1.0)
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> page.step(0, np.ones(2), o, ())  # (3, 4) is clipped to (0.6, 0.8)
    array([0.94, 0.92])
    """
    expect_method(method)
    return _around(type(method))(*method, max_norm)


@functools.cache
def _around(cls: Any) -> Any:
    why = "it clips the one gradient that is seen, noisy_grad"
    expect_questions(cls, "Clipped", KNOWN, why)
    if "noisy_grad" not in questions(cls.step):
        raise ValueError(f"Clipped does not fit {cls.__name__}, whose step asks for no gradient: {why}")
    step = looking(through(vars(cls)["step"], "Clipped", {noisy_grad: clipped_grad}), len(cls._fields), "step")
    own = {name: vars(cls)[name] for name in ("init",) if name in vars(cls)}
    sampled = replace(SAMPLED, order=cls.order)
    sdes = {sampled.name: sampled}
    return make(Clipped, cls, {"max_norm": BOUNDS}, {"step": step, **own}, sdes=sdes, bounded=True, limited=True)
