"""Noise laws by name, for the command line: "gaussian:0.5,batch=4", "student-t:0.5,nu=2", "minibatch:16"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sdeopt.core import checks
from sdeopt.core.spec import allow, number, numbers, split
from sdeopt.noise.affine import AffineGaussian
from sdeopt.noise.agents import Agents
from sdeopt.noise.batch import Batch
from sdeopt.noise.gaussian import Gaussian
from sdeopt.noise.label import LabelNoise
from sdeopt.noise.laplace import Laplace
from sdeopt.noise.law import Law
from sdeopt.noise.minibatch import Minibatch, PoissonBatch
from sdeopt.noise.none import NoNoise
from sdeopt.noise.oversampled import Oversampled
from sdeopt.noise.rademacher import Rademacher
from sdeopt.noise.reshuffled import Reshuffled
from sdeopt.noise.stable import AlphaStable
from sdeopt.noise.student import StudentT

__all__ = ["FORMS", "parse"]


class Form(NamedTuple):
    """How to build it, an example, and what may follow the name: positional arguments (None: any) and keys."""

    build: Callable[..., Law]
    usage: str
    most: int | None = None
    keys: tuple[str, ...] = ("scale",)
    holds: bool = False  # another spec: then it is built from the whole text


def _scale(args: tuple[str, ...], scale: str | None) -> Any:
    """One number for all coordinates, several for one each; 1 if there is none."""
    if args and scale is not None:
        raise ValueError(f"scale is given twice: {', '.join(args)} and scale={scale}")
    values = numbers("scale", args or (scale or "1",))
    return values[0] if len(values) == 1 else values


def _affine(*args: str, scale: str | None = None, growth: str | None = None) -> Law:
    if growth is None:
        raise ValueError("affine-gaussian needs growth, as in 'affine-gaussian:0.5,growth=2'")
    return AffineGaussian(_scale(args, scale), number("growth", growth))


def _student(*args: str, scale: str | None = None, nu: str | None = None) -> Law:
    if nu is None:
        raise ValueError("student-t needs nu, as in 'student-t:0.5,nu=2'")
    return StudentT(number("nu", nu), _scale(args, scale))


def _stable(*args: str, scale: str | None = None, alpha: str | None = None) -> Law:
    if alpha is None:
        raise ValueError("alpha-stable needs alpha, as in 'alpha-stable:0.5,alpha=1.5'")
    return AlphaStable(number("alpha", alpha), _scale(args, scale))


def _minibatch(*args: str, batch: str | None = None, replace: str = "true") -> Law:
    if len(args) + (batch is not None) != 1:
        raise ValueError("minibatch needs its size once, as in 'minibatch:16'")
    flag = checks.choice("replace", replace.lower(), ("true", "false"))
    return Minibatch(number("batch", args[0] if args else str(batch)), flag == "true")  # type: ignore[arg-type]


def _poisson(*args: str) -> Law:
    if not args:
        raise ValueError("poisson-batch needs its expected size, as in 'poisson-batch:16'")
    return PoissonBatch(number("batch", args[0]))  # type: ignore[arg-type]


def _reshuffled(*args: str) -> Law:
    if not args:
        raise ValueError("reshuffled needs its batch size, as in 'reshuffled:16'")
    return Reshuffled(number("batch", args[0]))  # type: ignore[arg-type]


def _oversampled(*args: str) -> Law:
    if not args:
        raise ValueError("oversampled needs the examples of a class in a step, as in 'oversampled:4'")
    return Oversampled(number("batch", args[0]))  # type: ignore[arg-type]


def _agents(spec: str) -> Law:
    """The rest of the text is the law of one agent."""
    count, comma, law = spec.partition(":")[2].partition(",")
    if not comma:
        raise ValueError("agents needs how many and a law, as in 'agents:4,gaussian:0.5'")
    return Agents(parse(law), number("agents", count))


FORMS = {
    "gaussian": Form(lambda *a, scale=None: Gaussian(_scale(a, scale)), "gaussian:0.5"),
    "affine-gaussian": Form(_affine, "affine-gaussian:0.5,growth=2", keys=("scale", "growth")),
    "student-t": Form(_student, "student-t:0.5,nu=2", keys=("scale", "nu")),
    "alpha-stable": Form(_stable, "alpha-stable:0.5,alpha=1.5", keys=("scale", "alpha")),
    "laplace": Form(lambda *a, scale=None: Laplace(_scale(a, scale)), "laplace:0.5"),
    "label-noise": Form(lambda *a, scale=None: LabelNoise(_scale(a, scale)), "label-noise:0.5", 1),
    "rademacher": Form(lambda *a, scale=None: Rademacher(_scale(a, scale)), "rademacher:1"),
    "minibatch": Form(_minibatch, "minibatch:16,replace=false", 1, ("batch", "replace")),
    "poisson-batch": Form(_poisson, "poisson-batch:16", 1, ()),
    "reshuffled": Form(_reshuffled, "reshuffled:16", 1, ()),
    "oversampled": Form(_oversampled, "oversampled:4", 1, ()),
    "none": Form(NoNoise, "none", 0, ()),
    "agents": Form(_agents, "agents:4,gaussian:0.5", holds=True),
}


def parse(spec: str) -> Law:
    """Return the noise law that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``name``, ``name:positional,...`` or ``name:...,key=value``; the names are the keys of ``FORMS``, each with an
        example in its ``usage``. Positional numbers are scales, one for all coordinates or one for each (the batch size
        of "minibatch"). ``batch=4`` after any law of additive noise makes it that of one example in a `Batch` of 4.
        "agents:4," before the whole of another spec makes it the law of each of 4 `Agents`.

    Raises
    ------
    ValueError, TypeError
        If the name, a key or a number is unknown or malformed; the nearest known name is suggested.

    Examples
    --------
    >>> from sdeopt.noise.spec import parse
    >>> parse("gaussian:0.5,1"), parse("student-t:nu=2,scale=0.5")
    (Gaussian(scale=[0.5, 1.0]), StudentT(nu=2.0, scale=0.5))
    >>> parse("minibatch:16,replace=false")
    Minibatch(batch=16, replace=False)
    >>> parse("gaussian:0.5,batch=4")
    Batch(law=Gaussian(scale=0.5), batch=4)
    """
    name, args, kwargs = split(spec)
    form = FORMS[checks.choice("noise", name, FORMS)]
    if form.holds:
        return form.build(spec)
    size = None if "batch" in form.keys else kwargs.pop("batch", None)
    allow(name, args, kwargs, most=form.most, keys=form.keys)
    law = form.build(*args, **kwargs)
    return law if size is None else Batch(law, number("batch", size))  # type: ignore[arg-type]
