"""Code that is being written, one instruction an operation: words of 64 bits and numbers, one or many lanes of them.

A formula on `Value`s is plain Python that runs once, when the code is written. So Numba sees one call in its place,
where finding the types of a hundred operations, once for every width, took seconds. One text serves a single word and
any number of lanes: the same operations in the same order give the same bits.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from sdeopt.engine.compiler.lanes import F64, I64, Pack, element, rebuild, splat

__all__ = ["Value", "call", "constant", "fma", "returned", "root"]


def call(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic on rows of any width."""
    kind = args[0].type
    suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    typed = ir.FunctionType(kind, [kind] * len(args))
    function = cgutils.get_or_insert_function(builder.module, typed, f"{name}.{suffix}")
    return builder.call(function, args)


def constant(kind: Any, value: float) -> Any:
    """A number of the code, in all lanes."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def _operator(of_words: str, of_numbers: str = "") -> Any:
    """A method that appends one instruction; the other operand is a Value, or a number of the code."""

    def method(self: Value, other: Any) -> Value:
        name = of_words if self.base == I64 else of_numbers
        return Value(self.builder, getattr(self.builder, name)(self.held, self.like(other).held))

    return method


class Value:
    """A word or a number, or lanes of them, in code that is being written; the wider operand stands first."""

    def __init__(self, builder: Any, held: Any) -> None:
        self.builder, self.held = builder, held
        self.width = getattr(held.type, "count", 0)
        self.base = held.type.element if self.width else held.type

    def like(self, other: Any) -> Value:
        """Another of as many lanes."""
        if not isinstance(other, Value):
            return Value(self.builder, constant(self.held.type, other))
        return other if other.width == self.width else Value(self.builder, splat(self.builder, other.held, self.width))

    __add__, __sub__ = _operator("add", "fadd"), _operator("sub", "fsub")
    __mul__, __truediv__ = _operator("mul", "fmul"), _operator("", "fdiv")
    __xor__, __or__, __and__ = _operator("xor"), _operator("or_"), _operator("and_")
    __lshift__, __rshift__ = _operator("shl"), _operator("lshr")

    def __rsub__(self, other: float) -> Any:
        return self.like(other) - self

    def number(self) -> Value:
        """The float64 that the 64 bits are."""
        return Value(self.builder, self.builder.bitcast(self.held, element(self.width, F64)))

    def word(self) -> Value:
        """The 64 bits of a float64."""
        return Value(self.builder, self.builder.bitcast(self.held, element(self.width, I64)))


def fma(a: Value, b: Any, c: Any) -> Value:
    """a b + c rounded once."""
    return Value(a.builder, call(a.builder, "llvm.fma", a.held, a.like(b).held, a.like(c).held))


def root(a: Value) -> Value:
    """The square root, by the processor's divider, see `roots`."""
    return Value(a.builder, call(a.builder, "llvm.sqrt", a.held))


def returned(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """A pair of values as Numba holds them: words as such, or lanes of both kinds as packs of numbers."""
    lanes = isinstance(signature.return_type.dtype, Pack)
    held = [rebuild(builder, [v.number().held]) if lanes else v.held for v in values]
    return context.make_tuple(builder, signature.return_type, held)
