"""Per-class normalised steps on a network with ten classes: each class by PyTorch alone, and in all ways of running."""

from __future__ import annotations

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


def by_hand(f: Any, batches: Any) -> Any:
    """x after steps along the sum of the directions of the classes that are in a batch."""
    net = f.module(f.start)
    for index in batches:
        y, pull = f._y[index], 0.0
        for c in sorted(set(y.tolist())):
            net.zero_grad()
            torch.nn.functional.cross_entropy(net(f._X[index][y == c]), y[y == c]).backward()
            g = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
            pull = pull + g / g.norm()
        x = torch.nn.utils.parameters_to_vector(net.parameters()).detach() - LR * pull
        torch.nn.utils.vector_to_parameters(x, net.parameters())
    return x.numpy()


def test_every_class_of_a_batch_pulls_with_length_one(network: Any) -> None:
    run = plan(so.PCNSGD(LR), so.Problem(network, so.Minibatch(BATCH)), steps=STEPS, save_at=1, rng=0)
    kernel = Kernel(run)
    found = kernel(0, 3)[:, -1, : network.dim]
    for p in range(3):
        batches = (kernel.increments(p) * network.examples()).astype(int)[:, :BATCH]
        assert len(set(network._y[batches[0]].tolist())) < 10  # some are absent
        np.testing.assert_allclose(found[p], by_hand(network, batches), rtol=1e-10, atol=1e-12)


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
