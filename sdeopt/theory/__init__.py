"""Closed forms that pages share."""

from sdeopt.theory.averages import averaged_ou, averaged_sgd
from sdeopt.theory.compression import (
    NATURAL_OMEGA,
    dcsgd_bound,
    dcsgd_rule,
    dithering_covariance,
    dithering_omega,
    dsignsgd_rule,
    natural_covariance,
    rand_k_covariance,
    rand_k_omega,
    rand_k_stationary,
)
from sdeopt.theory.delays import delay_limit, delayed_variance
from sdeopt.theory.edge import CentralFlow, central_flow
from sdeopt.theory.edge_rmsprop import RMSpropFlow, rmsprop_central_flow
from sdeopt.theory.epochs import reshuffled_variance
from sdeopt.theory.fractional import (
    antipgd_variance,
    fpgd_variance,
    fractional_ou_variance,
    pgd_variance,
    widening_flow,
)
from sdeopt.theory.linear import correlation, moments, stationary, transition
from sdeopt.theory.manifold import flow_limit, label_noise_flow
from sdeopt.theory.scheduled import power_law, scheduled_limit, scheduled_sgd
from sdeopt.theory.slow import adam_label_noise_flow, slow_coefficients, slow_sde
from sdeopt.theory.stable import levy_ou_scale, stable_sgd_scale
from sdeopt.theory.streaming import homogenized_sgd, homogenized_signsgd, streaming_sgd

__all__ = [
    "NATURAL_OMEGA",
    "CentralFlow",
    "RMSpropFlow",
    "adam_label_noise_flow",
    "central_flow",
    "dcsgd_bound",
    "dcsgd_rule",
    "delay_limit",
    "delayed_variance",
    "dithering_covariance",
    "dithering_omega",
    "dsignsgd_rule",
    "natural_covariance",
    "rand_k_covariance",
    "rand_k_omega",
    "rand_k_stationary",
    "antipgd_variance",
    "averaged_ou",
    "averaged_sgd",
    "fpgd_variance",
    "flow_limit",
    "fractional_ou_variance",
    "homogenized_sgd",
    "homogenized_signsgd",
    "label_noise_flow",
    "levy_ou_scale",
    "pgd_variance",
    "power_law",
    "reshuffled_variance",
    "rmsprop_central_flow",
    "slow_coefficients",
    "slow_sde",
    "scheduled_limit",
    "scheduled_sgd",
    "stable_sgd_scale",
    "streaming_sgd",
    "widening_flow",
    "correlation",
    "moments",
    "stationary",
    "transition",
]
