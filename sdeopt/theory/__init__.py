"""Closed forms that pages share."""

from sdeopt.theory.linear import correlation, moments, stationary, transition

__all__ = ["correlation", "moments", "stationary", "transition"]
