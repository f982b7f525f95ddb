"""PCNSGD+R: the direction of each class over its share along the direction of all its examples.

Discrete
    x' = x - η Σ_c u_c/p_c,    p_c = u_c·U_c,    u_c the direction of the class in the batch, U_c that in all data

SDE
    sampled   dX = -E[Σ u_c/p_c] dt - √η Cov(Σ u_c/p_c)^{1/2} dW, both moments sampled from steps

Regime
    that of PCNSGD, and p_c away from 0 for all batches

Claim
    Weak order 1 in η. Every class that is drawn moves x by η along its U_c, so that the classes are equal in signal as
    well as in length; the noise at right angles grows by 1/p_c. A batch that is at right angles to all data, p_c = 0,
    is not rescaled; one that is nearly so makes a long step.

Heavy tails
    On networks alone, whose batches are finite in number: under additive noise p_c has a density at 0, and 1/p_c no
    mean.

Sources
    Francazi, Baity-Jesi & Lucchi (2023), arXiv:2207.00391, and the README of their code. The SDE is that of any method.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from sdeopt.core.elementary import where
from sdeopt.core.math import dot
from sdeopt.core.oracle import batch_class_grads, examples, noisy_class_grads
from sdeopt.core.traits import SAMPLED, expect_method
from sdeopt.noise.directions import unit
from sdeopt.optimizers import PCNSGD
from sdeopt.wrappers.wrap import make

__all__ = ["Rescaled"]


def Rescaled(method: Any) -> Any:
    """PCNSGD+R: every class of a batch pulls by a step of length 1 along the direction of all its examples.

    Costs one pass over all data in every step. With `Oversampled` batches it is both variants of the paper in one. On
    networks only (`TorchObjective`, `networks`).

    Parameters
    ----------
    method : PCNSGD
        The method without it.

    Returns
    -------
    method
        A page with the hyperparameters of ``method``, and the SDE "sampled".

    Raises
    ------
    TypeError
        If ``method`` is not `PCNSGD`.
    ValueError
        In a run, if the objective is no network.

    References
    ----------
    Francazi, Baity-Jesi & Lucchi (2023), arXiv:2207.00391.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> problem = so.Problem(so.networks.mlp("breast_cancer", (3,)), so.Oversampled(8))
    >>> so.simulate(so.Rescaled(so.PCNSGD(lr=0.01)), problem, steps=4, paths=2, rng=0)
    Ensemble(Rescaled(PCNSGD(lr=0.01)), discrete, paths=2, horizon=0.04, d=101)
    """
    expect_method(method)
    if type(method) is not PCNSGD:
        raise TypeError(f"Rescaled is for PCNSGD, whose steps are made of directions of classes, got {method!r}")
    return _page()(*method)


@functools.cache
def _page() -> Any:
    def step(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
        seen = noisy_class_grads(o, x, z)
        whole = batch_class_grads(o, x, np.arange(1.0 * examples(o)))
        pull = 0.0 * x
        for i in range(len(seen)):
            u = unit(seen[i])
            share = dot(u, unit(whole[i]))
            pull = pull + u / where(share == 0.0, 1.0, share)
        return x - self.lr * pull

    def check(self: Any, objective: Any) -> None:
        if objective.lacks("blocks") is not None:
            raise ValueError(f"Rescaled is for networks, whose classes are drawn in batches, got {objective!r}")

    return make(Rescaled, PCNSGD, {}, {"step": step, "check": check}, sdes={SAMPLED.name: SAMPLED}, lanes=False)
