"""Compiled loops on disk: the second process starts at once.

Numba's own cache cannot hold functions that close over other compiled functions, as ours do. This one can, since it
knows what a loop was made from: the key of a file is a hash of the sources of sdeopt, the versions of Numba and
llvmlite, the processor, the types of the arguments, and the code (with constants and helpers) of every function that
the user brought. One file per loop, written beside its place and renamed, so that concurrent processes never read half
a file. If the folder cannot be used, loops are compiled as if there were no cache.

The folder is ``$SDEOPT_CACHE_DIR``, else ``sdeopt`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import pickle
import re
import tempfile
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import serialize
from numba.core.compiler import CompileResult

__all__ = ["LoopCache", "folder"]

log = logging.getLogger("sdeopt")
ATOMS = (bool, int, float, complex, str, bytes, type(None))


def folder() -> Path:
    """Where compiled loops are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SDEOPT_CACHE_DIR") or Path(base) / "sdeopt")


@functools.cache
def _sources() -> str:
    """Hash of the package's own code and of the compilers."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {np.__version__}".encode())
    root = Path(__file__).parent.parent
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()


def describe(thing: Any, seen: frozenset[int] = frozenset()) -> str:
    """Text that changes whenever code compiled from ``thing`` would: classes, functions with all they use, values."""
    if id(thing) in seen:
        return "again"
    inside = seen | {id(thing)}
    if isinstance(thing, (tuple, list, frozenset)):
        return "(" + ",".join(describe(t, inside) for t in thing) + ")"
    if isinstance(thing, type):
        own = "" if thing.__module__.startswith("sdeopt.") else describe(_functions(thing), inside)
        return f"{thing.__module__}.{thing.__qualname__}{own}"
    if isinstance(thing, FunctionType):
        return _describe_function(thing, inside)
    if isinstance(thing, np.ndarray):
        return f"array{thing.shape}{hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()}"
    return repr(thing) if isinstance(thing, ATOMS) else f"{type(thing)}"


def _functions(cls: type) -> tuple[FunctionType, ...]:
    return tuple(f for f in vars(cls).values() if isinstance(f, FunctionType))


def _describe_function(f: FunctionType, seen: frozenset[int]) -> str:
    cells = tuple(c.cell_contents for c in f.__closure__ or ())
    used: tuple[Any, ...] = ()
    if not f.__module__.startswith("sdeopt."):
        used = tuple(f.__globals__[n] for n in sorted(_names(f.__code__)) if n in f.__globals__)
    return f"{f.__module__}.{f.__qualname__}{_code(f.__code__)}{describe(cells, seen)}{describe(used, seen)}"


def _names(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_names(c) for c in code.co_consts if isinstance(c, CodeType)))


def _code(code: CodeType) -> str:
    constants = "".join(_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return hashlib.sha256(code.co_code + repr(code.co_names).encode() + constants.encode()).hexdigest()


class LoopCache:
    """What a Numba dispatcher asks for: ``load_overload`` and ``save_overload`` of one loop.

    It is put in the place of the dispatcher's own cache; that place is private to Numba, so the tests pin it.
    """

    def __init__(self, loop_key: Any) -> None:
        self._key = describe(loop_key)

    cache_path = property(lambda self: str(folder()))

    def _file(self, signature: Any, codegen: Any) -> Path:
        types = re.sub(r"0x[0-9a-f]+", "", str(signature))  # functions show their address; the key has their code
        text = f"{_sources()}{self._key}{types}{codegen.magic_tuple()}"
        return folder() / f"{hashlib.sha256(text.encode()).hexdigest()}.loop"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled loop for these argument types, or None."""
        context.refresh()
        try:
            payload = self._file(signature, context.codegen()).read_bytes()
            result = CompileResult._rebuild(context, *pickle.loads(payload))
        except OSError:
            return None
        except Exception as error:  # a damaged file must never stop a run
            log.debug("ignoring a damaged cache file: %s", error)
            return None
        same = result.signature.replace(args=tuple(signature))  # lowered classes are made anew in each process
        return result._replace(signature=same)

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled loop; without a usable folder, do nothing."""
        if result.library.has_dynamic_globals:
            return
        try:
            folder().mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder(), delete=False) as file:
                file.write(serialize.dumps(result._reduce()))
            os.replace(file.name, self._file(signature, result.codegen))
        except OSError as error:
            log.debug("not caching: %s", error)

    def enable(self) -> None:
        """Numba's interface; this cache is always enabled."""

    def disable(self) -> None:
        """Numba's interface."""

    def flush(self) -> None:
        """Numba's interface."""
