"""Networks by name, for the command line: "mlp:digits", "cnn:mnist,channels=8x16", "resnet:digits,blocks=1"."""

from __future__ import annotations

import inspect
import re
from typing import Any

from sdeopt import networks
from sdeopt.core import checks
from sdeopt.core.spec import allow, number, split

__all__ = ["NAMES", "parse"]

NAMES = networks.__all__
LARGE = 10_000  # parameters from which on pages on tensors keep projections


def parse(spec: str) -> Any:
    """Return the network that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``name``, ``name:data`` or ``name:data,key=value``: a function of `sdeopt.networks` and its arguments; several
        widths or channels are written 32x16. Above 10,000 parameters ``dtype`` is float32 where it is not given.

    Raises
    ------
    ValueError
        If the name, a key or a value is unknown or malformed; the nearest known name is suggested.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> from sdeopt.networks.spec import parse
    >>> parse("mlp:breast_cancer,widths=4x3,activation=gelu")
    TorchObjective(MLP, examples=455, dim=147)
    """
    if listed := re.search(r"(\w+)=(\d+(?:,\d+)+)", spec):
        wanted = f"{listed[1]}={listed[2].replace(',', 'x')}"
        raise ValueError(f"{listed[1]} of several numbers is written {wanted}, got {checks.short(spec)}")
    name, args, kwargs = split(spec)
    build = getattr(networks, checks.choice("network", name, NAMES))
    defaults = {key: p.default for key, p in inspect.signature(build).parameters.items() if key != "data"}
    allow(name, args, kwargs, most=1, keys=defaults)
    given = {key: _value(f"{name}: {key}", text, defaults[key]) for key, text in kwargs.items()}
    found = build(*args, **given)
    return found if "dtype" in given or found.dim <= LARGE else build(*args, **given, dtype="float32")


def _value(name: str, text: str, default: Any) -> Any:
    """The argument that ``text`` spells, of the kind of its default."""
    if isinstance(default, tuple):
        return tuple(number(name, part) for part in text.split("x"))
    return text if default is None or isinstance(default, str) else number(name, text)
