"""The pages of the site that the registry writes: one for each method, and the lists of the API."""

from __future__ import annotations

import inspect
import multiprocessing
import re
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, get_origin

import sdeopt as so
from sdeopt.cli import facts
from sdeopt.core.method import FAMILIES
from sdeopt.results.result import Result
from sdeopt.scaling.rules import RULES

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "methods" / "figures"
PICTURED = 200  # steps
SECTIONS = ("Discrete", "SDE", "Regime", "Claim", "Heavy tails", "Sources")
MODULES = [name for name in so.__all__ if inspect.ismodule(getattr(so, name))]
RESULTS = [name for name in so.__all__ if isinstance(getattr(so, name), type) and issubclass(getattr(so, name), Result)]


def methods() -> list[Any]:
    """The methods of the package, family by family, each in alphabetical order."""
    own = [cls for cls in so.methods().values() if cls.__module__.startswith("sdeopt.")]
    order = list(FAMILIES)
    return sorted(own, key=lambda cls: (order.index(cls.family), cls.__name__.lower()))


def prose(text: str) -> str:
    """Text of a docstring in Markdown: what would be markup is escaped, identifiers of papers become links."""
    parts = re.split(r"``?([^`]+)``?", text)
    escaped = "".join(f"`{p}`" if n % 2 else re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", p) for n, p in enumerate(parts))
    return facts.IDENTIFIER.sub(lambda found: link(found[0]), escaped)


def link(identifier: str) -> str:
    """Markdown for ``arXiv:...`` or ``doi:...``."""
    kind, _, number = identifier.partition(":")
    host = "https://arxiv.org/abs/" if kind == "arXiv" else "https://doi.org/"
    return f"[{identifier}]({host}{number})"


def sections(cls: Any) -> dict[str, str]:
    """The head of a page, part by part, without its indentation."""
    parts = re.split(rf"^({'|'.join(SECTIONS)})\n", facts.head(cls), flags=re.MULTILINE)
    bodies = (re.sub(r"^    ", "", body, flags=re.MULTILINE).strip("\n") for body in parts[2::2])
    near = (re.sub(r"(?<=\S) {12,}", " " * 4, body) for body in bodies)  # what stands at the right margin
    return dict(zip(parts[1::2], near, strict=True))


def formulas(cls: Any) -> list[str]:
    """The update and every SDE that the page states, each with a heading."""
    blocks = []
    for name, d in facts.formulas(cls).items():
        default = ", the default" if name == cls.default_sde else ""
        title = f"SDE `{name}`{default}: order {cls.sdes[name].order:g} claimed" if name else "Update"
        text = d.latex("update") if not name and d.update else None if d.refused else d.latex()
        said = f"No formula is read from the code: {prose(str(d.refused))}. What the page states is below."
        symbols = [prose(note) for note in d.notes if note.startswith("Symbols")] if text and name else []
        blocks += [f"## {title}", f"```{{math}}\n{text}\n```" if text else said, *symbols]
    return blocks


def certificates(cls: Any) -> str:
    """The rows of docs/certificates.md that measure the method."""
    lines = [line for line in (HERE / "certificates.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    rows = [line for line in lines[2:] if re.match(rf"\| {cls.__name__}( |,)", line)]
    return "\n".join([*lines[:2], *rows]) if rows else "No row of the certificates is about it."


def scaling(cls: Any) -> str:
    rule = RULES.get(cls)
    if rule is None:
        return f"There is none: `sdeopt.scale({cls.__name__}(...), ...)` says why."
    return f"The {rule.name} rule, {prose(rule.statement)}, with κ times the batch. Source: {prose(rule.source)}."


def method_page(cls: Any) -> str:
    """The page of a method, in MyST Markdown."""
    said, name = sections(cls), cls.__name__
    objective, law = cls.shown
    parts = [
        f"# {name}",
        prose(facts.summary(cls)),
        f"`{facts.constructor(cls)}`. {FAMILIES[cls.family]}; state ({', '.join(cls.parts)}); one step takes "
        f"`{facts.clock(cls)}` units of time.",
        *formulas(cls),
        "## The page of the method",
        "What the code states, in its own letters: g = ∇f(x), ξ the noise of the gradient, Σ its covariance.",
        f"```text\n{said['Discrete']}\n```",
        *(f"```text\n{block}\n```" if "  " in block else prose(block) for block in said["SDE"].split("\n\n")),
        *(f"**{part}.** {prose(said[part])}" for part in ("Regime", "Claim", "Heavy tails", "Sources")),
        "## Both columns",
        f"![{name} and its SDE](../figures/{name.lower()}.png)",
        f"On its own small problem, `{objective}` with `{law}`: markers are the optimizer, the line its SDE "
        f"`{cls.default_sde}`, with 95 % bands.",
        "## What was measured",
        "Slopes of the weak error along a ladder of learning rates, of [the certificates](../../certificates.md):",
        certificates(cls),
        f"A report on its own small problem, from the command line: `sdeopt compare {name.lower()}`, which is "
        f"`--objective {objective} --noise {law}`.",
        "## Scaling rule",
        scaling(cls),
        "## Reference",
        f"```{{eval-rst}}\n.. currentmodule:: sdeopt\n\n.. autoclass:: {name}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def picture(name: str) -> None:
    """Draw both columns of a method in time, on its own small problem."""
    import matplotlib

    from sdeopt.noise import spec as noises
    from sdeopt.objectives import spec as objectives

    matplotlib.use("Agg")
    warnings.simplefilter("ignore")  # what a page warns of is said on it
    cls: Any = so.methods()[name]
    method = cls(**({"lr": 0.05} | cls.at))
    problem = so.Problem(*(parts.parse(text) for parts, text in zip((objectives, noises), cls.shown, strict=True)))
    shared = {"steps": PICTURED, "paths": 400, "substeps": 4, "rng": 0, "progress": False}
    columns = [so.simulate(method, problem, kind, **shared) for kind in ("discrete", "sde")]
    FIGURES.mkdir(parents=True, exist_ok=True)
    ax = so.overlay(columns)
    for text, column in zip(ax.get_legend().get_texts(), ("optimizer", "SDE"), strict=True):
        text.set_text(column)  # the page names its numbers
    ax.figure.savefig(FIGURES / f"{name.lower()}.png", dpi=110)


def pictures() -> None:
    """Draw what is missing or older than the page of its method, on two cores."""
    old = []
    for cls in methods():
        file = FIGURES / f"{cls.__name__.lower()}.png"
        page = Path(inspect.getfile(cls)).stat().st_mtime
        if not file.exists() or file.stat().st_mtime < page:
            old.append(cls.__name__)
    if old:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(picture, old))


def methods_index() -> str:
    lines = [
        "# Methods",
        "A method has two columns, the discrete update and its SDE; most have rival SDEs too. Every method also has "
        "the SDE `sampled`, whose drift and diffusion are the mean and covariance of the method's own step, drawn "
        "afresh at every integrator step: it needs no formula.",
    ]
    for family, title in FAMILIES.items():
        members = [cls for cls in methods() if cls.family == family]
        rows = ["| method | its SDEs (weak order) | time per step | what it does |", "|---|---|---|---|"]
        for cls in members:
            sdes = ", ".join(f"{sde.name} ({sde.order:g})" for sde in cls.sdes.values())
            page = f"[{cls.__name__}](pages/{cls.__name__.lower()}.md)"
            rows.append(f"| {page} | {sdes} | `{facts.clock(cls)}` | {prose(facts.summary(cls))} |")
        hidden = "\n".join(f"pages/{cls.__name__.lower()}" for cls in members)
        lines += [f"## {title}", "\n".join(rows), f"```{{toctree}}\n:hidden:\n{hidden}\n```"]
    return "\n\n".join(lines) + "\n"


def groups() -> dict[str, list[str]]:
    """The public names of ``sdeopt`` by what they are; methods have pages of their own."""
    from sdeopt import noise, objectives, optimizers, wrappers

    catalogues = {*noise.__all__, *objectives.__all__, *optimizers.__all__, *wrappers.__all__}
    rest = [n for n in so.__all__ if n not in catalogues and n not in MODULES and n[0] != "_" and n not in RESULTS]
    schedules = [n for n in rest if getattr(so, n).__module__ in ("sdeopt.core.phases", "sdeopt.core.schedule")]
    warned = [n for n in rest if n.endswith("Warning")]
    verbs = [n for n in rest if n not in schedules and n not in warned]
    return {
        "Verbs and problems": sorted(verbs, key=str.lower),
        "Results": sorted(RESULTS),
        "Objectives": sorted(objectives.__all__, key=str.lower),
        "Laws of the gradient noise": sorted(noise.__all__, key=str.lower),
        "Schedules": schedules,
        "Around any method": sorted(wrappers.__all__, key=str.lower),
        "Warnings": warned,
    }


def api_index() -> str:
    lines = ["# API", "Every public name of `sdeopt`. The methods have [pages of their own](../methods/index.md)."]
    for title, names in groups().items():
        listed = "\n   ".join(names)
        lines += [
            f"## {title}",
            f"```{{eval-rst}}\n.. currentmodule:: sdeopt\n\n.. autosummary::\n   :toctree: names\n\n   {listed}\n```",
        ]
    modules = "\n".join(MODULES)
    return "\n\n".join([*lines, "## Modules", f"```{{toctree}}\n{modules}\n```"]) + "\n"


def module_page(name: str) -> str:
    module = getattr(so, name)
    head = f"# sdeopt.{name}\n\n```{{eval-rst}}\n.. currentmodule:: sdeopt.{name}\n"
    entries = []
    for item in sorted(set(module.__all__) - set(so.__all__), key=str.lower):
        thing = getattr(module, item)
        kind = "class" if isinstance(thing, type) else "function" if inspect.isroutine(thing) else "data"
        shown = f"py:data:: {item}\n   :value: {thing}" if get_origin(thing) else f"auto{kind}:: {item}"
        entries.append(f"\n.. {shown}\n")  # a type has no docstring of its own
    return head + "".join(entries) + "```\n"


def write(path: Path, text: str) -> None:
    """Leave what is the same alone, so that only what changed is built again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def generate(*_: Any) -> None:
    pictures()
    for cls in methods():
        write(HERE / "methods" / "pages" / f"{cls.__name__.lower()}.md", method_page(cls))
    write(HERE / "methods" / "index.md", methods_index())
    write(HERE / "api" / "index.md", api_index())
    for name in MODULES:
        write(HERE / "api" / f"{name}.md", module_page(name))


def readable(_app: Any, _kind: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """In docstrings |x| is a length, not a substitution of reStructuredText, and what is indented is a formula."""
    done: list[str] = []
    head, code, literal = True, False, False
    for line in lines:
        head = head and set(line) != {"-"}  # until the first section
        code = line.lstrip().startswith(">>>") or (code and bool(line.strip()))
        literal = literal and line[:1] in ("", " ")
        if head and not literal and line.startswith("    ") and done and not done[-1].strip():
            done += ["::", ""]
            literal = True
        plain = re.split(r"(`[^`]*`)", line)
        done.append(line if code or literal else "".join(s if s[:1] == "`" else s.replace("|", "\\|") for s in plain))
    lines[:] = done


def as_printed(outputs: list[Any]) -> list[Any]:
    """Outputs of a cell, each stream whole: a shell's comes in pieces of 100 bytes, which MyST-NB takes for lines."""
    streams: dict[str, Any] = {}
    kept = []
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
            continue
        kept.append(output)
        if output["output_type"] == "stream":
            streams[output["name"]] = output
    return kept


def connect(app: Any) -> None:
    app.connect("config-inited", generate)
    app.connect("autodoc-process-docstring", readable, priority=400)  # before numpydoc
