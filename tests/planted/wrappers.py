"""Errors to plant in what stands around methods: coupled decay, clipping by norm, averages."""

from __future__ import annotations

from planted.mutation import Mutation, named

PLACE = "sdeopt/wrappers"

MUTATIONS = [
    Mutation(
        "L2: the drift forgets the decay",
        f"{PLACE}/l2.py", "return grad(o.inner, x) + o.amount * x", "return grad(o.inner, x)",
        named("wrappers", "test_coupled_decay_is_the_method_on_the_decayed_objective[SGD]"),
    ),
    Mutation(
        "L2: the step forgets half of the decay",
        f"{PLACE}/l2.py", "noisy_grad(o.inner, x, z) + o.amount * x", "noisy_grad(o.inner, x, z) + 0.5 * o.amount * x",
        named("wrappers", "test_coupled_decay_is_the_method_on_the_decayed_objective[Adam]"),
    ),
    Mutation(
        "L2: the Hessian forgets the decay",
        f"{PLACE}/l2.py", "return hvp(o.inner, x, v) + o.amount * v", "return hvp(o.inner, x, v)",
        named("wrappers", "test_coupled_decay_is_the_method_on_the_decayed_objective[SGD]"),
    ),
    Mutation(
        "L2: λ|x|² without its half",
        f"{PLACE}/l2.py", "noisy_value(o.inner, x, z) + 0.5 * o.amount", "noisy_value(o.inner, x, z) + o.amount",
        named("wrappers", "test_the_loss_that_a_step_sees_has_the_decay"),
    ),
    Mutation(
        "Clipped: the sum is clipped after the decay",
        f"{PLACE}/wrap.py", "instead[thing] if thing in instead else copy(thing)",
        "instead[thing] if thing in instead else thing",
        named("wrappers", "test_the_outer_wrapper_comes_first_to_the_gradient"),
    ),
    Mutation(
        "Clipped: at twice the norm",
        f"{PLACE}/clipped.py", "clipped(noisy_grad(o.inner, x, z), o.amount)",
        "clipped(noisy_grad(o.inner, x, z), 2.0 * o.amount)",
        named("wrappers", "test_one_clipped_step_has_the_moments_of_a_clipped_normal[discrete]"),
    ),
    Mutation(
        "EMA: δ and 1 - δ swapped",
        f"{PLACE}/averages.py", "self[n] * a + (1.0 - self[n]) * x", "(1.0 - self[n]) * a + self[n] * x",
        named("wrappers", "test_averages_beside_pages_with_several_parts"),
    ),
    Mutation(
        "EMA: κ without the time of a step",
        f"{PLACE}/averages.py", "return (1.0 - self[n]) / clock(self) * (x - a)", "return (1.0 - self[n]) * (x - a)",
        named("wrappers", "test_a_moving_average_has_its_exact_law[sde]"),
    ),
    Mutation(
        "Averaged: the mean counts the start",
        f"{PLACE}/averages.py", "return a + (x - a) / (k + 1.0)", "return a + (x - a) / (k + 2.0)",
        named("wrappers", "test_averages_beside_pages_with_several_parts"),
    ),
    Mutation(
        "Averaged: the equation pulls twice as hard",
        f"{PLACE}/averages.py", "return (x - a) / max(t, clock(self))", "return 2.0 * (x - a) / max(t, clock(self))",
        named("wrappers", "test_the_mean_of_the_positions_has_its_exact_law[sde]"),
    ),
]  # fmt: skip
