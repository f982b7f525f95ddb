"""
A saddle attracts SAM
=====================

Along a direction of negative curvature SAM falls into the saddle if it begins nearer than ρ, and USAM does so at any
distance if ρ|h| > 1; SGD leaves. After Monzio Compagnoni et al. (2023), arXiv:2301.08203, on saddles.
"""

import matplotlib.pyplot as plt

import sdeopt as so

h, rho, lr = -1.0, 0.3, 0.01
methods = {
    "SGD": so.SGD(lr),
    f"SAM, ρ = {rho}": so.SAM(lr, rho=rho),
    f"USAM, ρ = {rho}": so.USAM(lr, rho=rho),
    "USAM, ρ = 1.5": so.USAM(lr, rho=1.5),
}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
for ax, x0 in zip(axes, (0.9 * rho, 1.1 * rho), strict=True):
    for name, method in methods.items():
        e = so.simulate(method, so.Problem(so.Quadratic([h]), x0=[x0]), horizon=2.0, paths=1)
        ax.semilogy(e.times, abs(e.mean[:, 0]), label=name)
    ax.axhline(rho, color="k", lw=0.7, ls="--")
    ax.set(title=f"from {x0 / rho:.1f} ρ", xlabel="time t = kη", ylim=(1e-3, 10))
axes[0].set_ylabel("distance from the saddle")
axes[0].legend()
plt.show()
