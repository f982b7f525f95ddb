"""Errors to plant in what long runs need: checkpoints, marks, memory, and what is judged."""

from __future__ import annotations

from planted.mutation import Mutation, named

RESUMED = named("checkpoint", "test_kill_9_within_a_chunk_loses_what_came_after_its_last_mark[NETWORK-discrete]")

MUTATIONS = [
    Mutation(
        "marks: the first step after a mark is left out",
        "sdeopt/engine/marks.py", "y if k < self._begin", "y if k <= self._begin", RESUMED,
    ),
    Mutation(
        "marks: a resumed run forgets its records",
        "sdeopt/engine/marks.py", "self._records[:, : self._written] = seen", "self._records[:, : self._written] = 0.0",
        RESUMED,
    ),
    Mutation(
        "checkpoint: any run is the same",
        "sdeopt/engine/checkpoint.py", "key(content(subject))", "key()",
        named("checkpoint", "test_a_different_run_is_refused[seed]"),
    ),
    Mutation(
        "memory: records counted once, not as often as they are copied",
        "sdeopt/engine/memory.py", "busy * (COPIES * chunk * records", "busy * (chunk * records",
        named("memory", "test_the_estimate_bounds_what_a_run_takes[compare]"),
    ),
    Mutation(
        "compare: the noise is not judged where coordinates are not",
        "sdeopt/results/quantities.py", '(*one("observable"), *one("trace"), *lost)', '(*one("observable"), *lost)',
        named("judged", "test_the_noise_is_judged_where_coordinates_are_not"),
    ),
    Mutation(
        "compare: the upper bound shares its level among all quantities",
        "sdeopt/results/bounds.py", "_student(s.degrees, alpha)", "_student(s.degrees, alpha / s.size.size)",
        named("bounds", "test_the_upper_bound_has_its_level_where_one_quantity_is_at_the_margin"),
    ),
    Mutation(
        "compare: the lower bound does not share its level",
        "sdeopt/results/bounds.py", "2.0 * max(int(known.sum()), 1)", "2.0",
        named("bounds", "test_the_lower_bound_has_its_level_where_all_are_at_the_margin"),
    ),
    Mutation(
        "compare: a length keeps its noise below",
        "sdeopt/results/bounds.py", ") ** 2 - floor**2, 0.0)) - s.left", ") ** 2, 0.0)) - s.left",
        named("bounds", "test_the_floor_of_a_length_is_no_gap"),
    ),
    Mutation(
        "compare: what the step size leaves is forgotten",
        "sdeopt/results/bounds.py", "* stderr) + s.left", "* stderr)",
        named("bounds", "test_what_the_step_size_leaves_widens_both_ways"),
    ),
    Mutation(
        "compare: one path may decide",
        "sdeopt/results/bounds.py", "np.where(heavy | np.isnan(b.low)", "np.where(np.isnan(b.low)",
        named("bounds", "test_one_path_decides_nothing"),
    ),
    Mutation(
        "compare: a mean is measured in the first steps",
        "sdeopt/results/quantities.py", "span = np.fmin(span, np.abs(first - flow)[:, means])", "pass",
        named("planted_sdes", "test_the_first_steps_do_not_measure_what_is_late"),
    ),
    Mutation(
        "engine: an error in the generator of draws goes unnoticed",
        "sdeopt/engine/compiler/apart.py",
        "context.call_conv.return_user_exc(builder, MemoryError, (NO_ROOM,))", "pass",
        named("inner", "test_an_error_in_what_is_apart_reaches_the_caller"),
    ),
    Mutation(
        "certify: judged on the paths that chose what is judged",
        "sdeopt/certificate/certify.py", "rung.renew(options)", "pass",
        named("certify", "test_the_clearest_gap_of_many_is_not_judged_on_the_paths_that_chose_it"),
    ),
    Mutation(
        "compare: a pilot takes noise that it shares with the gap for a change at dt/2",
        "sdeopt/results/quantities.py", "np.maximum(surely, whole) if fresh else whole", "np.maximum(surely, whole)",
        named("budget", "test_a_change_has_noise_in_common_with_the_gap_on_its_own_paths"),
    ),
    Mutation(
        "compare: a pilot of few paths is believed",
        "sdeopt/comparison/forecast.py", "MORE if counts.max() < FEW or", "MORE if",
        named("budget", "test_a_pilot_of_few_paths_is_believed_a_quarter"),
    ),
    Mutation(
        "budget: a path that dominates a small bound counts",
        "sdeopt/comparison/forecast.py", "(heavy & (high >= NEAR * np.nanmax(high)))", "heavy",
        named("forecasts", "test_single_paths_that_dominate_what_may_decide_are_known"),
    ),
    Mutation(
        "observables: an objective with a loss of its own is asked for that of its parent",
        "sdeopt/core/observables.py", "owners[0] is not None and len(set(owners)) == 1", "owners[0] is not None",
        named("finite_sums", "test_a_loss_of_your_own_is_not_passed_over"),
    ),
]  # fmt: skip
