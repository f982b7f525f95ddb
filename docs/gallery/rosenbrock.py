"""
Paths over the contours of Rosenbrock
=====================================

The same noise, three methods, four paths each; below, those of momentum as they run. The function is Rosenbrock's
(1960), doi:10.1093/comjnl/3.3.175; the figure is of no paper.
"""

import matplotlib.pyplot as plt

import sdeopt as so

problem = so.Problem(so.Rosenbrock(), so.Gaussian(1.0), x0=[-1.0, 1.0])
methods = [so.SGD(lr=0.001), so.SignSGD(lr=0.001), so.HeavyBall(lr=0.0002, momentum=0.9)]

fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
for ax, method in zip(axes, methods, strict=True):
    e = so.simulate(method, problem, steps=4000, save_at=400, paths=4, keep_paths=True, rng=0)
    e.plot_paths(problem.objective, ax=ax)
    ax.plot(1.0, 1.0, "k*")
    ax.set_title(type(method).__name__)

# %%
# Those of momentum, as they run:
slow = so.simulate(methods[-1], problem, steps=4000, save_at=40, paths=4, keep_paths=True, rng=0)
running = slow.animate(problem.objective)
plt.show()
