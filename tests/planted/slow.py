"""Errors to plant in the slow SDE among minimisers and in the slow flow of Adam."""

from __future__ import annotations

from planted.mutation import Mutation, named

SLOW = "sdeopt/theory/slow.py"
CLOSED = named("slow", "test_the_drift_is_half_the_second_derivative_of_the_limit")
ADAM = named("slow", "test_adam_whose_mean_is_fast_in_closed_form")
SLOWER = named("slow", "test_adam_on_a_circle_by_its_angle")
MUTATIONS = [
    Mutation("slow SDE: ∂²Φ[Σ] for its half", SLOW, "-0.5 * (push", "-1.0 * (push", CLOSED),
    Mutation("slow SDE: the manifold bends the other way", SLOW, "(push + bend)", "(push - bend)", CLOSED),
    Mutation("slow SDE: a flat manifold", SLOW, "(push + bend)", "(push + 0.0 * bend)", CLOSED),
    Mutation(
        "slow SDE: Σ/2λ across the manifold alone",
        SLOW, "sums = curved[:, None] + curved", "sums = 2.0 * np.sqrt(curved[:, None] * curved)", CLOSED,
    ),
    Mutation(
        "slow SDE: noise off the manifold",
        SLOW, "within @ (within.T @ root)", "root", CLOSED,
    ),
    Mutation(
        "slow SDE: dt for its root",
        SLOW, "np.sqrt(dt) * root", "dt * root", named("slow", "test_on_a_circle_it_is_brownian_motion"),
    ),
    Mutation("slow flow of Adam: twice the rate", SLOW, "-0.25 * within", "-0.5 * within", ADAM),
    Mutation("slow flow of Adam: projected as SGD's is", SLOW, "within.T * root @ within", "within.T @ within", ADAM),
    Mutation("slow flow of Adam: a mean without its start", SLOW, "/ -np.expm1(", "/ (1.0 + 0.0 * ", SLOWER),
    Mutation("slow flow of Adam: the force of SGD", SLOW, "@ (1.0 / root)", "@ (1.0 + 0.0 * root)", ADAM),
]  # fmt: skip
