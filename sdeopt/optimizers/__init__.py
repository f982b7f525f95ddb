"""The pages: one file, one optimizer, both columns."""

from sdeopt.optimizers.adagrad import Adagrad
from sdeopt.optimizers.adam import Adam
from sdeopt.optimizers.adamw import AdamW
from sdeopt.optimizers.antipgd import AntiPGD
from sdeopt.optimizers.dnsam import DNSAM
from sdeopt.optimizers.fpgd import FPGD
from sdeopt.optimizers.heavyball import HeavyBall
from sdeopt.optimizers.lion import Lion
from sdeopt.optimizers.nesterov import Nesterov
from sdeopt.optimizers.pgd import PGD
from sdeopt.optimizers.rmsprop import RMSprop
from sdeopt.optimizers.rmspropw import RMSpropW
from sdeopt.optimizers.sam import SAM
from sdeopt.optimizers.sgd import SGD
from sdeopt.optimizers.sgld import SGLD
from sdeopt.optimizers.signsgd import SignSGD
from sdeopt.optimizers.signsgdw import SignSGDW
from sdeopt.optimizers.signum import Signum
from sdeopt.optimizers.usam import USAM

__all__ = [
    "DNSAM",
    "FPGD",
    "PGD",
    "SAM",
    "SGD",
    "SGLD",
    "USAM",
    "Adagrad",
    "Adam",
    "AdamW",
    "AntiPGD",
    "HeavyBall",
    "Lion",
    "Nesterov",
    "RMSprop",
    "RMSpropW",
    "SignSGD",
    "SignSGDW",
    "Signum",
]
