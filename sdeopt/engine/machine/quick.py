"""Loops on lanes whose machine code is kept whole, and called without Numba: a second process starts at once.

Importing Numba is half of such a start. A loop on lanes needs nothing of it at run time: it calls what draws, and a few
functions of C. So it is compiled without what lets Python call it. What it is passed is known from its arguments alone
(`passing`), and a function that loads them one by one, `_caller`, passes them on.

Where anything is not as expected, a name that this process does not have or arguments of other kinds, nothing is found
here, and Numba compiles the loop. The error of a loop that ends with one is raised by Numba, too.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import json
import os
import struct
import sys
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np

from sdeopt.engine import shelf
from sdeopt.engine.keys import sources
from sdeopt.engine.machine import draws, host
from sdeopt.engine.passing import Words, by_address

__all__ = ["Loop", "Native", "find", "made", "mark", "portable"]

TYPES = {"d": "double", "q": "i64", "b": "i8", "p": "ptr"}
DONE = (0, -2)  # how a function of Numba ends that has no result
KNOWN = {host.FILL} | set(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs floor fma fmax "
    "fmin fmod frexp hypot ldexp lgamma log log10 log1p log2 memcpy memmove memset modf nearbyint pow rint round sin "
    "sinh sqrt tan tanh tgamma trunc".split()
)


@functools.cache
def mark() -> str:
    """Hash of the compilers, their settings, the processor and the sources: what a kept loop is good for."""
    settings = [f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith("NUMBA_") or k == "SDEOPT_COMPILER"]
    own = Path(".numba_config.yaml")
    settings.append(own.read_text() if own.is_file() else "")
    said = (_numba(), host.made_for(), np.__version__, sys.implementation.cache_tag, *settings, sources())
    return hashlib.sha256("\n".join(map(str, said)).encode()).hexdigest()


def _numba() -> str:
    """The version of Numba, from its file where it has one: to ask for metadata takes a tenth of a start."""
    package = importlib.util.find_spec("numba")
    file = Path(package.origin or "").with_name("_version.py") if package else Path()
    if file.is_file():
        return file.read_text(encoding="utf-8")
    from importlib.metadata import version

    return version("numba")


class Native(NamedTuple):
    """A loop in memory: its address, the kinds of its arguments, `_caller`, and what keeps both there."""

    address: int
    kinds: tuple[str, ...]
    call: Callable[..., int]
    holders: Any


FOUND: dict[bytes, Native] = {}


def _digest(key: str) -> bytes:
    return hashlib.sha256((mark() + key).encode()).digest()


def _name(key: bytes) -> str:
    return f"{mark()[:16]}-{key.hex()[:48]}.loop"


def find(key: str, kinds: tuple[str, ...]) -> Native | None:
    """The loop of this key, in memory or on disk, whose arguments are of these kinds; looked for twice at most."""
    digest = _digest(key)
    if digest not in FOUND:
        found = _load(digest, kinds)
        if found is None and shelf.MISSED.get()():
            found = _load(digest, kinds)
        if found is None:
            return None
        FOUND[digest] = found
    return FOUND[digest]


def _load(digest: bytes, kinds: tuple[str, ...]) -> Native | None:
    data = shelf.take(_name(digest), digest)
    if data is None:
        return None
    head, _, codes = data.partition(b"\n")
    name, size, *said = json.loads(head)
    caller, code = codes[:size], codes[size:]
    if tuple(said) != kinds or not all(map(llvm.address_of_symbol, _undefined(code) or ())):
        return None  # LLVM would end the process where a name is unknown
    engine = host.load(code)
    return _native(engine.get_function_address(name), kinds, caller, engine)


def made(key: str, name: str, kinds: tuple[str, ...], code: bytes | None, address: int, holder: Any) -> Native:
    """A loop that was compiled just now; it is kept if it is `portable`, of which ``code`` tells."""
    digest, caller = _digest(key), host.build(_caller(kinds))
    if code is not None:
        head = json.dumps([name, len(caller), *kinds]).encode() + b"\n"
        shelf.keep(_name(digest), digest, head + caller + code)
    return FOUND.setdefault(digest, _native(address, kinds, caller, holder))


def _native(address: int, kinds: tuple[str, ...], caller: bytes, holder: Any) -> Native:
    engine = host.load(caller)
    call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(engine.get_function_address("call"))
    return Native(address, kinds, call, (engine, holder))


def portable(code: bytes) -> bool:
    """Whether the machine code needs nothing that a process without Numba does not have."""
    needed = _undefined(code)
    return needed is not None and needed <= KNOWN


def _undefined(code: bytes) -> set[str] | None:
    """The names that machine code in a file of ELF refers to and does not have; None of other files."""
    if code[:5] != b"\x7fELF\x02":
        return None
    parts = {s.name(): s.data() for s in llvm.ObjectFileRef.from_data(code).sections()}
    names, found = parts[b".strtab"], set()
    for name, _, _, section, _, _ in struct.iter_unpack("<IBBHQQ", parts[b".symtab"]):
        if name and not section:
            found.add(names[name : names.index(b"\0", name)].decode())
    return found


def _type(kind: str) -> str:
    return TYPES.get(kind) or f"[{kind[:-1]} x double]"


def _caller(kinds: tuple[str, ...]) -> str:
    """The text of a function (address, words) that calls a loop with the words as its arguments."""
    lines, given, at = [], ["ptr %result", "ptr %error"], 0
    for kind in kinds:
        lines.append(f"%p{at} = getelementptr i64, ptr %words, i64 {at}")
        lines.append(f"%v{at} = load {_type(kind)}, ptr %p{at}, align 8")
        given.append(f"{_type(kind)} %v{at}")
        at += int(kind[:-1] or 1)
    return (
        "define i32 @call(ptr %loop, ptr %words) {\n%result = alloca ptr\n%error = alloca ptr\n"
        + "\n".join(lines)
        + f"\n%status = call i32 %loop({', '.join(given)})\nret i32 %status\n}}\n"
    )


class Loop:
    """A loop on lanes to be called with `passing.Words` of what is the same in all calls, then the other arguments.

    ``like`` are these others, of the types that the loop was compiled for. ``usual()`` is the same loop as Numba
    compiles it for Python, and its first arguments: it raises the error with which this one may end.
    """

    def __init__(self, made: Native, like: Iterable[Any], usual: Callable[[], tuple[Any, tuple[Any, ...]]]) -> None:
        self._made, self._usual = made, usual
        self._wanted = [(type(thing), Words(thing).text) for thing in like]
        self._last: list[tuple[Any, str, Any]] = [(lambda: None, "", None)] * len(self._wanted)
        draws.ready()

    def __call__(self, fixed: Words, *rest: Any) -> None:
        """Fill the records among the arguments."""
        words, same = fixed.words[:], len(rest) == len(self._wanted)
        for i, (thing, (kind, wanted)) in enumerate(zip(rest, self._wanted, strict=False)):
            if kind is int is type(thing):
                words.append(thing)
            else:
                text, given = self._passed(i, thing)
                words.extend(given)
                same = same and text == wanted
        if not same or self._made.call(self._made.address, words.buffer_info()[0]) not in DONE:
            loop, leading = self._usual()
            loop(*leading, *rest)

    def _passed(self, i: int, thing: Any) -> tuple[str, Any]:
        """Text and words of an argument; most arrays are those of the call before."""
        last, text, words = self._last[i]
        if last() is not thing:
            if type(thing) is not np.ndarray:
                made = Words(thing)
                return made.text, made.words
            text, words = by_address(thing)
            self._last[i] = weakref.ref(thing), text, words
        return text, words
