"""Which side answers a question of a page, the objective or the noise, and by which of its functions."""

from __future__ import annotations

from typing import Any

from sdeopt.core.oracle import (
    batch_class_grads,
    batch_grad,
    batch_value,
    blocks,
    class_draws,
    examples,
    grad,
    grad_var,
    hvp,
    label_grad,
    labels,
    matrix_rows,
    noise,
    noise_var,
    players,
    root_additive_cov,
    value,
    value_and_grad,
    vjp,
    weighted_grad,
)

__all__ = ["OF_OBJECTIVE", "who_answers"]

OF_OBJECTIVE: frozenset[Any] = frozenset(
    {
        value, grad, value_and_grad, hvp, vjp, players, examples, weighted_grad, batch_grad, batch_value,
        batch_class_grads, blocks, class_draws, label_grad, labels, matrix_rows, grad_var,
    }
)  # fmt: skip
OTHERWISE: dict[Any, str] = {noise: "sample", noise_var: "var", root_additive_cov: "root_cov"}


def who_answers(question: Any) -> tuple[str, str]:
    """Who answers a question, "objective" or "noise", and by which of its functions."""
    return ("objective" if question in OF_OBJECTIVE else "noise"), OTHERWISE.get(question, question.__name__)
