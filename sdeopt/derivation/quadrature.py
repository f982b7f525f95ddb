"""The loop that takes a mean per coordinate by quadrature, on intervals between the kinks of the integrand."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.derivation.expectations import ZETA
from sdeopt.derivation.shown import show
from sdeopt.derivation.words import HandOver, sign_of

__all__ = ["kinks", "loop"]

HOME = "sdeopt.noise.normal"


def kinks(e: Any) -> list[Any]:
    """Where ``e`` is not smooth in ζ, in the order in which they are found."""
    gaps: list[Any] = []
    for f in sorted(e.atoms(sp.Abs, sp.sign, sp.Max, sp.Min, sp.Piecewise), key=sp.default_sort_key):
        if f.has(ZETA):
            gaps += _gaps(f)
    found = []
    for gap in gaps:
        gap = sp.expand(gap)
        slope = gap.coeff(ZETA, 1)
        if slope == 0 or slope.has(ZETA) or (gap - slope * ZETA).expand().has(ZETA):
            raise HandOver(f"{show(gap)} bends the step at points with no formula: SDE 'sampled'")
        found.append(sp.expand(-(gap - slope * ZETA) / slope))
    return list(dict.fromkeys(found))


def _gaps(f: Any) -> list[Any]:
    if isinstance(f, sp.Piecewise):
        return [c.lhs - c.rhs for _, c in f.args if c != sp.true and c.has(ZETA)]
    if isinstance(f, (sp.Abs, sp.sign)):
        return [f.args[0]]
    return [a - b for i, a in enumerate(f.args) for b in f.args[:i] if (a - b).has(ZETA)]


def loop(code: Any, integrand: Any, variance: Any) -> str:
    """Write the lines of the loop into ``code``; the name of the mean."""
    places = kinks(integrand)
    if len(places) > 2:
        raise HandOver(f"{show(integrand)} has {len(places)} kinks: SDE 'sampled'")
    mean, sd = code.fresh("mean"), code.fresh("sd")
    floor = f"np.maximum({code.text(variance)}, 1e-300)"
    code.lines += [f"{sd} = np.sqrt({floor})", f"{mean} = 0.0 * {code.x}"]
    if not places:
        nodes, weights = (code.named(name, HOME) for name in ("NODES", "WEIGHTS"))
        head = [f"zeta = {sd} * {nodes}[i]"]
        _body(code, f"for i in range(len({nodes})):", head, mean, f"{weights}[i]", integrand)
        return str(mean)
    nodes, weights, reach, density = (code.named(name, HOME) for name in ("PIECE", "SHARES", "REACH", "density"))
    ends = [f"-{reach}", *_order(code, places, sd, reach), reach]
    for low, high in zip(ends, ends[1:], strict=False):
        head = [f"z = {low} + ({high} - {low}) * {nodes}[i]".replace("- -", "+ "), f"zeta = {sd} * z"]
        weight = f"{weights}[i] * ({high} - {low}) * {density}(z)".replace("- -", "+ ")
        _body(code, f"for i in range(len({nodes})):", head, mean, weight, integrand)
    return str(mean)


def _order(code: Any, places: list[Any], sd: str, reach: str) -> list[str]:
    """Names of the kinks in units of the standard deviation, from the lowest to the highest."""
    texts = [f"np.minimum(np.maximum({code.text(place)} / {sd}, -{reach}), {reach})" for place in places]
    names = [code.fresh("kink") for _ in places]
    if len(places) == 2 and sign_of(sp.expand(places[1] - places[0])) == -1:
        texts.reverse()
    code.lines += [f"{name} = {text}" for name, text in zip(names, texts, strict=True)]
    if len(places) == 2 and sign_of(sp.expand(places[1] - places[0])) is None:
        low, high = code.fresh("low"), code.fresh("high")
        code.lines += [f"{low} = np.minimum({names[0]}, {names[1]})", f"{high} = np.maximum({names[0]}, {names[1]})"]
        return [low, high]
    return names


def _body(code: Any, loop: str, head: list[str], mean: str, weight: str, integrand: Any) -> None:
    inside = code.inner({ZETA: "zeta"})
    value = inside.text(integrand)
    lines = [*head, *inside.lines, f"{mean} = {mean} + {weight} * ({value})"]
    code.lines.append("\n".join([loop, *(f"    {line}" for line in lines)]))
