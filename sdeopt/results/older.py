"""Files from before relative errors were kept: what is judged in them is measured again, from gaps and margins.

A vector's error is then taken as if all its entries erred together, the scale as if it had none, and nothing is known
of the share of single paths or of what the integrator's step leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sdeopt.core.observables import SYMBOLS
from sdeopt.results.bounds import Sizes
from sdeopt.results.paired import Estimates
from sdeopt.results.quantities import Scales, apart, choose_judged

__all__ = ["judge_again", "name_as_asked", "widen"]

ALPHA = 0.05  # with which such a file is judged


def judge_again(
    head: Mapping[str, Any], arrays: Mapping[str, Any], first: str, sides: Mapping[str, tuple[Any, Any]]
) -> dict[str, Any]:
    """What is to be added to the head of such a file: ``first`` is compared with the gaps and standard errors."""
    meta, kinds = head["meta"], tuple(head["kinds"])
    what = choose_judged(kinds, tuple(head["names"]), any(meta["diverged"]), meta["judge"], meta["heavy"])
    zero = np.zeros_like(arrays[first])
    scales = Scales(arrays["margin"] / meta["tolerance"], zero, zero)

    def errors(gap: Any, stderr: Any) -> Sizes:
        value, own = arrays[first], arrays[f"{first}_stderr"]
        both = Estimates(value, value + gap, own, zero, gap, stderr, zero, zero, zero, arrays["counts"])
        found = apart(both, None, scales, what, kinds.count("observable"))
        return Sizes(*(a[arrays["times"] > 0.0] for a in found))

    sizes = {name: errors(*side) for name, side in sides.items()}
    return {"meta": meta | {"alpha": ALPHA}, "quantities": what} | sizes


def widen(arrays: dict[str, Any], names: Iterable[str]) -> None:
    """Files from before the direction that is known worst: its variance is at most all there is, ``floor``²."""
    for name in names:
        arrays[f"{name}:widest"] = np.maximum(arrays[f"{name}:floor"], arrays[f"{name}:stderr"])


def name_as_asked(head: dict[str, Any]) -> None:
    """Files from before quantities had the names they are asked for by: "f(x)" is "loss"."""
    head["names"] = [SYMBOLS.get(name, name) for name in head["names"]]
    if "quantities" in head:
        head["quantities"] = [(SYMBOLS.get(name, name), *rest) for name, *rest in head["quantities"]]
