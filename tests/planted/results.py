"""Errors to plant in what all results share: their intervals, their words, their files."""

from __future__ import annotations

from planted.mutation import Mutation, named

RESULT = "sdeopt/results/result.py"


def contract(test: str) -> tuple[str, ...]:
    return (f"tests/contract/test_results.py::{test}",)


def in_files(test: str) -> tuple[str, ...]:
    return (f"tests/contract/test_result_files.py::{test}",)


MUTATIONS = [
    Mutation(
        "results: the jackknife without its factor n - 1",
        "sdeopt/results/estimate.py",
        "math.sqrt((n - 1.0) * np.array(",
        "math.sqrt(np.array(",
        named("words", "test_the_jackknife_of_a_mean_is_student_s_interval"),
    ),
    Mutation(
        "results: a lopsided interval as if it were symmetric",
        "sdeopt/results/words.py",
        " or (lopsided and not rounding)",
        "",
        named("words", "test_a_value_stands_with_its_interval"),
    ),
    Mutation(
        "results: one digit of an interval where two are known",
        "sdeopt/results/words.py",
        ' + (f"{half:e}"[0] == "1")',
        "",
        named("words", "test_intervals_are_written_to_the_digit_that_is_known"),
    ),
    Mutation(
        "results: any kind of file is taken",
        RESULT,
        "if content.kind != cls.__name__:",
        "if not content.kind:",
        in_files("test_another_kind_is_refused_by_name"),
    ),
    Mutation(
        "results: a newer version is read as if it were today's",
        RESULT,
        "if version > cls.VERSION:",
        "if version > 1000:",
        in_files("test_a_newer_version_is_refused"),
    ),
    Mutation(
        "results: a file is kept under another name than it is opened by",
        "sdeopt/results/files.py",
        "path.with_name(path.name + suffix)",
        "path.with_suffix(suffix)",
        contract("test_it_is_kept_and_opened_by_the_same_name"),
    ),
    Mutation(
        "results: HTML is not escaped",
        "sdeopt/results/markup.py",
        "{escaping.escape(text)}",
        "{text}",
        contract("test_notebooks_get_the_same_texts"),
    ),
]
