"""Whole numbers as Python has them, in the user's functions: without a largest one, and with fractions as powers.

Numba computes whole numbers with 64 bits, which wrap, ``10**20``, and takes ``10**-2`` for 0. What a function makes of
whole numbers that are known when it is compiled, its constants and those it refers to, is computed here as Python does;
where it has no place in 64 bits, or is a fraction, it becomes a float, as it would where it meets one.

Of whole numbers that arise only at run time, the number of a step or of a turn of a loop, powers above the square are
refused, and so is arithmetic on NumPy's narrow numbers (``np.uint8``, ``np.float32``) that Numba does with other types
than NumPy: the function then runs interpreted. Their sums and products have 64 bits.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba import types
from numba.core import ir
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import AnalysisPass, FunctionPass, register_pass
from numba.core.errors import NumbaValueError
from numba.core.typed_passes import NopythonTypeInference
from numba.core.types.misc import unliteral
from numba.core.untyped_passes import IRProcessing
from numba.np.numpy_support import as_dtype

from sdeopt.engine.values import ours

__all__ = ["ExactCompiler"]

ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow)
KNOWN = (operator.add, operator.sub, operator.mul, operator.pow, operator.lshift)
POWER = "Numba does not take powers of whole numbers as Python does: write float(n) ** k"
NARROW = "Numba does not add or multiply narrow numbers of NumPy as Python does: write float(a) or int(a)"
LARGEST_SHIFT = 1023  # powers and shifts beyond have no float
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def _foreign(f: Any) -> bool:
    """Whether a function, or the one that it is the linker's copy of, is the user's."""
    return bool(getattr(f, "foreign", not ours(f)))


@register_pass(mutates_CFG=False, analysis_only=False)
class ExactIntegers(FunctionPass):
    """Replace what 64 bits cannot hold."""

    _name = "sdeopt_exact_integers"

    def __init__(self) -> None:  # abstract in Numba
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at all assignments of a function of the user's; whether one was changed."""
        if not _foreign(state.func_id.func):
            return False
        changed = False
        for block in state.func_ir.blocks.values():
            for statement in block.body:
                if isinstance(statement, ir.Assign) and _lost(value := _value(state.func_ir, statement.value)):
                    statement.value = ir.Const(float(value), statement.loc)
                    state.func_ir._definitions[statement.target.name] = [statement.value]
                    changed = True
        return changed


def _lost(value: Any) -> bool:
    """Whether 64 bits, or Numba's power of whole numbers, would give another number."""
    return isinstance(value, float) or (isinstance(value, int) and not SMALLEST <= value <= LARGEST)


def _value(code: Any, thing: Any) -> Any:
    """The whole number that ``thing`` is, or the fraction that a power of one is; else None."""
    if isinstance(thing, ir.Var):
        try:
            return _value(code, code.get_definition(thing))
        except KeyError:  # of several places, as in a loop
            return None
    if isinstance(thing, (ir.Const, ir.Global, ir.FreeVar)):
        return thing.value if type(thing.value) is int else None
    if not isinstance(thing, ir.Expr) or thing.op not in ("unary", "binop", "inplace_binop"):
        return None
    if thing.op == "unary":
        inside = _value(code, thing.value)
        return -inside if thing.fn is operator.neg and type(inside) is int else None
    function = thing.fn if thing.op == "binop" else thing.immutable_fn
    a, b = _value(code, thing.lhs), _value(code, thing.rhs)
    if function not in KNOWN or type(a) is not int or type(b) is not int:
        return None
    grows = function in (operator.pow, operator.lshift)
    if grows and (abs(b) * max(a.bit_length(), 1) > LARGEST_SHIFT or (a == 0 and b < 0)):
        return None
    return function(a, b)


@register_pass(mutates_CFG=False, analysis_only=True)
class ExactTypes(AnalysisPass):
    """Refuse arithmetic that would give other numbers than the function itself does."""

    _name = "sdeopt_exact_types"

    def __init__(self) -> None:  # abstract in Numba
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at the types of all operations of a function of the user's."""
        if not _foreign(state.func_id.func):
            return False
        for block in state.func_ir.blocks.values():
            for statement in block.find_insts(ir.Assign):
                call = statement.value
                if isinstance(call, ir.Expr) and call.op in ("binop", "inplace_binop"):
                    given = [state.typemap[v.name] for v in (call.lhs, call.rhs)]
                    constant = [_plain(state.func_ir, v) for v in (call.lhs, call.rhs)]
                    why = _other(call, given, constant, state.typemap[statement.target.name])
                    if why:
                        raise NumbaValueError(why, loc=statement.loc)
        return False


def _other(call: Any, given: list[Any], constant: list[Any], found: Any) -> str:
    """Why an operation on numbers of these types gives another number than it does in Python; empty if it does not."""
    function = call.fn if call.op == "binop" else call.immutable_fn
    if function not in ARITHMETIC or not all(isinstance(t, types.Integer | types.Float) for t in given):
        return ""
    if (
        function is operator.pow
        and isinstance(found, types.Integer)
        and None in constant
        and constant[1] not in (0, 1, 2)
    ):
        return POWER
    if all(t in (types.int64, types.float64) for t in map(unliteral, given)):
        return ""
    numbers = [
        v if type(v) in (int, float) else as_dtype(unliteral(t)).type(1) for v, t in zip(constant, given, strict=True)
    ]
    try:
        with np.errstate(all="ignore"):  # the type of the answer is what is asked for
            alike = function(*numbers).dtype == as_dtype(found)
    except (ArithmeticError, ValueError):  # a whole number that the narrow type does not hold
        alike = False
    return "" if alike else NARROW


def _plain(code: Any, name: Any) -> Any:
    """The number of Python that a variable is, which leaves NumPy's numbers their types; else None."""
    known = _value(code, name)
    try:
        held = code.get_definition(name)
    except KeyError:
        return known
    value = getattr(held, "value", None) if isinstance(held, (ir.Const, ir.Global, ir.FreeVar)) else None
    return value if known is None and type(value) is float else known


class ExactCompiler(Compiler):
    """Numba's compiler, with whole numbers as Python has them."""

    def define_pipelines(self) -> Any:
        """Numba's passes and ours."""
        (passes,) = pipelines = super().define_pipelines()
        passes.add_pass_after(ExactIntegers, IRProcessing)
        passes.add_pass_after(ExactTypes, NopythonTypeInference)
        passes.finalize()
        return pipelines
