"""Errors to plant in the pages of signs, and the law of the sign of a noisy gradient."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "SignSGD: the root dropped in the diffusion",
        f"{PAGES}/signsgd.py",
        "return -np.sqrt(self.lr) * root_sign_cov", "return -self.lr * root_sign_cov",
        moments("SignSGD"),
    ),
    Mutation(
        "signs: σ for √2 σ in the error function",
        f"{NOISE}/signs.py", "(np.sqrt(0.5) / where(noisy, sd, 1.0))", "(1.0 / where(noisy, sd, 1.0))",
        moments("SignSGD"),
    ),
    Mutation(
        "signs: correlated noise with independent signs",
        f"{NOISE}/signs.py",
        "c = c + weights[k] * angles * exp", "c = c + 0.0 * weights[k] * angles * exp",
        ("tests/test_signs.py",),
    ),
    Mutation(
        "Lion: β₁ and β₂ swapped",
        f"{PAGES}/lion.py",
        "c = self.beta1 * m + (1.0 - self.beta1) * g", "c = self.beta2 * m + (1.0 - self.beta2) * g",
        named("sign_pages", "test_twenty_steps_by_hand[page0]"),
    ),
    Mutation(
        "Lion: the noises of x and m of opposite signs",
        f"{PAGES}/lion.py",
        "kick, (1.0 - self.beta2) / np.sqrt(self.lr) * w", "kick, -(1.0 - self.beta2) / np.sqrt(self.lr) * w",
        named("sign_pages", "test_the_covariation_of_lion_is_that_of_the_theory"),
    ),
    Mutation(
        "Lion: 2/π twice at rest",
        f"{PAGES}/lion.py", "shared = -kappa * slope * Sigma", "shared = -kappa * 2.0 / np.pi * slope * Sigma",
        named("sign_levels", "test_stationary_of_lion_is_the_linearised_sde"),
    ),
    Mutation(
        "Lion: β₂ tied to √η",
        f"{PAGES}/lion.py", "(1.0 - self.beta2) * lr / self.lr)", "(1.0 - self.beta2) * np.sqrt(lr / self.lr))",
        ("tests/contract/test_regimes.py",),
    ),
    Mutation(
        "Signum: the sign of the old mean",
        f"{PAGES}/signum.py", "return x - self.lr * np.sign(m1), m1", "return x - self.lr * np.sign(m), m1",
        named("sign_pages", "test_twenty_steps_by_hand[page1]"),
    ),
    Mutation(
        "Signum, Lion: the weight of the new gradient forgotten in the sign",
        f"{PAGES}/lion.py", "return beta / (1.0 - beta) * m", "return beta * m",
        named("sign_pages", "test_one_step_of_signs_has_the_moments_of_the_sde[Signum]"),
    ),
    Mutation(
        "SignSGDW: the L2 term of the step outside the sign",
        f"{PAGES}/signsgdw.py",
        "(np.sign(noisy_grad(o, x, z) + self.l2 * x)", "(np.sign(noisy_grad(o, x, z)) + (self.l2 * x)",
        named("sign_pages", "test_one_step_of_signs_has_the_moments_of_the_sde[SignSGDW]"),
    ),
    Mutation(
        "SignSGDW: √(π/2) for √(2/π) at rest",
        f"{PAGES}/signsgdw.py", "A = np.sqrt(2.0 / np.pi)", "A = np.sqrt(np.pi / 2.0)",
        named("sign_levels", "test_stationary_variance_with_decay"),
    ),
]  # fmt: skip
