"""What a page may ask about the problem: the vocabulary of drift, diffusion and step.

A page never touches the objective or the noise; it asks the oracle ``o``. Each question is a plain function that
forwards to the objective or to the noise, so a page is ordinary Python when interpreted; the engine replaces each
question by the compiled answer of the problem at hand. Which questions a page asks is read from its code, and a
problem that cannot answer one refuses it in a sentence before anything runs.

A game is an objective whose ``grad`` is the field F = (∇_x f, -∇_y f) of both players' descent directions, and whose
``hvp`` is J v with J = ∇F, which need not be symmetric.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.core.contracts import Draws, Vector

__all__ = [
    "Oracle",
    "agent_grads",
    "agent_means",
    "agent_roots",
    "batch_class_grads",
    "class_draws",
    "batch_grad",
    "batch_size",
    "clipped_grad",
    "batch_value",
    "blocks",
    "direction_cov",
    "direction_jacobian",
    "direction_residual",
    "examples",
    "expect_direction",
    "grad",
    "hvp",
    "label_grad",
    "labels",
    "local_grads",
    "matrix_rows",
    "mean_agent_sign",
    "mean_clipped",
    "mean_sign",
    "noise",
    "noise_var",
    "noisy_class_grads",
    "noisy_grad",
    "noisy_value",
    "root_additive_cov",
    "root_agent_sign_cov",
    "root_cov",
    "root_levy",
    "root_sign_cov",
    "root_square_cov",
    "grad_var",
    "players",
    "root_sign_residual",
    "sign_response",
    "value",
    "value_and_grad",
    "vjp",
    "weighted_grad",
]


class Oracle(NamedTuple):
    """The pair that answers a page's questions."""

    objective: Any
    noise: Any


def value(o: Oracle, x: Vector) -> Any:
    """f(x), a number."""
    return o.objective.value(x)


def grad(o: Oracle, x: Vector) -> Any:
    """∇f(x), shape (d,)."""
    return o.objective.grad(x)


def value_and_grad(o: Oracle, x: Vector) -> Any:
    """(f(x), ∇f(x)), to the last bit what ``value`` and ``grad`` say, of objectives that share a pass over their data.

    Not for pages: few objectives answer it.
    """
    return o.objective.value_and_grad(x)


def hvp(o: Oracle, x: Vector, v: Vector) -> Any:
    """∇²f(x) v, shape (d,)."""
    return o.objective.hvp(x, v)


def vjp(o: Oracle, x: Vector, v: Vector) -> Any:
    """Jᵀ v with J = ∇F the Jacobian of a game's field, shape (d,)."""
    return o.objective.vjp(x, v)


def players(o: Oracle, x: Vector) -> Any:
    """1 in the coordinates of the minimising player of a game, 0 in those of the maximising one, shape (d,)."""
    return o.objective.players(x)


def noisy_grad(o: Oracle, x: Vector, z: Draws) -> Any:
    """∇f(x) + ξ(x, z), the gradient that the optimizer sees; the same ``z`` at two points is the same sample."""
    return o.noise.noisy_grad(o, x, z)


def noisy_value(o: Oracle, x: Vector, z: Draws) -> Any:
    """Loss of the sample whose gradient is ``noisy_grad``: of a minibatch its own, else f(x), free of noise."""
    return o.noise.noisy_value(o, x, z)


def noisy_class_grads(o: Oracle, x: Vector, z: Draws) -> Any:
    """Gradients of the classes, those of label -1 and of label +1, or of every class of a network, a tuple.

    ``z`` holds two samples. Each is the mean over the examples of its class: in one minibatch (0 where the class is
    absent), or in the data, plus noise of its own.
    """
    return o.noise.noisy_class_grads(o, x, z)


def clipped_grad(o: Oracle, x: Vector, z: Draws, clip: Any) -> Any:
    """(1/B) Σ_j g_j min(1, C/|g_j|) over the gradients g_j of the B examples that the optimizer sees, C = ``clip``."""
    return o.noise.clipped_grad(o, x, z, clip)


def mean_clipped(o: Oracle, x: Vector, clip: Any) -> Any:
    """E clipped_grad, for normal noise of one variance in all coordinates."""
    return o.noise.mean_clipped(o, x, clip)


def batch_size(o: Oracle) -> Any:
    """B, the number by which ``clipped_grad`` divides: examples in a batch, the expected one if it is random."""
    return o.noise.batch_size(o)


def noise(o: Oracle, x: Vector, z: Draws) -> Any:
    """ξ(x, z), the gradient noise itself: its true law, heavy-tailed or a minibatch draw."""
    return o.noise.sample(o, x, z)


def root_cov(o: Oracle, x: Vector, dw: Vector) -> Any:
    """Σ(x)^{1/2} dw with Σ = Cov ξ; ``dw`` is the "gradient" Brownian increment."""
    return o.noise.root_cov(o, x, dw)


def root_additive_cov(o: Oracle, x: Vector, dw: Vector) -> Any:
    """Σ^{1/2} dw of an additive law, ξ(x) = ξ(y) for all x, y: the Hessian is seen without noise (else refused)."""
    return o.noise.root_cov(o, x, dw)


def root_levy(o: Oracle, x: Vector, lr: Any, dw: Vector) -> Any:
    """η^{1 - 1/α} scale dL of α-stable noise at a learning rate η; ``dw`` is the "levy" increment, of unit scale."""
    return o.noise.root_levy(o, x, lr, dw)


def noise_var(o: Oracle, x: Vector) -> Any:
    """diag Σ(x), shape (d,)."""
    return o.noise.var(o, x)


def mean_sign(o: Oracle, x: Vector, g: Vector) -> Any:
    """E sign(g + ξ(x)) per coordinate; exists for any law, also without a variance."""
    return o.noise.mean_sign(o, x, g)


def root_sign_cov(o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
    """Cov(sign(g + ξ(x)))^{1/2} dw; ``dw`` is the "sign" Brownian increment."""
    return o.noise.root_sign_cov(o, x, g, dw)


def sign_response(o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
    """M v with M = Cov(sign(g + ξ), ξ) Σ⁻¹, diagonal for normal ξ: the linear response of the sign to its noise."""
    return o.noise.sign_response(o, x, g, v)


def root_sign_residual(o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
    """[Cov sign(g + ξ) - M Σ M]^{1/2} dw, what M ξ leaves of the sign; ``dw`` is a "sign" increment."""
    return o.noise.root_sign_residual(o, x, g, dw)


def root_square_cov(o: Oracle, x: Vector, dw: Vector) -> Any:
    """Λ^{1/2} dw with Λ_ij = Cov(ξ_i², ξ_j²); ``dw`` is the "square" Brownian increment."""
    return o.noise.root_square_cov(o, x, dw)


def expect_direction(o: Oracle, x: Vector, g: Vector) -> Any:
    """E u with u = (g + ξ)/|g + ξ|."""
    return o.noise.expect_direction(o, x, g)


def direction_jacobian(o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
    """M v with M = E[(I - u uᵀ)/|g + ξ|], the mean derivative of the direction."""
    return o.noise.direction_jacobian(o, x, g, v)


def direction_cov(o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
    """Cov(u) v."""
    return o.noise.direction_cov(o, x, g, v)


def direction_residual(o: Oracle, x: Vector, g: Vector, dw: Vector) -> Any:
    """[Cov u - M Σ M]^{1/2} dw, what the linear response M ξ leaves of u; ``dw`` is the "direction" increment."""
    return o.noise.direction_residual(o, x, g, dw)


def examples(o: Oracle) -> Any:
    """Number n of examples of a finite sum f = (1/n) Σ f_i."""
    return o.objective.examples()


def weighted_grad(o: Oracle, x: Vector, w: Vector) -> Any:
    """Σ_i w_i ∇f_i(x) for weights ``w`` of shape (n,): one pass over the data."""
    return o.objective.weighted_grad(x, w)


def batch_grad(o: Oracle, x: Vector, index: Any) -> Any:
    """(1/B) Σ_{i in index} ∇f_i(x) for B example numbers (floats or integers)."""
    return o.objective.batch_grad(x, index)


def class_draws(o: Oracle, u: Any) -> Any:
    """Numbers of examples, as many of every class, from uniforms u in [0, 1); those of the first class come first."""
    return o.objective.class_draws(u)


def batch_class_grads(o: Oracle, x: Vector, index: Any) -> Any:
    """Mean of ∇f_i(x) over those of each class among the example numbers ``index``, a tuple; 0 of an absent one."""
    return o.objective.batch_class_grads(x, index)


def batch_value(o: Oracle, x: Vector, index: Any) -> Any:
    """(1/B) Σ_{i in index} f_i(x) for B example numbers, a number."""
    return o.objective.batch_value(x, index)


def label_grad(o: Oracle, x: Vector, w: Vector) -> Any:
    """Σ_i w_i ∇m_i(x), where m_i are the outputs of a regression f_i = ½(m_i - y_i)², w of shape (n,)."""
    return o.objective.label_grad(x, w)


def labels(o: Oracle) -> Any:
    """The class of each example, -1 or +1, shape (n,)."""
    return o.objective.labels()


def matrix_rows(o: Oracle) -> Any:
    """Number of rows of the matrix that x is, flattened row by row."""
    return o.objective.matrix_rows()


def blocks(o: Oracle) -> Any:
    """The parameters of a module, (name, first, end, rows) each: x[first:end]; rows of a matrix, 0 of other shapes."""
    return o.objective.blocks()


def grad_var(o: Oracle, x: Vector) -> Any:
    """(1/n) Σ_i (∇f_i(x) - ∇f(x))², per coordinate."""
    return o.objective.grad_var(x)


def agent_grads(o: Oracle, x: Vector, z: Draws) -> Any:
    """∇f_i(x) + ξ_i for each of the N agents, a tuple; their mean is ``noisy_grad``."""
    return o.noise.agent_grads(o, x, z)


def local_grads(o: Oracle, xs: Any, z: Draws) -> Any:
    """∇f_i(x_i) + ξ_i(x_i) for each of the N agents, each at its own point of the tuple ``xs``."""
    return o.noise.local_grads(o, xs, z)


def agent_means(o: Oracle, x: Vector) -> Any:
    """∇f_i(x) for each of the N agents, a tuple; their mean is ∇f(x)."""
    return o.noise.agent_means(o, x)


def agent_roots(o: Oracle, x: Vector, dw: Vector) -> Any:
    """Σ_i(x)^{1/2} dw_i for each of the N agents, a tuple; ``dw`` is the "gradient" increment."""
    return o.noise.agent_roots(o, x, dw)


def mean_agent_sign(o: Oracle, x: Vector) -> Any:
    """(1/N) Σ_i E sign(∇f_i(x) + ξ_i)."""
    return o.noise.mean_agent_sign(o, x)


def root_agent_sign_cov(o: Oracle, x: Vector, dw: Vector) -> Any:
    """(1/N) Σ_i Cov(sign(∇f_i(x) + ξ_i))^{1/2} dw_i; ``dw`` is the "sign" increment."""
    return o.noise.root_agent_sign_cov(o, x, dw)
