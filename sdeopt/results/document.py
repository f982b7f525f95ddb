"""One page of HTML for a result: its words, its figures, the formulas of its methods, and how to repeat it.

The page holds everything that it shows. It asks nothing of the network, is read on paper and in the dark, and begins
with the fact that a run was cut short where one was.
"""

from __future__ import annotations

import ast
import inspect
import io
import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from platform import machine, python_version
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core.method import REGISTRY
from sdeopt.core.observables import KNOWN
from sdeopt.results import markup

if TYPE_CHECKING:
    from sdeopt.results.result import Result

__all__ = ["document", "formulas", "is_call", "repeat", "state_method"]

STYLE = """
:root { --ink: #1c1e21; --paper: #ffffff; --rule: #d8dadd; --soft: #f4f5f6; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 0.8rem 0; font-size: 0.9rem; }
td, th { padding: 0.15rem 0.6rem 0.15rem 0; vertical-align: top; } th { border-bottom: 1px solid var(--ink); }
pre { background: var(--soft); padding: 0.7rem; overflow-x: auto; white-space: pre-wrap; }
figure { margin: 1rem 0; background: #ffffff; border-radius: 4px; } figure svg { max-width: 100%; height: auto; }
.partial { border: 2px solid #bd1f01; padding: 0.5rem 0.8rem; font-weight: bold; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e9; --paper: #17191c; --rule: #3a3d42; --soft: #22252a;
  --sdeopt-good: #57c46b; --sdeopt-open: #e3b341; --sdeopt-bad: #ff8a70; --sdeopt-dim: #a0a5ad; } }
@media print { :root { --ink: #000000; --paper: #ffffff; --soft: #ffffff; --sdeopt-good: #1a7f37;
  --sdeopt-open: #9a6700; --sdeopt-bad: #bd1f01; --sdeopt-dim: #555555; }
  body { margin: 0; max-width: none; font-size: 10pt; } figure, tr, pre { break-inside: avoid; } }
"""
PARTIAL = "Partial: this run was interrupted, and all that follows is about what was finished by then."
SECTIONS = re.compile(r"^(Discrete|SDE)\n((?: {4}.*\n|\n)+)", re.MULTILINE)
# kind of result -> the verb that made it, and the arguments that it keeps
VERBS = {
    "Ensemble": ("simulate", ("steps", "substeps", "sde", "scheme")),
    "Report": ("compare", ("steps", "paths", "substeps", "sde", "scheme", "judge", "tolerance", "alpha")),
}


def document(result: Result) -> str:
    """The page."""
    name, parts = repr(result), []
    partial = bool(_meta(result).get("partial"))
    if partial:
        parts.append(f'<p class="partial">{PARTIAL}</p>')
    parts += [f"<h1>{escape(name)}</h1>", f'<div class="wide">{markup.html(result.page())}</div>']
    parts += [f"<figure>{svg}</figure>" for svg in _figures(result)]
    for method, text in formulas(result).items():
        parts.append(f"<h2>{escape(method)}, in the words of its page</h2><pre>{escape(text)}</pre>")
    parts.append(_origin(result))
    title = f"Partial: {name}" if partial else name
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _meta(result: Result) -> Mapping[str, Any]:
    return getattr(result, "meta", None) or {}


def formulas(result: Result) -> dict[str, str]:
    """What the pages of the methods in it say of their step and their SDE."""
    found = {}
    for text in _methods(result.content()):
        cls = REGISTRY.get(text.partition("(")[0])
        if cls is not None and (said := state_method(cls)):
            found[cls.__name__] = said
    return found


def state_method(cls: type) -> str:
    """What the page of a method says of its step and its SDE."""
    said = SECTIONS.findall(f"{inspect.getdoc(cls) or ''}\n")
    return "\n\n".join(f"{part}\n{body.rstrip()}" for part, body in said)


def _methods(content: Any) -> Iterator[str]:
    """Whatever is called a method, at any depth."""
    for name, value in content.items() if isinstance(content, dict) else ():
        if name == "method" and isinstance(value, str):
            yield value
        elif name == "methods" and isinstance(value, dict):
            yield from value.values()
        else:
            yield from _methods(value)


def _figures(result: Result) -> Iterator[str]:
    """Every figure as SVG; a sentence where there is nothing to draw."""
    import matplotlib.pyplot as plt

    try:
        axes = result.drawn()
    except ValueError as error:
        yield f"<figcaption>No figure: {escape(str(error))}</figcaption>"
        return
    for number, ax in enumerate(axes):
        yield _inline(ax.figure, f"figure {number + 1} of {result!r}", f"f{number}-")
        plt.close(ax.figure)


def _inline(figure: Any, label: str, prefix: str) -> str:
    """A figure as an element of HTML, whose names differ from those of its neighbours."""
    from matplotlib import rc_context

    out, nothing = io.StringIO(), dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({"svg.hashsalt": "sdeopt", "svg.fonttype": "path"}):
        figure.savefig(out, format="svg", metadata=nothing, bbox_inches="tight")
    svg = out.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'<path id="([^"]*)" transform', r'<path id="\1" d="M0 0" transform', svg)  # blanks have no outline
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def repeat(result: Result) -> str:
    """The call that makes it again, in the names of sdeopt and one's own; empty where its parts are no calls in words.

    Where ``rng`` was no number, or is not kept, the call says ``rng=...``: it is whatever was given.
    """
    meta = _meta(result)
    verb, kept = VERBS.get(type(result).__name__, ("", ()))
    parts = [str(meta.get(part, "")) for part in ("method", "objective", "noise")]
    if (
        not verb
        or "discrete" in meta
        or not (seen := _observables(result)) <= set(KNOWN)
        or not all(map(is_call, parts))
    ):
        return ""
    given = {name: meta[name] for name in kept if name in meta}
    given |= {"observables": [name for name in KNOWN if name in seen], "save_at": _saves(vars(result)["times"], meta)}
    if verb == "simulate":
        crossed = {name: crossing.level for name, crossing in vars(result)["crossings"].items()}
        given = {"kind": vars(result)["kind"], "paths": len(vars(result)["final"])} | given
        given |= {"crossings": crossed} if crossed else {}
    start = f", x0={meta['x0']!r}" if meta["x0"] else ""
    seed = meta["rng"] if meta.get("rng", "").isdecimal() else "..."
    arguments = ", ".join([*(f"{name}={value!r}" for name, value in given.items()), f"rng={seed}"])
    return f"{verb}({parts[0]}, Problem({', '.join(parts[1:])}{start}), {arguments})"


def _observables(result: Result) -> set[str]:
    """Names of what was observed."""
    if "kinds" not in vars(result):
        return set(vars(result)["observables"])
    columns = zip(vars(result)["kinds"], vars(result)["names"], strict=True)
    return {name for kind, name in columns if kind == "observable"}


def _saves(times: Any, meta: Mapping[str, Any]) -> Any:
    """The number of saves where they are spread evenly, else their times."""
    steps = np.rint(np.asarray(times) / meta["clock"])
    even = np.rint(np.linspace(0.0, meta["steps"], len(times)))
    return len(times) - 1 if np.array_equal(steps, even) else [float(f"{t:.12g}") for t in times]


def is_call(text: str) -> bool:
    """Whether a text calls a class with plain values or such calls; what holds functions only says that it does."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    called = {id(node.func): node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    plain = (ast.Call, ast.Name, ast.keyword, ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
    return (
        isinstance(tree, ast.Call)
        and all(isinstance(node, plain) for node in ast.walk(tree))
        and all(id(node) in called and node.id != "Schedule" for node in names)
    )


def _origin(result: Result) -> str:
    """How to repeat it: the call, what the result keeps of its run, and the versions of what wrote the page."""
    from importlib.metadata import version

    call = repeat(result)
    code = f"<pre>from sdeopt import *\n\n{escape(call)}</pre>" if call else ""
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in _record(_meta(result)))
    table = f'<div class="wide"><table>{rows}</table></div>' if rows else ""
    engine = ", ".join(f"{name} {version(name.lower())}" for name in ("NumPy", "Numba", "SciPy", "Matplotlib"))
    house = sys.modules["sdeopt"].__version__  # to import it would be a circle
    own = f"sdeopt {house} on Python {python_version()}, {engine}, {machine()}"
    return f"<h2>How to repeat it</h2>{code}{table}<p>This page was written by {escape(own)}.</p>"


def _record(meta: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of all that is kept, what is nested by its path."""
    for name, value in meta.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _record(value, f"{path}.")
        else:
            many = isinstance(value, (list, tuple)) and len(value) > 32
            short = [*itertools.islice(value, 32), "..."] if many else value
            yield path, short if isinstance(short, str) else repr(short)
