"""Per-class normalised steps on a network with ten classes: each class by PyTorch alone, and in all ways of running."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.planning import plan

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]
STEPS, BATCH, LR = 4, 12, 0.05


@pytest.fixture(params=[None, "float64"])
def network(request: pytest.FixtureRequest) -> Any:
    return so.networks.mlp("digits", (3,), holdout=0.9, dtype=request.param)


def test_every_class_of_a_batch_pulls_with_length_one(network: Any) -> None:
    run = plan(so.PCNSGD(LR), so.Problem(network, so.Minibatch(BATCH)), steps=STEPS, save_at=1, rng=0)
    kernel = Kernel(run)
    found = kernel(0, 3)[:, -1, : network.dim]
    for p in range(3):
        batches = (kernel.increments(p) * network.examples()).astype(int)[:, :BATCH]
        assert len(set(network._y[batches[0]].tolist())) < 10  # some are absent
        np.testing.assert_allclose(found[p], stepped(network, batches, False), rtol=1e-10, atol=1e-12)


def of_classes(f: Any, net: Any, index: Any) -> dict[int, Any]:
    """The direction of every class among some examples."""
    y, found = f._y[index], {}
    for c in sorted(set(y.tolist())):
        net.zero_grad()
        torch.nn.functional.cross_entropy(net(f._X[index][y == c]), y[y == c]).backward()
        g = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
        found[c] = g / g.norm()
    return found


def stepped(f: Any, batches: Any, rescaled: bool) -> Any:
    """x after steps of PCNSGD, or of PCNSGD+R, on these batches."""
    net = f.module(f.start)
    for index in batches:
        whole = of_classes(f, net, np.arange(f.examples()))
        pull = sum(u / (u @ whole[c] if rescaled else 1.0) for c, u in of_classes(f, net, index).items())
        x = torch.nn.utils.parameters_to_vector(net.parameters()).detach() - LR * pull
        torch.nn.utils.vector_to_parameters(x, net.parameters())
    return x.numpy()


def balanced(f: Any, u: Any) -> Any:
    """Examples by uniforms, two of every class."""
    members = [np.flatnonzero(f._y.numpy() == c) for c in range(10)]
    return np.concatenate([of[(u[2 * c : 2 * c + 2] * len(of)).astype(int)] for c, of in enumerate(members)])


@pytest.mark.parametrize("rescaled", [False, True])
@pytest.mark.parametrize("oversampled", [False, True])
def test_the_variants_are_those_of_the_paper(network: Any, rescaled: bool, oversampled: bool) -> None:
    """+R divides every direction by its share along that of all data, +O draws two examples of every class."""
    page = so.Rescaled(so.PCNSGD(LR)) if rescaled else so.PCNSGD(LR)
    law = so.Oversampled(2) if oversampled else so.Minibatch(BATCH)
    kernel = Kernel(plan(page, so.Problem(network, law), steps=STEPS, save_at=1, rng=0))
    found = kernel(0, 3)[:, -1, : network.dim]
    for p in range(3):
        u = kernel.increments(p)
        if oversampled:
            batches = [balanced(network, row[:20]) for row in u]
            assert np.bincount(network._y[batches[0]]).tolist() == [2] * 10
        else:
            batches = (u * network.examples()).astype(int)[:, :BATCH]
        np.testing.assert_allclose(found[p], stepped(network, batches, rescaled), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("page", [so.PCNSGD(LR), so.Rescaled(so.PCNSGD(LR))], ids=repr)
def test_the_variants_have_the_sampled_sde(network: Any, page: Any) -> None:
    problem = so.Problem(network, so.Oversampled(2))
    e = so.simulate(page, problem, "sde", steps=2, substeps=2, paths=2, rng=0)
    assert e.meta["sde"] == "sampled" and not e.diverged.count


def test_a_rare_class_is_drawn_as_often_in_compiled_runs() -> None:
    """1 of 8 examples is of the class 1; from the start its direction is that of its one row, (3, 4)/5."""
    X = [[3.0, 4.0], *[[0.0, 1.0 + i] for i in range(7)]]
    problem = so.Problem(so.Logistic(X, [1] + [0] * 7, l2=0.0), so.Oversampled(1), x0=[0.0, 0.0])
    run = plan(so.PCNSGD(LR), problem, steps=6, save_at=6, rng=0)
    fast, slow = Kernel(run), Kernel(replace(run, interpreted=True))
    assert (fast.mode, slow.mode) == ("vectors", "interpreted")
    np.testing.assert_allclose(fast(0, 4), slow(0, 4), rtol=1e-12)
    np.testing.assert_allclose(fast(0, 4)[:, 1, :2], np.tile([0.6 * LR, -0.2 * LR], (4, 1)), atol=1e-15)


def test_the_sde_is_sampled(network: Any) -> None:
    e = so.simulate(so.PCNSGD(LR), so.Problem(network, so.Minibatch(BATCH)), "sde", steps=2, substeps=2, paths=2, rng=0)
    assert e.meta["sde"] == "sampled" and not e.diverged.count


def test_what_is_no_classification_is_refused() -> None:
    f = so.TorchObjective(torch.nn.Linear(2, 1), torch.nn.MSELoss(), np.eye(2), [[1.0], [0.0]])
    with pytest.raises(ValueError, match="needs noisy_class_grads: TorchObjective is no classification"):
        so.simulate(so.PCNSGD(LR), so.Problem(f, so.Minibatch(1)), steps=1, paths=1)
    g = so.networks.mlp("breast_cancer", (2,), holdout=0.9)
    with pytest.raises(ValueError, match="needs noisy_class_grads: .*no labels"):  # of additive noise
        so.simulate(so.PCNSGD(LR), so.Problem(g, so.Gaussian(0.1)), steps=1, paths=1)


def test_the_variants_refuse_what_they_do_not_fit() -> None:
    f = so.Logistic(np.eye(2), [0, 1])
    with pytest.raises(ValueError, match=r"noisy_grad: Oversampled\(batch=2\) draws as many of every class"):
        so.simulate(so.SGD(LR), so.Problem(f, so.Oversampled(2)), steps=1, paths=1)
    with pytest.raises(ValueError, match="examples of two classes at least: there is one"):
        so.Problem(so.Logistic(np.eye(2), [1, 1]), so.Oversampled(2))
    with pytest.raises(ValueError, match="two classes at least: Quadratic is no classification"):
        so.Problem(so.Quadratic([1.0]), so.Oversampled(2))
    with pytest.raises(ValueError, match="Rescaled is for networks"):
        so.simulate(so.Rescaled(so.PCNSGD(LR)), so.Problem(f, so.Gaussian(1.0)), steps=1, paths=1)
    with pytest.raises(TypeError, match="Rescaled is for PCNSGD"):
        so.Rescaled(so.SGD(LR))
