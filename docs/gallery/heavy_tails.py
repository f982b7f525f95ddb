"""
Heavy tails: SGD breaks, SignSGD does not
=========================================

Under Student's t with one degree of freedom the noise has no mean. The median of ``|x|`` falls under both; far
quantiles stay far under SGD, and fall under SignSGD. After Monzio Compagnoni et al. (2025), arXiv:2411.15958, on
heavy-tailed noise.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

starts = np.random.default_rng(0).uniform(1.95, 2.05, size=(2000, 1))  # or all signs would move on one lattice
problem = so.Problem(so.Quadratic([1.0]), so.StudentT(nu=1, scale=0.3), x0=starts)
fig, ax = plt.subplots()
for method, color in ((so.SGD(lr=0.05), "#717581"), (so.SignSGD(lr=0.05), "#bd1f01")):
    e = so.simulate(method, problem, horizon=8.0, keep_paths=True, rng=0)
    distance = np.abs(e.paths[:, :, 0])
    for q, style in ((0.5, "-"), (0.99, "--")):
        label = f"{type(method).__name__}, {'median' if q == 0.5 else '99 % quantile'}"
        ax.semilogy(e.times, np.quantile(distance, q, axis=0), style, color=color, label=label)
ax.set(xlabel="time t = kη", ylabel="|x|")
ax.legend()
plt.show()
