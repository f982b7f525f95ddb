"""Objectives by the names that the command line has for them."""

import numpy as np
import pytest

from sdeopt.core.spec import split
from sdeopt.objectives import spec


def test_split():
    assert split("a") == ("a", [], {})
    assert split(" Two_Words : 1, 2 ,k = 3") == ("two-words", ["1", "2"], {"k": "3"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begin with a name"),
        ("quadratic:", "empty part"),
        ("quadratic:1,,2", "empty part"),
        ("double-well:dim=", "empty part"),
        ("double-well:=3", "empty part"),
        ("double-well:dim=1,dim=2", "twice"),
        ("logistic:l2=1,digits", "before key=value"),
        ("quadratc:1", "did you mean 'quadratic'"),
        ("double-well:dimm=3", "argument of double-well 'dimm'; did you mean 'dim'"),
        ("double-well:3", "at most 0 positional"),
        ("double-well:dim=three", "double-well: dim must be a number"),
        ("quadratic:1,x", "H must be a number"),
        ("quadratic:1,dim=2", "quadratic takes no key=value arguments"),
        ("double-well:dim=0", "dim must be at least 1"),
        ("quadratic:nan", "H must be in"),
    ],
)
def test_bad_specs_are_refused(text, words):
    with pytest.raises(ValueError, match=words):
        spec.parse(text)


def test_specs_build_what_they_say():
    assert spec.parse("quadratic:1,-0.5").H.tolist() == [1.0, -0.5]
    assert spec.parse("quadratic").dim == 2
    assert spec.parse("rosenbrock:stiffness=100,scale=1").stiffness == 100.0
    assert spec.parse("double_well:dim=3").dim == 3
    assert spec.parse("embedded-saddle:cubic=0").cubic == 0.0
    assert spec.parse("matrix-factorization:rank=2").rank == 2
    network = spec.parse("diagonal-linear-network:n=7,p=9")
    assert (network.examples(), network.dim) == (7, 18)


@pytest.mark.parametrize("name", spec.FORMS)
def test_the_usage_of_every_form_is_a_spec(name):
    if name in ("logistic", "linear-regression"):
        pytest.importorskip("sklearn")
    form = spec.FORMS[name]
    assert split(form.usage)[0] == name
    for f in (spec.parse(form.usage), spec.parse(name)):
        assert np.isfinite(f.grad(f.start)).all()


def test_generated_data_are_always_the_same():
    a, b = spec.parse("matrix-factorization"), spec.parse("matrix-factorization")
    assert (a.target == b.target).all()


def test_spec_wants_text():
    with pytest.raises(TypeError, match="spec must be a string"):
        spec.parse(3)
