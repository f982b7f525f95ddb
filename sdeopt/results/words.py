"""Numbers, intervals and verdicts in words: how every result writes them."""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["TONES", "count", "ends", "interval", "known", "least", "most", "number", "off", "percent", "point", "tone"]

ROUNDING = 1e-12  # a relative half-width below this is none
LOPSIDED = 0.2  # of its width: an interval that is further from symmetric is written with its ends
COORDINATES = 8  # of a point that are written out

# what a verdict says of what was examined -> the verdicts that say so
VERDICTS = {
    "good": ("agree", "coincide", "certified", "right", "holds"),
    "open": ("open", "inconclusive", "undecided", "not measured", "not judged"),
    "bad": ("differ", "refuted", "wrong", "fails", "diverged", "failed"),
    "dim": ("shown", "missing"),
}
TONES = {verdict: tone for tone, verdicts in VERDICTS.items() for verdict in verdicts}


def tone(verdict: str) -> str:
    """The one tone of a verdict, "good", "open", "bad" or "dim"; "ok" has none."""
    return "" if verdict == "ok" else TONES[verdict]


def number(value: float, digits: int = 4, sign: str = "") -> str:
    """So many digits; ∞, and a dash where there is no number; ``sign="+"`` shows a plus."""
    if math.isnan(value):
        return "-"
    return _short(f"{value:{sign}.{digits}g}") if math.isfinite(value) else "∞" if value > 0.0 else "-∞"


def interval(value: float, half: float, sign: str = "") -> str:
    """Value ± half-width, to one digit of the half-width, two if the first is 1; ``sign="+"`` shows a plus."""
    if not math.isfinite(value):
        return "-"
    if not math.isfinite(half):
        return _short(f"{value:{sign}.2g} ± ?")
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


def least(x: float) -> str:
    """A lower bound in percent, rounded down."""
    return _percentage(x, decimal.ROUND_FLOOR)


def most(x: float) -> str:
    """An upper bound in percent, rounded up."""
    return _percentage(x, decimal.ROUND_CEILING)


def _percentage(x: float, outward: str) -> str:
    """To three digits; to more where a bound would become a round number, such as a margin, that it is not."""
    if x > 100.0:
        return "over 10000 %"
    value = decimal.Decimal(f"{100.0 * x:.9g}")
    digits = max(3, value.adjusted() + 1)
    shown = next(
        rounded
        for n in (digits, digits + 1, digits + 2)
        for rounded in [decimal.Context(prec=n, rounding=outward).plus(value)]
        if rounded == value or n == digits + 2 or rounded != decimal.Context(prec=1).plus(rounded)
    )
    return f"{shown.normalize():f} %"


def percent(low: float, high: float) -> str:
    """Between which and which share of its scale something is off."""
    if math.isinf(high):
        return f"at least {least(low)}" if low > 0.0 else "unknown"
    return f"{least(low).removesuffix(' %')} to {most(high)}" if low > 0.0 else f"within {most(high)}"


def off(low: float, high: float) -> str:
    """The same, short."""
    if math.isinf(high):
        return f"> {least(low)}"
    return f"{least(low).removesuffix(' %')}-{most(high)}" if low > 0.0 else f"< {most(high)}"


def known(value: float, low: float, high: float) -> str:
    """A value with its 95 % interval: ± half of it, or its ends where it is lopsided; ? where there is none."""
    if not math.isfinite(value):
        return number(value)
    if math.isnan(low) or math.isnan(high):
        return f"{number(value)} ?"
    lopsided = abs(high + low - 2.0 * value) > LOPSIDED * (high - low)
    rounding = high - low <= 2.0 * ROUNDING * abs(value)
    if math.isinf(high - low) or (lopsided and not rounding):
        return f"{number(value, 3)} {ends(low, high)}"
    return interval(value, (high - low) / 2.0)


def count(n: float) -> str:
    """A number of paths, rounded up to two digits."""
    if n > 1e9:
        return "over 1e9"
    unit = 10 ** max(math.floor(math.log10(max(n, 1.0))) - 1, 0)
    return f"{math.ceil(n / unit) * unit:_}"


def point(x: Sequence[Any]) -> str:
    """The coordinates of a point, of many the first eight; how many points there are, if there is one for each path."""
    if x and isinstance(x[0], Sequence):
        return f"{len(x)} points, one for each path"
    return f"[{', '.join(number(v) for v in x[:COORDINATES])}{', ...' if len(x) > COORDINATES else ''}]"


def _short(text: str) -> str:
    """Exponents without padding: 1e-05 becomes 1e-5."""
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", text).replace("e+", "e")
