"""Compiled loops on disk: the second process starts at once.

Numba's own cache cannot hold functions that close over other compiled functions, as ours do. This one can, since it
knows what a loop was made from: the key of a file is a hash of the sources of sdeopt, the versions of Numba and
llvmlite, the processor, the types of the arguments, and the code (with helpers and all values compiled into it, see
`values`) of every function that the user brought. One file per loop (`shelf`). Loops on lanes are kept so that they
can be called without Numba (`machine.quick`); here are the others.

The files are code: whoever can write them decides what runs here. So a folder that belongs to somebody else, or in
whose place others could put one, is refused, with one warning.

The folder is ``$SDEOPT_CACHE_DIR``, else ``sdeopt`` in ``$XDG_CACHE_HOME`` or ``~/.cache``; `engine.kept` looks
into it and clears it.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import logging
import pickle
import re
import sys
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numpy as np
from numba.core import serialize
from numba.core.compiler import CompileResult
from numba.np import linalg

from sdeopt.engine import shelf
from sdeopt.engine.compiler import pipeline
from sdeopt.engine.machine import quick
from sdeopt.engine.private import folder
from sdeopt.engine.values import describe

__all__ = ["LoopCache", "PortableCache", "versions"]

log = logging.getLogger("sdeopt")


def _spare_blas() -> None:
    """Load the part of Numba that asks for SciPy's BLAS without it, a sixth of the start; what calls BLAS loads it."""
    ask, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ask


_spare_blas()


def versions() -> str:
    """The compilers that a loop is good for, and the processor."""
    cpu = numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    return (
        f"Numba {numba.__version__}, llvmlite {llvmlite.__version__}, NumPy {np.__version__}, "
        f"{sys.implementation.cache_tag}, {cpu}, {pipeline.MODE} compilation"
    )


def _without_types(library: Any, function: Any, environment: Any, signature: Any, *rest: Any) -> tuple[Any, ...]:
    """What Numba keeps of a loop, without the types of its arguments: whoever loads it has them.

    They name the pages of the run, whose classes would be packed whole where they are of a script, with all that hangs
    on them: what no one needs, and what cannot always be unpacked.
    """
    function = copy.copy(function)
    function.argtypes = ()
    return library, function, environment, signature.replace(args=()), *rest


class LoopCache:
    """What a Numba dispatcher asks for: ``load_overload`` and ``save_overload`` of one loop.

    It is put in the place of the dispatcher's own cache; that place is private to Numba, so the tests pin it.
    """

    def __init__(self, loop_key: Any) -> None:
        self._key = describe(loop_key)

    cache_path = property(lambda self: str(folder()))

    def _name(self, signature: Any, codegen: Any) -> tuple[str, bytes]:
        """The name of the file of a loop, and its whole key."""
        types = re.sub(r"0x[0-9a-f]+", "", str(signature))  # functions show their address; the key has their code
        mark, text = quick.mark(), f"{pipeline.MODE}{self._key}{types}{codegen.magic_tuple()}"
        digest = hashlib.sha256((mark + text).encode())
        return f"{mark[:16]}-{digest.hexdigest()[:48]}.loop", digest.digest()

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled loop for these argument types, or None; looked for again where `MISSED` has waited for it."""
        found = self._found(signature, context)
        return self._found(signature, context) if found is None and shelf.MISSED.get()() else found

    def _found(self, signature: Any, context: Any) -> Any:
        """Without ``context.refresh``, a tenth of a warm start: what is compiled calls it, what is found need not."""
        try:
            name, key = self._name(signature, context.codegen())
            payload = shelf.take(name, key)
            if payload is None:
                return None
            result = CompileResult._rebuild(context, *pickle.loads(payload))
            result.fndesc.argtypes = tuple(signature)
        except Warning:  # where warnings are errors
            raise
        except Exception as error:  # no such file, no home, a class that has changed: none of them may stop a run
            log.debug("not cached: %s", error)
            return None
        same = result.signature.replace(args=tuple(signature))  # lowered classes are made anew in each process
        return result._replace(signature=same)

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled loop; without a usable folder, do nothing."""
        if result.library.has_dynamic_globals:
            return
        try:
            payload = serialize.dumps(_without_types(*result._reduce()))
            name, key = self._name(signature, result.codegen)
            shelf.keep(name, key, payload)
        except Warning:  # where warnings are errors
            raise
        except Exception as error:  # no folder, no room, no home: none of them may stop a run
            log.debug("not caching: %s", error)

    def enable(self) -> None:
        """Numba's interface; this cache is always enabled."""

    def disable(self) -> None:
        """Numba's interface."""

    def flush(self) -> None:
        """Numba's interface."""


class PortableCache(LoopCache):
    """That of loops on lanes: ``made`` has the machine code of those that `quick` keeps."""

    def __init__(self, loop_key: Any) -> None:
        super().__init__(loop_key)
        self.made: dict[tuple[Any, ...], bytes] = {}

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep what needs Numba to be loaded."""
        code = result.library._get_compiled_object()
        if quick.portable(code) and not result.library.has_dynamic_globals:  # those are addresses of this process
            self.made[tuple(signature)] = code
        else:
            super().save_overload(signature, result)
