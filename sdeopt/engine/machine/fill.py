"""Draws with an address: (seed, stream, path, step, component) -> value, and nothing else matters.

Threefry-2x64 with 13 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
maps the counter (path, four steps << 32 | component) under the stream's 128-bit key to two words. Every word makes
two standard normals (`normals`), so a call serves the four steps in order. A draw does not depend on threads, block
sizes, executors, or how many paths run, and more paths keep the old ones.

Here is the code of ``fill`` (see `draws`), written for LLVM. Lanes and components of one step stand in one line of
(end - begin) width numbers; groups of them are made at once. ``width`` is a power of two.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from llvmlite import ir

from sdeopt.engine.machine.host import FILL, register
from sdeopt.engine.machine.normals import pair
from sdeopt.engine.machine.threefry import in_two, random_words, uniform
from sdeopt.engine.machine.words import (
    F64,
    I1,
    I32,
    I64,
    Memory,
    Value,
    Variable,
    function,
    mixed,
    root,
    turns,
    whole,
)

__all__ = ["ARGUMENTS", "written"]

P64, PF64 = I64.as_pointer(), F64.as_pointer()
# arrays as their data and lengths: out, count, columns, width, layout, keys, given, path, row, step
ARGUMENTS = [PF64, I64, *[I64] * 3, P64, I64, I64, P64, I64, I64, PF64, I64, I64, I64, *[I64] * 3]
BYTE = ir.IntType(8).as_pointer()
NEW, END = ir.FunctionType(BYTE, [I64]), ir.FunctionType(ir.VoidType(), [BYTE])


class Vector(NamedTuple):
    """One vector of draws while its code is written: the arguments of ``fill`` and its row of the layout and keys."""

    out: Memory
    lines: Value
    columns: Value
    width: Value
    path: Value
    step: Value
    begin: Value
    end: Value
    number: Value
    k0: Value
    k1: Value

    def place(self, line: Value, i: Value) -> Value:
        """Where number ``i`` of a line stands."""
        found: Value = (line * self.columns + self.begin) * self.width + i
        return found


class Group(NamedTuple):
    """Numbers of a line that are made at once: how many, those of all groups, and whether the last group is full."""

    size: int
    first: Value
    end: Value
    full: bool

    def at(self, v: Vector, i: Value, time: Value) -> tuple[Value, Value]:
        """Counters of the numbers from ``i`` on; ``time`` is that of the line."""
        b, last = i.builder, v.width - 1
        shift = Value(b, b.cttz(v.width.held, I1(1)))
        ids = whole(b, list(range(self.size)))
        return (ids & last) + ((i & last) + v.path), (ids >> shift) + ((i >> shift) + time)

    def put(self, i: Value, made: Value, write: Callable[[Value, Value], None]) -> None:
        """``write(i, made)``, one by one where the group is not full."""
        if self.full:
            write(i, made)
            return
        with i.builder.if_else((i + self.size <= self.end).held) as (together, one_by_one):
            with together:
                write(i, made)
            with one_by_one, turns(i - i, self.end - i) as lane:
                write(i + lane, made.lane(lane))

    @contextmanager
    def lines(self, begin: Value, end: Value, by: int) -> Iterator[tuple[tuple[Value, Value], tuple[Value, Value]]]:
        """The code for (line, number) of a group, and of the next: one loop, whose constants stay in registers."""
        b = begin.builder
        line, i = Variable(b, begin), Variable(b, self.first)
        groups = (self.end - self.first + (self.size - 1)) // self.size
        with turns(begin - begin, (end - begin + (by - 1)) // by * groups):
            here, next_ = (line.get(), i.get()), i.get() + self.size
            more = next_ < self.end
            following = more.where(here[0], here[0] + by), more.where(next_, self.first)
            yield here, following
            line.set(following[0])
            i.set(following[1])


def _group(v: Vector, most: bool) -> Group:
    """Four registers at a time; or one, for what is left of a line, of which the last may not be full."""
    size, four = (v.end - v.begin) * v.width, 4 * register()
    many = size // four * four
    return Group(four, size - size, many, True) if most else Group(register(), many, size, False)


def _uniforms(v: Vector, group: Group) -> None:
    """Uniforms, the first of the ``number`` fine ones of every step."""
    with group.lines(v.lines - v.lines, v.lines, 1) as ((line, i), _):
        word, _ = random_words(*group.at(v, i, ((v.step + line) * v.number) << 32), v.k0, v.k1)
        group.put(i, uniform(word), functools.partial(_write, v, line))


def _normals(v: Vector, group: Group) -> None:
    """Standard normals; where ``number`` is not 1, sums of so many fine ones over its root, in the order of time.

    The fine steps of four go together, from the last multiple of four on. The words of the next group are made together
    with the normals of this one, by turns: what floating point leaves idle, rotations and sums of whole numbers use.
    """
    b, begin, fine = v.lines.builder, v.step * v.number, v.lines * v.number
    scale, start = Value(b, F64(1.0)) / root(v.number.to_number()), begin - begin - begin % 4

    def words(line: Value, i: Value) -> Iterator[tuple[Value, Value]]:
        return in_two(*group.at(v, i, (begin + line) // 4 << 32), v.k0, v.k1)

    _, ready = words(start, group.first)
    held = [Variable(b, word) for word in ready]
    with group.lines(start, fine, 4) as ((line, i), following):
        making, given = words(*following), [word.get() for word in held]
        for n, word in enumerate(given):
            two, made = mixed(b, functools.partial(pair, word), functools.partial(next, making))
            step = line + 2 * n
            with b.if_else(((v.number == 1) & (step >= 0) & (step + 1 < fine)).held) as (both, others):
                with both:
                    for k in range(2):
                        group.put(i, two[k], functools.partial(_write, v, step + k))
                with others:
                    for k in range(2):
                        with b.if_then(((step + k >= 0) & (step + k < fine)).held):
                            group.put(i, two[k], functools.partial(_add, v, scale, step + k))
        for variable, word in zip(held, made, strict=True):
            variable.set(word)


def _write(v: Vector, line: Value, i: Value, made: Value) -> None:
    v.out[v.place(line, i)] = made


def _add(v: Vector, scale: Value, fine: Value, i: Value, made: Value) -> None:
    """Add normals of a fine step to those of its step."""
    at, turn = v.place(fine // v.number, i), fine % v.number
    total = (turn == 0).where(made, v.out.take(at, made.width) + made)
    v.out[at] = (turn == v.number - 1).where(total * scale, total)


def _given(v: Vector, given: Memory, steps: Value, columns: Value, first: Value, last: Value, row: Value) -> None:
    """What is given, (paths, steps, columns); lanes beyond its last path repeat it."""
    zero = v.lines - v.lines
    with turns(zero, v.lines) as line, turns(zero, v.end - v.begin) as c, turns(zero, v.width) as lane:
        path = row + lane
        path = (path < last).where(path, last)
        v.out[v.place(line, c * v.width + lane)] = given[(path * steps + v.step + line) * columns + first + c]


def _epochs(v: Vector, order: Memory) -> None:
    """Example numbers, end - begin of ``number`` in a step: an epoch walks a permutation as far as whole steps reach.

    The permutation is Fisher's and Yates's, with a uniform for every place, and is made anew where a call begins
    within an epoch.
    """
    b, zero, size = v.lines.builder, v.lines - v.lines, v.end - v.begin
    steps, done = v.number // size, Variable(v.lines.builder, zero)
    with turns(zero, v.width) as lane, turns(zero, v.lines) as line:
        epoch, place = (v.step + line) // steps, (v.step + line) % steps
        with b.if_then(((line == 0) | (place == 0)).held):
            done.set(zero)
            with turns(zero, v.number) as c:
                order[c] = c
        with turns(done.get(), (place + 1) * size) as c:
            word, _ = random_words(v.path + lane, (epoch << 32) | c, v.k0, v.k1)
            other = c + (uniform(word) * (v.number - c).to_number()).floor()
            order[c], order[other] = order[other], order[c]
        done.set((place + 1) * size)
        with turns(zero, size) as c:
            v.out[v.place(line, c * v.width + lane)] = order[place * size + c].to_number()


def _function(module: Any, kind: Any, name: str) -> Any:
    """A function that may use 512-bit vectors, on a stack where those that it stores do not cross cache lines."""
    made = ir.Function(module, kind, name)
    set.add(made.attributes, '"prefer-vector-width"="512"')
    made.attributes.alignstack = 64
    return made


def _part(v: Vector, write: Callable[[Vector, Group], None]) -> None:
    """What ``write`` writes, in functions of their own, whose loops keep constants in registers."""
    b, held = v.lines.builder, [v.out.pointer, *(value.held for value in v[1:])]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in held])
    for most in (True, False):
        made = _function(b.module, kind, f"{write.__name__}.{most}")
        made.linkage = "internal"
        made.attributes.add("noinline")
        inside = ir.IRBuilder(made.append_basic_block("entry"))
        own = Vector(Memory(inside, made.args[0], F64), *(Value(inside, argument) for argument in made.args[1:]))
        write(own, _group(own, most))
        inside.ret_void()
        b.call(made, held)


def _vectors(b: Any, a: list[Value]) -> None:
    """The code of ``fill`` behind its arguments."""
    (out, _, count, columns, width, layout, rows, layout_columns, keys, _, _, given, paths, steps, given_columns, path,
     row, step) = a  # fmt: skip
    numbers, table, key = Memory(b, out.held, F64), Memory(b, layout.held, I64), Memory(b, keys.held, I64)
    zero = count - count
    first = Variable(b, zero)
    with turns(zero, rows) as r:
        begin, end, kind, number = (table[r * layout_columns + i] for i in range(4))
        v = Vector(numbers, count, columns, width, path, step, begin, end, number, key[r * 2], key[r * 2 + 1])
        with b.if_then((kind == 0).held):
            _part(v, _normals)
        with b.if_then((kind == 1).held):
            _part(v, _uniforms)
        with b.if_then((kind == 2).held):
            _given(v, Memory(b, given.held, F64), steps, given_columns, first.get(), paths - 1, row)
            first.set(first.get() + (end - begin))
        with b.if_then((kind == 3).held):
            held = b.call(function(b.module, NEW, "sdeopt.Malloc"), [(number * 8).held])
            with b.if_then(b.icmp_unsigned("==", held, ir.Constant(BYTE, None)), likely=False):
                b.ret(I32(1))
            _epochs(v, Memory(b, b.bitcast(held, P64), I64))
            b.call(function(b.module, END, "sdeopt.Free"), [held])
    b.ret(I32(0))


def written() -> str:
    """The module: one function, which returns 0, or 1 where there is no memory."""
    module = ir.Module("draws")
    made = _function(module, ir.FunctionType(I32, ARGUMENTS), FILL)
    b = ir.IRBuilder(made.append_basic_block("entry"))
    _vectors(b, [Value(b, argument) for argument in made.args])
    return str(module)
