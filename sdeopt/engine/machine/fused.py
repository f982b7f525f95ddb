"""The fused multiply-add on NumPy arrays, which interpreted pages compute with; compiled ones use an instruction.

NumPy has none. It is made one of NumPy's own functions, a tenth of the time of any other per call, by the first entry
of the table in which NumPy offers C what makes them.
"""

from __future__ import annotations

import ctypes
from typing import Any

from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from sdeopt.engine.machine import host

__all__ = ["fused"]

DOUBLE, NO_IDENTITY = 12, -1  # NumPy's numbers for them
EACH = range(4)  # a, b, c and the result
TEXT = "\n".join([
    "declare double @llvm.fma.f64(double, double, double)",
    "define void @fused(ptr %arrays, ptr %count, ptr %steps, ptr %none) {",
    "entry:",
    "%n = load i64, ptr %count",
    *(f"%a{i} = getelementptr ptr, ptr %arrays, i64 {i}\n%first{i} = load ptr, ptr %a{i}" for i in EACH),
    *(f"%s{i} = getelementptr i64, ptr %steps, i64 {i}\n%step{i} = load i64, ptr %s{i}" for i in EACH),
    "br label %ask",
    "ask:",
    "%left = phi i64 [%n, %entry], [%less, %one]",
    *(f"%at{i} = phi ptr [%first{i}, %entry], [%next{i}, %one]" for i in EACH),
    "%more = icmp sgt i64 %left, 0",
    "br i1 %more, label %one, label %end",
    "one:",
    *(f"%v{i} = load double, ptr %at{i}" for i in range(3)),
    "%r = call double @llvm.fma.f64(double %v0, double %v1, double %v2)",
    "store double %r, ptr %at3",
    *(f"%next{i} = getelementptr i8, ptr %at{i}, i64 %step{i}" for i in EACH),
    "%less = sub i64 %left, 1",
    "br label %ask",
    "end:",
    "ret void",
    "}",
])  # fmt: skip


def _made(*held: Any) -> Any:
    """The function of NumPy, which does not copy the arrays that it is given here."""
    python = ctypes.pythonapi
    python.PyCapsule_GetPointer.restype = ctypes.c_void_p
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    table = python.PyCapsule_GetPointer(_multiarray_umath._UFUNC_API, None)
    make = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[1]
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signature = (pointer, pointer, pointer, *[number] * 4, ctypes.c_char_p, ctypes.c_char_p, number)
    return ctypes.PYFUNCTYPE(ctypes.py_object, *signature)(make)(
        *held, 1, 3, 1, NO_IDENTITY, b"fused", b"a b + c, rounded once", 0
    )


_ENGINE = host.load(host.build(TEXT))
_LOOPS, _NONE = (ctypes.c_void_p * 1)(_ENGINE.get_function_address("fused")), (ctypes.c_void_p * 1)()
_KINDS = (ctypes.c_byte * 4)(*[DOUBLE] * 4)
fused = _made(_LOOPS, _NONE, _KINDS)
