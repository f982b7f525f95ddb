"""A page in Markdown, HTML and LaTeX."""

from __future__ import annotations

import html as escaping
import unicodedata
from collections.abc import Sequence

from sdeopt.results.page import Line, Page, Table, cell

__all__ = ["html", "latex", "markdown"]

COLOURS = {"good": "#1a7f37", "open": "#9a6700", "bad": "#bd1f01", "dim": "#717581"}  # 4.5:1 or more on white
SHORT = 32  # signs up to which a cell stays on one line
MATHS = {
    "±": r"\pm", "×": r"\times", "·": r"\cdot", "−": "-", "∞": r"\infty", "→": r"\to", "∇": r"\nabla", "∂": r"\partial",
    "√": r"\surd", "∫": r"\int", "‖": r"\|", "⟨": r"\langle", "⟩": r"\rangle", "≤": r"\le", "≥": r"\ge", "∑": r"\sum",
    "<": "<", ">": ">", "|": "|", "^": r"\hat{}", "⌊": r"\lfloor", "⌋": r"\rfloor",
}  # fmt: skip
WORDS = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "…": r"\dots{}", "–": "--", "—": "---", "’": "'",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


def markdown(page: Page) -> str:
    """Lists for the head and the notes, a table for every table."""

    def plain(line: Line) -> str:
        text = " ".join(cell(line).text.split())
        for sign in "\\`*<|":
            text = text.replace(sign, f"\\{sign}")
        return text

    def row(cells: Sequence[Line]) -> str:
        return f"| {' | '.join(map(plain, cells))} |"

    parts = ["\n".join(f"- {plain(name)}: {plain(value)}" for name, value in page.head)]
    for table in page.tables:
        rule = "|".join("---" if i in table.left else "---:" for i in range(len(table.headings)))
        parts.append("\n".join([row(table.headings), f"|{rule}|", *map(row, table.rows)]))
    parts.append("\n".join(f"- {plain(note)}" for note in page.notes))
    return "\n\n".join(filter(None, parts)) + "\n"


def html(page: Page) -> str:
    """A fragment of HTML: tables and a list."""

    def element(tag: str, line: Line, right: bool = False) -> str:
        text, tone = cell(line)
        style = [f"color:var(--sdeopt-{tone},{COLOURS[tone]})"] if tone else []
        if tag != "li":  # notebooks have a look of their own for cells
            style += [f"text-align:{'right' if right else 'left'}", *["white-space:nowrap"] * (len(text) < SHORT)]
        look = f' style="{";".join(style)}"' if style else ""
        return f"<{tag}{look}>{escaping.escape(text)}</{tag}>"

    def row(tag: str, cells: Sequence[Line], left: Sequence[int]) -> str:
        return f"<tr>{''.join(element(tag, c, i not in left) for i, c in enumerate(cells))}</tr>"

    parts = [f"<table>{''.join(row('td', line, (0, 1)) for line in page.head)}</table>"]
    for table in page.tables:
        body = "".join(row("td", cells, table.left) for cells in table.rows)
        parts.append(f"<table>{row('th', table.headings, table.left)}{body}</table>")
    parts.append(f"<ul>{''.join(element('li', note) for note in page.notes)}</ul>" if page.notes else "")
    return "".join(parts)


def latex(page: Page) -> str:
    """Tabulars and a list, for a preamble with ``booktabs``; signs beyond ASCII become mathematics."""
    parts = [_tabular(Table((), list(page.head), (0, 1))), *map(_tabular, page.tables)]
    if page.notes:
        notes = "\n".join(rf"\item {_tex(cell(note).text)}" for note in page.notes)
        parts.append(f"\\begin{{itemize}}\n{notes}\n\\end{{itemize}}")
    return "\n\n".join(filter(None, parts)) + "\n"


def _tabular(table: Table) -> str:
    lines = [" & ".join(_tex(cell(c).text) for c in row) + r" \\" for row in (table.headings, *table.rows) if row]
    if not lines:
        return ""
    if table.headings:
        lines = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    columns = max(map(len, (table.headings, *table.rows)))
    layout = "".join("l" if i in table.left else "r" for i in range(columns))
    return "\n".join([f"\\begin{{tabular}}{{{layout}}}", *lines, r"\end{tabular}"])


def _tex(text: str) -> str:
    return "".join(map(_sign, text)).replace("$$", "")  # neighbours share their dollars


def _sign(sign: str) -> str:
    """One sign in LaTeX: Greek letters, indices and exponents by their names in Unicode."""
    if sign in WORDS:
        return WORDS[sign]
    if sign in MATHS:
        return f"${MATHS[sign]}$"
    if sign.isascii():
        return sign
    kind, _, code = unicodedata.decomposition(sign).partition(" ")
    if kind in ("<sub>", "<super>"):
        raised = chr(int(code, 16))
        return f"${'_' if kind == '<sub>' else '^'}{{{MATHS.get(raised, raised)}}}$"
    words = unicodedata.name(sign, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        letter = words[3].lower().replace("lamda", "lambda")
        return f"$\\{letter if words[1] == 'SMALL' else letter.capitalize()}$"
    return sign  # a letter with an accent, which LaTeX reads
