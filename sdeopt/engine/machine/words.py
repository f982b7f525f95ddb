"""Code that is being written, one instruction an operation: words of 64 bits and numbers, one or many lanes of them.

A formula on `Value`s is plain Python that runs once, when the code is written. One text serves a single word and any
number of lanes: the same operations in the same order give the same bits. Whole numbers have no sign, but where they
are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from sdeopt.engine.machine.host import register

__all__ = [
    "F64", "I1", "I32", "I64", "Memory", "Value", "Variable", "call", "constant", "element", "fma", "function",
    "joined", "mixed", "pinned", "registers", "root", "splat", "turns", "whole",
]  # fmt: skip

F64, I1, I32, I64 = ir.DoubleType(), ir.IntType(1), ir.IntType(32), ir.IntType(64)


def element(width: int, base: Any = F64) -> Any:
    """LLVM's type of so many lanes, or of one number for 0."""
    return ir.VectorType(base, width) if width else base


def splat(builder: Any, value: Any, width: int) -> Any:
    """A scalar copied to ``width`` lanes (itself for width 0)."""
    if not width:
        return value
    kind = element(width, value.type)
    seed = builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    return builder.shuffle_vector(seed, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, width), None))


def _places(first: int, count: int) -> Any:
    return ir.Constant(element(count, I32), list(range(first, first + count)))


def registers(b: Any, x: Any) -> list[Any]:
    """The parts of a row that fill a register each, or the row where they do not."""
    size = register()
    whole = isinstance(x.type, ir.VectorType) and x.type.count % size == 0
    return [b.shuffle_vector(x, x, _places(i, size)) for i in range(0, x.type.count, size)] if whole else [x]


def joined(b: Any, parts: list[Any]) -> Any:
    """The row of these parts."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [b.shuffle_vector(low, high, _places(0, 2 * low.type.count)) for low, high in pairs]
    return parts[0]


def constant(kind: Any, value: float) -> Any:
    """A number of the code, in all lanes."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def function(module: Any, kind: Any, name: str) -> Any:
    """A function of a module that is written elsewhere, declared once."""
    return module.globals.get(name) or ir.Function(module, kind, name)


def call(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic on rows of any width."""
    kind = args[0].type
    suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    typed = ir.FunctionType(kind, [kind] * len(args))
    return builder.call(function(builder.module, typed, f"{name}.{suffix}"), args)


def _operator(of_words: str, of_numbers: str = "") -> Any:
    """A method that appends one instruction; the other operand is a Value, or a number of the code."""

    def method(self: Value, other: Any) -> Value:
        name = of_words if self.base != F64 else of_numbers
        return Value(self.builder, getattr(self.builder, name)(self.held, self.like(other).held))

    return method


def _comparison(sign: str) -> Any:
    def method(self: Value, other: Any) -> Any:
        return Value(self.builder, self.builder.icmp_signed(sign, self.held, self.like(other).held))

    return method


class Value:
    """A word or a number, or lanes of them, in code that is being written; the wider operand stands first."""

    __hash__ = None  # type: ignore[assignment]  # == writes code

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
    __floordiv__, __mod__ = _operator("udiv"), _operator("urem")
    __xor__, __or__, __and__ = _operator("xor"), _operator("or_"), _operator("and_")
    __lshift__, __rshift__ = _operator("shl"), _operator("lshr")
    __lt__, __le__, __ge__ = _comparison("<"), _comparison("<="), _comparison(">=")
    __eq__ = _comparison("==")

    def __rsub__(self, other: float) -> Any:
        return self.like(other) - self

    def number(self) -> Value:
        """The float64 that the 64 bits are."""
        return Value(self.builder, self.builder.bitcast(self.held, element(self.width, F64)))

    def word(self) -> Value:
        """The 64 bits of a float64."""
        return Value(self.builder, self.builder.bitcast(self.held, element(self.width, I64)))

    def to_number(self) -> Value:
        """The float64 nearest to a whole number."""
        return Value(self.builder, self.builder.sitofp(self.held, F64))

    def floor(self) -> Value:
        """The whole part of a number that is not negative."""
        return Value(self.builder, self.builder.fptosi(self.held, I64))

    def lane(self, i: Value) -> Value:
        """One of the lanes."""
        return Value(self.builder, self.builder.extract_element(self.held, i.held))

    def where(self, yes: Any, no: Any) -> Value:
        """One of two values, by the truth that this one is."""
        return Value(self.builder, self.builder.select(self.held, yes.held, no.held))


def fma(a: Value, b: Any, c: Any) -> Value:
    """a b + c rounded once."""
    return Value(a.builder, call(a.builder, "llvm.fma", a.held, a.like(b).held, a.like(c).held))


def root(a: Value) -> Value:
    """The square root, by the processor's divider, see `roots`."""
    return Value(a.builder, call(a.builder, "llvm.sqrt", a.held))


def pinned(a: Value) -> Value:
    """The same value, made where it is written among all that are pinned, whatever order LLVM would prefer.

    Only where the processor has 32 registers, as with AVX-512: with 16 it would store and load some of them.
    """
    if register() != 8 or not a.width or a.width % 8:
        return a
    b, kind = a.builder, element(8, a.base)
    one = ir.FunctionType(kind, [kind])
    return Value(b, joined(b, [b.asm(one, "", "=v,0", [part], True) for part in registers(b, a.held)]))


def mixed(builder: Any, one: Callable[[], Any], other: Callable[[], Any]) -> tuple[Any, Any]:
    """What two functions give that write code within this block, where what they write takes turns, evenly."""
    written, begin = builder.block.instructions, len(builder.block.instructions)
    first, middle = one(), len(written)
    second, end = other(), len(written)
    places = [(i - a + 0.5) / (b - a) for a, b in ((begin, middle), (middle, end)) for i in range(a, b)]
    written[begin:] = [written[begin + i] for i in sorted(range(end - begin), key=places.__getitem__)]
    return first, second


def whole(builder: Any, value: int | list[int]) -> Value:
    """A whole number of the code, or lanes of several."""
    kind = element(len(value), I64) if isinstance(value, list) else I64
    return Value(builder, ir.Constant(kind, value))


class Memory:
    """An array of words or numbers, read and written at a place."""

    def __init__(self, builder: Any, pointer: Any, base: Any) -> None:
        self._builder, self.pointer, self._base = builder, pointer, base

    def _at(self, place: Any, width: int) -> Any:
        at = self._builder.gep(self.pointer, [place.held if isinstance(place, Value) else I64(place)])
        return self._builder.bitcast(at, element(width, self._base).as_pointer())

    def __getitem__(self, place: Any) -> Value:
        return self.take(place, 0)

    def __setitem__(self, place: Any, value: Value) -> None:
        self._builder.store(value.held, self._at(place, value.width)).align = 8

    def take(self, place: Value, width: int) -> Value:
        """As many lanes from ``place`` on."""
        found = self._builder.load(self._at(place, width))
        found.align = 8
        return Value(self._builder, found)


class Variable:
    """A word that changes while the code runs, or lanes of them."""

    def __init__(self, builder: Any, value: Value) -> None:
        with builder.goto_entry_block():
            self._place = builder.alloca(value.held.type)
        self._builder = builder
        self.set(value)

    def get(self) -> Value:
        """What it is now."""
        return Value(self._builder, self._builder.load(self._place))

    def set(self, value: Value) -> None:
        """Make it another."""
        self._builder.store(value.held, self._place)


@contextmanager
def turns(begin: Value, end: Any, by: int = 1) -> Iterator[Value]:
    """The code of ``for i in range(begin, end, by)``; what is written within is its body."""
    b = begin.builder
    before, head, body, after = b.block, *(b.append_basic_block(name) for name in ("head", "body", "after"))
    b.branch(head)
    b.position_at_end(head)
    i = b.phi(I64)
    i.add_incoming(begin.held, before)
    turn = Value(b, i)
    b.cbranch((turn < end).held, body, after)
    b.position_at_end(body)
    yield turn
    i.add_incoming((turn + by).held, b.block)
    b.branch(head)
    b.position_at_end(after)
