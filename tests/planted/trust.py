"""Errors to plant in what keeps a word from being wrong: bounds of vectors, values in keys, checksums, locks."""

from __future__ import annotations

from planted.mutation import Mutation, named

FILES, VALUES, STOP = "sdeopt/core/files.py", "sdeopt/engine/values.py", "sdeopt/engine/stop.py"
CACHE = "sdeopt/engine/compiler/cache.py"
MUTATIONS = [
    Mutation(
        "bounds: the direction that is known worst left out",
        "sdeopt/results/bounds.py", "widest**2 - stderr**2", "0.0 * widest",
        named("bounds", "test_the_upper_bound_is_the_farthest_reach_of_the_ellipsoid"),
    ),
    Mutation(
        "bounds: the worst direction is the mean one",
        "sdeopt/results/quantities.py", "eigvalsh(products)[:, -1]", "eigvalsh(products).mean(axis=1)",
        named("bounds", "test_the_worst_direction_of_groups_is_their_largest_eigenvalue"),
    ),
    Mutation(
        "intervals: a law has the moment at which its moments end",
        "sdeopt/results/intervals.py", "fewest if order > 3.0 else", "fewest if order >= 3.0 else",
        named("intervals", "test_no_interval_without_its_moments"),
    ),
    Mutation(
        "intervals: spreads of few paths",
        "sdeopt/sweeps/measures.py", "mean(values, order, FEW_SQUARES)", "mean(values, order)",
        named("sweep", "test_a_spread_needs_a_hundred_paths"),
    ),
    Mutation(
        "values: an array is known by its shape",
        VALUES, "{thing.shape}{digest}", "{thing.shape}",
        named("compiled_values", "test_what_changes_between_runs_is_seen"),
    ),
    Mutation(
        "values: a number of NumPy is known by its value alone",
        VALUES, "{thing.dtype.str}{thing.tobytes().hex()}", "{thing.tobytes().hex()}",
        named("compiled_values", "test_values_have_texts_of_their_own"),
    ),
    Mutation(
        "values: defaults are no part of a function",
        VALUES, "(cells, used, f.__defaults__, tuple(", "(cells, used, (), tuple(",
        named("compiled_values", "test_so_do_defaults_and_tuples"),
    ),
    Mutation(
        "values: globals are no part of a function",
        VALUES, "for n in sorted(names(f.__code__)) if n in f.__globals__)", "for n in ())",
        named("compiled_values", "test_what_changes_between_runs_is_seen"),
    ),
    Mutation(
        "quick: an error of a loop is taken for its end",
        "sdeopt/engine/machine/quick.py", "DONE = (0, -2)", "DONE = (0, 1, -2)",
        named("quick", "test_what_ends_with_an_error_is_run_by_numba"),
    ),
    Mutation(
        "passing: how an array lies in memory is no part of its type",
        "sdeopt/engine/passing.py", "{a.ndim}{layout}", "{a.ndim}",
        named("quick", "test_words_tell_types_apart"),
    ),
    Mutation(
        "exact: powers at run time are Numba's",
        "sdeopt/engine/compiler/exact.py", "        return POWER", '        return ""',
        named("modes", "test_what_does_not_is_interpreted_and_says_so_once[a negative power at run time]"),
    ),
    Mutation(
        "checkpoint: numbers are not in the checksum",
        FILES, '.encode() + array.tobytes("A"))', ".encode())",
        named("checkpoint_files", "test_a_damaged_chunk_is_computed_again[rewritten]"),
    ),
    Mutation(
        "checkpoint: a chunk is believed for its name",
        FILES, 'if head.get("label") != dict(label):', "if label is None:",
        named("checkpoint_files", "test_a_chunk_is_not_believed_for_its_name"),
    ),
    Mutation(
        "files: what cannot be written is named by its part",
        FILES, "raise OSError(error.errno, error.strerror, str(file)) from error", "raise",
        ("tests/contract/test_result_files.py::test_what_cannot_be_written_is_named_as_it_was_given",),
    ),
    Mutation(
        "lock: a second sweep in the folder",
        "sdeopt/sweeps/store.py", 'with lock.hold(store.folder, "folder"):', "if True:",
        named("sweep_folder", "test_one_sweep_at_a_time_works_in_a_folder"),
    ),
    Mutation(
        "stop: nobody tells other processes",
        STOP, "if stop.is_set():\n            Path", "if False:\n            Path",
        named("interrupts", "test_a_file_ends_chunks_in_other_processes"),
    ),
    Mutation(
        "cache: a loop carries the class of its page in its signature",
        CACHE, "signature.replace(args=())", "signature",
        named("cache", "test_a_loop_does_not_carry_the_class_of_its_page"),
    ),
    Mutation(
        "cache: a loop carries the class of its page in its function",
        CACHE, "function.argtypes = ()", "function.argtypes = tuple(function.argtypes)",
        named("cache", "test_a_loop_does_not_carry_the_class_of_its_page"),
    ),
    Mutation(
        "keys of loops: without what the user has compiled",
        "sdeopt/engine/identity.py", " or is_jitted(thing)", "",
        named("compiled_values", "test_so_do_functions_that_the_user_has_compiled"),
    ),
    Mutation(
        "compare: influences without n/(n - 1)",
        "sdeopt/results/sums.py",
        "np.multiply(psi.sum(axis=1), factor * factor, out", "np.multiply(psi.sum(axis=1), factor, out",
        named("compare", "test_statistics_are_those_of_each_save_alone"),
    ),
]  # fmt: skip
