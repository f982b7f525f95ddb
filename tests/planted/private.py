"""Errors to plant in the private pages, batches of examples, and their theory."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, named

MUTATIONS = [
    Mutation(
        "DPSGD: private noise of the sum added to the mean",
        f"{PAGES}/dpsgd.py",
        "self.clip * self.sigma_dp / batch_size(o) * w", "self.clip * self.sigma_dp * w",
        named("private", "test_the_multiplier_is_that_of_the_sum_and_is_divided_by_the_batch"),
    ),
    Mutation(
        "DPSGD: the mean of a direction taken at the noise of the batch",
        f"{PAGES}/dpsgd.py",
        "expect_direction(o, x, grad(o, x) / np.sqrt(batch_size(o)))", "expect_direction(o, x, grad(o, x))",
        named("private", "test_the_drift_when_everything_is_clipped"),
    ),
    Mutation(
        "DPSGD: B for √B under the spread of the directions",
        f"{PAGES}/dpsgd.py", "(u / np.sqrt(B) + self.sigma_dp / B * dw[2])", "(u / B + self.sigma_dp / B * dw[2])",
        named("private", "test_the_diffusion_when_everything_is_clipped"),
    ),
    Mutation(
        "DPSignSGD: standard deviations added",
        f"{PAGES}/dpsignsgd.py",
        "np.sqrt(noise_var(o, x) + private * private)", "(np.sqrt(noise_var(o, x)) + private)",
        named("private", "test_the_sign_drift_when_nothing_is_clipped"),
    ),
    Mutation(
        "DPSignSGD: 1/√2 dropped before the difference of signs",
        f"{PAGES}/dpsignsgd.py", "return half * (np.sign(m", "return (np.sign(m",
        named("private", "test_signs_of_a_correlated_normal"),
    ),
    Mutation(
        "DPAdam: the bias of the square corrected with β₁",
        f"{PAGES}/adam.py", "1.0 / (1.0 - power(self.beta2, k + 1.0))", "1.0 / (1.0 - power(self.beta1, k + 1.0))",
        named("private", "test_two_steps_of_dp_adam_by_hand"),
    ),
    Mutation(
        "DPAdam: β₁ for β₁² in the bound of the square",
        f"{PAGES}/adam.py", "self.beta2 - self.beta1 * self.beta1", "self.beta2 - self.beta1",
        named("private", "test_the_domain_of_dp_adam_holds_every_state_that_it_can_reach"),
    ),
    Mutation(
        "Batch: B for √B",
        f"{NOISE}/batch.py", "dw) / np.sqrt(1.0 * self.batch)\n", "dw) / self.batch\n",
        named("batches", "test_the_mean_of_normal_noise_is_normal_noise"),
    ),
    Mutation(
        "Batch: examples not independent",
        f"{NOISE}/batch.py", "return z[0] / np.sqrt(1.0 * count) - mean / count", "return z[0] / np.sqrt(1.0 * count)",
        named("batches", "test_the_normals_of_the_examples_are_independent_and_sum_to_the_shared_one"),
    ),
    Mutation(
        "theory of privacy: √B for B under the private noise",
        "sdeopt/theory/private.py", "(added / B) ** 2", "added**2 / B",
        named("private", "test_the_sign_drift_when_nothing_is_clipped"),
    ),
    Mutation(
        "theory of privacy: √(2/π) for √(π/2)",
        "sdeopt/theory/private.py", "slope = math.sqrt(math.pi / 2.0)", "slope = math.sqrt(2.0 / math.pi)",
        named("privacy", "test_the_rates_of_the_curves"),
    ),
]  # fmt: skip
