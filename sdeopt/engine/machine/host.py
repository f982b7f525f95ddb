"""The processor that code is made for, as Numba chooses it, and the way from the text of a module to its functions."""

from __future__ import annotations

import functools
import os
from typing import Any

import llvmlite
import llvmlite.binding as llvm

__all__ = ["FILL", "build", "features", "load", "made_for", "processor", "register"]


FILL = "sdeopt.fill"  # the name by which loops know what draws


@functools.cache
def processor() -> str:
    """Its name."""
    name: str = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    return name


@functools.cache
def features() -> str:
    """What it can, as LLVM writes it: ``+avx2,-avx512f,...``."""
    given = os.environ.get("NUMBA_CPU_FEATURES")
    if given is not None or processor().lower() == "generic":
        return given or ""
    try:
        found = llvm.get_host_cpu_features()
    except RuntimeError:
        return ""
    for name in found:
        if name.startswith("avx") and os.environ.get("NUMBA_ENABLE_AVX") == "0":
            found[name] = False
    flat: str = found.flatten()
    return flat


def made_for() -> str:
    """What machine code depends on beside its source."""
    return f"llvmlite {llvmlite.__version__}, {llvm.get_process_triple()}, {processor()}, {features()}"


@functools.cache
def register() -> int:
    """Numbers in a vector register."""
    some = features().split(",")
    return 8 if "+avx512f" in some else 4 if "+avx2" in some else 2


def _machine() -> Any:
    """What code is made by; an engine owns its own, and ends it when it ends."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    reloc = "static" if triple.startswith(("x86", "i686")) else "default"
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=processor(), features=features(), opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )


def build(text: str) -> bytes:
    """The object code of a module, after all of LLVM's passes."""
    machine, module = _machine(), llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.slp_vectorization = True, False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    code: bytes = machine.emit_object(module)
    return code


def load(code: bytes) -> Any:
    """LLVM's engine with the functions of an object file; ``get_function_address(name)`` says where they are."""
    nothing = llvm.parse_assembly(f'target triple = "{llvm.get_process_triple()}"')
    engine = llvm.create_mcjit_compiler(nothing, _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
