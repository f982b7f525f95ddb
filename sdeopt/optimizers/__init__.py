"""The pages: one file, one optimizer, both columns."""

from sdeopt.optimizers.adabelief import AdaBelief
from sdeopt.optimizers.adafactor import Adafactor
from sdeopt.optimizers.adagrad import Adagrad
from sdeopt.optimizers.adagradnorm import AdaGradNorm
from sdeopt.optimizers.adam import Adam
from sdeopt.optimizers.adamw import AdamW
from sdeopt.optimizers.altgda import AltGDA
from sdeopt.optimizers.altgdaindependent import AltGDAIndependent
from sdeopt.optimizers.amsgrad import AMSGrad
from sdeopt.optimizers.antipgd import AntiPGD
from sdeopt.optimizers.byzclip21sgd2m import ByzClip21SGD2M
from sdeopt.optimizers.clip21sgd2m import Clip21SGD2M
from sdeopt.optimizers.cubicnewton import CubicNewton
from sdeopt.optimizers.dcsgddithering import DCSGDDithering
from sdeopt.optimizers.dcsgdnatural import DCSGDNatural
from sdeopt.optimizers.dcsgdnormalised import DCSGDNormalised
from sdeopt.optimizers.dcsgdrandk import DCSGDRandK
from sdeopt.optimizers.delayedsgd import DelayedSGD
from sdeopt.optimizers.diloco import DiLoCo
from sdeopt.optimizers.directsearch import DirectSearch
from sdeopt.optimizers.dnsam import DNSAM
from sdeopt.optimizers.dpadam import DPAdam
from sdeopt.optimizers.dpsgd import DPSGD
from sdeopt.optimizers.dpsignsgd import DPSignSGD
from sdeopt.optimizers.dsgd import DSGD
from sdeopt.optimizers.dsignsgd import DSignSGD
from sdeopt.optimizers.fedavgm import FedAvgM
from sdeopt.optimizers.fpgd import FPGD
from sdeopt.optimizers.heavyball import HeavyBall
from sdeopt.optimizers.lion import Lion
from sdeopt.optimizers.localsgd import LocalSGD
from sdeopt.optimizers.muon import Muon
from sdeopt.optimizers.nadam import NAdam
from sdeopt.optimizers.nesterov import Nesterov
from sdeopt.optimizers.ngn import NGN
from sdeopt.optimizers.ngnd import NGND
from sdeopt.optimizers.ngnm import NGNM
from sdeopt.optimizers.ngnmd import NGNMD
from sdeopt.optimizers.pcnsgd import PCNSGD
from sdeopt.optimizers.pgd import PGD
from sdeopt.optimizers.rmsprop import RMSprop
from sdeopt.optimizers.rmspropw import RMSpropW
from sdeopt.optimizers.sam import SAM
from sdeopt.optimizers.schedulefreeadamw import ScheduleFreeAdamW
from sdeopt.optimizers.schedulefreesgd import ScheduleFreeSGD
from sdeopt.optimizers.scion import Scion
from sdeopt.optimizers.scionspectral import ScionSpectral
from sdeopt.optimizers.seg import SEG
from sdeopt.optimizers.segindependent import SEGIndependent
from sdeopt.optimizers.sgd import SGD
from sdeopt.optimizers.sgda import SGDA
from sdeopt.optimizers.sghmc import SGHMC
from sdeopt.optimizers.sgld import SGLD
from sdeopt.optimizers.shampoo import Shampoo
from sdeopt.optimizers.shgd import SHGD
from sdeopt.optimizers.shgd2 import SHGD2
from sdeopt.optimizers.signsgd import SignSGD
from sdeopt.optimizers.signsgdw import SignSGDW
from sdeopt.optimizers.signum import Signum
from sdeopt.optimizers.smoothedgda import SmoothedGDA
from sdeopt.optimizers.smoothedgdaindependent import SmoothedGDAIndependent
from sdeopt.optimizers.soap import SOAP
from sdeopt.optimizers.spsmax import SPSMax
from sdeopt.optimizers.topkef import TopKEF
from sdeopt.optimizers.usam import USAM
from sdeopt.optimizers.warmupsgd import WarmupSGD
from sdeopt.optimizers.zosgd import ZOSGD

__all__ = [
    "AMSGrad",
    "ByzClip21SGD2M",
    "Clip21SGD2M",
    "DCSGDDithering",
    "DCSGDNatural",
    "DCSGDNormalised",
    "DCSGDRandK",
    "DSGD",
    "DSignSGD",
    "TopKEF",
    "DNSAM",
    "DPSGD",
    "FPGD",
    "NAdam",
    "NGN",
    "NGND",
    "NGNM",
    "NGNMD",
    "PCNSGD",
    "PGD",
    "SAM",
    "SEG",
    "SGD",
    "SGDA",
    "SGHMC",
    "SGLD",
    "SHGD",
    "SHGD2",
    "SOAP",
    "SPSMax",
    "USAM",
    "ZOSGD",
    "AdaBelief",
    "AdaGradNorm",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "AltGDA",
    "AltGDAIndependent",
    "AntiPGD",
    "CubicNewton",
    "DPAdam",
    "DPSignSGD",
    "DelayedSGD",
    "DiLoCo",
    "DirectSearch",
    "FedAvgM",
    "HeavyBall",
    "Lion",
    "LocalSGD",
    "Muon",
    "Nesterov",
    "RMSprop",
    "RMSpropW",
    "SEGIndependent",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Scion",
    "ScionSpectral",
    "Shampoo",
    "SignSGD",
    "SignSGDW",
    "Signum",
    "SmoothedGDA",
    "SmoothedGDAIndependent",
    "WarmupSGD",
]
