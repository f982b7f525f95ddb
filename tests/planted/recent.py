"""Errors to plant in SGHMC, AdaBelief and label noise."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "SGHMC: heat without its factor 2",
        f"{PAGES}/sghmc.py", "heat = root * np.sqrt(2.0 * (1.0", "heat = root * np.sqrt((1.0", moments("SGHMC"),
    ),
    Mutation(
        "SGHMC: friction left out of the heat",
        f"{PAGES}/sghmc.py", "np.sqrt(2.0 * (1.0 - self.momentum) * self.lr * self.temperature)",
        "np.sqrt(2.0 * self.lr * self.temperature)", named("sghmc", "test_sghmc_at_rest_on_a_line[discrete]"),
    ),
    Mutation(
        "AdaBelief: the square of γ - m, the old mean",
        f"{PAGES}/adabelief.py", "(g - m1) * (g - m1) + self.eps", "(g - m) * (g - m) + self.eps",
        named("sghmc", "test_ten_steps_of_adabelief_by_hand"),
    ),
    Mutation(
        "AdaBelief: the drift of V with the gradient's own square",
        f"{PAGES}/adabelief.py", "square_drift(o, x, g - m, v / kept)", "square_drift(o, x, g, v / kept)",
        moments("AdaBelief"),
    ),
    Mutation(
        "AdaBelief: the noise of V with the gradient itself",
        f"{PAGES}/adabelief.py", "square_noise(o, x, grad(o, x) - m, w, dw[1])",
        "square_noise(o, x, grad(o, x), w, dw[1])", moments("AdaBelief"),
    ),
    Mutation(
        "LabelNoise: the noise of a sum of examples for that of a mean",
        f"{NOISE}/label.py", "return -self.scale / examples(o) * label_grad(o, x, z[0])",
        "return -self.scale * label_grad(o, x, z[0])",
        named("label_noise", "test_what_is_seen_is_the_gradient_with_other_targets"),
    ),
    Mutation(
        "LabelNoise: √n for n in the root",
        f"{NOISE}/label.py", "return -self.scale / examples(o) * label_grad(o, x, dw)",
        "return -self.scale / np.sqrt(1.0 * examples(o)) * label_grad(o, x, dw)",
        named("label_noise", "test_the_covariance_is_that_of_the_hessian_where_the_data_are_fitted"),
    ),
    Mutation(
        "LabelNoise: deviations for variances",
        f"{NOISE}/label.py", "found + slope * slope", "found + np.abs(slope)",
        named("label_noise", "test_the_covariance_is_that_of_the_hessian_where_the_data_are_fitted"),
    ),
    Mutation(
        "slow flow: half of tr ∇²f for a quarter",
        "sdeopt/theory/manifold.py", "scale * scale / (4.0 *", "scale * scale / (2.0 *",
        named("label_noise", "test_the_flow_is_the_mean_of_limits_of_gradient_flows"),
    ),
    Mutation(
        "slow flow: not projected onto the minimisers",
        "sdeopt/theory/manifold.py", "curved < FLAT * curved[-1]", "curved <= curved[-1]",
        named("label_noise", "test_the_flow_of_one_example_in_closed_form"),
    ),
    Mutation(
        "diagonal network: the targets moved the wrong way",
        "sdeopt/objectives/diagonal_linear_network.py", "return twice(x, matvec(self.X.T, w), self.width)",
        "return twice(x, matvec(self.X.T, -w), self.width)",
        named("label_noise", "test_what_is_seen_is_the_gradient_with_other_targets"),
    ),
]  # fmt: skip
