"""Values that nobody means, and the ordinary ones between which they stand."""

from __future__ import annotations

import datetime
import decimal
import fractions
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st


class Broken:
    """Nothing about it can be asked."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Lines:
    """Its repr has several lines."""

    def __repr__(self) -> str:
        return "first\nsecond\n" * 100


class Refuses:
    """It cannot become an array."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")


NUMBERS: list[Any] = [
    0.0, -0.0, -1.0, 0.5, 1.0, 1.5, 1e-320, 5e-324, 1e-300, 1e16, 1e154, 1e300, 1.7e308, -1e308, float("nan"),
    float("inf"), -float("inf"), 0, 1, 2, 3, -1, 2**62, 2**63, 2**64, 10**30, 10**400, -(10**400), 10**5000,
    10**12, np.float32(0.5), np.float16(np.inf), np.int8(-1), np.uint8(200), np.uint64(2**64 - 1), np.int64(-(2**63)),
    np.longdouble("1e4000"), np.float64("nan"),
]  # fmt: skip
THINGS: list[Any] = [
    None, True, False, np.True_, "", "x", "nan", "a\nb", b"x", 1j, np.complex128(1j), decimal.Decimal("0.1"),
    fractions.Fraction(1, 3), np.timedelta64(1, "s"), np.datetime64("2020-01-01"), datetime.date(2020, 1, 1), Ellipsis,
    Broken(), Lines(), Refuses(), {}, {"a": 1.0}, set(), {1.0, 2.0}, range(2), (), [], [[]],
    [[1.0], [1.0, 2.0]], [None], ["1", "2"], [True, False], [1j, 0.0], [10**400, 1], [float("nan"), 1.0],
    [float("inf"), 1.0], [1e308, 1e308], [1e-320, 1e300], [-1.0, 1.0], [1.0], [1.0, 2.0, 3.0], [0.0, 0.0],
    [[1.0, 2.0], [3.0, 4.0]], [[1e308, -1e308], [1e308, 1e308]], [[0.0, 0.0], [0.0, 0.0]], [[[1.0]]],
]  # fmt: skip
ARRAYS: list[Callable[[], Any]] = [  # made anew, so that what writes to one is found out
    lambda: np.array(2.0),
    lambda: np.zeros(0),
    lambda: np.zeros((0, 2)),
    lambda: np.array([1.0, 2.0]),
    lambda: np.array([2.0, 1.0])[::-1],
    lambda: np.arange(4.0).reshape(2, 2).T,
    lambda: np.ones((2, 2, 2)),
    lambda: np.ones(1000),
    lambda: np.array([1, 2], dtype=np.uint8),
    lambda: np.array([1.0, 2.0], dtype=">f8"),
    lambda: np.array([1.0, 2.0], dtype=np.float16),
    lambda: np.array([1.0, 1.0], dtype=np.longdouble) * np.longdouble("1e4000"),
    lambda: np.array([1.0, np.nan]),
    lambda: np.array([1j, 2.0]),
    lambda: np.array([True, False]),
    lambda: np.array(["a", "b"]),
    lambda: np.array([None, 1.0], dtype=object),
    lambda: np.array(["2020-01-01"], dtype="M8[D]"),
    lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    lambda: np.array([(1.0, 2)], dtype=[("a", float), ("b", int)]),
    lambda: np.broadcast_to(np.array(1.0), (2,)),
    lambda: memoryview(np.array([1.0, 2.0])),
    lambda: (v for v in (1.0, 2.0)),
]


def giving(value: Any) -> Any:
    """A function that gives ``value`` whatever it is asked."""
    return lambda *_: value


NUMBER = st.one_of(st.sampled_from(NUMBERS), st.floats(), st.integers(-5, 5))
ARRAY = st.sampled_from(ARRAYS).map(lambda make: make())
GIVEN = st.one_of(NUMBER, st.sampled_from(THINGS), ARRAY)
JUNK = st.one_of(GIVEN, GIVEN.map(giving))


def replaced(good: dict[str, Any], most: int = 2, values: Any = JUNK) -> Any:
    """Arguments, of which up to ``most`` are replaced by values that nobody means."""
    names = st.lists(st.sampled_from(sorted(good)), min_size=1, max_size=most, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries(dict.fromkeys(chosen, values))).map(
        lambda bad: good | bad
    )
