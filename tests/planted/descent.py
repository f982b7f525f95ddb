"""Errors to plant in the pages of gradient descent: SGD, its momenta, sharpness, warm-up and injected temperature."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "SGD: the drift points uphill",
        f"{PAGES}/sgd.py",
        "return -grad(o, x)\n\n    def diffusion(self, t", "return grad(o, x)\n\n    def diffusion(self, t",
        moments("SGD"),
    ),
    Mutation(
        "SGD: η for √η in the diffusion",
        f"{PAGES}/sgd.py",
        "return -np.sqrt(self.lr) * root_cov(o, x, dw)\n\n    def linear(self, H",
        "return -self.lr * root_cov(o, x, dw)\n\n    def linear(self, H",
        moments("SGD"),
    ),
    Mutation(
        "SGD: η for η/2 in the drift of order2",
        f"{PAGES}/sgd.py", "return -g - 0.5 * self.lr * hvp(o, x, g)\n", "return -g - self.lr * hvp(o, x, g)\n",
        ("tests/test_acceptance.py::test_means_and_covariances_on_the_quadratic[SGD(lr=0.1)-order2]",),
    ),
    Mutation(
        "SGD curvature: the drift of order2",
        f"{PAGES}/sgd.py", "return -g + 0.5 * self.lr * hvp(o, x, g)", "return -g - 0.5 * self.lr * hvp(o, x, g) + 0.0",
        named("curvature", "test_the_loss_changes_as_in_a_step_of_sgd"),
    ),
    Mutation(
        "AffineGaussian: the length of the gradient for its square",
        "sdeopt/noise/affine.py", "self.growth * g * g", "self.growth * np.abs(g)",
        named("curvature", "test_limits_of_stability_in_mean_square"),
    ),
    Mutation(
        "USAM: the Hessian forgotten in the noise",
        f"{PAGES}/usam.py",
        "return -np.sqrt(self.lr) * (w + self.rho * hvp(o, x, w))", "return -np.sqrt(self.lr) * w",
        moments("USAM"),
    ),
    Mutation(
        "SAM: the direction of the full gradient for the mean direction",
        f"{PAGES}/sam.py",
        "return -g - self.rho * hvp(o, x, expect_direction(o, x, g))", "return -g - self.rho * hvp(o, x, g / norm(g))",
        moments("SAM"),
    ),
    Mutation(
        "HeavyBall: μ for 1 - μ as friction",
        f"{PAGES}/heavyball.py",
        "(grad(o, x) - (1.0 - self.momentum) * v) / h", "(grad(o, x) - self.momentum * v) / h",
        moments("HeavyBall"),
    ),
    Mutation(
        "page: an argument written to",
        f"{PAGES}/heavyball.py",
        "        v1 = self.momentum * v + noisy_grad(o, x, z)\n",
        "        v *= self.momentum\n        v1 = v + noisy_grad(o, x, z)\n",
        ("tests/contract/test_functions_are_pure.py::test_functions_leave_their_arguments_alone[HeavyBall-2]",),
    ),
    Mutation(
        "Nesterov: v before the step looks ahead",
        f"{PAGES}/nesterov.py", "(g + self.momentum * v1), v1", "(g + self.momentum * v), v1",
        named("nesterov", "test_twenty_steps_of_nesterov"),
    ),
    Mutation(
        "Nesterov: order2 seen from the wrong side",
        f"{PAGES}/nesterov.py",
        "dx - np.sqrt(self.lr) * (grad(o, x)", "dx + np.sqrt(self.lr) * (grad(o, x)",
        named("nesterov", "test_linear_is_the_sde_of_nesterov_on_a_quadratic[order2]"),
    ),
    Mutation(
        "SGLD: factor 2 dropped in the injected noise of the SDE",
        f"{PAGES}/sgld.py", "return np.sqrt(2.0 * self.temperature)", "return np.sqrt(self.temperature)",
        moments("SGLD"),
    ),
    Mutation(
        "SGLD: η for √η in the injected noise of the step",
        f"{PAGES}/sgld.py", "np.sqrt(2.0 * self.lr * self.temperature)", "self.lr * np.sqrt(2.0 * self.temperature)",
        named("sgld", "test_one_step_of_sgld_is_a_step_of_eulers_method"),
    ),
    Mutation(
        "WarmupSGD: the noise not warmed up",
        f"{PAGES}/warmupsgd.py", "np.sqrt(self.lr) * caution(self, x, o) *", "np.sqrt(self.lr) *",
        named("normalised", "test_warmup_without_curvature_gain_is_sgd"),
    ),
    Mutation(
        "WarmupSGD: the minimum added",
        f"{PAGES}/warmupsgd.py", "value(o, x) - self.minimum", "value(o, x) + self.minimum",
        named("normalised", "test_warmup_measures_the_loss_from_the_minimum"),
    ),
]  # fmt: skip
