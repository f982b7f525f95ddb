"""
Noise with memory
=================

Gradient descent with fractional noise of Hurst index H on a quadratic: the variance rests at σ² H Γ(2H) h^{-2H}, so the
more anticorrelated the noise, the less the curvature h counts. After Lucchi et al. (2022), arXiv:2209.09162, on
fractional noise.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so
from sdeopt.theory import fractional_ou_variance

lr, sigma = 0.01, 0.5
curvatures = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
problem = so.Problem(so.Quadratic(curvatures), so.NoNoise(), x0=np.zeros(5))
fine = np.geomspace(0.25, 4.0, 50)

fig, ax = plt.subplots()
for hurst, color in ((0.1, "#bd1f01"), (0.25, "#832db6"), (0.5, "#717581"), (0.75, "#3f90da")):
    e = so.simulate(so.FPGD(lr, sigma=sigma, hurst=hurst), problem, horizon=10.0, paths=2000, save_at=5, rng=0)
    ax.loglog(curvatures, e.variance[-1], "o", color=color, label=f"H = {hurst:g}")
    theory = [fractional_ou_variance(h, sigma, hurst) for h in fine]
    ax.loglog(fine, theory, "--", lw=1, color=color)
ax.set(xlabel="curvature h", ylabel="Var x at t = 10", title="dots: fPGD; dashed: at rest, by theory")
ax.set_xticks(curvatures, [f"{h:g}" for h in curvatures])
ax.minorticks_off()
ax.legend()
plt.show()
