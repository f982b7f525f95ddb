"""Files of results that were cut, overwritten, or filled with other parts: opened, or refused in a sentence."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

import sdeopt as so

from .judge import tried
from .verbs import BOWL, GOOD, within

HEADS: list[Any] = [
    None, [], {}, "", 0, -1, 1.5, 10**30, "Ensemble", "Report", "nothing", float("nan"), {"a": []}, [[1.0]], [None],
]  # fmt: skip
PARTS: list[Any] = [
    np.zeros(0), np.zeros((2, 2)), np.array(1.0), np.array(["a"]), np.full(3, np.nan), np.array([1j]),
    np.arange(3), np.array([True]), np.zeros((1, 1, 1, 1)),
]  # fmt: skip


@functools.cache
def kept(kind: str) -> bytes:
    """The bytes of a file of a small result."""
    name, arguments = {
        "Ensemble": ("simulate", GOOD["simulate"][0] | {"checkpoint": None}),
        "Report": ("compare", GOOD["compare"][0]),
        "Sweep": ("sweep", GOOD["sweep"][0] | {"folder": None}),
        "Diagnosis": ("diagnose", GOOD["diagnose"][0]),
        "NoiseProfile": ("noise_profile", GOOD["noise_profile"][0]),
        "Scaling": ("scale", {"method": so.SGD(lr=0.1), "batch": (8, 32), "problem": BOWL}),
    }[kind]

    def written() -> bytes:
        getattr(so, name)(**arguments).save("result.npz")
        return Path("result.npz").read_bytes()

    return within(written)  # type: ignore[no-any-return]


KINDS = ["Diagnosis", "Ensemble", "NoiseProfile", "Report", "Scaling", "Sweep"]


@st.composite
def damaged(draw: Any) -> tuple[str, bytes]:
    """The kind of a result, and bytes that were once its file."""
    kind = draw(st.sampled_from(KINDS))
    data = bytearray(kept(kind))
    how = draw(st.sampled_from(["cut", "bytes", "head", "part", "dropped"]))
    if how == "cut":
        return kind, bytes(data[: draw(st.integers(0, len(data) - 1))])
    if how == "bytes":
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        return kind, bytes(data)
    with np.load(io.BytesIO(data)) as file:
        arrays = {name: file[name] for name in file.files}
    name = draw(st.sampled_from(sorted(arrays)))
    if how == "part":
        arrays[name] = draw(st.sampled_from(PARTS))
    elif how == "dropped":
        del arrays[name]
    else:
        head = json.loads(bytes(arrays["head"]))
        inner = draw(st.sampled_from([key for key, value in head.items() if isinstance(value, dict)] + [""]))
        place = head[inner] if inner else head
        if place:
            place[draw(st.sampled_from(sorted(place)))] = draw(st.sampled_from(HEADS))
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return kind, out.getvalue()


def check(case: tuple[str, bytes]) -> None:
    """Open the file; what opens must be what it says."""
    _, data = case

    def run() -> None:
        Path("result.npz").write_bytes(data)
        found = tried(lambda: so.load("result.npz"))
        if found is not None:
            tried(lambda: (repr(found), str(found), found.save("again.npz")))

    within(run)
