"""Reports as JSON and as plain text."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

__all__ = ["WIDTH", "plain", "printed"]

WIDTH = 118  # columns where there is no terminal to ask


def plain(value: Any) -> Any:
    """What JSON can hold: lists for arrays, None for NaN and infinities."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def printed(content: Any) -> str:
    """What rich makes of ``content`` on 118 columns, without colours."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
