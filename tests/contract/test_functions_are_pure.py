"""Nothing that a page is given changes, and the same arguments give the same answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import PAGES, drawn, flat, ordinary, problem, run, suited

import sdeopt as so


def frozen(thing: Any) -> Any:
    """The same, of arrays that refuse to be written to."""
    if isinstance(thing, tuple):
        return tuple(frozen(member) for member in thing)
    copy = np.array(thing)
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize(
    ("name", "d"), [(n, d) for n, cls in PAGES.items() for d in (1, 2, 3) if d == 2 or ordinary(cls)]
)
def test_functions_leave_their_arguments_alone(name: str, d: int) -> None:
    cls = PAGES[name]
    page = cls(lr=0.1)
    law = so.Gaussian(cov=0.3 * np.eye(d) + 0.1)
    subject = problem(cls, so.Problem(so.EmbeddedSaddle(np.linspace(-0.5, 1.0, d)), law))
    x, o, point = frozen(subject.x0), subject.oracle, np.random.default_rng(3)

    def twice(function: Any, *arguments: Any) -> Any:
        """The value of a call; an argument that is written to raises, and a second call must agree."""
        values = [function(*arguments) for _ in range(2)]
        assert np.array_equal(flat(values[0]), flat(values[1]))
        return frozen(values[0])

    y = twice(page.init, x, o) if hasattr(page, "init") else x
    y = twice(page.step, 0, y, o, frozen(drawn(run(page, subject, "discrete"), point)))
    for sde in cls.sdes.values():
        if sde.drift is not None:
            at = y if sde.start is None else twice(sde.start, page, x, o)
            twice(sde.drift, page, 0.3, at, o)
            its = suited(sde, subject)
            draws = frozen(drawn(run(page, its, "sde", sde.name), point))
            twice(sde.diffusion, page, 0.3, at, its.oracle, draws)
