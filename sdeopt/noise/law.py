"""What every noise law shares: how its draws are counted, and what it refuses.

A law is a frozen dataclass. Its functions are written like pages (they are compiled by the engine), take the oracle
``o`` first, and receive draws, never make them:

    sample(self, o, x, z)                  ξ(x, z)
    noisy_grad(self, o, x, z)              ∇f(x) + ξ(x, z)
    clipped_grad(self, o, x, z, clip)      the mean of the clipped gradients of the B examples that are seen
    mean_clipped(self, o, x, clip)         its mean
    batch_size(self, o)                    B
    noisy_value(self, o, x, z)             the loss of that sample
    noisy_class_grads(self, o, x, z)       the gradients of the classes -1 and 1, with the noise of two samples
    root_cov(self, o, x, dw)               Σ(x)^{1/2} dw
    var(self, o, x)                        diag Σ(x)
    noise_cov(self, o, x, v)               Σ(x) v, not for pages but for `noise_profile`
    mean_sign(self, o, x, g)               E sign(g + ξ)
    root_sign_cov(self, o, x, g, dw)       Cov(sign(g + ξ))^{1/2} dw
    sign_response(self, o, x, g, v)        M v, M = Cov(sign(g + ξ), ξ) Σ⁻¹
    root_sign_residual(self, o, x, g, dw)  [Cov sign(g + ξ) - M Σ M]^{1/2} dw
    root_square_cov(self, o, x, dw)        Λ^{1/2} dw, Λ_ij = Cov(ξ_i², ξ_j²)
    expect_direction, direction_jacobian, direction_cov, direction_residual      see ``sdeopt.core.oracle``
    agent_grads, local_grads, agent_means, agent_roots, mean_agent_sign, root_agent_sign_cov
                                           of `Agents`; other laws are one agent

Around them, in plain Python, every question is about one objective (its ``dim``, its number of examples). Draws are
tuples of vectors. ``draws(objective)`` lists those of one step: ("normal", size), ("uniform", size), or ("epochs",
size, n), the next numbers of a permutation of n examples; the first normal vector is the one that common random numbers
share with the "gradient" Brownian motion. ``brownian(question, objective)`` lists the sizes of the standard normal
vectors in the increment of a question ("gradient", "sign", "square" or "direction"); the first is shared likewise. An
answer may be non-linear in its increment as long as it has mean 0, the stated covariance and no third moments for unit
normals: that is all a weak scheme of order 1 needs. ``moments`` says of which order E|ξ|^q is still finite, so that
nobody states an interval, or a number, that rests on a moment that does not exist.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np

from sdeopt.core import checks, total
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws, Objective, Vector
from sdeopt.core.oracle import (
    Oracle,
    grad,
    labels,
    mean_sign,
    noise,
    noise_var,
    noisy_grad,
    root_cov,
    root_sign_cov,
    value,
    weighted_grad,
)
from sdeopt.noise.directions import clipped

__all__ = ["Law", "class_grad", "derived_field", "fit", "scales"]

SIGN = ("sign_response", "root_sign_residual")
DIRECTION = ("expect_direction", "direction_jacobian", "direction_cov", "direction_residual")
ONE_AGENT = {  # what a law that is one agent answers by
    "agent_roots": "root_cov",
    "mean_agent_sign": "mean_sign",
    "root_agent_sign_cov": "root_sign_cov",
}
NEEDS = {"noisy_value": ("value",), "noisy_class_grads": ("labels", "weighted_grad")}  # of the objective


def scales(name: str, value: Any) -> float | Array:
    """Return ``value`` as a float, or as a vector with one entry per coordinate; all must be finite and >= 0."""
    if checks.single(value):
        return checks.number(name, value, low=0.0)
    a = checks.array(name, value)
    if (a < 0).any():
        raise ValueError(f"{name} must be at least 0 in every coordinate, got {a.min():g}")
    return a


def fit(name: str, value: Any, objective: Objective) -> None:
    """Raise a ``ValueError`` if ``value`` has one entry per coordinate, but not of this objective."""
    size = np.shape(value)
    if size and size[0] != objective.dim:
        raise ValueError(f"{name} has {size[0]} entries, but {type(objective).__name__} has dim {objective.dim}")


def class_grad(o: Oracle, x: Vector, label: float) -> Any:
    """Mean of ∇f_i(x) over the examples whose label, -1 or 1, is ``label``; 0 if there are none."""
    member = 0.5 * (1.0 + label * labels(o))
    return weighted_grad(o, x, member / np.maximum(total(member), 1.0))


def derived_field() -> Any:
    """A field that the law computes for itself."""
    return dataclasses.field(init=False, repr=False)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return repr(value.tolist()) if value.size <= 9 else f"<array of shape {value.shape}>"
    return getattr(value, "__name__", None) or repr(value)


class Law:
    """Defaults of a noise law with one normal per coordinate."""

    family: ClassVar[str | None] = None  # the public name, where a class is one of several behind it
    closure: ClassVar[bool] = False  # whether it is chosen for its SDE, which "sampled" may not stand in for
    wraps: ClassVar[bool] = False  # whether it holds other laws and puts questions to them, Oracle(o.objective, law)
    picks: ClassVar[bool] = False  # whether a draw is the number of an example, which lanes cannot look up
    agents: int = 1  # how many see a gradient each

    def check(self, objective: Objective) -> None:
        """Raise a ``ValueError`` if the law does not fit the objective."""

    def lacks(self, question: str, objective: Objective) -> str | None:
        """Why the law cannot answer ``question`` (a name of ``sdeopt.core.oracle``), or None if it can."""
        if question in ONE_AGENT:
            return self.lacks(ONE_AGENT[question], objective)
        for needed in NEEDS.get(question, ()):
            if objective.lacks(needed) is not None:
                return str(objective.lacks(needed))
        if question == "root_levy" and not hasattr(self, question):
            return f"{self!r} is not α-stable, so no Lévy motion belongs to it: use AlphaStable"
        if question in DIRECTION and not hasattr(self, question):
            return (
                f"{self!r} has no closed form for the random direction (g + ξ)/|g + ξ| that {question} asks for: "
                "use Gaussian or NoNoise"
            )
        if question == "mean_clipped" and not hasattr(self, question):
            return (
                f"{self!r} has no closed form for the mean of a clipped gradient, which mean_clipped asks for: use "
                "Gaussian with one scale or NoNoise"
            )
        if question in SIGN and not hasattr(self, question):
            return (
                f"{self!r} has no closed form for what its sign and the noise itself have in common, which {question} "
                "asks for: use Gaussian or NoNoise"
            )
        return None

    def unbounded(self, objective: Objective) -> str | None:
        """Why ξ has no variance, without which nothing is known of the moments of a step, or None."""
        return self.lacks("noise_var", objective)

    def draws(self, objective: Objective) -> tuple[tuple[str, int], ...]:
        """Kinds and sizes of the raw draws of one step."""
        return (("normal", objective.dim),)

    @property
    def moments(self) -> float:
        """The largest p such that E|ξ|^q is finite for all q < p; inf for light tails, and for finite data."""
        return math.inf

    @property
    def normal(self) -> bool:
        """Whether ξ is normal, which some SDEs assume."""
        return False

    @property
    def exact_loss(self) -> bool:
        """Whether the loss of a sample is f(x), which some SDEs assume."""
        return type(self).noisy_value is Law.noisy_value

    @property
    def independent(self) -> Law:
        """The law of one step where the noise of several depends on one another, for SDEs; else the law itself."""
        return self

    def epoch(self, objective: Objective) -> int:
        """Steps after which the noise of all of them nearly cancels; 0 where steps are independent."""
        return 0

    def brownian(self, question: str, objective: Objective) -> tuple[int, ...]:
        """Sizes of the standard normal vectors of one increment of ``question``."""
        return (objective.dim,)

    def noise_cov(self, o: Oracle, x: Vector, v: Vector) -> Any:
        """Σ(x) v of independent coordinates; a law without them has its own."""
        return noise_var(o, x) * v

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """∇f(x) + ξ(x, z)."""
        return grad(o, x) + noise(o, x, z)

    def clipped_grad(self, o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
        """The gradient that is seen is that of one example."""
        return clipped(noisy_grad(o, x, z), clip)

    def batch_size(self, o: Oracle) -> Any:
        """One example."""
        return 1.0

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """f(x): additive noise disturbs the gradient only."""
        return value(o, x)

    def noisy_class_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """The gradients of the two classes, each plus noise of its own."""
        return class_grad(o, x, -1.0) + noise(o, x, z[0]), class_grad(o, x, 1.0) + noise(o, x, z[1])

    def agent_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """One agent, as are the next four."""
        return (noisy_grad(o, x, z),)

    def local_grads(self, o: Oracle, xs: Any, z: Draws) -> Any:
        """The same at the one point of ``xs``."""
        return (noisy_grad(o, xs[0], z),)

    def agent_means(self, o: Oracle, x: Vector) -> Any:
        return (grad(o, x),)

    def agent_roots(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return (root_cov(o, x, dw),)

    def mean_agent_sign(self, o: Oracle, x: Vector) -> Any:
        return mean_sign(o, x, grad(o, x))

    def root_agent_sign_cov(self, o: Oracle, x: Vector, dw: Vector) -> Any:
        return root_sign_cov(o, x, grad(o, x), dw)

    def __repr__(self) -> str:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        given = (f"{f.name}={_shown(getattr(self, f.name))}" for f in fields if f.repr)
        return f"{self.family or type(self).__name__}({', '.join(given)})"
