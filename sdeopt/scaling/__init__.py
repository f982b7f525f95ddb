"""Which hyperparameters keep the law of x when batch, agents or compression change: rules, conditions, evidence."""

from sdeopt.scaling.report import Evidence
from sdeopt.scaling.rules import RULES, Rule
from sdeopt.scaling.scale import Scaling, scale

__all__ = ["RULES", "Evidence", "Rule", "Scaling", "scale"]
