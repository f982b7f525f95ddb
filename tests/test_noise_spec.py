"""Noise laws by name."""

import pytest

from sdeopt.noise.spec import FORMS, parse


@pytest.mark.parametrize("usage", [form.usage for form in FORMS.values()])
def test_usages_parse(usage):
    law = parse(usage)
    assert type(law).__name__.lower().endswith(usage.partition(":")[0].replace("-", "").replace("none", "nonoise"))


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("Gaussian", "Gaussian(scale=1.0)"),
        ("gaussian:scale=0.5", "Gaussian(scale=0.5)"),
        ("gaussian:0.5,1", "Gaussian(scale=[0.5, 1.0])"),
        ("student_t:nu=2,scale=0.5", "StudentT(nu=2.0, scale=0.5)"),
        ("student-t:0.5,1,nu=3", "StudentT(nu=3.0, scale=[0.5, 1.0])"),
        ("laplace:0.5", "Laplace(scale=0.5)"),
        ("rademacher:1", "Rademacher(scale=1.0)"),
        ("minibatch:16", "Minibatch(batch=16, replace=True)"),
        ("minibatch:batch=16,replace=False", "Minibatch(batch=16, replace=False)"),
        ("none", "NoNoise()"),
    ],
)
def test_specs_name_laws(spec, shown):
    assert repr(parse(spec)) == shown


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("gausian:1", "did you mean 'gaussian'"),
        ("student-t:2", "needs nu"),
        ("gaussian:1,scale=2", "given twice"),
        ("gaussian:sd=1", "argument of gaussian"),
        ("laplace:wide", "must be a number"),
        ("minibatch", "needs its size"),
        ("minibatch:4,replace=maybe", "replace"),
        ("minibatch:0", "at least 1"),
        ("none:1", "at most 0"),
    ],
)
def test_bad_specs_are_refused(spec, says):
    with pytest.raises(ValueError, match=says):
        parse(spec)
