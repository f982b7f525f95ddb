"""
Three SDEs of Adam
==================

With noise in V, the variance of x is that of Adam; the SDE of Compagnoni et al., without it, has nearly the right mean
and too much variance; that of Malladi et al. is for noise that dominates, as it does not here. After arXiv:2411.15958
(their SDE beside that of Malladi et al., arXiv:2205.10287); the first is of arXiv:2509.21614.
"""

import matplotlib.pyplot as plt

import sdeopt as so

method = so.Adam(lr=0.02, beta1=0.96, beta2=0.97, eps=1e-6)
problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
settings = {"horizon": 2.0, "paths": 4000, "rng": 0}

fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
adam = so.simulate(method, problem, **settings)
axes[0].plot(adam.times[::4], adam.mean[::4, 0], "o", ms=4, color="#bd1f01", label="Adam")
axes[1].plot(adam.times[::4], adam.variance[::4, 0], "o", ms=4, color="#bd1f01")
for name, color, style in (("full", "#3f90da", "-"), ("compagnoni", "#e76300", "--"), ("malladi", "#717581", ":")):
    e = so.simulate(method, problem, "sde", sde=name, **settings)
    axes[0].plot(e.times, e.mean[:, 0], style, color=color, label=name)
    axes[1].plot(e.times, e.variance[:, 0], style, color=color)
axes[0].set(xlabel="time t = kη", ylabel="E x")
axes[1].set(xlabel="time t = kη", ylabel="Var x")
axes[0].legend()
fig.tight_layout()
plt.show()
