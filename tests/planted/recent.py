"""Errors to plant in SGHMC, AdaBelief, label noise, the edge of stability, and what came with them."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, moments, named

COLUMNS = named("linear_columns", "test_every_answer_is_that_of_one_path_after_the_other")
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
    Mutation(
        "central flow: σ² without its factor 2",
        "sdeopt/theory/edge.py", "variance = -2.0 * float", "variance = -1.0 * float",
        named("edge", "test_at_the_edge_in_closed_form[0.1-0.05]"),
    ),
    Mutation(
        "central flow: σ² for ½σ² in the force",
        "sdeopt/theory/edge.py", "-slope - 0.5 * variance * rise", "-slope - variance * rise",
        named("edge", "test_at_the_edge_in_closed_form[0.1-0.05]"),
    ),
    Mutation(
        "central flow: the edge at 1/η",
        "sdeopt/theory/edge.py", "x), 2.0 / lr, 0.0", "x), 2.02 / lr, 0.0",
        named("edge", "test_it_ends_at_a_minimum_on_the_edge"),
    ),
    Mutation(
        "central flow: never off the edge again",
        "sdeopt/theory/edge.py", "variance.terminal, variance.direction = True, -1.0",
        "variance.terminal, variance.direction = True, 1.0",
        named("edge", "test_it_leaves_the_edge_where_the_gradient_points_off_it"),
    ),
    Mutation(
        "matrix sensing: the targets moved the wrong way",
        "sdeopt/objectives/matrix_sensing.py", "return pulled(self, matvec(self.X.T, w), x)",
        "return pulled(self, matvec(self.X.T, -w), x)",
        named("matrix_sensing", "test_the_slopes_of_outputs_are_those_of_moved_targets"),
    ),
    Mutation(
        "matrix sensing: the Hessian without its residual",
        "sdeopt/objectives/matrix_sensing.py", "pulled(self, dr, x) + pulled(self, r, v)", "pulled(self, dr, x)",
        named("objectives", "test_hvp_is_the_derivative_of_the_gradient[sensing]"),
    ),
    Mutation(
        "class losses: without the ridge",
        "sdeopt/objectives/logistic.py", "return s / X.shape[0] + 0.5 * l2 * dot(x, x)", "return s / X.shape[0]",
        named("class_losses", "test_they_are_the_means_over_the_examples_of_a_class"),
    ),
    Mutation(
        "NC0: once more divided by the number of classes",
        "sdeopt/objectives/collapse.py", "return sums / squares", "return sums / (rows * squares)",
        named("collapse", "test_nc0_of_a_simplex_of_equal_rows_and_of_single_rows"),
    ),
    Mutation(
        "NC0: rows that alternate in sign",
        "sdeopt/objectives/collapse.py", "column = column + entry", "column = column - entry * (-1) ** k",
        named("collapse", "test_nc0_of_a_simplex_of_equal_rows_and_of_single_rows"),
    ),
    Mutation(
        "least squares in columns: the variance without the square of the mean",
        "sdeopt/objectives/linear_regression.py", "(r * r) / self.count - mean * mean", "(r * r) / self.count",
        COLUMNS,
    ),
    Mutation(
        "least squares in columns: one ridge for all weights",
        "sdeopt/objectives/linear_regression.py", "self.l2 * w.sum(axis=0) * x", "self.l2 * x", COLUMNS,
    ),
    Mutation(
        "least squares in columns: a batch as large as the data",
        "sdeopt/objectives/linear_regression.py", "rows) / len(index) + self.l2", "rows) / self.count + self.l2",
        COLUMNS,
    ),
    Mutation(
        "least squares in columns: labels of a batch with the wrong sign",
        "sdeopt/objectives/linear_regression.py", "- f.y[i], rows", "+ f.y[i], rows", COLUMNS,
    ),
]  # fmt: skip
