"""The pages: one file, one optimizer, both columns."""

from sdeopt.optimizers.adam import Adam
from sdeopt.optimizers.adamw import AdamW
from sdeopt.optimizers.antipgd import AntiPGD
from sdeopt.optimizers.dnsam import DNSAM
from sdeopt.optimizers.fpgd import FPGD
from sdeopt.optimizers.heavyball import HeavyBall
from sdeopt.optimizers.pgd import PGD
from sdeopt.optimizers.rmsprop import RMSprop
from sdeopt.optimizers.rmspropw import RMSpropW
from sdeopt.optimizers.sam import SAM
from sdeopt.optimizers.sgd import SGD
from sdeopt.optimizers.signsgd import SignSGD
from sdeopt.optimizers.usam import USAM

__all__ = [
    "FPGD",
    "PGD",
    "AntiPGD",
    "DNSAM",
    "SAM",
    "SGD",
    "USAM",
    "Adam",
    "AdamW",
    "HeavyBall",
    "RMSprop",
    "RMSpropW",
    "SignSGD",
]
