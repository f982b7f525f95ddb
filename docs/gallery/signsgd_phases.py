"""
The three phases of SignSGD
===========================

Far from the minimum SignSGD moves at speed 1, then slower, and near it decays exponentially at the rate √(2/π) h/σ.
After Monzio Compagnoni et al. (2025), arXiv:2411.15958, the phases of SignSGD and their bounds.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

lr, sigma = 0.01, 0.5
problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(sigma), x0=[3.0])
settings = {"horizon": 4.5, "paths": 4000, "rng": 0}
runs = {kind: so.simulate(so.SignSGD(lr), problem, kind, **settings) for kind in ("discrete", "sde")}
t = runs["sde"].times

fig, ax = plt.subplots()
ax.semilogy(t[::3], runs["discrete"].mean[::3, 0], "o", ms=4, color="#bd1f01", label="SignSGD")
ax.semilogy(t, runs["sde"].mean[:, 0], color="#3f90da", label="its SDE")
first = 3.0 - np.sqrt(2) * sigma * 1.5  # Y = |x|/(√2 σ) falls to 3/2
ax.semilogy(t[t < first], 3.0 - t[t < first], "k--", lw=1, label="phase 1: speed 1")
late = t > 3.0
start = runs["sde"].mean[late, 0][0]
rate = np.sqrt(2 / np.pi) / sigma
ax.semilogy(t[late], start * np.exp(-rate * (t[late] - t[late][0])), "k:", lw=1.5, label="phase 3: rate √(2/π)/σ")
ax.set(xlabel="time t = kη", ylabel="E x")
ax.legend()
plt.show()
