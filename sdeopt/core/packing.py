"""Numbers in a tree: what a file may hold that runs no code when it is read.

A value is taken apart into arrays and a description that JSON can hold, and put together again. It may consist of
arrays, numbers, texts, None, tuples, lists, dictionaries, and of classes that say so by `packable`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

__all__ = ["pack", "packable", "unpack"]

Class = TypeVar("Class", bound=type)
PLAIN = (bool, int, float, str, type(None))
_CLASSES: dict[str, type] = {}


def packable(cls: Class) -> Class:
    """Decorate a dataclass or named tuple, all of whose fields can be packed."""
    _CLASSES[cls.__name__] = cls
    return cls


def pack(value: Any, arrays: list[Any]) -> Any:
    """The description of ``value``; its arrays are appended to ``arrays``.

    Raises
    ------
    TypeError
        If something in it is neither a number nor made of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = []
    >>> form = pack((1, np.ones(2)), arrays)
    >>> form, unpack(form, arrays)
    ({'tuple': [1, {'array': 0}]}, (1, array([1., 1.])))
    """
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        arrays.append(np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "number": len(arrays) - 1}
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind in (tuple, list):
        return {kind.__name__: [pack(member, arrays) for member in value]}
    if kind is dict:
        return {"dict": [[pack(name, arrays), pack(member, arrays)] for name, member in value.items()]}
    if _CLASSES.get(kind.__name__) is kind:
        return {kind.__name__: [pack(getattr(value, name), arrays) for name in _fields(kind)]}
    raise TypeError(f"only numbers can be kept in a file, got {value!r}")


def _fields(cls: Any) -> list[str]:
    return [f.name for f in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else list(cls._fields)


def unpack(form: Any, arrays: Sequence[Any]) -> Any:
    """What `pack` took apart."""
    if not isinstance(form, dict):
        return form
    ((kind, held),) = form.items()
    if kind in ("array", "number"):
        return arrays[held] if kind == "array" else arrays[held][()]
    if kind == "dict":
        return {unpack(name, arrays): unpack(member, arrays) for name, member in held}
    members = [unpack(member, arrays) for member in held]
    if kind in ("tuple", "list"):
        return tuple(members) if kind == "tuple" else members
    return _CLASSES[kind](*members)
