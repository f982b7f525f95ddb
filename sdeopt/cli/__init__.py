"""The command line: ``sdeopt list | show | simulate | compare | certify | cite | cache``, in the words of Python."""

from sdeopt.cli.app import main

__all__ = ["main"]
