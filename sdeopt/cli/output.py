"""What a run prints and writes: a table or JSON on stdout, files beside ``--out``."""

from __future__ import annotations

import sys
from typing import Any

from sdeopt.results.console import WIDTH

__all__ = ["console", "show", "write"]


def console() -> Any:
    """Where tables go: the terminal, or 118 columns of a file."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def show(result: Any, remark: str | None) -> None:
    """Print a result, after a remark on how it was made."""
    from rich.text import Text

    out = console()
    if remark:
        out.print(Text(remark, style="dim"))
    out.print(result)


def write(result: Any, stem: str) -> list[str]:
    """Write the result to STEM.npz and its figure to STEM.png; return their names."""
    import matplotlib

    matplotlib.use("Agg")
    result.save(f"{stem}.npz")
    result.plot().figure.savefig(f"{stem}.png")
    return [f"{stem}.png", f"{stem}.npz"]
