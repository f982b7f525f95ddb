"""SDEs whose page is a text: where it is run, it registers them with their method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from sdeopt.core.traits import Model

__all__ = ["OWNER", "know", "register", "text_of"]

OWNER = "# the method itself"  # ends the line that imports it, in whose place the class stands


def register(owner: Any, label: str, text: str, unmet: Callable[[Any], str | None] | None = None) -> Model:
    """Run the page ``text`` of the SDE ``label`` of ``owner``, and return the SDE."""
    space = ModuleType(f"sdeopt_{label}_{owner.__name__.lower()}")
    vars(space)[owner.__name__] = owner
    lines = [line for line in text.splitlines() if not line.endswith(OWNER)]
    exec(compile("\n".join(lines), f"<{space.__name__}>", "exec"), vars(space))
    owner.sdes[label] = replace(owner.sdes[label], unmet=unmet, text=text)
    found: Model = owner.sdes[label]
    return found


def text_of(method: Any, name: str) -> str:
    """The page of the SDE ``name`` of ``method`` where it is a text, which other processes need; else nothing."""
    found: Model | None = method.sdes.get(name)
    return "" if found is None else found.text


def know(owner: Any, label: str, text: str) -> None:
    """Register what `text_of` said in another process, where it is not known yet."""
    if text and (label not in owner.sdes or owner.sdes[label].text != text):
        register(owner, label, text)
