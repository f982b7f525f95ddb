"""All metadata are in setup.cfg but this: on an index, where there are no files to link to, README.md has none."""

import re
from pathlib import Path

from setuptools import setup

text = Path("README.md").read_text(encoding="utf-8")
text = re.sub(r"^!\[[^]]*]\((?!https:)[^)]*\)\n+", "", text, flags=re.MULTILINE)  # figures
setup(long_description=re.sub(r"\[([^]]+)]\((?!https:)[^)]*\)", r"\1", text))
