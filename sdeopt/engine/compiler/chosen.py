"""What compiled functions call in the place of others: picked by types, without a function in between."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba import njit, types
from numba.core.errors import NumbaError
from numba.core.types.misc import unliteral
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from sdeopt.engine.compiler.pipeline import OPTIONS

__all__ = ["by_type", "handed"]


class _Function(types.Function):
    """One with a single template, whose errors are those of what stands in its place, with their own lines first."""

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """The signature, without the values of constants where it can be had so."""
        template, plain = self.templates[0](context), tuple(map(unliteral, args))
        try:
            found = template.apply(plain, kws)
        except NumbaError:
            if plain == tuple(args):
                raise
            found = template.apply(args, kws)
        if found is None:
            return super().get_call_type(context, args, kws)
        self._impl_keys[found.args] = self.templates[0].key
        return found


register_model(_Function)(models.OpaqueModel)


def by_type(choose: Callable[..., Any], side: str = "") -> Any:
    """What compiled functions call; what ``choose(*types)`` picks by the types of the arguments stands in its place.

    That is a compiled function, or one that is compiled then. Of an oracle, the first argument, it gets the ``side``
    in its place, where there is one, the noise before the oracle. A function in between would take as long to compile.
    """
    known: dict[Any, Any] = {}

    def stub(*args: Any) -> Any: ...

    def given(kinds: Any, things: Any, member: Callable[[Any, int], Any]) -> Any:
        return (member(things[0], kinds[0].fields.index(side)), *things[side == "objective" :]) if side else things

    def chosen(typing: Any, kinds: Any) -> Any:
        if kinds not in known:
            body = choose(*kinds)
            plain = isinstance(body, FunctionType) and not hasattr(body, "picks")
            known[kinds] = njit(body, **OPTIONS) if plain else body
        kind, inside = known[kinds] and typing.resolve_value_type(known[kinds]), given(kinds, kinds, _kind_of)
        return kind, inside, kind and kind.get_call_type(typing, inside, {})

    class Template(AbstractTemplate):
        key = stub

        def generic(self, args: Any, kws: Any) -> Any:
            found = None if kws else chosen(self.context, args)[2]
            return found and signature(found.return_type, *args)

    @lower_builtin(stub, types.VarArg(types.Any))
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind, kinds, inside = chosen(context.typing_context, sig.args)
        values = zip(given(sig.args, args, builder.extract_value), kinds, inside.args, strict=True)
        return context.get_function(kind, inside)(builder, [context.cast(builder, *one) for one in values])

    infer_global(stub, _Function(Template))
    stub.picks = choose  # type: ignore[attr-defined]  # what is picked may pick in turn
    return stub


def _kind_of(kind: Any, i: int) -> Any:
    return kind.types[i]


def handed(side: str, answer: Any) -> Any:
    """What compiled functions call as (o, ...): the answer of the ``side`` of an oracle."""
    return by_type(lambda *kinds: answer, side)
