"""Errors to plant in the pages of injected noise, fractional noise, and its theory."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, named

MUTATIONS = [
    Mutation(
        "PGD: η for √η in the injected noise",
        f"{PAGES}/pgd.py", "self.sigma * np.sqrt(self.lr) * w", "self.sigma * self.lr * w",
        named("injection", "test_one_euler_step_of_the_sde_is_the_step[page0]"),
    ),
    Mutation(
        "AntiPGD: √d dropped in the reach of the mean gradient",
        f"{PAGES}/antipgd.py", "reach = self.sigma * np.sqrt(float(y.size))", "reach = self.sigma",
        named("injection", "test_hessian_off_quadratics_has_the_drift_and_misses_the_fourth_power_of_sigma"),
    ),
    Mutation(
        "AntiPGD: the gradient behind the point",
        f"{PAGES}/antipgd.py", "noisy_grad(o, y + self.sigma * w, seen)", "noisy_grad(o, y - self.sigma * w, seen)",
        named("injection", "test_antipgd_is_the_recursion_of_the_literature"),
    ),
    Mutation(
        "FPGD: √η for η^H",
        f"{PAGES}/fpgd.py", "power(self.lr, self.hurst)", "power(self.lr, 0.5)",
        named("injection", "test_one_euler_step_of_the_sde_is_the_step[page1]"),
    ),
    Mutation(
        "fractional noise: 2^{2H} - 1 at lag one",
        "sdeopt/core/fractional.py", "2.0 ** (p - 1.0) - 1.0", "2.0**p - 1.0",
        named("fractional_noise", "test_covariance_of_fractional_noise"),
    ),
    Mutation(
        "fractional noise: half the variance of the inner frequencies",
        "sdeopt/engine/given.py", "white[1:n] *= np.sqrt(0.5)", "white[1:n] *= 0.5",
        named("fractional_noise", "test_made_noise_has_this_covariance_exactly"),
    ),
    Mutation(
        "fractional noise: coarse noise scaled as white",
        "sdeopt/engine/given.py", "float(stride) ** hurst", "float(stride) ** 0.5",
        named("fractional_noise", "test_both_columns_follow_the_same_motion"),
    ),
    Mutation(
        "theory of fractional noise: Γ(2H) for Γ(2H + 1)",
        "sdeopt/theory/fractional.py", "math.gamma(p + 1.0)", "math.gamma(p)",
        named("fractional_noise", "test_variances_of_fractional_noise"),
    ),
    Mutation(
        "theory of fractional noise: lags counted once",
        "sdeopt/theory/fractional.py", "twice = np.where(k > 0, 2.0, 1.0)", "twice = np.where(k > 0, 1.0, 1.0)",
        named("fractional_noise", "test_discrete_variance_is_the_double_sum"),
    ),
]  # fmt: skip
