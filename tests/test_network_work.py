"""What a network costs, counted: the products and entries of its passes, in steps and in saves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_networks import column, small

import sdeopt as so
from sdeopt.comparison import budget
from sdeopt.engine import work
from sdeopt.engine.work import cost, expected, price

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from sdeopt.engine.tensors.tally import Work, noted  # noqa: E402

THERE, BACK = 2 * 2 + 2 * 3, 2 * 2 + 3 * 2 + 3 * 2  # products of an example of `small`: its weights, and both factors


def test_products_and_entries_are_those_on_paper() -> None:
    """x W, a tanh of it and a view: 5·2·3 multiplications, 15 entries, 15 of the transposed product none."""
    x, W = torch.ones(5, 2), torch.ones(2, 3)
    assert noted(lambda: torch.tanh(x @ W).view(15)) == Work(3, 30, 15)
    assert noted(lambda: torch.addmm(torch.ones(3), x, W)).products == 30
    assert noted(lambda: torch.ones(4, 5, 2) @ torch.ones(4, 2, 3)).products == 120


@pytest.mark.parametrize("f", [small(6), small(20)], ids=lambda f: f"{f.examples()} examples")
def test_passes_of_a_network(f: Any) -> None:
    """The first layer asks for no gradient of the data."""
    n = f.examples()
    assert noted(f.value, f.start).products == n * THERE
    assert noted(f.grad, f.start).products == n * (THERE + BACK)
    assert noted(f.batch_grad, f.start, np.zeros(3)).products == 3 * (THERE + BACK)


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Conv2d(4, 6, 3, padding=1),
        torch.nn.Conv2d(4, 6, 3, stride=2, bias=False),
        torch.nn.ConvTranspose2d(4, 6, 3),
        torch.nn.Conv1d(4, 6, 2),
        torch.nn.Linear(8, 3),
    ],
    ids=str,
)
def test_products_are_those_that_pytorch_counts(layer: Any) -> None:
    """Half of its "flops", which are multiplications and additions, there and back."""
    shape = (2, 4, 8) if isinstance(layer, torch.nn.Conv1d) else (2, 4, 8, 8)
    x = torch.ones(shape, requires_grad=True)

    def passes() -> None:
        layer(x).sum().backward()

    with FlopCounterMode(display=False) as theirs:
        passes()
    assert 2 * noted(passes).products == theirs.get_total_flops() > 0


def test_groups_of_channels_are_products_of_their_own() -> None:
    """A quarter of what all channels take, also on the way back, where PyTorch's count does not know it."""
    x = torch.ones(2, 4, 8, 8, requires_grad=True)

    def passes(groups: int) -> int:
        layer = torch.nn.Conv2d(4, 8, 3, groups=groups)
        return noted(lambda: layer(x).sum().backward()).products

    assert 4 * passes(4) == passes(1)


def test_attention_is_counted_however_it_is_computed() -> None:
    """Fused as written out: 2 products of 5 by 7 by 8 in 3·2 heads there, 4 back; fused 5, for it computes one anew."""
    q, k, v = (torch.ones(3, 2, n, 8, requires_grad=True) for n in (5, 7, 7))
    one = 3 * 2 * 5 * 7 * 8
    for way, back in ((torch.nn.attention.SDPBackend.MATH, 4), (torch.nn.attention.SDPBackend.FLASH_ATTENTION, 5)):
        with torch.nn.attention.sdpa_kernel(way):
            there = noted(lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v))
            both = noted(lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v).sum().backward())
        assert (there.products, both.products) == (2 * one, (2 + back) * one)


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else costs."""
    for other in ("CALL", "MADE"):
        monkeypatch.setattr(work, other, 0.0)


@pytest.mark.usefixtures("products")
def test_a_step_costs_the_gradients_that_it_takes() -> None:
    """Of the batch: one of SGD, two of SAM, four of the SDE "sampled"; of all examples three of the SDE "order1"."""
    f, law = small(1600), so.Minibatch(2)
    for page, kind, sde, examples in (
        (so.SGD(0.3), "discrete", "order1", 2),
        (so.SAM(0.3, rho=0.1), "discrete", "order1", 4),
        (so.SGD(0.3), "sde", "sampled", 8),
        (so.SGD(0.3), "sde", "order1", 4800),
    ):
        step = price(column(page, kind, f, law, sde=sde)).step
        assert step == pytest.approx(examples * (THERE + BACK) * work.PRODUCT, rel=1e-12)


@pytest.mark.usefixtures("products")
def test_products_of_the_page_are_counted_too() -> None:
    """Of Muon, with 2 by 2 and 3 by 2 weights, for each of five iterations: y yᵀ, its square, and that times y."""
    page = so.Layered(so.Muon(0.02), so.AdamW(0.01))
    step = price(column(page, "discrete", small(), so.Minibatch(2))).step / work.PRODUCT
    wide = 5 * (3 * 2**3 + (2 * 2 * 3 + 2**3 + 2 * 2 * 3))  # the smaller side first
    assert step == pytest.approx(2 * (THERE + BACK) + wide, rel=1e-12)


@pytest.mark.usefixtures("products")
def test_saves_are_part_of_the_cost() -> None:
    """The loss of all examples, and with it its gradient, at every save; a function of the user's by what it asks."""
    f, law = small(1600), so.Minibatch(2)
    loss, gradient = 1600 * THERE * work.PRODUCT, 1600 * (THERE + BACK) * work.PRODUCT

    def seen(observables: Any) -> Any:
        return column(so.SGD(0.3), "discrete", f, law, steps=40, save_at=20, observables=observables)

    run = seen(None)
    assert cost(run) == pytest.approx(40 * gradient / 800 + 21 * loss, rel=1e-12)
    for observables, save in (
        (["loss", "grad_norm2"], loss + gradient),
        ({"own": lambda x: float(f.value(x))}, loss),
        (f.observables(gradient=True), 2 * loss + gradient),  # accuracy is a pass of its own
        ([], 0.0),
    ):
        assert price(seen(observables)).save == pytest.approx(save, rel=1e-12)


@pytest.mark.usefixtures("products")
def test_dear_saves_are_announced_though_steps_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the count of steps alone nothing was timed."""
    run = column(so.SGD(0.3), "discrete", small(20_000), so.Minibatch(2), steps=20, save_at=20)
    monkeypatch.setattr(work, "SHORT", 2 * 20 * price(run).step)
    monkeypatch.setattr(work, "_timed", lambda run, paths: 100.0)
    assert expected((run,), 1, 1) == 100.0


@pytest.mark.usefixtures("products")
def test_a_budget_pays_for_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many cost about half of the paths, since nearly all of the work is theirs."""
    f, paths = small(5000), []
    monkeypatch.setattr(budget, "PILOT", (2, 64))
    monkeypatch.setattr(budget, "RECORD", 0.0)
    monkeypatch.setattr(budget, "WORK", 4000 * 5000 * THERE * work.PRODUCT)  # of 4000 saves
    for saves in (19, 39):
        run = column(so.SGD(0.3), "sde", f, so.Minibatch(2), steps=39, save_at=saves, observables=["loss"])
        paths.append(budget.affordable((run, run)))
    assert 150 < paths[0] < 200 and 75 < paths[1] < 100


def test_paths_together_share_calls() -> None:
    f, law = small(), so.Minibatch(2)
    batched = price(column(so.SGD(0.3), "discrete", f, law)).step
    f.batched = False
    assert 5 * batched < price(column(so.SGD(0.3), "discrete", f, law)).step < work.TOGETHER * batched


@pytest.mark.usefixtures("products")
def test_every_kind_of_network_is_counted() -> None:
    """Path by path, on tensors, as a stream, and with an optimizer of PyTorch in the place of the page."""
    f, law = small(64), so.Minibatch(2)
    plain = price(column(so.SGD(0.3), "discrete", f, law))
    assert price(column(so.SGD(0.3), "discrete", small(64, dtype="float64"), law)) == plain
    run = column(so.Adam(0.3), "discrete", f, law)
    assert price(replace(run, discrete=so.torch.Optimizer(torch.optim.Adam))) == price(run) == plain
    f.batched = False
    assert price(column(so.SGD(0.3), "discrete", f, law)) == plain
    X, y = torch.ones(64, 2), torch.zeros(64, dtype=torch.int64)
    stream = so.torch.Stream(f.module(f.start), torch.nn.CrossEntropyLoss(), lambda address: (X[:2], y[:2]))
    both = price(column(so.SGD(0.3), "discrete", stream, so.NoNoise()))
    assert both == pytest.approx((plain.step, 16 * 2 * THERE * work.PRODUCT), rel=1e-12)  # the loss of 16 batches


def test_networks_whose_pilot_is_dear_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fewest paths, with two integrator steps; above an hour the sentence says how many steps would do."""
    problem = so.Problem(small(), so.Minibatch(2))
    settings: dict[str, Any] = {"steps": 4, "save_at": 2, "rng": 0, "progress": False}
    monkeypatch.setattr(budget, "WORK", 0.0)
    found = so.compare(so.SGD(0.3), problem, **settings)
    assert [found.meta[name] for name in ("paths", "substeps", "pilot", "paths_change")] == [64, 2, 0, 16]
    again = so.compare(so.SGD(0.3), problem, paths=64, substeps=2, **settings)
    assert (again.gap == found.gap).all() and again.within == found.within
    run = column(so.SGD(0.3), "sde", small(), so.Minibatch(2), substeps=2)
    monkeypatch.setattr(budget, "HOUR", 0.6 * budget.at_once(run, 64))
    with pytest.raises(ValueError, match=r"64 paths, .*limit 1\): take at most 2 steps"):
        so.compare(so.SGD(0.3), problem, **settings)


def test_the_flow_is_part_of_the_work() -> None:
    """At once: both columns on all paths, the SDE with dt and dt/2 on 16, and the flow, one path or 32."""
    f, law = small(), so.Minibatch(2)
    for sde, flows in (("order1", 1), ("sampled", 32)):
        columns = budget.block.columns(column(so.SGD(0.3), "sde", f, law, sde=sde, substeps=2))
        discrete, each, fine, flow = map(cost, columns)
        assert budget.at_once(columns[1], 20) == pytest.approx(
            20 * (discrete + each) + 16 * (each + fine) + flows * flow
        )


def test_single_precision_is_half_the_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """The products; entries are more, of what changes its type."""
    for other in ("CALL", "MADE"):
        monkeypatch.setattr(work, other, 0.0)
    law = so.Minibatch(2)
    single, double = (price(column(so.SGD(0.3), "sde", small(dtype=t), law)) for t in ("float32", "float64"))
    assert (2.0 * single.step, 2.0 * single.save) == pytest.approx((double.step, double.save))
