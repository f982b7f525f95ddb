"""Nothing that a page is given changes, and the same arguments give the same answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

PAGES = so.methods()


def frozen(thing: Any) -> Any:
    """The same, of arrays that refuse to be written to."""
    if isinstance(thing, tuple):
        return tuple(frozen(member) for member in thing)
    copy = np.array(thing)
    copy.flags.writeable = False
    return copy


def flat(thing: Any) -> Any:
    return np.concatenate([flat(member) for member in thing]) if isinstance(thing, tuple) else thing


def increments(sde: Any, problem: so.Problem) -> Any:
    """A draw of what ``diffusion`` is given."""
    point, d = np.random.default_rng(3), problem.dim
    names = [(d,) if name == "state" else problem.noise.brownian(name, problem.objective) for name in sde.brownian]
    drawn = [tuple(point.standard_normal(n) for n in sizes) for sizes in names]
    vectors = [v if len(v) > 1 else v[0] for v in drawn]
    return tuple(vectors) if len(vectors) > 1 else vectors[0]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", PAGES)
def test_functions_leave_their_arguments_alone(name: str, d: int) -> None:
    cls = PAGES[name]
    page = cls(lr=0.1)
    law = so.Gaussian(cov=0.3 * np.eye(d) + 0.1)
    problem = so.Problem(so.EmbeddedSaddle(np.linspace(-0.5, 1.0, d)), law)
    x, o = frozen(problem.x0), problem.oracle

    def twice(function: Any, *arguments: Any) -> Any:
        """The value of a call; an argument that is written to raises, and a second call must agree."""
        values = [function(*arguments) for _ in range(2)]
        assert np.array_equal(flat(values[0]), flat(values[1]))
        return frozen(values[0])

    y = twice(page.init, x, o) if hasattr(page, "init") else x
    y = twice(page.step, 0, y, o, (frozen(np.linspace(-1.0, 1.0, d)),))
    for sde in cls.sdes.values():
        at = y if sde.start is None else twice(sde.start, page, x, o)
        twice(sde.drift, page, 0.3, at, o)
        twice(sde.diffusion, page, 0.3, at, o, frozen(increments(sde, problem)))
