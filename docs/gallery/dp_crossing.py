"""
Private training: signs win below some ε
========================================

At rest the loss of DP-SGD grows like 1/ε², that of DP-SignSGD like 1/ε: below a crossing the signs are better. Guides
begin at the largest ε, where the laws hold best. After Monzio Compagnoni et al. (2026), arXiv:2603.03226, on the loss
at rest against ε.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so
from sdeopt.theory.private import abadi_sigma

lr = 0.02
problem = so.Problem(so.Quadratic([1.0, 1.0]), so.Batch(so.Gaussian(0.1), batch=4), x0=[0.0, 0.0])
epsilons = np.array([0.05, 0.1, 0.2, 0.4, 0.8])

fig, ax = plt.subplots()
for method, color, power in ((so.DPSGD, "#717581", -2.0), (so.DPSignSGD, "#bd1f01", -1.0)):
    loss = []
    for epsilon in epsilons:
        sigma = abadi_sigma(epsilon, 1e-5, 1000, 0.01)
        e = so.simulate(method(lr, clip=1.0, sigma_dp=sigma), problem, horizon=6.0, paths=1000, rng=0)
        loss.append(e.observables["loss"][0][-1])
    ax.loglog(epsilons, loss, "o", color=color, label=method.__name__)
    guide = loss[-1] * (epsilons / epsilons[-1]) ** power
    ax.loglog(epsilons, guide, "--", lw=0.9, color=color, label=f"power {power:g}")
ax.set(xlabel="privacy budget ε", ylabel="loss at rest")
ax.set_xticks(epsilons, [f"{epsilon:g}" for epsilon in epsilons])
ax.minorticks_off()
ax.legend()
plt.show()
