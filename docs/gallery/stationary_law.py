"""
The law at rest, against its density
====================================

Langevin dynamics in a double well rests at the density exp(-f/T) of Gibbs, SignSGD on a quadratic at a normal law of
variance (η/2) √(π/2) σ/h. After Raginsky, Rakhlin and Telgarsky (2017), arXiv:1702.03849, and Monzio Compagnoni et al.
(2025), arXiv:2411.15958.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

T, lr, sigma = 0.4, 0.02, 0.5
wells = so.Problem(so.DoubleWell(), so.NoNoise())
well = so.simulate(so.SGLD(0.005, temperature=T), wells, horizon=20.0, paths=4000, rng=0)
starts = np.random.default_rng(0).uniform(-lr, lr, size=(4000, 1))  # or all signs would move on one lattice
bowl = so.Problem(so.Quadratic([1.0]), so.Gaussian(sigma), x0=starts)
sign = so.simulate(so.SignSGD(lr), bowl, horizon=8.0, rng=0)

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4))
x = np.linspace(-2.0, 2.0, 200)
gibbs = np.exp(-((x * x - 1.0) ** 2) / T)
axes[0].hist(well.final[:, 0], 50, density=True, color="#bd1f01", alpha=0.5)
axes[0].plot(x, gibbs / np.trapezoid(gibbs, x), "k--", lw=1)
variance = lr / 2 * np.sqrt(np.pi / 2) * sigma
y = np.linspace(-4.0, 4.0, 200) * np.sqrt(variance)
axes[1].hist(sign.final[:, 0], 50, density=True, color="#bd1f01", alpha=0.5)
axes[1].plot(y, np.exp(-y * y / (2 * variance)) / np.sqrt(2 * np.pi * variance), "k--", lw=1)
axes[0].set(title="SGLD, double well", xlabel="x", ylabel="density")
axes[1].set(title="SignSGD, quadratic", xlabel="x")
plt.show()
