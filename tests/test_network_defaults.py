"""What a run on a network does when nothing is said: few saves, the loss alone, and an SDE that its batches pay for."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from small_networks import column, small

import sdeopt as so
from sdeopt.comparison.block import few
from sdeopt.engine import duration, memory, work
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.tensors import streamed
from sdeopt.engine.work import cost, expected

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]


def test_the_loss_alone_is_observed_twenty_times() -> None:
    f = small(20)
    e = so.simulate(so.SGD(0.3), so.Problem(f, so.Minibatch(2)), steps=40, paths=2, rng=0)
    assert len(e.times) == 21 and list(e.observables) == ["loss"]
    assert e.observables["loss"][0][-1] == pytest.approx(np.mean([f.value(x) for x in e.final]), rel=1e-12)
    assert few(so.Problem(f)) == 20


def test_of_many_examples_the_loss_is_that_of_a_stated_subset() -> None:
    """The same in every run, without repetition, and close to the loss of all but not equal to it."""
    f = small(2001)
    ((name, loss),) = f.usual_observables().items()
    assert name == "loss of 1000 examples" and list(small(2000).usual_observables()) == ["loss"]
    chosen = np.sort(np.random.default_rng(0).choice(2001, 1000, replace=False))
    assert len(set(chosen)) == 1000
    assert loss(f.start) == pytest.approx(f.batch_value(f.start, chosen.astype(float)), rel=1e-12)
    assert loss(f.start) != pytest.approx(f.value(f.start), rel=1e-6)
    both = np.stack([f.start, f.start + 0.1], axis=1)
    assert loss(both) == pytest.approx([loss(both[:, 0].copy()), loss(both[:, 1].copy())], rel=1e-12)
    e = so.simulate(so.SGD(0.3), so.Problem(f, so.Minibatch(2)), steps=2, paths=2, rng=0)
    assert list(e.observables) == [name]
    assert f'{name}: of the training data, the same in every run; observables=["loss"] is of all of them.' in str(e)
    e = so.simulate(so.SGD(0.3), so.Problem(f, so.Minibatch(2)), steps=2, paths=2, observables=["loss"], rng=0)
    assert e.observables["loss"][0][-1] == pytest.approx(np.mean([f.value(x) for x in e.final]), rel=1e-12)
    assert "1000 examples" not in str(e)


def test_other_objectives_keep_their_defaults() -> None:
    e = so.simulate(so.SGD(0.1), so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5)), steps=100, paths=2, rng=0)
    assert len(e.times) == 101 and list(e.observables) == ["loss", "norm2", "grad_norm2"]
    assert few(so.Problem(so.Quadratic([1.0]))) == 40


@pytest.mark.parametrize(
    ("law", "chosen"),
    [
        (so.Minibatch(2), "sampled"),  # a sixteenth of 32 examples
        (so.Minibatch(3), "order1"),
        (so.Reshuffled(2), "sampled"),
        (so.PoissonBatch(2), "order1"),  # every step looks at all examples
        (so.DiagonalMinibatch(2), "order1"),
        (so.Agents(so.Minibatch(1), 2), "sampled"),
        (so.Agents(so.Minibatch(2), 2), "order1"),
        (so.Gaussian(0.1), "order1"),
    ],
    ids=repr,
)
def test_the_sde_is_sampled_where_steps_see_few_of_the_examples(law: object, chosen: str) -> None:
    page = so.DSGD(0.3) if isinstance(law, so.Agents) else so.SGD(0.3)
    run = column(page, "sde", small(32), law)
    assert run.sde == chosen
    assert column(page, "sde", small(32), law, sde="order1").sde == "order1"


def test_what_training_scripts_hold_is_refused_with_the_way_to_go() -> None:
    """Classes and instances, also of classes that users derive, wherever something of sdeopt is asked for."""
    f, net, mse = small(), torch.nn.Linear(2, 3), torch.nn.CrossEntropyLoss()
    problem, page = so.Problem(f), so.SGD(0.1)
    data = torch.utils.data
    dataset = data.TensorDataset(f._X, f._y)
    own = type("Own", (data.Dataset,), {})()
    for held in (dataset, own, data.DataLoader(dataset), iter(data.DataLoader(dataset))):
        said = f"got an instance of {type(held).__name__}: read it once, X, y = next"
        with pytest.raises(TypeError, match=f"X must be an array of all examples, one row for each, {said}"):
            so.TorchObjective(net, mse, held)
        with pytest.raises(TypeError, match=f"noise must be one of sdeopt.noise, {said}"):
            so.Problem(f, held)
    with pytest.raises(TypeError, match="y must be an array of all examples, one row for each, got None"):
        so.TorchObjective(net, mse, f._X)
    with pytest.raises(TypeError, match="test must be a pair .*, got an instance of DataLoader: read it once"):
        so.TorchObjective(net, mse, f._X, f._y, test=data.DataLoader(dataset))
    with pytest.raises(TypeError, match=r"no iterator, got .*DataLoader.*: give one such as lambda address: torch"):
        so.torch.Stream(net, mse, data.DataLoader(dataset))
    sgd, mine = torch.optim.SGD, type("Mine", (torch.optim.SGD,), {})
    for optimizer in (sgd, sgd([torch.zeros(2)], lr=0.1), mine):
        way = r"(SGD|Mine): so.torch.Optimizer\(lambda parameters: (SGD|Mine)\(parameters, lr=...\)\) runs it beside"
        for call in (
            lambda thing: so.simulate(thing, problem, steps=1),
            lambda thing: so.compare(page, problem, steps=1, discrete=thing),
            lambda thing: so.Layered(thing, page),
        ):
            with pytest.raises(TypeError, match=way):
                call(optimizer)
    with pytest.raises(TypeError, match=r"make must be a function of .*, got an instance of SGD: so.torch.Optimizer"):
        so.torch.Optimizer(sgd([torch.zeros(2)], lr=0.1))
    with pytest.raises(TypeError, match="method must be .* the class StepLR: give the page a schedule"):
        so.simulate(torch.optim.lr_scheduler.StepLR, problem, steps=1)
    with pytest.raises(TypeError, match=r"an instance of Optimizer: compare\(page, problem, discrete=...\) runs it"):
        so.simulate(so.torch.Optimizer(sgd), problem, steps=1)
    with pytest.raises(TypeError, match="Recorded, got <function .*: so.torch.Optimizer.make. is one"):
        so.compare(page, problem, steps=1, discrete=lambda q: sgd(q))


def test_what_is_no_problem_is_told_how_to_become_one() -> None:
    f = small()
    for call in (so.noise_profile, lambda p: so.diagnose(p, [0.0]), lambda p: so.simulate(so.SGD(0.1), p, steps=1)):
        with pytest.raises(
            TypeError, match=r"must be a sdeopt.Problem, got an .* TorchObjective: so.Problem\(objective"
        ):
            call(f)
        with pytest.raises(TypeError, match=r"must be a sdeopt.Problem, got an .* Linear: so.TorchObjective\(module"):
            call(torch.nn.Linear(2, 3))
    with pytest.raises(TypeError, match=r"objective must be .* an instance of Linear: so.TorchObjective\(module"):
        so.Problem(torch.nn.Linear(2, 3))


def test_of_other_finite_sums_the_sde_is_the_page_own() -> None:
    f = so.LinearRegression(np.ones((64, 1)), np.ones(64))
    assert column(so.SGD(0.3), "sde", f, so.Minibatch(2)).sde == "order1"


def test_a_long_run_is_announced_by_a_timed_step(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """What layers take is not counted: here every step of four paths sleeps for 50 ms."""
    runs = (column(so.SGD(0.3), "discrete", slow(0.05), so.Minibatch(2), steps=400, save_at=1),)
    assert cost(runs[0]) * 8 / 2 < 1.0
    assert 400 * 0.05 / 4 * 8 / 2 <= expected(runs, 8, 2) < 60.0
    monkeypatch.setattr(work, "_timed", lambda run, paths: 4.0)
    monkeypatch.setattr(work, "SHORT", 0.0)
    for progress, level in ((None, "WARNING"), (False, "INFO")):
        caplog.clear()
        with caplog.at_level("INFO", "sdeopt"):
            so.simulate(so.SGD(0.3), so.Problem(small(), so.Minibatch(2)), steps=1, paths=3, rng=0, progress=progress,
                        executor=ThreadPoolExecutor(4))  # fmt: skip
        assert [(r.levelname, "about 12 s" in r.message) for r in caplog.records if " s" in r.message] == [
            (level, True)
        ]


def test_where_nobody_sets_up_logging_a_long_run_is_told_on_stderr() -> None:
    """No handler of the library's keeps a warning from there; what is no warning is not shown."""
    code = "from sdeopt.engine.progress import Progress\nfor how in (None, False): Progress(1, how, str(how)).log(20.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "None, about 20 s" and not done.stdout


@pytest.mark.parametrize("dtype", [None, "float32"])
def test_a_run_of_more_than_a_month_is_refused(monkeypatch: pytest.MonkeyPatch, dtype: str | None) -> None:
    monkeypatch.setattr(streamed, "LARGE", 10)
    monkeypatch.setattr(work, "_timed", lambda run, paths: 1.1 * duration.MONTH)
    problem = so.Problem(small(dtype=dtype), so.Minibatch(2))
    so.simulate(so.SGD(0.3), problem, steps=1, paths=1, rng=0)  # short by the count, so nothing is timed
    monkeypatch.setattr(work, "SHORT", 0.0)
    with pytest.raises(ValueError, match=r"about 33 days, by a step that was timed \(limit 30\): take fewer paths"):
        so.simulate(so.SGD(0.3), problem, steps=1, paths=1, rng=0)


def test_the_memory_of_large_networks_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "LARGE", 10)
    monkeypatch.setattr(memory, "bytes_installed", lambda: 2.0 * 2**20)
    with pytest.raises(ValueError, match=r"about \d+ MiB of memory \(limit 1 MiB"):
        so.simulate(so.SGD(0.3), so.Problem(small(dtype="float32"), so.Minibatch(2)), steps=1, paths=9000, rng=0)


def test_reshuffled_batches_cost_what_fresh_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """In passes through the module, of both columns and both SDEs."""
    passes = []
    for law in (so.Minibatch(2, replace=False), so.Reshuffled(2)):
        f, seen = small(32), []
        monkeypatch.setattr(type(f), "_losses", counted(type(f)._losses, seen))
        for sde in ("order1", "sampled"):
            for kind in ("discrete", "sde"):
                Kernel(column(so.SGD(0.3), kind, f, law, sde=sde))(0, 2)
        passes.append(len(seen))
        monkeypatch.undo()
    assert passes[0] == passes[1] > 0


def counted(f: Any, seen: list[Any]) -> Any:
    def losses(*given: Any) -> Any:
        seen.append(None)
        return f(*given)

    return losses


def slow(seconds: float) -> Any:
    """A network of which each gradient of a batch takes so long."""
    f = small(200)
    fast = type(f).batch_grad

    class Slow(type(f)):  # type: ignore[misc]
        def batch_grad(self, x: Any, index: Any) -> Any:
            time.sleep(seconds)
            return fast(self, x, index)

    f.__class__ = Slow
    return f


def test_what_is_loaded_by_a_first_call_is_not_taken_for_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 13.0, 13.0, 13.01])  # a first call of 13 s, and a second of 10 ms
    monkeypatch.setattr(work.time, "perf_counter", lambda: next(clock))
    assert work.shortest(lambda: None) == pytest.approx(0.01)
