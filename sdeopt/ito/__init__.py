"""Any SDE, in the sense of Itô or Stratonovich: the equation from plain functions, and its integration."""

from sdeopt.ito.equation import SDE
from sdeopt.ito.integration import integrate

__all__ = ["SDE", "integrate"]
