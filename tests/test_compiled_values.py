"""The values that a function refers to are compiled in, and every run takes those of the moment.

dX = n X dt in two Euler steps to time 1 from X = 1 ends at (1 + n/2)²; one step of gradient descent at lr 1/2 from
x = 1 with gradient n x ends at 1 - n/2.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit

import sdeopt as so
from sdeopt.core.method import method
from sdeopt.engine.compiler.compile import LOOPS
from sdeopt.engine.identity import made_from
from sdeopt.engine.machine import quick
from sdeopt.engine.values import Unknown, describe

NUMBERS = [1, 3]
RIGHT = [2.25, 6.25]

config = ModuleType("config")
config.inner = ModuleType("config.inner")  # type: ignore[attr-defined]
config.inner.K = 1.0  # type: ignore[attr-defined]
FACTOR: Any = 1.0
TABLE = np.array([1.0])


def still(t: Any, x: Any) -> Any:
    return 0.0


def end(drift: Any) -> float:
    e = so.integrate(so.SDE(drift, still, dim=1), [1.0], horizon=1.0, steps=2, paths=1, rng=0)
    return float(e.final[0, 0])


def of_global(x: Any) -> Any:
    return FACTOR * x


def of_all(t: Any, x: Any) -> Any:
    """By a helper, of a module in a module, of an array."""
    return config.inner.K * TABLE[0] * of_global(x)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [pytest.param(np.int64, marks=pytest.mark.slow), np.uint8])
def test_a_number_of_numpy_keeps_its_value(kind: Any) -> None:
    def drift(n: Any) -> Any:
        return lambda t, x: n * x

    assert [end(drift(kind(n))) for n in NUMBERS] == RIGHT


@pytest.mark.slow
def test_so_do_defaults_and_tuples() -> None:
    def drift(given: Any) -> Any:
        return lambda t, x, pair=given: pair[0] * x

    assert [end(drift((np.int64(n), 7))) for n in NUMBERS] == RIGHT


def test_what_changes_between_runs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(of_all) == RIGHT[0]
    for place, name in ((globals(), "FACTOR"), (vars(config.inner), "K")):  # type: ignore[attr-defined]
        with monkeypatch.context() as changed:
            changed.setitem(place, name, 3.0)
            assert end(of_all) == RIGHT[1], name
    monkeypatch.setitem(globals(), "TABLE", TABLE.copy())
    TABLE[0] = 3.0
    assert end(of_all) == RIGHT[1]


def test_objectives_schedules_and_observables_follow_too(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = so.Objective(grad=lambda x: FACTOR * x, dim=1)
    shaped = so.Schedule(0.5, lambda t: 1.0 if t < 0.25 else FACTOR)
    for n in (1.0, 0.5):
        monkeypatch.setitem(globals(), "FACTOR", n)
        e = so.simulate(
            so.SGD(shaped), so.Problem(objective), steps=2, paths=1, rng=0, observables={"n": lambda x: FACTOR * x[0]}
        )
        wanted = (1.0 - 0.5 * n) * (1.0 - 0.5 * n * n)
        assert (float(e.final[0, 0]), float(e.observables["n"][0][-1])) == (wanted, n * wanted)


@pytest.mark.parametrize("dim", [2, 200])
def test_so_do_functions_that_the_user_has_compiled(dim: int) -> None:
    """Of which the types of Numba say no more than an address, on lanes and on vectors; also those in a tuple."""

    def end_of(n: float) -> float:
        objective = so.Objective(grad=njit(lambda x: n * x), dim=dim)
        problem = so.Problem(objective, so.Gaussian(1e-9), x0=np.ones(dim))
        return float(so.simulate(so.SGD(lr=0.5), problem, steps=1, paths=1, rng=0).final[0, 0])

    assert [end_of(n) for n in NUMBERS] == pytest.approx([0.5, -0.5], abs=1e-7)
    first, second = (describe(made_from((njit(lambda x, n=n: n * x), (lambda x, n=n: n * x,)))) for n in NUMBERS)
    assert first != second


@pytest.mark.slow
def test_a_module_that_has_changed_is_seen_by_the_next_process(fresh: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "loops"))
    script = """
import config
import sdeopt as so
problem = so.Problem(so.Objective(grad=lambda x: config.K * x, dim=1))
print(float(so.simulate(so.SGD(0.5), problem, steps=1, paths=1, rng=0, observables=[]).final[0, 0]))
"""
    for value, wanted in (("1.0", "0.5"), ("0.5", "0.75")):
        (tmp_path / "config.py").write_text(f"K = {value}\n")
        assert fresh(script).strip() == wanted


class Thing:
    """Of no value."""

    def __call__(self, x: Any) -> Any:
        return 2.0 * x


def test_what_has_no_value_is_not_compiled() -> None:
    thing = Thing()
    with pytest.raises(Unknown, match="Thing object at .* has no value that a key could hold"):
        describe(lambda x: thing(x))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.int64(1), np.int64(2)),
        (np.int64(1), np.uint8(1)),
        (np.int64(1), np.uint64(1)),  # whose bytes are the same
        (np.float32(0.1), 0.1),
        (0.0, -0.0),
        (1, True),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]), np.array([[1.0, 2.0]])),
        ((1, (2, 3)), (1, (2, 4))),
        (range(3), range(4)),
        (frozenset({1, 2}), frozenset({1, 3})),
    ],
    ids=repr,
)
def test_values_have_texts_of_their_own(one: Any, other: Any) -> None:
    def of(value: Any) -> Any:
        return lambda x: value * x

    assert describe(of(one)) != describe(of(other))
    assert describe(of(one)) == describe(of(one))


def test_values_that_stay_compile_nothing_anew() -> None:
    end(of_all)
    before = len(LOOPS), len(quick.FOUND)
    assert end(of_all) == end(of_all)
    assert (len(LOOPS), len(quick.FOUND)) == before


@pytest.mark.parametrize("thing", [so.Objective, so.SDE, so.Schedule, method], ids=lambda t: t.__name__)
def test_the_rule_stands_in_the_same_words_where_functions_are_given(thing: Any) -> None:
    rule = (
        "Numbers, arrays and tuples that a function refers to, in its closure, its defaults, its globals or by "
        "``module.name``, are compiled in: each run takes those of the moment when it begins."
    )
    assert rule in " ".join((thing.__doc__ or "").split())
