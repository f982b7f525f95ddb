"""Certificates: the weak order of an SDE as a fitted slope with an interval."""

from sdeopt.certificate.certify import certify
from sdeopt.certificate.report import Certificate

__all__ = ["Certificate", "certify"]
