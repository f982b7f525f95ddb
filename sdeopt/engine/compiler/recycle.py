"""Memory of the vectors that a compiled loop makes and drops: counted without locks, used again without asking for it.

Numba gives every array a block of memory with a count of references at its head. It lets threads share arrays, so it
locks a count that it changes, and returns a block to the system with the last reference. Loops own all that they count,
and need blocks of the same few sizes in each step. So a loop is linked with functions of these names of our own:

- ``NRT_incref`` and ``NRT_decref`` change the count as a plain number;
- ``NRT_MemInfo_alloc_aligned`` takes a block from its shelf, one for each size in units of 64 bytes, on which blocks
  form a chain, and asks the system if it is empty; the block carries the place of its shelf;
- with the last reference a block goes back there.

`shelves` sets shelves up for the calls of a thread and returns what is on them to the system after them. Without it all
blocks come from the system and return to it.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

import llvmlite.binding
import numpy as np
from numba.core.registry import cpu_target
from numba.core.runtime import _nrt_python, rtsys

__all__ = ["MEMORY", "check", "shelves"]

SHELVES = 16384  # a vector of fewer than 131072 numbers finds its block on one
LINK = 16  # bytes from the head of a block to the place where Numba keeps what a foreign owner of it wants to know
MEMORY = f"""
%Block = type {{ i64, ptr, ptr, ptr, i64 }} ; count, function of a foreign owner, link, data, size
@"sdeopt.key" = external global i8
declare ptr @PyThread_tss_get(ptr)
declare ptr @"sdeopt.new"(i64, i32)
declare void @"sdeopt.free"(ptr)

define void @NRT_incref(ptr %block) alwaysinline {{
  %none = icmp eq ptr %block, null
  br i1 %none, label %end, label %counted
counted:
  %count = load i64, ptr %block
  %more = add i64 %count, 1
  store i64 %more, ptr %block
  br label %end
end:
  ret void
}}

define void @NRT_decref(ptr %block) alwaysinline {{
  %none = icmp eq ptr %block, null
  br i1 %none, label %end, label %counted
counted:
  %count = load i64, ptr %block
  %less = sub i64 %count, 1
  store i64 %less, ptr %block
  %last = icmp eq i64 %less, 0
  br i1 %last, label %drop, label %end
drop:
  call void @sdeopt_drop(ptr %block)
  br label %end
end:
  ret void
}}

define ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align) noinline {{
entry:
  %rounded = add i64 %size, 63
  %number = lshr i64 %rounded, 6
  %small = icmp ult i64 %number, {SHELVES}
  br i1 %small, label %open, label %new
open:
  %shelves = call ptr @PyThread_tss_get(ptr @"sdeopt.key")
  %closed = icmp eq ptr %shelves, null
  br i1 %closed, label %new, label %look
look:
  %place = getelementptr ptr, ptr %shelves, i64 %number
  %block = load ptr, ptr %place
  %empty = icmp eq ptr %block, null
  br i1 %empty, label %new, label %take
take:
  %link = getelementptr %Block, ptr %block, i32 0, i32 2
  %next = load ptr, ptr %link
  store ptr %next, ptr %place
  store ptr %place, ptr %link
  store i64 1, ptr %block
  ret ptr %block
new:
  %shelf = phi ptr [null, %entry], [null, %open], [%place, %look]
  %whole = shl i64 %number, 6
  %made = call ptr @"sdeopt.new"(i64 %whole, i32 %align)
  %label = getelementptr %Block, ptr %made, i32 0, i32 2
  store ptr %shelf, ptr %label
  ret ptr %made
}}

define void @sdeopt_drop(ptr %block) noinline {{
  %owner = getelementptr %Block, ptr %block, i32 0, i32 1
  %function = load ptr, ptr %owner
  %ours = icmp eq ptr %function, null
  br i1 %ours, label %look, label %free
look:
  %link = getelementptr %Block, ptr %block, i32 0, i32 2
  %shelf = load ptr, ptr %link
  %none = icmp eq ptr %shelf, null
  br i1 %none, label %free, label %put
put:
  %next = load ptr, ptr %shelf
  store ptr %next, ptr %link
  store ptr %block, ptr %shelf
  ret void
free:
  call void @"sdeopt.free"(ptr %block)
  ret void
}}
"""

_python = ctypes.pythonapi
_python.PyThread_tss_alloc.restype = ctypes.c_void_p
_python.PyThread_tss_create.argtypes = [ctypes.c_void_p]
_python.PyThread_tss_set.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_KEY = _python.PyThread_tss_alloc()
_python.PyThread_tss_create(_KEY)
_free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_nrt_python.c_helpers["MemInfo_call_dtor"])
for _name, _address in {
    "PyThread_tss_get": ctypes.cast(_python.PyThread_tss_get, ctypes.c_void_p).value,
    "sdeopt.key": _KEY,
    "sdeopt.new": _nrt_python.c_helpers["MemInfo_alloc_aligned"],
    "sdeopt.free": _nrt_python.c_helpers["MemInfo_call_dtor"],
}.items():
    llvmlite.binding.add_symbol(_name, _address)


def check() -> None:
    """Raise RuntimeError where a block of Numba's memory is not laid out as ``%Block`` says."""
    rtsys.initialize(cpu_target.target_context)
    new = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32)
    block = new(_nrt_python.c_helpers["MemInfo_alloc_aligned"])(192, 32)
    count, owner, _, data, size = (ctypes.c_size_t * 5).from_address(block)
    _free(block)
    if (count, owner, size) != (1, 0, 192) or data % 32 or not 40 <= data - block <= 128:
        raise RuntimeError(f"a block of memory begins with {count}, {owner}, {data - block}, {size}")


@contextlib.contextmanager
def shelves() -> Iterator[None]:
    """Shelves for the loops that this thread calls, and the end of all that is left on them."""
    heads = np.zeros(SHELVES, dtype=np.uintp)
    _python.PyThread_tss_set(_KEY, heads.ctypes.data)
    try:
        yield
    finally:
        _python.PyThread_tss_set(_KEY, None)
        for head in heads[heads > 0].tolist():
            block: int | None = head
            while block:
                block, used = ctypes.c_void_p.from_address(block + LINK).value, block
                _free(used)
