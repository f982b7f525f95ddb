"""Numbers, intervals and verdicts in words: how every result writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["TONES", "count", "ends", "interval", "number", "point", "tone"]

ROUNDING = 1e-12  # a relative half-width below this is none
COORDINATES = 8  # of a point that are written out

# what a verdict says of what was examined -> the verdicts that say so
VERDICTS = {
    "good": ("agree", "coincide", "certified", "right", "holds"),
    "open": ("inconclusive", "undecided", "not measured"),
    "bad": ("differ", "refuted", "wrong", "fails", "diverged", "failed"),
    "dim": ("not judged", "missing"),
}
TONES = {verdict: tone for tone, verdicts in VERDICTS.items() for verdict in verdicts}


def tone(verdict: str) -> str:
    """The one tone of a verdict, "good", "open", "bad" or "dim"; "ok" has none."""
    return "" if verdict == "ok" else TONES[verdict]


def number(value: float, digits: int = 4) -> str:
    """So many digits; ∞, and a dash where there is no number."""
    if math.isnan(value):
        return "-"
    return _short(f"{value:.{digits}g}") if math.isfinite(value) else "∞" if value > 0.0 else "-∞"


def interval(value: float, half: float, sign: str = "") -> str:
    """Value ± half-width, to one digit of the half-width, two if the first is 1; ``sign="+"`` shows a plus."""
    if not (math.isfinite(value) and math.isfinite(half)):
        return "-"
    if half <= ROUNDING * abs(value):
        return _short(f"{value:{sign}.2g} ± 0" if sign else f"{value:.4g} ± 0")
    decimals = -math.floor(math.log10(half)) + (f"{half:e}"[0] == "1")
    if 0 <= decimals <= 4:
        return f"{value:{sign}.{decimals}f} ± {half:.{decimals}f}"
    digits = max(math.floor(math.log10(abs(value) or half)) - math.floor(math.log10(half)), 0)
    return _short(f"{value:{sign}.{digits}e} ± {half:.0e}")


def ends(low: float, high: float) -> str:
    """[low, high], with digits enough to tell them apart if they differ."""
    digits = next((n for n in range(3, 17) if number(low, n) != number(high, n)), 3)
    return f"[{number(low, digits)}, {number(high, digits)}]"


def count(n: float) -> str:
    """A number of paths, rounded up to two digits."""
    if n > 1e9:
        return "over 1e9"
    unit = 10 ** max(math.floor(math.log10(max(n, 1.0))) - 1, 0)
    return f"{math.ceil(n / unit) * unit:_}"


def point(x: Sequence[float]) -> str:
    """The coordinates of a point, of many the first eight."""
    return f"[{', '.join(number(v) for v in x[:COORDINATES])}{', ...' if len(x) > COORDINATES else ''}]"


def _short(text: str) -> str:
    """Exponents without padding: 1e-05 becomes 1e-5."""
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", text).replace("e+", "e")
