"""Every name that Numba keeps private and that is used here: what it is used for, and what to do when it goes.

Each was there in all versions of ``SEEN``. ``NEEDED`` are those without which nothing compiles; the names of
``ACCELERATORS`` are used by `inner`, `expressions` and `recycle` only, and where one is gone loops are compiled without
them, to the same bits (`pipeline`). In a name, ``()`` stands for an object of the class before it. A test
(tests/test_internals.py) finds what is used and not named here, and what is named and no longer used.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["ACCELERATORS", "NEEDED", "SEEN", "missing", "require"]

SEEN = ("0.62", "0.63", "0.64", "0.65", "0.66", "0.67", "0.68")  # versions of Numba with which all of sdeopt ran

NEEDED = {
    "numba.core.bytecode.FunctionIdentity._unique_ids": "numbers in the names of functions, made random; without it "
    "loops must not be kept on disk",
    "numba.core.cgutils": "helpers that write LLVM; each is a few lines of llvmlite",
    "numba.core.compiler.Compiler": "the passes of a function; numba.core.compiler.CompilerBase is its public parent",
    "numba.core.compiler.CompileResult._find_referenced_environments": "objects that inner functions hold, for the "
    "words of their errors; without it errors lose their words",
    "numba.core.compiler.CompileResult._rebuild": "reads a loop from disk; without it leave `cache` out",
    "numba.core.compiler.CompileResult._reduce": "writes a loop to disk; without it leave `cache` out",
    "numba.core.compiler_machinery.FunctionPass": "a pass of our own over the user's functions (`exact`)",
    "numba.core.compiler_machinery.register_pass": "as FunctionPass",
    "numba.core.config": "settings; the environment variables NUMBA_* are their public form",
    "numba.core.dispatcher.Dispatcher": "what njit returns; its type is public",
    "numba.core.dispatcher.Dispatcher()._cache": "where the loops on disk are asked for; without it leave `cache` out",
    "numba.core.compiler_machinery.AnalysisPass": "as FunctionPass",
    "numba.core.errors.NumbaError": "what a function that does not compile raises; Exception will do",
    "numba.core.errors.NumbaValueError": "the error of a function that is not compiled (`exact`); any other will do",
    "numba.core.errors.NumbaWarning": "silenced while loops compile; without it silence all warnings there",
    "numba.core.imputils.impl_ret_borrowed": "counts references of what is handed on (`shields`)",
    "numba.core.imputils.impl_ret_untracked": "says that a number counts no references; returning it as it is will do",
    "numba.core.imputils.lower_constant": "constants of lanes; numba.extending may come to export it",
    "numba.core.ir": "what the passes read (`exact`, `expressions`)",
    "numba.core.ir.FunctionIR()._definitions": "kept in step with what `exact` changes",
    "numba.core.registry.cpu_target": "its context starts the memory of arrays before it is checked",
    "numba.core.serialize": "pickles loops; without it leave `cache` out",
    "numba.core.typeconv.Conversion": "says that numbers become lanes safely; the return of can_convert_from",
    "numba.core.codegen.CPUCodeLibrary._get_compiled_object": "machine code that `machine.quick` keeps",
    "numba.core.typed_passes.NopythonTypeInference": "the pass before that of types in `exact`",
    "numba.core.types.misc.unliteral": "the type of a constant without its value (`exact`); numba.types may export it",
    "numba.core.typing.templates.AbstractTemplate": "types of operators on lanes; numba.extending.overload is slower",
    "numba.core.typing.templates.AttributeTemplate": "as AbstractTemplate",
    "numba.core.typing.templates.infer": "as AbstractTemplate",
    "numba.core.typing.templates.infer_getattr": "as AbstractTemplate",
    "numba.core.typing.templates.infer_global": "as AbstractTemplate",
    "numba.core.typing.templates.signature": "as AbstractTemplate",
    "numba.core.untyped_passes.IRProcessing": "the pass before `exact`",
    "numba.types.Function()._impl_keys": "what is called for a signature; without it use types.Function itself",
    "numba.np.numpy_support.as_dtype": "the dtype of a type (`exact`); numba.np.numpy_support is its only home",
    "numba.np.linalg": "its ensure_blas is put off, a sixth of the start; leave `cache._spare_blas` out",
}
ACCELERATORS = {
    "llvmlite.binding.ffi._LLVMLock()._cblist": "who is told of calls of LLVM; without it leave `compile_extra` out",
    "llvmlite.binding.ffi._lib_wrapper()._lock": "as _cblist",
    "numba.core.codegen.CodeLibrary": "what is left of a library of a function that is not executed",
    "numba.core.codegen.JITCodeLibrary": "libraries of our own for loops and for what they call",
    "numba.core.codegen.JITCodeLibrary()._codegen": "makes the passes of LLVM",
    "numba.core.codegen.JITCodeLibrary()._final_module": "the module that the passes run over",
    "numba.core.codegen.JITCodeLibrary()._finalized": "set once a module is done",
    "numba.core.codegen.JITCodeLibrary()._linking_libraries": "what the functions of a library call",
    "numba.core.codegen.JITCodeLibrary()._shared_module": "a whole module, made once",
    "numba.core.codegen.JITCodeLibrary._get_module_for_linking": "a library with all that it calls",
    "numba.core.codegen.JITCodeLibrary._optimize_functions": "simplifies the functions of a module",
    "numba.core.codegen.JITCodeLibrary._optimize_final_module": "our passes stand in its place",
    "numba.core.codegen.CPUCodegen._module_pass_manager": "Numba's own passes, around our memory of vectors",
    "numba.core.compiler_machinery.PassManager": "runs the passes",
    "numba.core.compiler_machinery.PassManager()._analysis": "what passes know of each other",
    "numba.core.postproc.PostProcessor": "looks at the flow of a function anew",
    "numba.core.typed_passes.AnnotateTypes": "the pass that is left out",
    "numba.core.cgutils.create_struct_proxy()._getvalue": "an array as LLVM holds it",
    "numba.core.runtime._nrt_python": "addresses of what makes and ends a block of memory (`recycle`)",
    "numba.core.runtime.rtsys": "starts the memory of arrays before its layout is checked",
    "numba.np.arrayobj": "entries of arrays, read and written",
    "numba.np.arrayobj._empty_nd_impl": "a new vector",
    "numba.np.ufunc.array_exprs._lower_array_expr": "Numba's own loop, for what ours leaves to it",
}


def find(name: str) -> Any:
    """The object of a name; of an object's own names the class before them.

    Raises
    ------
    AttributeError, ImportError
        If it is not there.
    """
    parts = name.partition("()")[0].split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise ImportError(name)


def missing(names: dict[str, str]) -> list[str]:
    """Those of the names that this Numba does not have, each with what it is used for."""
    gone = []
    for name, use in names.items():
        try:
            find(name)
        except (AttributeError, ImportError):
            gone.append(f"{name} ({use})")
    return gone


def require() -> None:
    """Raise ``ImportError`` where a name is gone without which nothing compiles."""
    if gone := missing(NEEDED):
        raise ImportError(f"sdeopt cannot compile with this version of Numba, which has no {'; no '.join(gone)}")
