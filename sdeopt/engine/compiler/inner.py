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
from llvmlite.binding import Linkage, ffi, parse_assembly
from numba import njit
from numba.core import cgutils
from numba.core.codegen import CodeLibrary, JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import PassManager
from numba.core.postproc import PostProcessor
from numba.core.typed_passes import AnnotateTypes

from sdeopt.engine.compiler import chains, expressions
from sdeopt.engine.compiler.exact import ExactCompiler
from sdeopt.engine.compiler.recycle import MEMORY

__all__ = ["InnerCompiler", "LoopCompiler", "check"]


class _Passes(PassManager):
    """Numba's passes without what it does between them: events, times, and the flow of the function once more."""

    def _runPass(self, index: int, one: Any, state: Any) -> None:
        blocks = list(state.func_ir.blocks) if state.func_ir else None
        one.analysis = self._analysis
        if one.run_pass(state) and list(state.func_ir.blocks) != blocks:
            PostProcessor(state.func_ir).run()


class _Lean:
    """A compiler with such passes, always the same, without the one that prints."""

    lean: Any = None

    def define_pipelines(self) -> Any:
        """Numba's passes and those of the class."""
        cls = type(self)
        if cls.lean is None:
            cls.lean = _Passes("nopython")
            cls.lean.passes = [one for one in super().define_pipelines()[0].passes if one[0] is not AnnotateTypes]  # type: ignore[misc]
            cls.lean.finalize()
        return [cls.lean]


class _Nobody:
    """Stands where Numba looks for the machine code of an inner function, to tell it its environment."""

    def set_env(self, name: str, env: Any) -> None:
        """There is none; `pipeline.awake` tells the loop."""


class _InnerLibrary(JITCodeLibrary):
    """Code that is linked once, into a loop, and never executed."""

    codegen = property(lambda self: _Nobody())

    def __init__(self, codegen: Any, name: str) -> None:
        CodeLibrary.__init__(self, codegen, name)
        self._linking_libraries: list[Any] = []
        self._shared_module: Any = None
        self._final_module: Any = None

    def add_ir_module(self, ir_module: Any) -> None:
        """The code of the function, simplified by itself; others may have it too."""
        for f in ir_module.functions:
            if not f.is_declaration:
                f.linkage = "linkonce_odr"
        self._final_module = parse_assembly(cgutils.normalize_ir_text(str(ir_module)))
        self._optimize_functions(self._final_module)

    def finalize(self) -> None:
        """Nothing: what it calls is seen once, in the loop."""
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """With all that it calls, for functions of Numba's own that call it."""
        return _whole(self._final_module.clone(), self)

    def get_pointer_to_function(self, name: str) -> int:
        """No function has an address."""
        return 0


def _whole(module: Any, library: Any) -> Any:
    """The module of a library with all that it calls, and that is called by inner functions in turn, each once."""
    linked: dict[Any, None] = {}
    new = [library]
    while new:
        called = dict.fromkeys(other for one in new for other in one._linking_libraries if other not in linked)
        new = [one for one in called if isinstance(one, _InnerLibrary)]
        linked |= called
    for one in linked:
        inner = isinstance(one, _InnerLibrary)
        module.link_in(one._final_module if inner else one._get_module_for_linking(), preserve=True)
    return module


class _LoopLibrary(JITCodeLibrary):
    """A loop, in which all arrays belong to the thread that runs it."""

    _final_module: Any

    def finalize(self) -> None:
        """As Numba does it, after what inner functions call is linked."""
        _whole(self._final_module, self).verify()
        self._linking_libraries.clear()
        super().finalize()

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
        self._final_module = chains.apart(self._final_module)


def _ours(target: Any) -> Any:
    """Numba's target with our loops over vectors."""
    return target.subtarget(special_ops=target.special_ops | {"arrayexpr": expressions.lower})


class LoopCompiler(_Lean, Compiler):
    """Numba's compiler, with such a library, which LLVM is asked for without that others are told."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        loop = _LoopLibrary(target.codegen(), "loop")
        loop.enable_object_caching()
        super().__init__(typing, _ours(target), loop, *rest)

    def compile_extra(self, func: Any) -> Any:
        """Numba tells all listeners of each of some thousand calls of LLVM."""
        told = ffi.lib._lock._cblist
        held = told[:]
        told.clear()
        try:
            return super().compile_extra(func)
        finally:
            told.extend(held)


class InnerCompiler(_Lean, ExactCompiler):
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
