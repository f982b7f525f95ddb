"""Student's quantiles, from SciPy's functions alone.

Importing ``scipy.special`` takes as long as a small run: it prepares for the arrays of other libraries, and reads what
is written about each function. Its functions are in a file of their own, which is loaded without that where this is the
only thread, so that no other can see a package that lacks the rest; a later import of the package finds them there.
"""

from __future__ import annotations

import functools
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["student"]

PACKAGE = "scipy.special"


@functools.cache
def _function() -> Any:
    if PACKAGE not in sys.modules and threading.active_count() == 1:
        import scipy

        package = ModuleType(PACKAGE)
        package.__path__ = [str(Path(scipy.__file__).with_name("special"))]
        sys.modules[PACKAGE] = package
        try:
            from scipy.special._ufuncs import stdtrit

            return stdtrit
        except ImportError:  # another SciPy
            pass
        finally:
            del sys.modules[PACKAGE]
    from scipy.special import stdtrit

    return stdtrit


def student(freedom: Any, p: float) -> Any:
    """The quantile of Student's law with so many degrees of freedom at ``p``, as ``scipy.special.stdtrit`` has it."""
    return _function()(freedom, p)
