"""Optimizers of PyTorch without a page: on the page's own draws, in the place of its step."""

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
BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])

PAIRS = [
    (so.SGD(0.3), lambda ps: torch.optim.SGD(ps, lr=0.3)),
    (so.AdamW(0.02, weight_decay=0.1), lambda ps: torch.optim.AdamW(ps, lr=0.02, weight_decay=0.1)),
    (so.RMSprop(0.01), lambda ps: torch.optim.RMSprop(ps, lr=0.01)),
]


@pytest.mark.parametrize(("page", "make"), PAIRS, ids=[type(page).__name__ for page, _ in PAIRS])
@pytest.mark.parametrize("law", [so.Minibatch(2), so.Reshuffled(3), so.Gaussian(0.1)], ids=repr)
def test_an_optimizer_that_has_a_page_is_the_page(page: Any, make: Any, law: Any) -> None:
    """In any order of paths, several of them on one kernel."""
    run = column(page, "discrete", small(), law, steps=10)
    foreign = kernels.Kernel(replace(run, discrete=so.torch.Optimizer(make)))
    assert foreign.mode == "foreign"
    records = kernels.Kernel(run)(0, 3)
    assert np.abs(records[:, -1] - records[:, 0]).max() > 0.05
    assert np.abs(foreign(0, 3) - records).max() < 1e-12
    assert np.abs(foreign(1, 1) - records[1:2]).max() < 1e-12


def test_a_scheduler_takes_a_step_after_each_of_the_optimizer() -> None:
    def make(ps: Any) -> Any:
        optimizer = torch.optim.SGD(ps, lr=0.1)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)

    run = column(so.SGD(0.1), "discrete", so.Quadratic([1.0]), so.NoNoise(), steps=3, observables=[])
    records = kernels.Kernel(replace(run, discrete=so.torch.Optimizer(make)))(0, 1)
    assert records[0, -1, 0] == pytest.approx(0.9 * 0.95 * 0.975, rel=1e-14)


def test_a_report_names_both_and_notices_another_optimizer() -> None:
    """Of AdamW's own report the numbers come again; a momentum of .9 in the place of none is told apart."""
    settings: dict[str, Any] = {"steps": 20, "paths": 60, "substeps": 4, "rng": 0, "progress": False}
    own = so.compare(so.SGD(0.05), BOWL, **settings)
    plain = so.torch.Optimizer(lambda ps: torch.optim.SGD(ps, lr=0.05))
    same = so.compare(so.SGD(0.05), BOWL, discrete=plain, **settings)
    assert np.abs(own.discrete - same.discrete).max() < 1e-12 and np.array_equal(own.sde, same.sde)
    assert repr(same) == f"Report(SGD, SDE order1 of SGD(lr=0.05): {own.verdict})"
    assert repr(own) == f"Report(SGD(lr=0.05), SDE order1: {own.verdict})"
    heavy = so.torch.Optimizer(lambda ps: torch.optim.SGD(ps, 0.05, momentum=0.9))
    other = so.compare(so.SGD(0.05), BOWL, discrete=heavy, **settings)
    assert other.verdict == "differ" and "SGD against the SDE order1 of SGD(lr=0.05)" in str(other)


def test_pages_that_draw_for_themselves_lend_the_gradient_only() -> None:
    """SGLD's step has draws of its own, and an injecting method's SDE is another thing than plain SGD."""
    plain = so.torch.Optimizer(lambda ps: torch.optim.SGD(ps, lr=0.05))
    run = column(so.SGLD(0.05), "discrete", small(), so.Minibatch(2))
    records = kernels.Kernel(replace(run, discrete=plain))(0, 2)
    alone = kernels.Kernel(column(so.SGD(0.05), "discrete", small(), so.Minibatch(2)))
    assert np.abs(records - alone(0, 2)).max() < 1e-12


def test_what_cannot_run_is_refused() -> None:
    settings: dict[str, Any] = {"steps": 2, "paths": 2, "rng": 0}
    with pytest.raises(TypeError, match="make must be a function of a list of parameters, got 3"):
        so.torch.Optimizer(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"make must return a torch.optim.Optimizer, or \(opt.*\), got 3"):
        so.compare(so.SGD(0.1), BOWL, discrete=so.torch.Optimizer(lambda ps: 3), **settings)
    with pytest.raises(ValueError, match="LBFGS asks for the loss"):
        so.compare(so.SGD(0.1), BOWL, discrete=so.torch.Optimizer(torch.optim.LBFGS), **settings)
    others = torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=0.1)  # which would leave x where it is
    with pytest.raises(ValueError, match="make must give its optimizer parameters of the list that it gets"):
        so.compare(so.SGD(0.1), BOWL, discrete=so.torch.Optimizer(lambda ps: others), **settings)
    with pytest.raises(TypeError, match="discrete must be a sdeopt.torch.Optimizer or Recorded, got"):
        so.compare(so.SGD(0.1), BOWL, discrete=torch.optim.SGD, **settings)

    def plateau(ps: Any) -> Any:
        optimizer = torch.optim.SGD(ps, lr=0.1)
        return optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)

    with pytest.raises(ValueError, match="ReduceLROnPlateau asks for a loss"):
        so.compare(so.SGD(0.1), BOWL, discrete=so.torch.Optimizer(plateau), **settings)


def test_what_fails_in_the_optimizer_is_told_with_its_name() -> None:
    settings: dict[str, Any] = {"steps": 2, "paths": 2, "rng": 0}
    scheduler, sgd = torch.optim.lr_scheduler, torch.optim.SGD

    def short_cycle(ps: Any) -> Any:
        optimizer = sgd(ps, lr=0.1)
        return optimizer, scheduler.OneCycleLR(optimizer, 0.2, total_steps=1)

    for make, kind, said in (
        (
            torch.optim.SparseAdam,
            ValueError,
            "discrete: SparseAdam fails in step 0: RuntimeError: ",
        ),
        (short_cycle, ValueError, "discrete: SGD fails in step 1: ValueError: Tried to step 2 times"),
        (lambda ps: 1 / 0, ValueError, "make fails on a list of 1 parameters: ZeroDivisionError: division by zero"),
        (lambda ps: scheduler.StepLR(sgd(ps), 1), TypeError, "got an instance of StepLR: give the page a schedule"),
        (lambda ps: (sgd(ps), 3), TypeError, "make must return a scheduler beside the optimizer, got 3"),
        (lambda ps: (sgd(ps), torch.optim.AdamW(ps)), TypeError, r"got SGD and AdamW: .* so\.Layered\(matrices="),
    ):
        with pytest.raises(kind, match=said):
            so.compare(so.SGD(0.1), BOWL, discrete=so.torch.Optimizer(make), **settings)


def test_things_of_pytorch_in_other_places_get_a_sentence() -> None:
    module, loader = torch.nn.Linear(2, 1), torch.utils.data.DataLoader([1])
    f = so.TorchObjective(module, torch.nn.functional.mse_loss, [[1.0, 2.0]], [[1.0]])
    steps = torch.optim.lr_scheduler.StepLR
    for call, said in (
        (lambda: so.SGD(lr=steps), "lr must be a number, .* got the class StepLR: give the page a schedule"),
        (lambda: so.SGD(lr=steps(torch.optim.SGD(module.parameters()), 1)), "got an instance of StepLR"),
        (lambda: so.Minibatch(loader), "batch must be an integer, got an instance of DataLoader: read it once"),
        (lambda: so.Problem(f, so.Minibatch(1), x0=module.parameters()), "x0 is left out"),
        (lambda: so.Problem(f, so.Minibatch(1), x0=module.state_dict()), "x0 is left out"),
        (lambda: so.compare(so.SGD(0.1), BOWL, steps=2, discrete=so.torch.Optimizer), "must be an instance"),
    ):
        with pytest.raises(TypeError, match=said):
            call()
    with pytest.raises(ValueError, match="device must be one that this machine has, .* got 'meta'"):
        so.TorchObjective(module, torch.nn.functional.mse_loss, [[1.0, 2.0]], [[1.0]], device="meta")


@pytest.mark.parametrize("dtype", [torch.float32, np.float32, np.dtype("float32"), "float32"])
def test_a_precision_may_be_named_as_pytorch_or_numpy_do(dtype: Any) -> None:
    f = so.TorchObjective(torch.nn.Linear(2, 1), torch.nn.functional.mse_loss, [[1.0, 2.0]], [[1.0]], dtype=dtype)
    assert f.placement[0] == torch.float32


def test_a_pair_may_be_a_list() -> None:
    def pair(ps: Any) -> Any:
        optimizer = torch.optim.SGD(ps, lr=0.1)
        return [optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    assert so.torch.Optimizer(pair).named(BOWL) == "SGD with StepLR"
