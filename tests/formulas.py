"""Formulas on the values of code that is being written (`engine.machine.words`), as functions of whole numbers."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from sdeopt.engine.machine import host
from sdeopt.engine.machine.words import I64, Memory, Value


def compiled(formula: Callable[..., tuple[Value, Value]], count: int) -> Callable[..., tuple[int, int]]:
    """``formula`` of so many words, whose two values it gives as words."""
    module = ir.Module("formula")
    kind = ir.FunctionType(ir.VoidType(), [I64] * count + [I64.as_pointer()])
    made = ir.Function(module, kind, "formula")
    b = ir.IRBuilder(made.append_basic_block("entry"))
    out = Memory(b, made.args[-1], I64)
    for i, value in enumerate(formula(*(Value(b, argument) for argument in made.args[:-1]))):
        out[i] = value.word()
    b.ret_void()
    engine = host.load(host.build(str(module)))
    address = engine.get_function_address("formula")
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_uint64] * count, ctypes.c_void_p)(address)

    def answer(*words: int, engine: Any = engine) -> tuple[int, int]:  # which owns the code
        room = (ctypes.c_uint64 * 2)()
        call(*words, room)
        return room[0], room[1]

    return answer


def as_numbers(words: tuple[int, ...]) -> tuple[float, ...]:
    """The float64 that words are."""
    return struct.unpack(f"{len(words)}d", struct.pack(f"{len(words)}Q", *words))
