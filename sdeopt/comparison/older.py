"""Files from before relative errors were kept: what is judged in them is measured again, from gaps and margins.

A vector's error is then taken as if all its entries erred together, the scale as if it had none, and nothing is known
of the share of single paths or of what the integrator's step leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sdeopt.comparison.bounds import Sizes
from sdeopt.comparison.paired import Estimates
from sdeopt.comparison.quantities import Quantity, Scales, apart, judged

__all__ = ["ALPHA", "errors", "quantities"]

ALPHA = 0.05  # with which such a file is judged


def quantities(head: Mapping[str, Any]) -> tuple[Quantity, ...]:
    """What would be judged today."""
    meta = head["meta"]
    kinds, names = tuple(head["kinds"]), tuple(head["names"])
    return judged(kinds, names, any(meta["diverged"]), meta["judge"], meta["heavy"])


def errors(head: Mapping[str, Any], arrays: Mapping[str, Any], first: str, gap: str) -> Sizes:
    """The relative errors at the saves after t = 0 of the gaps called ``gap`` to the values called ``first``."""
    value, size = arrays[first], arrays[gap]
    zero = np.zeros_like(value)
    both = Estimates(
        value, value + size, arrays[f"{first}_stderr"], zero, size, arrays[f"{gap}_stderr"], zero, zero, zero,
        arrays["counts"],
    )  # fmt: skip
    scales = Scales(arrays["margin"] / head["meta"]["tolerance"], zero, zero)
    found = apart(both, None, scales, quantities(head), head["kinds"].count("observable"))
    return Sizes(*(a[arrays["times"] > 0.0] for a in found))
