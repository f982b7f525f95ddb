"""Errors to plant in noise without a variance: stable laws, the Lévy increments of the SDE, their theory."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, named

MUTATIONS = [
    Mutation(
        "SGD: the Lévy noise with the wrong sign",
        f"{PAGES}/sgd.py", "return -root_levy", "return root_levy",
        named("stable", "test_one_euler_step_of_the_levy_sde_is_the_step"),
    ),
    Mutation(
        "AlphaStable: η^{1/α} for η^{1 - 1/α}",
        f"{NOISE}/stable.py", "power(lr, 1.0 - 1.0 / self.alpha)", "power(lr, 1.0 / self.alpha)",
        named("stable", "test_one_euler_step_of_the_levy_sde_is_the_step"),
    ),
    Mutation(
        "AlphaStable: 2 dropped from the variance at α = 2",
        f"{NOISE}/stable.py", "return filled(2.0 * self.scale * self.scale", "return filled(self.scale * self.scale",
        named("stable", "test_at_two_it_is_normal"),
    ),
    Mutation(
        "stable increments: dt^α for dt^{1/α}",
        "sdeopt/engine/given.py", "(_stable, 1.0 / alpha)", "(_stable, alpha)",
        named("stable", "test_simulated_laws_are_stable[0.5-sde-1.5]"),
    ),
    Mutation(
        "theory of stable noise: the age to the power α",
        "sdeopt/theory/stable.py", "age ** (1.0 / alpha)", "age**alpha",
        named("stable", "test_scales_in_closed_form"),
    ),
]  # fmt: skip
