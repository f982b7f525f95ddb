"""
Paths over the contours of Rosenbrock
=====================================

The same noise, three methods, three paths each. The function is Rosenbrock's (1960), doi:10.1093/comjnl/3.3.175; the
figure is of no paper.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

problem = so.Problem(so.Rosenbrock(), so.Gaussian(1.0), x0=[-1.0, 1.0])
methods = [so.SGD(lr=0.001), so.SignSGD(lr=0.001), so.HeavyBall(lr=0.0002, momentum=0.9)]

a, b = np.meshgrid(np.linspace(-1.6, 1.6, 120), np.linspace(-0.6, 1.8, 90))
f = (1 - a) ** 2 + 100 * (b - a * a) ** 2
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True)
for ax, method in zip(axes, methods, strict=True):
    e = so.simulate(method, problem, steps=4000, paths=3, keep_paths=True, rng=0)
    ax.contour(a, b, np.log10(f + 0.03), 14, colors="0.8", linewidths=0.7)
    for path in e.paths:
        ax.plot(path[:, 0], path[:, 1], lw=0.9)
    ax.plot(1.0, 1.0, "k*")
    ax.set(title=type(method).__name__, xlabel="x₁")
axes[0].set_ylabel("x₂")
fig.tight_layout()
plt.show()
