"""
Bilinear games
==============

On f(x, y) = λxy simultaneous descent-ascent spirals outwards. The extra gradient step and the Hamiltonian rest at
levels that theory has. After Monzio Compagnoni et al. (2024), arXiv:2402.12508, on bilinear games.
"""

import matplotlib.pyplot as plt

import sdeopt as so
from sdeopt.theory import games

lr, rho = 0.01, 0.5
problem = so.Problem(so.QuadraticGame(a=0.0, coupling=2.0), so.Gaussian(1.0), x0=[0.4, 0.4])
words = {"a": 0.0, "coupling": 2.0, "lr": lr, "sigma": 1.0}
levels = {"SEG": games.seg(rho=rho, **words).stationary(), "SHGD": games.shgd(**words).stationary()}

fig, ax = plt.subplots()
for method, color in ((so.SGDA(lr), "#717581"), (so.SEG(lr, rho=rho), "#bd1f01"), (so.SHGD(lr), "#832db6")):
    name = type(method).__name__
    e = so.simulate(method, problem, horizon=6.0, paths=4000, rng=0)
    sde = so.simulate(method, problem, "sde", horizon=6.0, paths=4000, rng=0)
    ax.semilogy(e.times[::4], e.observables["norm2"][0][::4] / 2, "o", ms=4, color=color, label=name)
    ax.semilogy(sde.times, sde.observables["norm2"][0] / 2, color=color)
    if name in levels:
        ax.axhline(levels[name], color=color, ls="--", lw=0.9)
ax.set(xlabel="time t = kη", ylabel="E |z|²/2", title="dots: method, lines: SDE, dashed: theory", ylim=(2e-3, 1))
ax.legend()
plt.show()
