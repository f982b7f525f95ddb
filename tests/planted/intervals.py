"""Errors to plant in what is stated: intervals, moments of laws, errors that a certificate would have seen."""

from __future__ import annotations

from planted.mutation import Mutation, named

INTERVALS, SIGHT = "sdeopt/results/intervals.py", "sdeopt/certificate/sight.py"
MUTATIONS = [
    Mutation(
        "intervals: the skewness on the wrong side", INTERVALS, "lam = np.asarray(skew)", "lam = -np.asarray(skew)",
        named("intervals", "test_the_ends_solve_the_cubic_of_hall"),
    ),
    Mutation(
        "intervals: a sixth for a third in the cubic", INTERVALS, "3.0 / some * (np.cbrt(", "6.0 / some * (np.cbrt(",
        named("intervals", "test_the_ends_solve_the_cubic_of_hall"),
    ),
    Mutation(
        "intervals: the skewness without its correction", "sdeopt/core/moments.py",
        "np.sqrt(count * (count - 1.0)) / (count - 2.0)", "1.0",
        named("intervals", "test_skewness_is_the_one_of_scipy"),
    ),
    Mutation(
        "intervals: cubes merged without what moves", "sdeopt/core/moments.py", "3.0 * gap / n *", "0.0 * gap / n *",
        named("intervals", "test_chunks_that_are_merged_are_one_chunk"),
    ),
    Mutation(
        "intervals: a guard by what is seen beside the law", INTERVALS, "if math.isinf(order) else", "if order else",
        named("intervals", "test_no_interval_without_its_moments"),
    ),
    Mutation(
        "intervals: f(x) has the moments of x", "sdeopt/engine/draws.py", "order / r if r > 0.0", "order if r > 0.0",
        named("intervals", "test_a_run_has_the_moments_that_its_noise_leaves"),
    ),
    Mutation(
        "intervals: a mean of heavy draws passes for lighter", "sdeopt/noise/batch.py",
        "order: float = self.law.moments", "order: float = self.batch * self.law.moments",
        named("moments", "test_a_law_states_which_moments_exist"),
    ),
    Mutation(
        "intervals: agents are as light as the lightest", "sdeopt/noise/agents.py",
        "return min(float(law.moments)", "return max(float(law.moments)",
        named("moments", "test_a_law_states_which_moments_exist"),
    ),
    Mutation(
        "certificate: an error of the diffusion counted as one of the variance", "sdeopt/certificate/report.py",
        "2.0 * self.sde[:, entry]", "8.0 * self.sde[:, entry]",
        named("sight", "test_planted_errors_pass_only_below_what_is_stated"),
    ),
    Mutation(
        "certificate: the bend hides an error", SIGHT, "for few in (2, 3):", "for few in (2, 2):",
        named("sight", "test_an_error_that_hides_in_the_bend_is_not_missed"),
    ),
    Mutation(
        "certificate: the flow stretched twice", SIGHT, "/ (2.0 * DELTA)", "/ DELTA",
        named("sight", "test_the_flow_is_stretched_by_its_drift"),
    ),
]  # fmt: skip
