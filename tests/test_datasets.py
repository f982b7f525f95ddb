"""The data sets by name: what is in them, and how wrong names are refused."""

import sys

import numpy as np
import pytest

import sdeopt as so
from sdeopt.objectives import datasets, spec

SHAPES = {"diabetes": (442, 11), "breast_cancer": (569, 31), "digits": (1797, 62)}


@pytest.fixture(params=SHAPES)
def data(request):
    pytest.importorskip("sklearn")
    return request.param, *datasets.load(request.param, datasets.TASKS[request.param])


def test_features_are_standardised_with_ones_last(data):
    name, X, y = data
    assert X.shape == SHAPES[name] and y.shape == SHAPES[name][:1]
    np.testing.assert_allclose(X[:, :-1].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(X[:, :-1].std(axis=0), 1.0, rtol=1e-12)
    assert (X[:, -1] == 1.0).all()


def test_targets(data):
    name, _, y = data
    if name == "diabetes":
        assert abs(y.mean()) < 1e-12 and y.std() == pytest.approx(1.0, rel=1e-12)
    else:
        positive = {"breast_cancer": 357, "digits": 896}[name]  # benign; digits 5 to 9
        assert set(y) == {0.0, 1.0} and y.sum() == positive


def test_files_are_what_scikit_learn_reads(data, monkeypatch):
    """To the last bit, without importing it."""
    name, X, y = data
    monkeypatch.setattr(datasets, "FILES", {})
    for ours, theirs in zip((X, y), datasets.load(name, datasets.TASKS[name]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.strides == theirs.strides


def test_linear_regression_by_name():
    pytest.importorskip("sklearn")
    f = so.LinearRegression("diabetes")
    assert np.abs(f.grad(f.optimum)).max() < 1e-12
    assert 1.0 - 2.0 * f.minimum == pytest.approx(0.5177, abs=5e-5)  # R² of ordinary least squares on these data


@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_logistic_by_name_agrees_with_scikit_learn(name):
    linear_model = pytest.importorskip("sklearn.linear_model")
    f = so.Logistic(name, l2=0.1)
    assert np.abs(f.grad(f.optimum)).max() < 1e-14
    # scikit-learn minimises C Σ loss + |w|²/2; with the ones as a feature the intercept is shrunk too, as ours is
    peer = linear_model.LogisticRegression(C=1.0 / (f.l2 * f.examples()), fit_intercept=False, tol=1e-10, max_iter=1000)
    peer.fit(f.X, f.y)
    np.testing.assert_allclose(f.optimum, peer.coef_[0], atol=1e-6)


def test_separable_data_have_no_optimum_without_a_ridge():
    pytest.importorskip("sklearn")
    assert so.Logistic("breast_cancer", l2=0.0).optimum is None


def test_specs_of_data_sets():
    pytest.importorskip("sklearn")
    assert spec.parse("logistic:breast_cancer,l2=0.1").l2 == 0.1
    assert spec.parse("logistic:digits").dim == 62
    assert spec.parse("linear-regression").dim == 11


def test_wrong_names_and_pairings_are_refused():
    with pytest.raises(ValueError, match="unknown data set 'breast-cancer'; did you mean 'breast_cancer'"):
        so.Logistic("breast-cancer")
    with pytest.raises(ValueError, match="'diabetes' is for regression, not classification"):
        so.Logistic("diabetes")
    with pytest.raises(ValueError, match="'digits' is for classification, not regression"):
        so.LinearRegression("digits")
    with pytest.raises(TypeError, match="y must not be given"):
        so.LinearRegression("diabetes", [1.0])


def test_missing_scikit_learn_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'pip install "sdeopt\[data\]"'):
        so.Logistic("digits")
