"""The command line: ``sdeopt list | show | simulate | compare | cite``, in the words of the Python functions."""

from sdeopt.cli.app import main

__all__ = ["main"]
