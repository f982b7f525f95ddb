"""``Result``: what every verb returns. It says its page and draws its figure; all else is the same for all of them."""

from __future__ import annotations

import dataclasses
import json
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from sdeopt.core.files import whole
from sdeopt.results import console, document, files, markup
from sdeopt.results.page import Page, Table, cell

__all__ = ["Result", "frames"]


class Result(ABC):
    """A frozen dataclass that can be shown, drawn and kept. ``print`` it, ``plot()`` it, ``save`` it.

    A new kind of result is a frozen dataclass that has `page` and `plot`, and a public name in ``sdeopt``, by which
    `sdeopt.load` finds it. Arrays among its fields are kept as they are, the others as JSON, in which tuples are
    lists: a class whose fields do not come back so has its own `pack` and `unpack`. When they change, ``VERSION`` is
    raised, and `unpack` reads the older files too; version 0 is a file that does not say its own.
    """

    VERSION: ClassVar[int] = 1
    PARTS: ClassVar[Mapping[str, Any]] = {}  # fields that are a NamedTuple of numbers and arrays, or None -> its class

    @abstractmethod
    def page(self) -> Page:
        """What it shows."""

    @abstractmethod
    def plot(self, ax: Any = None) -> Any:
        """Draw it on ``ax`` (default: a new figure); return the axes."""

    def drawn(self) -> list[Any]:
        """Axes of every figure that its page of HTML shows."""
        return [self.plot()]

    def content(self) -> dict[str, Any]:
        """What `to_json` writes; by default all fields."""
        return _fields(self)

    def pack(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a file keeps: a head, which JSON can hold, and arrays."""
        parts = _fields(self)
        held = {name: part for name in self.PARTS if (part := parts.pop(name)) is not None}
        arrays = {name: value for name, value in parts.items() if isinstance(value, np.ndarray)}
        inner = {f"{name}:{entry}": np.asarray(v) for name, part in held.items() for entry, v in part._asdict().items()}
        return {name: value for name, value in parts.items() if name not in arrays}, arrays | inner

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The result that `pack` took apart."""
        whole = {name: value for name, value in arrays.items() if ":" not in name}
        for name, part in cls.PARTS.items():
            inner = {key.partition(":")[2]: value for key, value in arrays.items() if key.startswith(f"{name}:")}
            single = {entry: value if value.ndim else value.item() for entry, value in inner.items()}
            head.setdefault(name, part(**single) if single else None)
        return cls(**{name: tuple(v) if type(v) is list else v for name, v in head.items()}, **whole)

    def __str__(self) -> str:
        return console.text(self.page())

    def __rich__(self) -> Any:
        return console.rich(self.page())

    def _repr_html_(self) -> str:
        return markup.html(self.page())

    def to_markdown(self) -> str:
        """What ``print`` shows, in Markdown."""
        return markup.markdown(self.page())

    def to_latex(self) -> str:
        """What ``print`` shows, in LaTeX, for a preamble with ``booktabs``."""
        return markup.latex(self.page())

    def to_json(self) -> str:
        """Everything as JSON; numbers that are not finite become null."""
        return json.dumps(_plain(self.content()), ensure_ascii=False, indent=1, allow_nan=False)

    def summary(self) -> Any:
        """Its first table, or the head if it has none, as a pandas ``DataFrame`` (needs the extra ``sdeopt[xarray]``).

        Numbers with all their digits where the result has ``rows``, else the texts that ``print`` shows.
        """
        pandas = frames()
        rows = getattr(self, "rows", None)
        if rows is not None:
            return pandas.DataFrame([_flat(row if isinstance(row, dict) else row._asdict()) for row in rows])
        head = Table(("name", "text"), [*self.page().head])
        table = next(iter(self.page().tables), head)
        return pandas.DataFrame([[cell(line).text for line in row] for row in table.rows], columns=[*table.headings])

    def html(self, file: str | Path) -> None:
        """Write a page to ``file`` that holds all it shows: words, figures, formulas, and how to repeat the run.

        It opens from the disk, on paper and in the dark, and asks nothing of the network.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        whole(files.locate(file, ""), document.document(self).encode())

    def save(self, file: str | Path) -> None:
        """Write everything to ``file`` (npz, without pickle); a name without .npz gets it."""
        files.write(files.Content(files.locate(file), type(self).__name__, self.VERSION, *self.pack()))

    @classmethod
    def load(cls, file: str | Path) -> Self:
        """Read what `save` wrote; `sdeopt.load` opens any kind of result.

        Raises
        ------
        ValueError
            If the file is empty, damaged, no result, one of another kind, or one of a newer version of sdeopt.
        OSError
            If it cannot be read.
        """
        content = files.read(file)
        if content.kind != cls.__name__:
            held, asked = (f"{'an' if name[:1] in 'AE' else 'a'} {name}" for name in (content.kind, cls.__name__))
            raise ValueError(f"{content.path} holds {held}, not {asked}: sdeopt.load opens either")
        return cls.restore(content)

    @classmethod
    def restore(cls, content: files.Content) -> Self:
        """The result that a file of this kind holds."""
        path, kind, version, head, arrays = content
        if version > cls.VERSION:
            raise ValueError(
                f"{path} holds a {kind} of version {version}, and this sdeopt knows them up to {cls.VERSION}: a newer "
                "one wrote it"
            )
        try:
            result = cls.unpack(version, head, arrays)
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                repr(result), str(result)  # what cannot be shown is not what it says
        except Exception as error:  # parts of other kinds and shapes fail wherever they are looked at
            raise ValueError(f"{path} is damaged: it does not hold the parts of a {kind}") from error
        return result


def frames() -> Any:
    """The module pandas."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError('summary needs pandas: pip install "sdeopt[xarray]"') from error
    return pandas


def _fields(result: Any) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of plain values: a slope and its half-width are the columns "slope" and "slope half"."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        inner = value._asdict() if hasattr(value, "_asdict") else {"value": value}
        out |= {name if key == "value" else f"{name} {key}": v for key, v in inner.items()}
    return out


def _plain(value: Any) -> Any:
    """``value`` for JSON: lists for arrays and tuples, objects for what has names, null for NaN and infinities."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
