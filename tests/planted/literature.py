"""Errors to plant in streaming least squares, epoched noise, delays and two-point gradients."""

from __future__ import annotations

from planted.mutation import Mutation, named

THEORY = "sdeopt/theory"

MUTATIONS = [
    Mutation(
        "streaming SGD: fourth moments as if examples were signs",
        f"{THEORY}/streaming.py", "+ 2.0 * (lr * h) ** 2, (lr", "+ 1.0 * (lr * h) ** 2, (lr",
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
