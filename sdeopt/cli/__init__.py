"""The command line: ``sdeopt list | show | simulate | compare | certify | sweep | cite | cache``, in Python's words."""

from sdeopt.cli.app import main

__all__ = ["main"]
