"""Large networks: projections, the trace and last positions, against whole records; and the memory that they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_networks import small

import sdeopt as so

torch = pytest.importorskip("torch")
streamed = pytest.importorskip("sdeopt.engine.tensors.streamed")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]
SETTINGS: dict[str, Any] = {"steps": 6, "save_at": 3, "rng": 0, "progress": False}


def both(monkeypatch: pytest.MonkeyPatch, kind: str, paths: int, **settings: Any) -> tuple[so.Ensemble, so.Ensemble]:
    """The same run with whole records and streamed."""
    problem = so.Problem(small(dtype="float64"), so.Minibatch(2))
    whole = so.simulate(so.SGD(0.3), problem, kind, paths=paths, keep_paths=True, **SETTINGS | settings)
    monkeypatch.setattr(streamed, "LARGE", 10)
    return whole, so.simulate(so.SGD(0.3), problem, kind, paths=paths, **SETTINGS | settings)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_a_streamed_run_is_the_whole_one_projected(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    from sdeopt.engine.tensors.loop import signs

    whole, found = both(monkeypatch, kind, 7)
    U = signs(8, 15, torch.float64, torch.device("cpu")).numpy()
    assert np.abs(np.linalg.norm(U, axis=1) - 1.0).max() < 1e-15
    assert np.abs(found.mean - whole.mean @ U.T).max() < 1e-12
    assert np.abs(found.cov - U @ whole.cov @ U.T).max() < 1e-12
    assert np.abs(found.final - whole.final).max() < 1e-12
    trace, stderr = found.observables["tr Cov x"]
    assert trace == pytest.approx(np.trace(whole.cov, axis1=1, axis2=2), rel=1e-10)
    assert whole.paths is not None
    apart = ((whole.paths - whole.mean) ** 2).sum(axis=2)
    assert stderr[-1] == pytest.approx(7 / 6 * apart[:, -1].std(ddof=1) / np.sqrt(7.0), rel=1e-10)
    assert found.observables["loss"][0] == pytest.approx(whole.observables["loss"][0], rel=1e-10)
    assert np.abs(found.replay(5).states[-1] - found.final[5]).max() < 1e-12


def test_groups_are_pooled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups of 8 paths: the trace is the mean of each within itself."""
    monkeypatch.setattr(streamed, "GROUP", 1)
    whole, found = both(monkeypatch, "discrete", 16)
    parts = [np.var(part, axis=0, ddof=1).sum() for part in (whole.final[:8], whole.final[8:])]
    assert found.observables["tr Cov x"][0][-1] == pytest.approx(np.mean(parts), rel=1e-10)
    assert np.abs(found.final - whole.final).max() < 1e-12
    assert np.abs(found.observables["loss"][0] - whole.observables["loss"][0]).max() < 1e-12


def test_it_is_shown_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, found = both(monkeypatch, "discrete", 5)
    assert repr(found) == "Ensemble(SGD(lr=0.3), discrete, paths=5, horizon=1.8, d=15)"
    assert "tr Cov x" in str(found) and "E x" not in str(found)
    found.save(tmp_path / "run")
    again = so.load(tmp_path / "run")
    assert str(again) == str(found) and again.meta["projections"] == 8
    alone = so.simulate(so.SGD(0.3), so.Problem(small(dtype="float64"), so.Minibatch(2)), paths=1, **SETTINGS)
    assert list(alone.observables) == ["loss"] and alone.diverged.count == 0


def test_what_needs_whole_records_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(streamed, "LARGE", 10)
    problem = so.Problem(small(dtype="float64"), so.Minibatch(2))
    for asked in ({"keep_paths": True}, {"checkpoint": tmp_path}):
        with pytest.raises(ValueError, match=f"{next(iter(asked))} is not for pages on tensors above"):
            so.simulate(so.SGD(0.3), problem, paths=2, **SETTINGS | asked)


@pytest.mark.slow
def test_a_million_parameters_and_eight_paths_stay_below_two_gigabytes(fresh: Any) -> None:
    """In a process of its own, all of it: PyTorch and Numba loaded, 64 examples of 1000 numbers, float32.

    A save costs 8 x 11 numbers, so a hundred of them take 0.07 MB more than these ten.
    """
    script = """
import re, numpy as np, torch, sdeopt as so
torch.set_num_threads(1)
X = np.random.default_rng(0).standard_normal((64, 1000))
f = so.TorchObjective(torch.nn.Linear(1000, 1000), torch.nn.MSELoss(), X, X, dtype="float32")
e = so.simulate(so.AdamW(0.001), so.Problem(f, so.Minibatch(4)), steps=10, save_at=10, paths=8, rng=0)
print(e.final.shape == (8, 1001000), len(e.times), e.diverged.count)
held = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())  # ru_maxrss would begin at that of pytest
print(int(held[1]) < 2 * 2**20)
"""
    assert fresh(script).split() == ["True", "11", "0", "True"]


def test_a_comparison_keeps_projections_and_the_whole_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by observables, of one chunk of paths: loss and trace, and their errors, are those of whole records."""
    settings = SETTINGS | {"paths": 16, "substeps": 2, "sde": "sampled", "judge": "observables"}
    problem = so.Problem(small(dtype="float64"), so.Minibatch(2))
    whole = so.compare(so.SGD(0.3), problem, **settings)
    monkeypatch.setattr(streamed, "LARGE", 10)
    found = so.compare(so.SGD(0.3), problem, **settings)
    assert found.kinds.count("mean") == found.meta["projections"] == 8
    for name in ("loss", "tr Cov x"):
        i, j = whole.column(name), found.column(name)
        for field in ("discrete", "sde", "gap", "discrete_stderr", "gap_stderr", "change", "margin"):
            assert getattr(found, field)[:, j] == pytest.approx(getattr(whole, field)[:, i], rel=1e-9, abs=1e-14)
    assert found.within == pytest.approx(whole.within, rel=1e-9)
    assert "Coordinates are 8 projections of x" in str(found)
    assert len(so.compare(so.SGD(0.3), problem, **settings | {"save_at": None}).times) == 7
    assert "projections" not in so.compare(so.SGD(0.3), problem, **settings | {"judge": "all"}).meta
