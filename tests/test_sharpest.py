"""The sharpness among the observables: beside LAPACK, in both columns, by one name, and refused where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import sdeopt as so
from sdeopt.cli import app
from sdeopt.core.sharpness import largest_eigenvalue, sharpness

VALLEY = so.Problem(so.WideningValley(3), so.Gaussian(0.3), x0=[1.0, 0.8, 0.3, -0.5])


def matrices() -> Any:
    rng = np.random.default_rng(0)
    for d in (1, 2, 3, 4, 7, 24, 60):
        a = rng.standard_normal((d, d))
        yield f"indefinite {d}", a + a.T
        yield f"negative {d}", -a @ a.T
        yield f"of rank one {d}", np.outer(a[0], a[0])
        q = np.linalg.qr(a)[0]
        yield f"largest twice {d}", q @ np.diag([*np.linspace(-2.0, 1.0, d)[:-1], *[1.0]]) @ q.T
        yield f"all but the same {d}", np.eye(d) + 1e-9 * (a + a.T)
    yield "zero", np.zeros((5, 5))
    yield "diagonal", np.diag([3.0, -7.0, 3.0, 1.0])
    for size in (1e-300, 1e-165, 1e-150, 1e155, 1e300):  # squares of the entries are 0, coarse or infinite
        yield f"of size {size:g}", size * np.array([[1.0, 2.0, 3.0], [2.0, -1.0, 0.5], [3.0, 0.5, 0.2]])


@pytest.mark.parametrize(("name", "a"), list(matrices()), ids=lambda a: a if isinstance(a, str) else "")
def test_the_largest_eigenvalue_is_that_of_lapack(name: str, a: Any) -> None:
    kept = a.copy()
    assert abs(largest_eigenvalue(a) - np.linalg.eigvalsh(a)[-1]) <= 1e-13 * max(1, len(a) / 10) * np.abs(a).max()
    assert (a == kept).all()


@pytest.mark.parametrize("place", [(0, 0), (2, 3), (3, 3)])
@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_what_is_no_number_gives_none(place: tuple[int, int], what: float) -> None:
    a = np.eye(4)
    a[place] = a[place[::-1]] = what
    with np.errstate(invalid="ignore"):
        assert np.isnan(largest_eigenvalue(a))


@pytest.mark.parametrize("kind", [pytest.param("discrete", marks=pytest.mark.slow), "sde"])
def test_it_is_observed_in_both_columns(kind: str, request: Any) -> None:
    """Of positions that are kept, where ∇²f depends on x: compiled, without a warning, and interpreted."""
    if kind == "sde":  # which spares the compilation of a second loop
        request.getfixturevalue("interpreted")
    problem = (
        so.Problem(VALLEY.objective, x0=VALLEY.x0) if kind == "discrete" else VALLEY
    )  # without noise it compiles sooner
    e = so.simulate(
        so.SGD(0.05), problem, kind=kind, steps=6, paths=5, keep_paths=True, observables=["sharpness"], rng=0
    )
    each = [[np.linalg.eigvalsh(VALLEY.objective.hessian(x))[-1] for x in path] for path in e.paths]
    assert e.observables["sharpness"][0] == pytest.approx(np.mean(each, axis=0), rel=1e-12)
    plain = [sharpness(VALLEY.oracle, x) for x in e.paths[:, -1]]
    assert e.observables["sharpness"][0][-1] == pytest.approx(np.mean(plain), rel=1e-15)


@pytest.mark.usefixtures("interpreted")
def test_finite_sums_reports_crossings_and_the_command_line_know_it() -> None:
    data = so.Problem(so.Logistic(np.random.default_rng(1).standard_normal((30, 3)), np.tile([1.0, -1.0], 15)))
    e = so.simulate(so.SGD(0.1), data, steps=2, paths=2, keep_paths=True, observables=["sharpness"])
    assert e.observables["sharpness"][0][0] == pytest.approx(np.linalg.eigvalsh(data.objective.hessian(data.x0))[-1])
    report = so.compare(so.SGD(0.05), VALLEY, steps=4, paths=16, substeps=2, observables=["sharpness"], rng=0)
    assert report.column("sharpness") is not None and "sharpness is λ_max(∇²f(x))" in str(report)
    crossed = so.simulate(
        so.SGD(0.05), VALLEY, steps=4, paths=2, observables=["sharpness"], crossings={"sharpness": 0.1}
    )
    assert len(crossed.crossings["sharpness"].times) == 2
    line = "simulate SGD --objective widening-valley --lr 0.1 --steps 3 --paths 2 --observables loss,sharpness"
    result = CliRunner().invoke(app.main, line.split())
    assert result.exit_code == 0 and "sharpness" in result.output, result.output


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        (so.QuadraticGame(a=0.5, coupling=1.0, b=1.0), "but a game has no Hessian"),
        (so.Objective(grad=lambda x: 2.0 * x, dim=2), "largest eigenvalue of the Hessian, but .*hvp"),
        (so.Quadratic(np.ones(257)), "in at most 256 dimensions, got 257; so.profile"),
    ],
    ids=["game", "no hvp", "large"],
)
def test_where_there_is_none_it_is_refused(objective: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"observables: sharpness .*{sentence}"):
        so.simulate(so.SGDA(0.1), so.Problem(objective), steps=1, paths=2, observables=["sharpness"])


@pytest.mark.usefixtures("interpreted")
def test_it_is_no_default_and_no_name_of_ones_own() -> None:
    e = so.simulate(so.SGD(0.1), VALLEY, steps=1, paths=2, observables=None, rng=0)
    assert "sharpness" not in e.observables
    with pytest.raises(ValueError, match="must not be called 'sharpness'"):
        so.simulate(so.SGD(0.1), VALLEY, steps=1, paths=2, observables={"sharpness": lambda x: x[0]})
