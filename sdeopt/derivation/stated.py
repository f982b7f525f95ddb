"""The SDE that a page states, read by tracing its own drift and diffusion: for its formulas."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.core import checks
from sdeopt.derivation import regime
from sdeopt.derivation.derived import Derived
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.moments import tidy
from sdeopt.derivation.series import q
from sdeopt.derivation.trace import ORACLE, Trace, t
from sdeopt.derivation.words import HandOver, Vec, rational

__all__ = ["state_sde"]


def state_sde(trace: Trace, name: str) -> Derived:
    """The SDE ``name`` of the page."""
    cls = trace.cls
    sde = cls.sdes[checks.choice("sde", name, [known for known, sde in cls.sdes.items() if sde.drift])]
    copies = [f"{b}{' again' * (b in sde.brownian[:i])}" for i, b in enumerate(sde.brownian)]
    dws = tuple(Vec(f"dw_{b}", real=True) for b in copies)
    update: list[Any] = []
    try:
        update = trace.step()
    except HandOver:
        pass  # the SDE may be readable where the step is not
    try:
        drift = trace.vectors(sde.drift, t, trace.state, ORACLE)
        noise = trace.vectors(sde.diffusion, t, trace.state, ORACLE, dws if len(dws) > 1 else dws[0])
    except HandOver as reason:
        return Derived(cls, 1, trace, update, None, refused=str(reason))
    limit = regime.apply_words(trace, {})
    rates = {symbol: moved.xreplace({q: sp.S.One}) for symbol, moved in limit.moves.items()}
    used = {symbol: moved for symbol, moved in rates.items() if moved.has(*limit.named)} if limit.named else {}
    found = Matched(
        parts=trace.parts,
        drift=[_clean(e, used) for e in drift],
        noise=[_clean(e, used) for e in noise],
        brownian=tuple(copies),
        limit=limit,
        start=[],
        copies={},
    )
    return Derived(cls, 1, trace, update, found, assumed=tuple(trace.assumed), limits=(limit.text(),))


def _clean(e: Any, rates: dict[Any, Any]) -> Any:
    e = rational(e).xreplace(rates).replace(lambda w: isinstance(w, sp.exp), lambda w: sp.exp(sp.expand(w.args[0])))
    return e if e.has(sp.Max, sp.Min) else tidy(e)
