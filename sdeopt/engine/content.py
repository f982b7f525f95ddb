"""What things are, in any process: numbers, arrays and code, taken apart the way pickle does it.

Two functions with the same code and the same constants are the same, wherever they were defined, and an edited function
is another one. Functions and classes of sdeopt and of installed packages are known by their names and by the content of
the file that they come from, functions also by what they hold: the user's own may be among it.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import sys
import sysconfig
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sdeopt.core.references import closure_values
from sdeopt.engine.values import ATOMS, code_text, describe

__all__ = ["content"]

PLAIN = (*ATOMS, list, frozenset, np.ndarray)


def content(thing: Any) -> str:
    """Text that changes whenever ``thing`` would give other numbers, and that is the same in every process.

    Raises
    ------
    TypeError
        If something inside has no content that can be read, such as an open file.

    Examples
    --------
    >>> import sdeopt as so
    >>> from sdeopt.engine.content import content
    >>> content(so.StudentT(nu=2)) == content(so.StudentT(nu=2)), content(so.StudentT(nu=2)) == content(so.StudentT(3))
    (True, False)
    """
    return describe(thing, special=_special)


def _special(thing: Any, seen: frozenset[int]) -> str | None:
    """The text of all that is no number, array, sequence or code of the user's own."""
    if isinstance(thing, (FunctionType, type)):
        code = None if isinstance(thing, type) else thing.__code__.co_filename
        file = _hash_installed(thing.__module__, code)
        if file is None:
            return None
        name = f"{thing.__module__}.{thing.__qualname__} {file}"
        if isinstance(thing, type):
            return name
        held = (closure_values(thing), thing.__defaults__, thing.__kwdefaults__)
        return f"{name} {code_text(thing.__code__)} {describe(held, seen, _special)}"
    if isinstance(thing, PLAIN) or type(thing) is tuple:
        return None
    if isinstance(thing, tuple):  # with names, such as a method
        return describe((type(thing), tuple(thing)), seen, _special)
    return f"{type(thing).__module__}.{type(thing).__qualname__} {_take_apart(thing, seen)}"


@functools.cache
def _hash_installed(module: str, code: str | None) -> str | None:
    """Hash of the file of an installed module, or one of sdeopt; None for code of the user's own.

    ``code`` is the file that a function comes from: one that ``exec`` has made claims to be of any module.
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    if code not in (None, file):
        return None
    roots = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    ours = (module or "").startswith("sdeopt.")
    if file is None or not (ours or any(Path(file).is_relative_to(root) for root in roots)):
        return None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _take_apart(thing: Any, seen: frozenset[int]) -> str:
    if isinstance(thing, dict):
        return describe(tuple(thing.items()), seen, _special)
    if isinstance(thing, ModuleType):
        return thing.__name__
    try:
        if callable(getattr(thing, "detach", None)):  # a tensor of PyTorch, which shows pickle where in memory it is
            return describe(np.asarray(thing.detach().cpu()), seen, _special)
        reduce = copyreg.dispatch_table.get(type(thing))
        parts = thing.__reduce_ex__(4) if reduce is None else reduce(thing)
    except Exception as error:
        raise TypeError(f"{thing!r} has no content to be known by: {error}") from error
    if isinstance(parts, str):
        return parts
    first, rest = parts[:3], parts[3:5]  # what makes it, from what, its state; then two iterators of what it holds
    held = (*first, *(None if items is None else tuple(items) for items in rest))
    return describe(held, seen, _special)
