"""How Numba compiles loops, and the functions that only other compiled functions call.

Numba takes every function for one that Python may call: it optimises it, and generates machine code. Then it links it
into its caller and does both again, at every level of nesting. An inner function is simplified by itself, and goes
through the rest of LLVM once, with the loop that it ends up in. That more than halves the time to the first result. A
loop gets all passes, and functions of its own for the memory of arrays (`recycle`). Both loop over vectors as in
`expressions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite.binding import Linkage, parse_assembly
from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from sdeopt.engine.compiler import expressions
from sdeopt.engine.compiler.exact import ExactCompiler
from sdeopt.engine.compiler.recycle import MEMORY

__all__ = ["InnerCompiler", "LoopCompiler", "check"]


class _Nobody:
    """Stands where Numba looks for the machine code of an inner function, to tell it its environment."""

    def set_env(self, name: str, env: Any) -> None:
        """There is none; `pipeline.awake` tells the loop."""


class _InnerLibrary(JITCodeLibrary):
    """Code that is linked and never executed."""

    codegen = property(lambda self: _Nobody())

    def _optimize_final_module(self) -> None:
        """Nothing: each function has been simplified by itself, and what it calls is seen once, in the loop."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No function has an address."""
        return 0


class _LoopLibrary(JITCodeLibrary):
    """A loop, in which all arrays belong to the thread that runs it."""

    def _optimize_final_module(self) -> None:
        """As Numba does it, with `recycle` in between: the first passes know Numba's counts of references by name."""
        few = {"cost": "cheap", "opt": 0, "loop_vectorize": False, "slp_vectorize": False}
        passes, builder = self._codegen._module_pass_manager(**few)
        passes.run(self._final_module, builder)
        memory = parse_assembly(MEMORY)
        inside = {f.name for f in self._final_module.functions if f.linkage == Linkage.linkonce_odr}
        inside |= {f.name for f in memory.functions}
        self._final_module.link_in(memory)
        for f in self._final_module.functions:
            if f.name in inside and not f.is_declaration:  # LLVM may then take from it what nobody asks
                f.linkage = "internal"
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


def _ours(target: Any) -> Any:
    """Numba's target with our loops over vectors."""
    return target.subtarget(special_ops=target.special_ops | {"arrayexpr": expressions.lower})


class LoopCompiler(Compiler):
    """Numba's compiler, with such a library."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        loop = _LoopLibrary(target.codegen(), "loop")
        loop.enable_object_caching()
        super().__init__(typing, _ours(target), loop, *rest)


class InnerCompiler(ExactCompiler):
    """Numba's compiler, with such a library."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, _ours(target), _InnerLibrary(target.codegen(), "inner"), *rest)


def check() -> None:
    """Raise what goes wrong when a function is compiled so."""

    @njit(nogil=True, pipeline_class=InnerCompiler, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    def twice(x: Any) -> Any:
        return x + x

    @njit(nogil=True, pipeline_class=LoopCompiler)
    def loop(x: Any, out: Any) -> None:
        out[:] = twice(x) + x

    out = np.zeros(3)
    loop(np.arange(3.0), out)
    if out.tolist() != [0.0, 3.0, 6.0]:
        raise RuntimeError(f"3 * [0, 1, 2] came out as {out.tolist()}")
