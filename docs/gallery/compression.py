"""
Compression costs 1 + ω
=======================

Agents that send k of d coordinates end at 1 + ω = d/k times the loss, and the learning rate η/(1 + ω) undoes it. After
Monzio Compagnoni et al. (2025), arXiv:2502.17009, on unbiased compression.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so
from sdeopt.theory import dcsgd_rule, rand_k_omega

d, agents, lr = 8, 4, 0.02
problem = so.Problem(so.Quadratic([1.0] * d), so.Agents(so.Gaussian(1.0), agents=agents), x0=[0.0] * d)


def rest(rate, k):
    e = so.simulate(so.DCSGDRandK(rate, k=k), problem, steps=round(4.0 / rate), paths=1000, rng=0)
    return e.observables["loss"][0][-1]


ks = np.array([1, 2, 4, 8])
same = np.array([rest(lr, k) for k in ks])
slower = np.array([rest(lr * dcsgd_rule(rand_k_omega(d, k)), k) for k in ks])
fig, ax = plt.subplots()
ax.loglog(d / ks, same / same[-1], "o", color="#bd1f01", label="same learning rate")
ax.loglog(d / ks, slower / same[-1], "s", color="#832db6", label="η/(1 + ω)")
ax.loglog(d / ks, d / ks, "k--", lw=1, label="theory: 1 + ω")
ax.axhline(1.0, color="k", lw=0.7)
ax.set(xlabel="1 + ω = d/k", ylabel="loss at rest, over that without compression")
ax.set_xticks(d / ks, [f"{d / k:g}" for k in ks])
ax.minorticks_off()
ax.legend()
plt.show()
