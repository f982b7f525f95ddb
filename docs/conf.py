"""Sphinx: ``make -C docs html`` builds the site. Warnings are errors, and nothing is fetched."""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core import render

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# the kernels of the notebooks take this tree too, and the default widths of tables
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
os.environ |= {"COLUMNS": "92", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
COMMAND = HERE / "_build" / "bin" / "sdeopt"  # in cells of the shell: that of this tree, installed or not
COMMAND.parent.mkdir(parents=True, exist_ok=True)
# FORCE_COLOR: kernels of Jupyter ask for colours, which no page shows
COMMAND.write_text(f'#!/bin/sh\nunset FORCE_COLOR\nexec "{sys.executable}" -m sdeopt "$@"\n', encoding="utf-8")
COMMAND.chmod(0o755)
os.environ["PATH"] = os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])

import pages  # noqa: E402

import sdeopt  # noqa: E402

project, author, copyright = "sdeopt", "The sdeopt developers", "The sdeopt developers, BSD-3-Clause"
version = release = sdeopt.__version__
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_gallery/*.ipynb", "auto_gallery/*.py", "auto_gallery/*.zip", "gallery"]
templates_path = ["_templates"]
default_role = "py:obj"  # a link where the name has a page
smartquotes = False  # they would change code in the formulas of docstrings
suppress_warnings = ["config.cache", "mystnb.unknown_mime_type"]

myst_enable_extensions = ["deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "notebooks")
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True
nb_output_stderr = "remove"  # warnings would name places of this machine; reports say what they say

autosummary_generate = True
autosummary_context = {"results": pages.RESULTS}
autodoc_typehints = "none"  # the docstrings say them, with shapes
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "matplotlib_animations": True,
    "min_reported_time": 1,
    "write_computation_times": False,  # a page with scripts from elsewhere
    "copyfile_regex": r".*\.md",
}
for kind in (DeprecationWarning, sdeopt.OnePathWarning):  # which would name places of this machine
    warnings.filterwarnings("ignore", category=kind)

# pages of reports, which need the width more than a list of headings
WIDE = ["derive", *(f"{part}/{page.stem}" for part in ("tutorials", "howto") for page in (HERE / part).glob("*.md"))]
html_theme = "pydata_sphinx_theme"
html_title = "sdeopt"
html_static_path = ["_static"]
html_css_files = ["sdeopt.css"]
html_show_sourcelink = html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "secondary_sidebar_items": {"**": ["page-toc"]} | dict.fromkeys(WIDE, []),
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}


def without_magics(_app: Any, doctree: nodes.document) -> None:
    """Cells of the shell, and cells that write a file, are shown as one would type them."""
    for block in doctree.findall(nodes.literal_block):
        first, _, rest = block.astext().partition("\n")
        magic, _, file = first.partition(" ")
        if magic in ("%%bash", "%%writefile"):
            block["language"] = "bash" if magic == "%%bash" else "python"
            block.rawsource = rest if magic == "%%bash" else f"# {file}\n{rest}"
            block[:] = [nodes.Text(block.rawsource)]


def raised(_app: Any, doctree: nodes.document) -> None:
    """In prose e^{-t} has an exponent and x_{k+1} an index."""
    kinds = {"^": nodes.superscript, "_": nodes.subscript}
    for text in list(doctree.findall(nodes.Text)):
        parts = re.split(r"([\^_])\{([^{}]*)\}", text)
        if len(parts) == 1 or isinstance(text.parent, (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw)):
            continue
        shown = [nodes.Text(parts[0])]
        for sign, inside, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            shown += [kinds[sign]("", inside), nodes.Text(after)]
        text.parent.replace(text, shown)


def at_home(_app: Any, doctree: nodes.document) -> None:
    """Matplotlib's players of animations ask another host for the signs on their buttons, which the theme has."""
    for raw in list(doctree.findall(nodes.raw)):
        if "<link" in raw.astext():
            text = re.sub(r"<link[^>]*https:[^>]*>", "", raw.astext())
            raw.replace_self(nodes.raw("", text, format=raw["format"]))


def setup(app: Any) -> None:
    """Pages that the registry knows are written before Sphinx looks for sources."""
    pages.connect(app)
    merge = render.coalesce_streams
    render.coalesce_streams = lambda outputs: merge(pages.as_printed(outputs))
    app.extensions["sphinx-mathjax-offline"].parallel_read_safe = True  # which it does not say; it only copies files
    for change in (without_magics, raised, at_home):
        app.connect("doctree-read", change)
