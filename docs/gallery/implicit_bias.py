"""
The start chooses the solution
==============================

A diagonal linear network β = u² - v² has many interpolators. From a small start gradient descent finds one of small ℓ₁
norm, from a large one of small ℓ₂ norm; the noise of single examples works like a smaller start. After Woodworth et al.
(2020), arXiv:2002.09277, and Pesme, Pillaud-Vivien and Flammarion (2021), arXiv:2106.09524.
"""

import matplotlib.pyplot as plt
import numpy as np

import sdeopt as so

p, n = 20, 10
rng = np.random.default_rng(1)
truth = np.zeros(p)
truth[:2] = 1.0, -1.0
X = rng.standard_normal((n, p))
network = so.DiagonalLinearNetwork(X, X @ truth)

sizes = [0.01, 0.03, 0.1, 0.3, 1.0]
laws = {"gradient descent": (so.NoNoise(), "#717581", 1), "single examples": (so.Minibatch(1), "#bd1f01", 16)}
fig, ax = plt.subplots()
for name, (law, color, paths) in laws.items():
    error = []
    for size in sizes:
        problem = so.Problem(network, law, x0=np.full(2 * p, size))
        u, v = np.split(so.simulate(so.SGD(lr=0.01), problem, steps=20_000, paths=paths, rng=0).final, 2, axis=1)
        error.append(np.median(np.linalg.norm(u * u - v * v - truth, axis=1)))
    ax.loglog(sizes, error, "o-", color=color, label=name)
ax.set(xlabel="size of the start", ylabel="distance of β from the sparse truth")
ax.legend()
plt.show()
