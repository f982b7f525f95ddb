"""``python -m sdeopt``: the command line."""

from sdeopt.cli import main

main(prog_name="sdeopt")
