"""Closed forms that pages share."""

from sdeopt.theory.fractional import (
    antipgd_variance,
    fpgd_variance,
    fractional_ou_variance,
    pgd_variance,
    widening_flow,
)
from sdeopt.theory.linear import correlation, moments, stationary, transition
from sdeopt.theory.stable import levy_ou_scale, stable_sgd_scale

__all__ = [
    "antipgd_variance",
    "fpgd_variance",
    "fractional_ou_variance",
    "levy_ou_scale",
    "pgd_variance",
    "stable_sgd_scale",
    "widening_flow",
    "correlation",
    "moments",
    "stationary",
    "transition",
]
