"""Reports as JSON and as plain text."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np

__all__ = ["WIDTH", "as_json", "printed"]

WIDTH = 118  # columns where there is no terminal to ask


def as_json(content: Any) -> str:
    """``content`` as JSON: lists for arrays, null for NaN and infinities."""
    return json.dumps(_plain(content), ensure_ascii=False, indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def printed(content: Any) -> str:
    """What rich makes of ``content`` on 118 columns, without colours."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
