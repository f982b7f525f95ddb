"""What a run prints and writes: a table or JSON on stdout, files beside ``--out``."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from sdeopt.core import plain
from sdeopt.core.ensemble import Ensemble
from sdeopt.core.observables import LABELS

__all__ = ["as_json", "console", "show", "write"]

ROWS = 10  # of the saves that are printed, after the first
COORDINATES = 3  # of x, one by one; of more, the trace of the covariance
LOPSIDED = 0.2  # of its width: an interval that is further from symmetric is printed with its ends


def console() -> Any:
    """Where tables go: the terminal, or 118 columns of a file."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else plain.WIDTH, highlight=False)


def show(result: Any, remark: str | None) -> None:
    """Print a report or an ensemble, after a remark on how it was made."""
    from rich.text import Text

    out = console()
    if remark:
        out.print(Text(remark, style="dim"))
    out.print(_of_ensemble(result) if isinstance(result, Ensemble) else result)


def write(result: Any, stem: str) -> list[str]:
    """Write STEM.npz, for a report also its figure STEM.png; return their names."""
    result.save(f"{stem}.npz")
    if isinstance(result, Ensemble):
        return [f"{stem}.npz"]
    import matplotlib

    matplotlib.use("Agg")
    result.plot().figure.savefig(f"{stem}.png")
    return [f"{stem}.png", f"{stem}.npz"]


def as_json(result: Any) -> str:
    """Everything but the paths as JSON; numbers that are not finite become null."""
    if not isinstance(result, Ensemble):
        return str(result.to_json())
    content = {
        "kind": result.kind,
        "meta": result.meta,
        "times": result.times,
        "counts": result.counts,
        "mean": result.mean,
        "stderr": result.stderr,
        "interval": result.interval()._asdict(),
        "variance": _variance(result),
        "observables": {
            name: {"mean": mean, "stderr": stderr, "interval": result.interval(name)._asdict()}
            for name, (mean, stderr) in result.observables.items()
        },
        "diverged": result.diverged.paths,
    }
    return plain.as_json(content)


def _variance(e: Ensemble) -> Any:
    return e.cov if e.cov.ndim == 2 else np.einsum("nii->ni", e.cov)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else "-"


def _known(mean: float, low: float, high: float) -> str:
    """A mean with its interval, in the digits that this leaves; with a question mark where there is none."""
    if not math.isfinite(mean):
        return "-"
    half = (high - low) / 2.0
    if not math.isfinite(half):
        return f"{mean:.4g} ?"
    if half <= 1e-12 * abs(mean):
        return f"{mean:.4g}"
    decimals = 1 - math.floor(math.log10(half))
    plain = 0 <= decimals <= 6
    if abs(high + low - 2.0 * mean) > LOPSIDED * (high - low):
        ends = [f"{v:.{decimals}f}" if plain else f"{v:.3g}" for v in (mean, low, high)]
        return f"{ends[0]} [{ends[1]}, {ends[2]}]"
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}" if plain else f"{mean:.3g} ± {half:.1g}"


def _of_ensemble(e: Ensemble) -> Any:
    """Header, table and remarks of one column."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    for name, value in _header(e):
        head.add_row(Text(name, style="dim"), Text(value))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    columns = _columns(e)
    for heading in ("t", *columns):
        table.add_column(heading, justify="right")
    last = len(e.times) - 1
    for row in np.unique(np.linspace(0, last, min(ROWS, last) + 1).round().astype(int)):
        table.add_row(f"{e.times[row]:.4g}", *(values[row] for values in columns.values()))
    return Group(head, Text(), table, Text(), *(Text(line, style="dim") for line in _notes(e)))


def _header(e: Ensemble) -> list[tuple[str, str]]:
    m = e.meta
    what = f"the SDE {m['sde']} of {m['method']}" if e.kind == "sde" else str(m["method"])
    x0 = ", ".join(f"{v:.4g}" for v in m["x0"][:8]) + (", ..." if len(m["x0"]) > 8 else "")
    partial = ", interrupted" if m["partial"] else ""
    lost = f"{e.diverged.count} diverged, left out from then on" if e.diverged.count else "none diverged"
    rows = [
        ("method", what),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = [{x0}]"),
        ("time", f"t = k·{m['clock']:.4g} up to {e.times[-1]:.4g}, {m['steps']} steps, {len(e.times)} saves"),
        ("paths", f"{len(e.final)}{partial}, {lost}"),
    ]
    if e.kind == "sde":
        rows.insert(3, ("SDE", f"scheme {m['scheme']}, dt = {m['dt']:.4g} ({m['substeps']} per step)"))
    return rows


def _columns(e: Ensemble) -> dict[str, list[str]]:
    """Heading -> cells at all saves."""
    columns = {}
    if e.diverged.count:
        columns["paths"] = [f"{n:.0f}" for n in e.counts]
    for name, (mean, _) in e.observables.items():
        columns[_heading(name)] = list(map(_known, mean, *e.interval(name)[:2]))
    variance, d = _variance(e), e.mean.shape[1]
    mark = " ?" if 2.0 < e.order() <= 4.0 else ""
    if d > COORDINATES:
        return columns | {"tr Cov x": [_number(v, 4) + mark * bool(v) for v in variance.sum(axis=1)]}
    low, high, _ = e.interval()
    for i in range(d):
        columns[f"E x{'₁₂₃'[i]}"] = list(map(_known, e.mean[:, i], low[:, i], high[:, i]))
        columns[f"sd x{'₁₂₃'[i]}"] = [_number(math.sqrt(v), 3) + mark * bool(v) for v in variance[:, i]]
    return columns


def _heading(observable: str | None) -> str:
    return "E x" if observable is None else f"E {LABELS.get(observable, observable)}"


def _notes(e: Ensemble) -> list[str]:
    """How to read the table, and why an interval or a number is missing."""
    few = e.mean.shape[1] <= COORDINATES
    spread = "sd x" if few else "tr Cov x"
    reasons: dict[str, list[str]] = {}
    for name in (*e.observables, *[None] * few):
        reasons.setdefault(e.interval(name).reason, []).append(_heading(name))
    lines = [f"± is half of a 95 % interval, [ ] are its ends; {spread} has none."]
    lines += [f"{', '.join(names)}: {reason}." for reason, names in reasons.items() if reason]
    if e.order() <= 2.0:
        lines.append(f"{spread}: no variance, the tails of the noise are too heavy.")
    elif e.order() <= 4.0:
        lines.append(f"{spread}: the noise has no fourth moment, so these numbers settle slowly, mostly from below.")
    return lines
