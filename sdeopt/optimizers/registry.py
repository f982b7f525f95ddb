"""The registry: every page by its name, and those of users that were made so far."""

from __future__ import annotations

import inspect
from html import escape
from typing import Any

import sdeopt.optimizers  # noqa: F401  (importing the pages registers them)
from sdeopt.core import checks
from sdeopt.core.method import FAMILIES, REGISTRY

__all__ = ["Methods", "lookup", "methods"]


class Methods(dict[str, type]):
    """The registry, which a notebook shows as a table: family by family, each in alphabetical order."""

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        rows = [f"<tr>{''.join(f'<th {left}>{h}</th>' for h in ('method', 'its SDEs', 'order', 'what it does'))}</tr>"]
        for family, title in FAMILIES.items():
            pages: list[Any] = [page for page in self.values() if getattr(page, "family", None) == family]
            rows += [f'<tr><th colspan="4" {left}>{escape(title)}</th></tr>'] if pages else []
            for page in sorted(pages, key=lambda page: page.__name__.lower()):
                told = (inspect.getdoc(page) or "").partition("\n")[0]
                given = (f"{f}={page._field_defaults[f]:g}" if f in page._field_defaults else f for f in page._fields)
                call = f"{page.__name__}({', '.join(given)})"
                cells = (call, ", ".join(page.sdes), f"{page.order:g}", told)
                rows.append(f"<tr>{''.join(f'<td {left}>{escape(cell)}</td>' for cell in cells)}</tr>")
        return f"<table>{''.join(rows)}</table>"


def methods() -> Methods:
    """Return the registry: name -> method class, in the order of registration; in a notebook a table by family.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.methods()["SGD"](lr=0.1)
    SGD(lr=0.1)
    """
    return Methods(REGISTRY)


def lookup(name: str) -> Any:
    """Return the method class called ``name``, in any case; a ``ValueError`` names the nearest one."""
    table = {key.lower(): cls for key, cls in REGISTRY.items()}
    if not isinstance(name, str) or name.lower() not in table:
        checks.choice("method", name, REGISTRY)
    return table[name.lower()]
