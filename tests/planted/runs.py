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
        "compare: the flow is told by the worst of many coordinates",
        "sdeopt/comparison/verdict.py", 'told = is_judged or report.kinds[i] == "trace"', "told = True",
        named("judged", "test_the_flow_is_told_by_the_trace_not_by_the_worst_coordinate"),
    ),
    Mutation(
        "engine: an error in the generator of draws goes unnoticed",
        "sdeopt/engine/apart.py", "convention.return_status_propagate(builder, status)", "pass",
        named("inner", "test_an_error_in_what_is_apart_reaches_the_caller"),
    ),
    Mutation(
        "certify: judged on the paths that chose what is judged",
        "sdeopt/certificate/certify.py", "rung.renew(options)", "pass",
        named("certify", "test_the_clearest_gap_of_many_is_not_judged_on_the_paths_that_chose_it"),
    ),
]  # fmt: skip
