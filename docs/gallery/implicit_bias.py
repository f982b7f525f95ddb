"""
The start chooses the solution
==============================

A diagonal linear network β = u² - v² has many interpolators. From a small start gradient descent finds one of small ℓ₁
norm, here the sparse truth, from a large one of small ℓ₂ norm. After Woodworth et al. (2020), arXiv:2002.09277, on the
kernel and the rich regime.
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
found = []
for size in sizes:
    problem = so.Problem(network, so.NoNoise(), x0=np.full(2 * p, size))
    u, v = np.split(so.simulate(so.SGD(lr=0.01), problem, steps=20_000, paths=1, save_at=2).final[0], 2)
    found.append(u * u - v * v)
least = np.linalg.pinv(X) @ X @ truth

fig, ax = plt.subplots()
ax.semilogx(sizes, np.abs(found).sum(axis=1), "o-", color="#bd1f01", label="ℓ₁ norm")
ax.semilogx(sizes, np.linalg.norm(found, axis=1), "s-", color="#3f90da", label="ℓ₂ norm")
ax.axhline(np.abs(truth).sum(), color="#bd1f01", ls="--", lw=1, label="of the truth")
ax.axhline(np.linalg.norm(least), color="#3f90da", ls=":", lw=1, label="least ℓ₂ norm of all")
ax.set(xlabel="size of the start", ylabel="norm of β")
ax.legend()
plt.show()
