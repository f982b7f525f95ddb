"""Errors to plant in sweeps: what is measured, what a cell is known by, what is kept."""

from __future__ import annotations

from planted.mutation import Mutation, named

SWEEPS = "sdeopt/sweeps"
MUTATIONS = [
    Mutation(
        "sweep: the spread biased, n for n - 1",
        f"{SWEEPS}/measures.py", "* (n / (n - 1))", "* 1.0", named("sweep", "test_a_cell_is_what_simulate_computes"),
    ),
    Mutation(
        "sweep: the standard error without its root of n",
        "sdeopt/results/estimate.py", "/ (n - 1) / n)", "/ (n - 1))",
        named("sweep", "test_a_cell_is_what_simulate_computes"),
    ),
    Mutation(
        "sweep: the interval of a median one rank too narrow",
        "sdeopt/results/estimate.py", "ordered[n - rank])", "ordered[n - rank - 1])",
        named("sweep", "test_the_median_has_the_interval_of_order_statistics"),
    ),
    Mutation(
        "sweep: a share's interval of 90 %",
        "sdeopt/results/estimate.py", ".proportion_ci(1.0 - LEVEL)", ".proportion_ci(1.0 - 2.0 * LEVEL)",
        named("sweep", "test_a_share_has_the_interval_of_clopper_and_pearson"),
    ),
    Mutation(
        "sweep: the level is passed, not reached",
        f"{SWEEPS}/measures.py", "times[reached.argmax(axis=1)]", "times[reached.argmax(axis=1) - 1]",
        named("sweep", "test_the_time_to_a_level_is_a_step_of_the_optimizer"),
    ),
    Mutation(
        "sweep: the weak error in units of its standard error",
        f"{SWEEPS}/measures.py", "Estimate(float(sizes.size.flat[worst])", "Estimate(float(sizes.stderr.flat[worst])",
        named("sweep", "test_the_weak_error_of_sgd_is_the_one_in_closed_form"),
    ),
    Mutation(
        "sweep: a spread that still grows passes for stationary",
        f"{SWEEPS}/measures.py", "for values in (now, now - before))", "for values in (now, 0.0 * now))",
        named("sweep", "test_a_spread_that_still_grows_is_undecided"),
    ),
    Mutation(
        "sweep: survivors pass for everybody",
        f"{SWEEPS}/measures.py", "    if lost:\n", "    if lost > n:\n",
        named("sweep", "test_paths_that_diverge_are_counted_and_mark_what_is_left"),
    ),
    Mutation(
        "sweep: a cell is known without its noise",
        f"{SWEEPS}/cells.py", "content(p.noise), content(p.x0), ", "content(p.x0), ",
        named("sweep_keys", "test_a_key_depends_on_all_that_the_numbers_depend_on"),
    ),
    Mutation(
        "sweep: an objective's start is lost on the grid",
        f"{SWEEPS}/grid.py", "None if own else given.x0", "None",
        named("sweep_grid", "test_problems_are_built_once_and_keep_a_start_of_their_own"),
    ),
    Mutation(
        "sweep: cells that failed are kept",
        f"{SWEEPS}/schedule.py", 'estimate.status != "failed" for', "True for",
        named("sweep_folder", "test_a_cell_that_failed_is_tried_again"),
    ),
    Mutation(
        "sweep: a file in its place before it is whole",
        "sdeopt/core/files.py", 'part = place.with_name(f"sdeopt-{secrets.token_hex(8)}.part")', "part = place",
        named("sweep_folder", "test_a_write_that_is_cut_short_leaves_what_was_there"),
    ),
    Mutation(
        "content: the state of an object left out",
        "sdeopt/engine/content.py", "parts[:3], parts[3:5]", "parts[:2], parts[3:5]",
        named("sweep_keys", "test_functions_are_known_by_their_code_and_by_what_they_hold"),
    ),
]  # fmt: skip
