"""Errors to plant in SGHMC and AdaBelief."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "SGHMC: heat without its factor 2",
        f"{PAGES}/sghmc.py", "heat = root * np.sqrt(2.0 * (1.0", "heat = root * np.sqrt((1.0", moments("SGHMC"),
    ),
    Mutation(
        "SGHMC: friction left out of the heat",
        f"{PAGES}/sghmc.py", "np.sqrt(2.0 * (1.0 - self.momentum) * self.lr * self.temperature)",
        "np.sqrt(2.0 * self.lr * self.temperature)", named("sghmc", "test_sghmc_at_rest_on_a_line[discrete]"),
    ),
    Mutation(
        "AdaBelief: the square of γ - m, the old mean",
        f"{PAGES}/adabelief.py", "(g - m1) * (g - m1) + self.eps", "(g - m) * (g - m) + self.eps",
        named("sghmc", "test_ten_steps_of_adabelief_by_hand"),
    ),
    Mutation(
        "AdaBelief: the drift of V with the gradient's own square",
        f"{PAGES}/adabelief.py", "square_drift(o, x, g - m, v / kept)", "square_drift(o, x, g, v / kept)",
        moments("AdaBelief"),
    ),
    Mutation(
        "AdaBelief: the noise of V with the gradient itself",
        f"{PAGES}/adabelief.py", "square_noise(o, x, grad(o, x) - m, w, dw[1])",
        "square_noise(o, x, grad(o, x), w, dw[1])", moments("AdaBelief"),
    ),
]  # fmt: skip
