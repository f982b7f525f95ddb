"""The losses of single classes, by the name "class_losses" among the observables."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

import sdeopt as so
from sdeopt.cli import app
from sdeopt.objectives.spec import parse

DATA = parse("logistic:imbalanced,l2=0.3")
PROBLEM = so.Problem(DATA, so.Minibatch(2))
NAMES = ["loss of class -1", "loss of class 1"]
pytestmark = pytest.mark.usefixtures("interpreted")


def test_they_are_the_means_over_the_examples_of_a_class() -> None:
    e = so.simulate(so.SGD(0.1), PROBLEM, steps=5, paths=7, observables=["class_losses", "loss"], rng=0)
    assert list(e.observables) == [*NAMES, "loss"]
    each = np.logaddexp(0.0, -DATA.y * (e.final @ DATA.X.T)) + 0.15 * np.sum(e.final**2, axis=1)[:, None]
    for name, label in zip(NAMES, (-1.0, 1.0), strict=True):
        assert e.observables[name][0][-1] == pytest.approx(each[:, DATA.y == label].mean(), rel=1e-13)
    parts = [np.mean(DATA.y == label) for label in (-1.0, 1.0)]
    whole = sum(part * e.observables[name][0] for part, name in zip(parts, NAMES, strict=True))
    np.testing.assert_allclose(whole, e.observables["loss"][0], rtol=1e-13)


def test_compare_and_crossings_know_their_names() -> None:
    report = so.compare(so.SGD(0.1), PROBLEM, steps=4, paths=16, observables=["class_losses"], substeps=2, rng=0)
    assert report.column(NAMES[1]) is not None
    e = so.simulate(
        so.SGD(0.1), PROBLEM, steps=9, paths=4, observables=["class_losses"], crossings={NAMES[0]: 0.6}, rng=0
    )
    assert len(e.crossings[NAMES[0]].times) == 4


def test_the_command_line_knows_the_name() -> None:
    line = "simulate SGD --objective logistic:imbalanced --noise minibatch:2 --lr 0.1 --steps 3 --paths 8"
    result = CliRunner().invoke(app.main, [*line.split(), "--observables", "loss,class_losses"])
    assert result.exit_code == 0, result.output
    assert "class" in result.output


def test_other_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="class_losses are of a classification, such as Logistic .*, got Quadratic"):
        so.simulate(so.SGD(0.1), so.Problem(so.Quadratic([1.0])), steps=1, paths=2, observables=["class_losses"])
    with pytest.raises(ValueError, match="did you mean 'class_losses'"):
        so.simulate(so.SGD(0.1), PROBLEM, steps=1, paths=2, observables=["class_loss"])
    with pytest.raises(ValueError, match="twice"):
        so.simulate(so.SGD(0.1), PROBLEM, steps=1, paths=2, observables=["class_losses", "class_losses"])


@pytest.mark.extras("torch")
def test_of_networks() -> None:
    net = so.networks.mlp("breast_cancer", (3,))
    e = so.simulate(
        so.SGD(0.1), so.Problem(net, so.Minibatch(8)), steps=2, paths=2, observables=["class_losses"], rng=0
    )
    parts = [float((net._y == c).double().mean()) for c in (0, 1)]
    means = [e.observables[f"loss of class {c}"][0] for c in (0, 1)]
    whole = so.simulate(so.SGD(0.1), so.Problem(net, so.Minibatch(8)), steps=2, paths=2, rng=0).observables["loss"][0]
    np.testing.assert_allclose(parts[0] * means[0] + parts[1] * means[1], whole, rtol=1e-10)
