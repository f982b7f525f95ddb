"""
A scaling rule and its evidence
===============================

Sixteen times the batch: SignSGD keeps its law if the learning rate grows by the root, 4, and not by 16. The rule
for one agent is derived from the SDE of Monzio Compagnoni et al. (2025), arXiv:2502.17009; square roots for adaptive
methods are of Malladi et al. (2022), arXiv:2205.10287.
"""

import matplotlib.pyplot as plt

import sdeopt as so

problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(32.0), x0=[1.0, -1.0])
scaling = so.scale(so.SignSGD(lr=0.02), batch=(16, 256), problem=problem)
print(scaling.after, scaling.rule.source)
evidence = scaling.evidence(horizon=20.0, paths=1000, rng=0)
evidence.plot()
plt.show()
