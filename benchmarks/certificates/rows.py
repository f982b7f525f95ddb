"""The rows: problems on which the terms of a claim show, and ladders on which the gaps fall like powers.

Learning rates are as large as the powers allow: a gap η² of a covariance of size η is the easier to see the larger η.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.certificates.dominated import DominatedAdam
from sdeopt.objectives.spec import parse

__all__ = ["ROWS", "Case"]

GATES = {1.0: 0.15, 2.0: 0.2}  # by how much the slope of a mean may miss its order, beyond its interval
COARSE, WIDE, MIDDLE, FINE, FINEST, TINY = ([top, top / 2.0, top / 4.0] for top in (0.4, 0.3, 0.2, 0.1, 0.05, 0.025))


@dataclass(frozen=True)
class Case:
    """A certificate to be made, and what it should say; ``order`` is the slope of the means in h."""

    name: str
    method: Any
    problem: so.Problem
    words: dict[str, Any]
    order: float = 1.0
    expected: tuple[str, str] = ("certified", "right")

    def certify(self, **more: Any) -> so.Certificate:
        """The certificate."""
        return so.certify(self.method, self.problem, **({"rng": 0, "max_paths": 2**20} | self.words | more))

    def failed(self, c: so.Certificate) -> str:
        """What differs from the expectation, in words; "" if nothing does."""
        if (c.means, c.covariance) != self.expected:
            return f"means {c.means}, covariance {c.covariance}"
        judged = [row for row in c.rows if row.model == "SDE" and row.verdict in ("certified", "right")]
        missed = [abs(row.slope.value - self.order) - row.slope.half for row in judged if row.kind == "mean"]
        if max(missed, default=0.0) > GATES[self.order]:
            return "the slope of a mean misses its gate"
        wide = max((row.slope.half for row in judged), default=0.0)
        return "" if wide <= c.meta["precision"] else f"an interval of ± {wide:.2f}"


def words(lrs: Any, horizon: float, **more: Any) -> dict[str, Any]:
    return {"lrs": lrs, "horizon": horizon} | more


H = so.Quadratic([1.0, 2.0])
CORRELATED = so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]])
NEAR, TILT = [1.0, -0.7], [1.0, -0.8]
NORMAL = so.Problem(H, so.Gaussian([0.5, 0.8]), x0=NEAR)
ARCSINE = so.Problem(H, so.Gaussian(cov=[[0.25, 0.32], [0.32, 0.64]]), x0=NEAR)
STUDENT = {nu: so.Problem(H, so.StudentT(nu, [0.5, 0.8]), x0=NEAR) for nu in (1.0, 2.0, 3.0)}
GENTLE = so.Problem(H, so.Gaussian([0.3, 0.4]), x0=NEAR)
TILTED = so.Problem(H, CORRELATED, x0=TILT)
FAR = so.Problem(H, CORRELATED, x0=[2.5, -2.0])  # from critical points
SADDLE = so.Problem(so.EmbeddedSaddle(), CORRELATED, x0=[0.4, 1.0])
AGENTS = so.Problem(H, so.Agents(so.Gaussian(0.5), agents=2), x0=NEAR)
THREE = so.Problem(H, so.Agents(so.Gaussian(0.5), agents=3), x0=NEAR)
BATCH = so.Problem(H, so.Batch(so.Gaussian(0.6), batch=4), x0=NEAR)
GAME = so.Problem(so.QuadraticGame(a=0.5, coupling=1.0, b=1.0), CORRELATED, x0=TILT)
DATA = so.Problem(parse("linear-regression:small"), so.Gaussian(0.5))
CLASSES = so.Problem(parse("logistic:imbalanced"), so.Gaussian(0.6), x0=[0.5, -0.5])  # less noise, more bent a drift
LEAST = so.MatrixQuadratic([[2.0, 0.0, 0.6], [0.4, -2.0, 1.0]], np.diag([1.0, 1.4]))
SLOPE = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.3), x0=[1.0])
LINE = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.3), x0=[0.5])
MATRIX, CALM = (so.Problem(LEAST, so.Gaussian(sigma)) for sigma in (0.3, 0.05))
COLUMN = so.Problem(so.MatrixQuadratic([[1.0], [-0.7]], np.diag([1.0, 1.4])), so.Gaussian(0.3))
# M and D change sign again and again; the horizons are half-way between the first and the second time, and the noise is
# so small that at η = 0.05 either is four of its deviations away: what a change of sign leaves behind, not the change
SLIDE = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.15), x0=[1.0])
BOX = so.Problem(so.Quadratic([1.0], center=[0.3]), so.Gaussian(0.1), x0=[1.0])

WRONG, REFUTED = ("certified", "wrong"), ("refuted", "wrong")
RMS, RMSW = so.RMSprop(0.1, 0.85, 0.0), so.RMSpropW(0.1, 0.85, 0.0, 1.0)  # 1 - β = 3η/2, 1 - β₁ = 2η
ADAM, ADAMW = so.Adam(0.1, 0.8, 0.85, 0.0), so.AdamW(0.1, 0.8, 0.85, 0.0, 1.0)
CAREFUL = {"paths": 2**15, "max_paths": 2**22}  # 4096 paths tell too little from zero to choose what is judged
SIGNS, STEADY = words(MIDDLE, 1.0, max_paths=2**22), words(FINE, 1.0, warm=True)
MILD, LONG = words(COARSE, 1.6), words([0.6, 0.3, 0.15], 3.6, substeps=4, max_paths=2**23)
ROOTS, SMALL_ROOTS, TINY_ROOTS = ([lr, lr / 4.0, lr / 16.0] for lr in (0.04, 0.01, 0.0025))  # steps take √lr

ROWS = [
    Case("SGD", so.SGD(0.1), TILTED, words(FINE, 2.0)),
    Case("SGD order2", so.SGD(0.2), TILTED, words(MIDDLE, 2.0, sde="order2"), 2.0),
    Case("SGD curvature", so.SGD(0.1), TILTED, words(FINE, 2.0, sde="curvature")),
    Case("DelayedSGD", so.DelayedSGD(0.1, 1), SLOPE, words(FINE, 1.2)),
    Case("DelayedSGD order2", so.DelayedSGD(0.2, 1), SLOPE, words(MIDDLE, 1.2, sde="order2"), 2.0),
    Case("ZOSGD", so.ZOSGD(0.2, 0.1), SLOPE, words(MIDDLE, 1.2, max_paths=2**23)),
    Case("DirectSearch", so.DirectSearch(0.4), LINE, words(COARSE, 1.6, substeps=4, max_paths=2**23)),
    Case("HeavyBall", so.HeavyBall(0.04, 0.8), TILTED, words(ROOTS, 2.0)),
    Case("HeavyBall order2", so.HeavyBall(0.01, 0.9), TILTED, words(SMALL_ROOTS, 2.0, sde="order2"), 2.0),
    Case("Nesterov", so.Nesterov(0.01, 0.9), TILTED, words(SMALL_ROOTS, 2.0)),
    Case("Nesterov order2", so.Nesterov(0.0025, 0.95), TILTED, words(TINY_ROOTS, 2.0, sde="order2"), 2.0),
    Case("USAM", so.USAM(0.1, 0.3), TILTED, words(FINE, 2.0)),
    Case("SAM", so.SAM(0.1, 0.5 * 0.1**0.5), SADDLE, words(FINE, 1.0)),
    Case("DNSAM", so.DNSAM(0.1, 0.5 * 0.1**0.5), FAR, words(FINE, 0.8)),
    Case("SignSGD", so.SignSGD(0.2), NORMAL, SIGNS),
    Case("SignSGD correlated", so.SignSGD(0.2), ARCSINE, SIGNS),
    Case("SignSGD t1", so.SignSGD(0.2), STUDENT[1.0], SIGNS),
    Case("SignSGD t2", so.SignSGD(0.2), STUDENT[2.0], SIGNS),
    Case("SignSGD t3", so.SignSGD(0.2), STUDENT[3.0], SIGNS),
    Case("SignSGDW", so.SignSGDW(0.2, 0.5), NORMAL, SIGNS),
    Case("Signum", so.Signum(0.05, 0.95), SLIDE, words(FINEST, 2.0, substeps=4)),
    Case("Lion", so.Lion(0.2, 0.5, 0.8), NORMAL, SIGNS),
    Case("RMSprop", RMS, GENTLE, STEADY),
    Case("RMSprop compagnoni", RMS, GENTLE, STEADY | {"sde": "compagnoni"}, expected=WRONG),
    Case("RMSprop malladi", RMS, GENTLE, STEADY | {"sde": "malladi"}, expected=REFUTED),
    Case("RMSpropW", RMSW, GENTLE, STEADY),
    Case("Adam", ADAM, GENTLE, STEADY),
    Case("Adam compagnoni", ADAM, GENTLE, STEADY | {"sde": "compagnoni"}, expected=WRONG),
    Case("Adam malladi", ADAM, GENTLE, STEADY | {"sde": "malladi"}, expected=REFUTED),
    Case("Adam malladi, noise dominates", DominatedAdam(0.4, 0.84, 0.92), NORMAL,
        words([0.4, 0.4 / 2**0.5, 0.2], 1.6, **CAREFUL)),
    Case("NAdam", so.NAdam(0.1, 0.8, 0.85, 0.2, 0.0), GENTLE, words(FINE, 1.0)),
    Case("AMSGrad", so.AMSGrad(0.1, 0.8, 0.85, 0.0), GENTLE, STEADY),
    Case("AdaBelief", so.AdaBelief(0.1, 0.8, 0.85, 0.0), GENTLE, STEADY),
    Case("AdamW", ADAMW, GENTLE, STEADY),
    Case("ScheduleFreeSGD", so.ScheduleFreeSGD(0.1, 0.6), TILTED, words(FINE, 2.0)),
    Case("ScheduleFreeAdamW", so.ScheduleFreeAdamW(0.1, 0.6, 0.7, 0.3, 0.5), GENTLE, words(FINE, 4.0)),
    Case("Adagrad", so.Adagrad(0.1**0.5, 0.0, 20.0), GENTLE, words([0.1**0.5, 0.05**0.5, 0.025**0.5], 1.0)),
    Case("AdaGradNorm", so.AdaGradNorm(0.1**0.5, 20.0), GENTLE, words([0.1**0.5, 0.05**0.5, 0.025**0.5], 1.0)),
    Case("DSGD", so.DSGD(0.2), AGENTS, SIGNS),
    Case("LocalSGD", so.LocalSGD(0.2, 2), AGENTS, words(MIDDLE, 1.2, max_paths=2**22)),
    Case("LocalSGD order2", so.LocalSGD(0.2, 2, 1.3), AGENTS, words(MIDDLE, 1.2, sde="order2", max_paths=2**23), 2.0),
    Case("FedAvgM", so.FedAvgM(0.05, 2, 0.1, 0.9), AGENTS, words(FINEST, 2.0, max_paths=2**23)),
    Case("DiLoCo", so.DiLoCo(0.05, 2, 0.1, 0.9, 0.9, 0.85, 0.5, 0.5), AGENTS, words(FINEST, 2.0, substeps=4)),
    Case("DCSGD rand-1", so.DCSGDRandK(0.3, 1), AGENTS, words(WIDE, 1.2, max_paths=2**22)),
    Case("DCSGD curvature", so.DCSGDRandK(0.3, 1), AGENTS, words(WIDE, 1.2, sde="curvature", max_paths=2**22)),
    Case("DCSGD normalised", so.DCSGDNormalised(0.3, 1), AGENTS, words(WIDE, 1.2, max_paths=2**22)),
    Case("DCSGD dithering", so.DCSGDDithering(0.4, 1), AGENTS, MILD),
    Case("DCSGD natural", so.DCSGDNatural(0.4), AGENTS, MILD),
    Case("DSignSGD", so.DSignSGD(0.2), AGENTS, SIGNS),
    Case("DSignSGD curvature", so.DSignSGD(0.2), AGENTS, SIGNS | {"sde": "curvature"}),
    Case("TopKEF", so.TopKEF(0.1, 1), AGENTS, words(FINE, 1.0)),  # memories last 2η: at η = 0.2 still 0.4 of the time 1
    Case("Clip21SGD2M", so.Clip21SGD2M(0.05, 0.1, 0.1, 10.0, 0.5), AGENTS, words(FINEST, 1.0)),  # nothing is clipped
    Case("Clip21SGD2M clipped", so.Clip21SGD2M(0.025, 0.05, 0.05, 0.3, 0.5), AGENTS, words(TINY, 2.0)),
    Case("ByzClip21SGD2M", so.ByzClip21SGD2M(0.05, 0.1, 0.1, 10.0, 0.5, 0.5, 1, 9.0), THREE, words(FINEST, 1.0)),
    Case("DPSGD", so.DPSGD(0.4, 0.7, 1.0), BATCH, MILD),
    Case("DPSGD unclipped", so.DPSGD(0.4, 50.0, 0.02), BATCH, MILD | {"sde": "unclipped"}),
    Case("DPSGD clipped", so.DPSGD(4e3, 1e-4, 1.0), BATCH, words([4e3, 2e3, 1e3], 1.6e4, sde="clipped")),  # steps 0.4 u
    Case("DPSignSGD", so.DPSignSGD(0.2, 0.7, 4.0), BATCH, SIGNS | {"paths": 2**17}),  # the shift by dt is noisy
    Case("DPSignSGD unclipped", so.DPSignSGD(0.2, 10.0, 0.1), BATCH, SIGNS | {"sde": "unclipped"}),
    Case("DPAdam", so.DPAdam(0.2, 0.6, 0.7, 0.0, 0.7, 1.0), BATCH, words(MIDDLE, 1.6)),  # gaps change sign at 1 and 2
    Case("SGDA", so.SGDA(0.1), GAME, words(FINE, 2.0)),
    Case("SGDA order2", so.SGDA(0.2), GAME, words(MIDDLE, 2.0, sde="order2"), 2.0),
    Case("AltGDA", so.AltGDA(0.1), GAME, words(FINE, 2.0)),
    Case("AltGDA order2", so.AltGDA(0.2), GAME, words(MIDDLE, 2.0, sde="order2"), 2.0),
    Case("AltGDAIndependent", so.AltGDAIndependent(0.1), GAME, words(FINE, 2.0)),
    Case("AltGDAIndependent order2", so.AltGDAIndependent(0.2), GAME, words(MIDDLE, 2.0, sde="order2"), 2.0),
    Case("SEG", so.SEG(0.1, 0.1), GAME, words(FINE, 2.0)),
    Case("SEG order2", so.SEG(0.2, 0.1), GAME, words(MIDDLE, 2.0, sde="order2"), 2.0),
    Case("SEGIndependent", so.SEGIndependent(0.1, 0.1), GAME, words(FINE, 2.0)),
    Case("SHGD", so.SHGD(0.1), GAME, words(FINE, 2.0)),
    Case("SHGD2", so.SHGD2(0.1), GAME, words(FINE, 2.0)),
    Case("SmoothedGDA", so.SmoothedGDA(0.1), GAME, words(FINE, 2.0)),
    Case("SmoothedGDAIndependent", so.SmoothedGDAIndependent(0.1), GAME, words(FINE, 2.0)),
    Case("PGD", so.PGD(0.1), TILTED, words(FINE, 1.0)),
    Case("FPGD", so.FPGD(0.1), TILTED, words(FINE, 1.0)),
    Case("SGHMC", so.SGHMC(0.04, 0.8, 0.1), TILTED, words(ROOTS, 2.0)),
    Case("SGLD", so.SGLD(0.2, 0.1), NORMAL, SIGNS),
    Case("AntiPGD", so.AntiPGD(0.2, 0.5), TILTED, SIGNS),
    Case("AntiPGD hessian", so.AntiPGD(0.2, 0.5), TILTED, SIGNS | {"sde": "hessian"}),
    Case("NGN", so.NGN(0.2), DATA, SIGNS),
    Case("NGNM", so.NGNM(0.2, 0.8), DATA, words(MIDDLE, 3.2)),  # at 1 the gap of the mean changes its sign
    Case("NGND", so.NGND(0.2), DATA, SIGNS),
    Case("NGNMD", so.NGNMD(0.1, 0.8, 0.85, 0.0), DATA, STEADY),
    Case("SPSMax", so.SPSMax(0.2), DATA, SIGNS),
    Case("WarmupSGD", so.WarmupSGD(0.2), TILTED, SIGNS),
    Case("PCNSGD", so.PCNSGD(0.6), CLASSES, LONG),
    Case("PCNSGD directions", so.PCNSGD(0.6), CLASSES, LONG | {"sde": "directions"}),
    Case("Scion", so.Scion(0.05, 0.95), BOX, words(FINEST, 1.2, max_paths=2**22)),
    Case("ScionSpectral", so.ScionSpectral(0.2, 0.6), MATRIX, words(MIDDLE, 0.8, substeps=4, warm=True)),
    Case("Shampoo", so.Shampoo(0.4**0.5, 1.25), COLUMN, words([0.4**0.5, 0.2**0.5, 0.1**0.5], 1.6, substeps=4)),
    Case("SOAP", so.SOAP(0.1, 0.8, 0.85, 0.3, 0.5), COLUMN, words(FINE, 0.8, substeps=4, warm=True)),
    Case("Muon", so.Muon(0.1, 0.8), CALM, words(FINE, 0.8, substeps=4, warm=True)),
]  # fmt: skip


def default(cls: Any) -> Case:
    """The row of a method that has none here: its page's own problem, and the ladder of signs."""
    from sdeopt.noise.spec import parse as law

    objective, noise = cls.example
    given = {field: 0.2 for field in cls._fields if field not in cls._field_defaults}
    return Case(cls.__name__, cls(**given), so.Problem(parse(objective), law(noise)), SIGNS)


ROWS += [default(cls) for name, cls in so.methods().items() if name not in {type(row.method).__name__ for row in ROWS}]
