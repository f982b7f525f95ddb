"""Errors to plant in sharpness, flows at the edge, schedules, NC0 and the limits of many dimensions."""

from __future__ import annotations

from planted.mutation import Mutation, named

THEORY = "sdeopt/theory"

MUTATIONS = [
    Mutation(
        "sharpness: a reflection that is none",
        "sdeopt/core/sharpness.py", "(p - dot(v, p) / square * v)", "(p - 2.0 * dot(v, p) / square * v)",
        named("sharpest", "test_the_largest_eigenvalue_is_that_of_lapack"),
    ),
    Mutation(
        "sharpness: pivots with the entry for its square",
        "sdeopt/core/sharpness.py", "- a[i, i - 1] * a[i, i - 1] / pivot", "- abs(a[i, i - 1]) / pivot",
        named("sharpest", "test_the_largest_eigenvalue_is_that_of_lapack"),
    ),
    Mutation(
        "RMSprop's central flow: Σ for ½Σ in the force",
        f"{THEORY}/edge_rmsprop.py", "slope + 0.5 * np.einsum", "slope + 1.0 * np.einsum",
        named("edge_rmsprop", "test_on_one_coordinate_in_closed_form"),
    ),
    Mutation(
        "RMSprop's central flow: the force of Σ twice in what keeps S",
        f"{THEORY}/edge_rmsprop.py", "response + 0.5 * np.einsum", "response + 1.0 * np.einsum",
        named("edge_rmsprop", "test_on_one_coordinate_in_closed_form"),
    ),
    Mutation(
        "RMSprop's central flow: V at the rate of another pairing",
        f"{THEORY}/edge_rmsprop.py", "(1.0 - beta) / (beta * lr)", "(1.0 - beta) / lr",
        named("edge_rmsprop", "test_below_the_edge_it_is_the_flow_of_the_mean_squares"),
    ),
    Mutation(
        "RMSprop's central flow: the gradient at X for the mean gradient in V",
        f"{THEORY}/edge_rmsprop.py", "dv = edge.rho * (mean * mean", "dv = edge.rho * (slope * slope",
        named("edge_rmsprop", "test_on_one_coordinate_in_closed_form"),
    ),
    Mutation(
        "RMSprop's central flow: d√V = dV/√V",
        f"{THEORY}/edge_rmsprop.py", "/ (2.0 * np.sqrt(v))", "/ np.sqrt(v)",
        named("edge_rmsprop", "test_on_one_coordinate_in_closed_form"),
    ),
    Mutation(
        "RMSprop's central flow: oscillations of the gradient of half their size",
        f"{THEORY}/edge_rmsprop.py", "raised = limit * p", "raised = 0.5 * limit * p",
        named("edge_rmsprop", "test_on_one_coordinate_in_closed_form"),
    ),
    Mutation(
        "scheduled SGD: the rate of the step after",
        f"{THEORY}/scheduled.py", "lr.factor(k * rate / whole)", "lr.factor((k + 1) * rate / whole)",
        named("scheduled", "test_the_recursion_is_the_mean_over_all_examples[steps]"),
    ),
    Mutation(
        "scheduled limit: ψ for ψ² in the noise",
        f"{THEORY}/scheduled.py", "peak * psi * psi * h * h", "peak * psi * h * h",
        named("scheduled", "test_the_limit_is_a_convolution_in_intrinsic_time"),
    ),
    Mutation(
        "NC0: columns for rows",
        "sdeopt/objectives/collapse.py", "x[begin + width * k + j]", "x[begin + rows * j + k]",
        named("collapse", "test_nc0_looks_at_its_own_part_of_x_only"),
    ),
    Mutation(
        "streaming SGD: fourth moments as if examples were signs",
        f"{THEORY}/streaming.py", "+ 2.0 * step**2) * e", "+ 1.0 * step**2) * e",
        named("streaming", "test_the_recursion_is_the_mean_over_all_examples"),
    ),
    Mutation(
        "homogenized SGD: a kernel of twice the size",
        f"{THEORY}/streaming.py", "e + lr * h * h * (e.sum()", "e + 2.0 * lr * h * h * (e.sum()",
        named("streaming", "test_the_limit_solves_its_volterra_equation"),
    ),
    Mutation(
        "homogenized SGD: the label's noise left out",
        f"{THEORY}/streaming.py", "lambda e: -2.0 * h * e + lr * h * h * (e.sum() + floor)",
        "lambda e: -2.0 * h * e + lr * h * h * e.sum()", named("streaming", "test_levels_at_rest"),
    ),
    Mutation(
        "homogenized SignSGD: 2/π for 4/π",
        f"{THEORY}/streaming.py", "rate = 4.0 / np.pi", "rate = 2.0 / np.pi",
        named("streaming", "test_signs_in_many_dimensions"),
    ),
    Mutation(
        "homogenized SignSGD: a rate that goes with h",
        f"{THEORY}/streaming.py", "4.0 / np.pi * np.sqrt(h)", "4.0 / np.pi * h",
        named("streaming", "test_signs_in_many_dimensions"),
    ),
    Mutation(
        "homogenized SignSGD: noise without its half",
        f"{THEORY}/streaming.py", "lambda e: 0.5 * lr * h - rate", "lambda e: lr * h - rate",
        named("streaming", "test_signs_in_many_dimensions"),
    ),
]  # fmt: skip
