"""Pages on tensors: the same functions, the same draws; float64 to rounding, float32 to its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_networks import column, small

import sdeopt as so
from sdeopt.engine import kernels

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]

PAGES = [so.SGD(0.3), so.SAM(0.3, 0.1), so.AdamW(0.02, weight_decay=0.1), so.SignSGD(0.01), so.Lion(0.01)]
COLUMNS: list[tuple[str, str | None]] = [("discrete", None), ("sde", None), ("sde", "sampled")]


def apart(page: Any, kind: str, law: Any, dtype: str, paths: int = 3, **settings: Any) -> float:
    """Of the interpreted run in NumPy's memory, the largest difference in any record."""
    settings = {"steps": 10} | settings
    known = kernels.Kernel(replace(column(page, kind, small(), law, **settings), interpreted=True))
    kernel = kernels.Kernel(column(page, kind, small(dtype=dtype), law, **settings))
    assert kernel.mode == "tensors"
    records, expected = kernel(0, paths), known(0, paths)
    assert np.abs(expected[:, -1] - expected[:, 0]).max() > 1e-3
    assert np.abs(kernel(paths - 1, 1) - records[-1:]).max() == 0.0
    return float(np.abs(records - expected).max())


@pytest.mark.parametrize(("kind", "sde"), COLUMNS)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: type(page).__name__)
def test_ten_steps_are_those_of_the_interpreted_page(page: Any, kind: str, sde: str | None) -> None:
    assert apart(page, kind, so.Minibatch(3), "float64", sde=sde) < 1e-12


def test_float32_is_float64_to_its_own_rounding() -> None:
    assert 1e-9 < apart(so.SGD(0.3), "discrete", so.Minibatch(3), "float32") < 1e-5
    assert 1e-9 < apart(so.AdamW(0.02), "sde", so.Minibatch(3), "float32", sde="sampled") < 1e-4


CASES = [
    (so.SGD(so.Cosine(0.3, horizon=3.0)), so.Minibatch(3)),  # a schedule
    (so.FPGD(0.1), so.Minibatch(3)),  # draws that are made for whole paths
    (so.SGD(0.3), so.Reshuffled(2)),  # epochs
    (so.SGD(0.3), so.Minibatch(3, replace=False)),
    (so.SGD(0.3), so.Gaussian(np.linspace(0.1, 0.5, 15))),  # vectors of a law
    (so.SGD(0.3), so.Batch(so.Gaussian(0.3), 3)),  # a law in another
    (so.DSGD(0.3), so.Agents(so.Minibatch(2), 2)),
    (so.DCSGDNatural(0.1), so.Agents(so.Minibatch(2), 2)),  # powers of two
    (so.DPSGD(0.3), so.PoissonBatch(3)),
]


@pytest.mark.parametrize(("page", "law"), CASES, ids=lambda thing: repr(thing)[:40])
def test_laws_schedules_and_compressors(page: Any, law: Any) -> None:
    assert apart(page, "discrete", law, "float64") < 1e-12


def test_a_start_for_every_path() -> None:
    x0 = small().start + np.linspace(0.0, 1.0, 3)[:, None]
    both = []
    for dtype in (None, "float64"):
        problem = so.Problem(small(dtype=dtype), so.Minibatch(3), x0=x0)
        both.append(so.simulate(so.SGD(0.3), problem, steps=4, rng=0).final)
    assert np.abs(both[0] - both[1]).max() < 1e-12 and np.abs(both[0][0] - both[0][2]).max() > 0.1


def test_every_observable_is_that_of_the_position() -> None:
    f = small(dtype="float64", test=(np.ones((2, 2)), [0, 1]))
    wanted = f.observables(gradient=True, probes=2) | {"x1": lambda x: x[0]}
    e = so.simulate(so.SGD(0.3), so.Problem(f, so.Minibatch(3)), steps=2, paths=3, rng=0, observables=wanted)
    for name, (mean, _) in e.observables.items():
        assert mean[-1] == pytest.approx(np.mean([wanted[name](x) for x in e.final]), rel=1e-10), name


def test_both_columns_and_their_report() -> None:
    """`compare` on tensors is `compare` in NumPy's memory, to rounding."""
    settings: dict[str, Any] = {"steps": 4, "paths": 60, "substeps": 2, "rng": 0, "progress": False}
    problems = [so.Problem(small(dtype=dtype), so.Minibatch(3)) for dtype in (None, "float64")]
    reports = [so.compare(so.SGD(0.3), problem, **settings) for problem in problems]
    assert np.nanmax(np.abs(reports[0].gap - reports[1].gap)) < 1e-12
    assert reports[0].verdict == reports[1].verdict


def test_what_diverges_is_counted() -> None:
    with pytest.warns(so.DivergedWarning):
        problem = so.Problem(small(dtype="float32"), so.Gaussian(1e30))
        e = so.simulate(so.SGD(1e30), problem, steps=3, paths=2, rng=0, observables={})
    assert e.diverged.count == 2 and np.isnan(e.final).all()


def test_nothing_leaves_the_device_between_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twice the steps with the same saves, tensors are looked at from outside as often."""
    looks = []
    for name in ("cpu", "numpy", "item", "tolist", "__float__", "__bool__", "__int__"):
        plain = getattr(torch.Tensor, name)
        monkeypatch.setattr(torch.Tensor, name, lambda *a, plain=plain, name=name: looks.append(name) or plain(*a))
    for page, kind in ((so.SGD(0.3), "discrete"), (so.AdamW(0.01), "sde")):
        counts = []
        for steps in (4, 8):
            run = column(page, kind, small(dtype="float32"), so.Minibatch(3), steps=steps, sde="sampled", save_at=2)
            kernel = kernels.Kernel(run)
            looks.clear()
            kernel(0, 2)
            counts.append(len(looks))
        assert counts[0] == counts[1] > 0


def test_what_does_not_run_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="AntiPGD does not run on tensors"):
        kernels.Kernel(column(so.AntiPGD(0.1), "sde", small(dtype="float32"), so.Minibatch(3), sde="hessian"))
    with pytest.raises(ValueError, match="crossings are not followed on tensors"):
        so.simulate(so.SGD(0.1), so.Problem(small(dtype="float32")), steps=2, crossings={"loss": 1.0})
    with pytest.raises(ValueError, match="unknown dtype 'float16'"):
        small(dtype="float16")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the SDE .* assumes normal")  # both runs have the same coefficients
@pytest.mark.parametrize("law", [so.Minibatch(3), so.Agents(so.Minibatch(2), 2), so.Gaussian(0.2)], ids=repr)
def test_every_page_runs_or_is_refused_by_name(law: Any) -> None:
    """All columns that networks accept; at least 30 pages run entirely where their noise is that of batches."""
    ran, refused = set(), set()
    for name, cls in so.methods().items():
        page = cls(lr=0.01)
        for kind, sde in [("discrete", None), *(("sde", sde) for sde in {*cls.sdes, "sampled"})]:
            try:
                run = column(page, kind, small(), law, steps=4, substeps=2, sde=sde)
                expected = kernels.Kernel(replace(run, interpreted=True))(0, 2)
            except ValueError:
                continue  # not on networks, or not with this law
            try:
                kernel = kernels.Kernel(column(page, kind, small(dtype="float64"), law, steps=4, substeps=2, sde=sde))
            except ValueError as error:
                assert str(error).startswith(f"{name} does not run on tensors")
                refused.add((name, sde))
                continue
            assert np.abs(kernel(0, 2) - expected).max() < 1e-12, (name, kind, sde)
            ran.add(name)
    assert len(ran) >= 25 and len(refused) < 20


@pytest.mark.slow
@pytest.mark.extras("sklearn")
def test_single_precision_moves_results_by_a_hundredth_of_their_errors() -> None:
    """The digits MLP, 40 steps, 32 paths on the same draws: the training loss and tr Cov x at the end."""
    pytest.importorskip("sklearn")
    for page in (so.SGD(0.3), so.AdamW(3e-3)):
        ends = []
        for dtype in ("float64", "float32"):
            problem = so.Problem(so.networks.mlp("digits", dtype=dtype), so.Minibatch(8))
            ends.append(so.simulate(page, problem, steps=40, paths=32, save_at=1, rng=0, progress=False))
        (mean, stderr), (single, _) = (e.observables["loss"] for e in ends)
        assert 0.0 < abs(single[-1] - mean[-1]) < 0.01 * stderr[-1]
        apart = [((e.final - e.final.mean(axis=0)) ** 2).sum(axis=1) for e in ends]
        moved, error = abs(apart[1].mean() - apart[0].mean()), apart[0].std(ddof=1) / np.sqrt(32.0)
        assert moved < 0.01 * error
