"""Errors to plant in what stands around methods, coupled decay, clipping, averages, and in Schedule-Free pages."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

PLACE = "sdeopt/wrappers"

MUTATIONS = [
    Mutation(
        "Layered: matrices see the gradient of their neighbours",
        f"{PLACE}/layered.py", "Oracle(Share(g[a:b], rows), None)", "Oracle(Share(g[: b - a], rows), None)",
        named("layered", "test_spectral_scion_with_scion_on_the_rest_is_the_published_recursion[None]"),
    ),
    Mutation(
        "Layered: all matrices share the momentum of the first",
        f"{PLACE}/layered.py", "part[at : at + b - a] for part in", "part[: b - a] for part in",
        named("layered", "test_a_path_is_that_of_muon_and_adamw_of_torch[muon-None]"),
    ),
    Mutation(
        "Layered: the quintic by products without its square",
        f"{PAGES}/muon.py", "a * y + (b * gram + c * (gram @ gram)) @ y", "a * y + b * gram @ y",
        named("layered", "test_products_of_matrices_are_the_loops[steps0-shape0]"),
    ),
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
    Mutation(
        "ScheduleFreeSGD: the gradient at z",
        f"{PAGES}/schedulefreesgd.py", "noisy_grad(o, at, z) + self", "noisy_grad(o, base, z) + self",
        moments("ScheduleFreeSGD"),
    ),
    Mutation(
        "ScheduleFreeSGD: x and z swapped in y",
        f"{PAGES}/schedulefreesgd.py", "(1.0 - beta) * z + beta * x", "(1.0 - beta) * x + beta * z",
        named("schedulefree", "test_without_momentum_it_is_the_mean_of_sgd[discrete]"),
    ),
    Mutation(
        "ScheduleFreeSGD: no root of the learning rate",
        f"{PAGES}/schedulefreesgd.py", "-np.sqrt(self.lr) * root_cov", "-self.lr * root_cov",
        moments("ScheduleFreeSGD"),
    ),
    Mutation(
        "ScheduleFreeAdamW: no bias correction",
        f"{PAGES}/schedulefreeadamw.py", "share = 1.0 / (1.0 - power(self.beta2, k + 1.0))", "share = 1.0",
        named("schedulefree", "test_one_step_of_adamw_by_hand"),
    ),
    Mutation(
        "ScheduleFreeAdamW: decay inside the preconditioner",
        f"{PAGES}/schedulefreeadamw.py", "-g / p - self.weight_decay * at, dv", "-(g + self.weight_decay * at) / p, dv",
        named("schedulefree", "test_its_decay_is_decoupled_in_both_columns"),
    ),
]  # fmt: skip
