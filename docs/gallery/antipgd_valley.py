"""
Anti-PGD finds the wide part of the valley
==========================================

Anticorrelated noise descends f + σ²/2 tr ∇²f: the trace of the Hessian falls along a valley of minima, where gradient
descent stays at its entrance and ordinary noise ends where it is narrow. After Orvieto et al. (2022),
arXiv:2202.02831, on the widening valley.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

d, sigma, lr = 20, 0.1, 0.01
problem = so.Problem(so.WideningValley(d=d), so.NoNoise())
methods = {
    "gradient descent": (so.SGD(lr), "#717581"),
    "PGD": (so.PGD(lr, sigma=sigma / np.sqrt(lr)), "#e76300"),
    "Anti-PGD": (so.AntiPGD(lr, sigma=sigma), "#bd1f01"),
}

fig, ax = plt.subplots()
for name, (method, color) in methods.items():
    e = so.simulate(method, problem, steps=2000, paths=100, save_at=50, keep_paths=True, rng=0)
    trace = d * e.paths[:, :, d] ** 2 + (e.paths[:, :, :d] ** 2).sum(axis=2)
    ax.semilogy(e.times, trace.mean(axis=0), color=color, label=name)
ax.set(xlabel="time t = kη", ylabel="tr ∇²f along the path")
ax.legend()
plt.show()
