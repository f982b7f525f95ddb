"""The command line, ``sdeopt COMMAND``, in the words of the Python functions."""

from sdeopt.cli.app import main

__all__ = ["main"]
