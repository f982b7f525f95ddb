"""The order of a loop's instructions: what belongs to one coordinate stands together.

A page's formulas are those of vectors, so a loop on lanes does each operation for all coordinates before the next one:
sixty vectors of ten coordinates of Adam are alive at once, where a processor has 16 or 32 registers, and are stored and
loaded in between. Within a block in which nothing is written to memory the order is free. Here its instructions are put
into chains that have no vector in common, such as one for each coordinate of a diagonal problem; first stands what all
lanes share. Bits do not change. LLVM keeps the order in which it finds independent instructions, by and large.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from llvmlite.binding import parse_assembly

__all__ = ["apart"]

log = logging.getLogger("sdeopt")

LEAST = 48  # instructions of a block for which it is worth while: fewer fit into registers
VALUE = r'%(?:"[^"]*"|[-\w.$]+)'
NAME, LABEL = re.compile(VALUE), re.compile(r"^(\d+):")
NUMBERED = re.compile(r'("[^"]*")|%(\d+)\b')  # outside of quoted texts
LINE = re.compile(rf" *({VALUE}) = (?:tail )?(phi|load|call|\w+)\b(.*)")
FREE = frozenset(
    "fneg fadd fsub fmul fdiv frem add sub mul shl lshr ashr and or xor icmp fcmp select getelementptr bitcast trunc "
    "zext sext fptrunc fpext sitofp uitofp fptosi fptoui extractelement insertelement shufflevector extractvalue "
    "insertvalue freeze".split()
)
PURE = re.compile(
    r"@llvm\.(?:fma|sqrt|fabs|floor|ceil|trunc|rint|copysign|minnum|maxnum|umin|umax|smin|smax|abs|fshl|fshr)\."
)


class _Chains:
    """The vectors of a block that change within it, each in the chain of all that it is made of."""

    def __init__(self) -> None:
        self._next: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._next

    def of(self, name: str) -> str:
        """The name of the chain."""
        while (following := self._next.setdefault(name, name)) != name:
            self._next[name] = name = self._next[following]
        return name

    def join(self, name: str, others: Iterable[str]) -> None:
        """Take ``name`` into the chain of the others, which become one."""
        for other in others:
            self._next[self.of(other)] = self.of(name)


def apart(module: Any) -> Any:
    """The module, chain after chain, or as it is where its text cannot be read."""
    out: list[str] = []
    block: list[str] = []
    for line in str(module).replace("call double @sqrt(", "call double @llvm.sqrt.f64(").split("\n"):
        line = LABEL.sub(r'"#\1":', NUMBERED.sub(_named, line))  # numbers would have to be in order
        if line[:2] == "  ":
            block.append(line)
        else:
            out += _block(block) if len(block) >= LEAST else block
            out.append(line)
            block = []
    try:
        made = parse_assembly("\n".join(out))
    except RuntimeError as error:  # a text that is not understood here: the other order is slower, no more
        log.debug("in the order of operations: %s", error)
        return module
    made.name = module.name
    return made


def _named(found: re.Match[str]) -> str:
    """A name for a numbered value; quoted texts as they are."""
    return found[1] or f'%"#{found[2]}"'


def _block(lines: list[str]) -> list[str]:
    """The lines of a block; those that must stay where they are part it."""
    out: list[str] = []
    free: list[tuple[str, str, str]] = []
    chains = _Chains()
    for line in lines:
        name, kind, rest = found.groups() if (found := LINE.match(line)) else ("", "", "")
        if kind in FREE or (kind == "load" and rest[:2] not in (" v", " a")) or (kind == "call" and PURE.search(rest)):
            free.append((line, name, kind))
            continue
        out += _sorted(free, chains)
        free = []
        out.append(line)
        if kind == "phi" and rest[:2] == " <":
            chains.of(name)
    return out + _sorted(free, chains)


def _sorted(free: list[tuple[str, str, str]], chains: _Chains) -> list[str]:
    """Instructions without effects: those that are in no chain, then chain by chain."""
    for line, name, kind in free:
        moving = [one for one in NAME.findall(line)[1:] if one in chains]
        if moving or (kind == "load" and " load <" in line):
            chains.join(chains.of(name), moving)
    parts: dict[str, list[str]] = {"": []}
    for line, name, _ in free:
        parts.setdefault(chains.of(name) if name in chains else "", []).append(line)
    return [line for part in parts.values() for line in part] if len(parts) > 2 else [line for line, *_ in free]
