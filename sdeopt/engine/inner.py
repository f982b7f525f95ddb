"""Functions that only other compiled functions call: nothing is made of them but their part of the caller.

Numba takes every function for one that Python may call: it optimises it, and generates machine code. Then it links it
into its caller and does both again, at every level of nesting. An inner function gets the first of the passes, and goes
through all of LLVM once, with the loop that it ends up in. That halves the time to the first result.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult

__all__ = ["OPTIONS", "awake"]


class _Nobody:
    """Stands where Numba looks for the machine code of an inner function, to tell it its environment."""

    def set_env(self, name: str, env: Any) -> None:
        """There is none; `awake` tells the loop."""


class _InnerLibrary(JITCodeLibrary):
    """Code that is linked and never executed."""

    codegen = property(lambda self: _Nobody())

    def _optimize_final_module(self) -> None:
        """Only what Numba does first: it removes counts of references, which are best seen from nearby."""
        passes, builder = self._codegen._module_pass_manager(cost="cheap", loop_vectorize=False, slp_vectorize=False)
        passes.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No function has an address."""
        return 0


class _InnerCompiler(Compiler):
    """Numba's compiler, with such a library."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target, _InnerLibrary(target.codegen(), "inner"), *rest)


OPTIONS: dict[str, Any] = {
    "error_model": "numpy", "nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
    "pipeline_class": _InnerCompiler,
}  # fmt: skip


def awake(result: CompileResult) -> Any:
    """What Python calls of a compiled loop, after the inner functions in it have got the objects that they hold."""
    for env in result._find_referenced_environments():
        result.library.codegen.set_env(env.env_name, env)
    return result.entry_point
