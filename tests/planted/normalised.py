"""Errors to plant in the pages that normalise: by the loss, by the classes, by a ball of matrices."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "NGN: 2 dropped before the loss",
        f"{PAGES}/ngn.py", "twice = 2.0 * np.maximum", "twice = 1.0 * np.maximum",
        named("normalised", "test_ngn_without_noise_is_implicit_euler_on_quadratics"),
    ),
    Mutation(
        "SPSMax: Polyak's step size not divided by c",
        f"{PAGES}/spsmax.py", "self.c * dot(g, g)", "dot(g, g)",
        named("polyak", "test_sps_max_on_single_squares_is_kaczmarz"),
    ),
    Mutation(
        "SPSMax: the lower bound added",
        f"{PAGES}/spsmax.py", "noisy_value(o, x, z) - self.minimum", "noisy_value(o, x, z) + self.minimum",
        named("polyak", "test_sps_max_measures_the_loss_from_its_lower_bound"),
    ),
    Mutation(
        "SPSMax: no bound on the step size",
        f"{PAGES}/spsmax.py", "np.minimum(gap / where(square > 0.0, square, 1.0), self.lr)", "gap / square",
        named("polyak", "test_sps_max_below_its_bound_is_sgd"),
    ),
    Mutation(
        "NGND: slopes for their squares",
        f"{PAGES}/ngnd.py", "gauss_newton(self.lr, g * g,", "gauss_newton(self.lr, np.abs(g),",
        named("polyak", "test_ngnd_is_its_published_recursion"),
    ),
    Mutation(
        "NGNMD: the length of the gradient without its preconditioner",
        f"{PAGES}/ngnmd.py", "self.lr * total(g * u)", "self.lr * total(g * g)",
        named("polyak", "test_ngnmd_is_its_published_recursion"),
    ),
    Mutation(
        "NGNMD: the bias of the mean of squares corrected a step late",
        f"{PAGES}/ngnmd.py", "power(self.beta2, k + 1.0)", "power(self.beta2, k + 2.0)",
        named("polyak", "test_ngnmd_is_its_published_recursion"),
    ),
    Mutation(
        "NGNMD: the noise of M without its preconditioner",
        f"{PAGES}/ngnmd.py", "kappa * w / denominator(self, t, x, v, o), kick", "kappa * w, kick", moments("NGNMD"),
    ),
    Mutation(
        "NGNM: the gradient enters the mean in full",
        f"{PAGES}/ngnm.py", "(1.0 - self.beta) * shrink * g", "shrink * g",
        named("normalised", "test_ngnm_is_the_published_recursion"),
    ),
    Mutation(
        "NGNM: κ for κ² in the closed form",
        f"{PAGES}/ngnm.py", "kappa * kappa * self.lr * Sigma", "kappa * self.lr * Sigma",
        ("tests/contract/test_linear_forms.py",),
    ),
    Mutation(
        "Scion: η for √η in the diffusion",
        f"{PAGES}/scion.py",
        "(1.0 - self.beta) / np.sqrt(self.lr) * root_cov", "(1.0 - self.beta) / self.lr * root_cov",
        moments("Scion"),
    ),
    Mutation(
        "ScionSpectral: x does not decay",
        f"{PAGES}/scionspectral.py", "return (1.0 - self.lr) * x", "return x",
        named("normballs", "test_scion_is_the_published_recursion[ScionSpectral-polar]"),
    ),
    Mutation(
        "Muon: without Nesterov's look ahead",
        f"{PAGES}/muon.py", "newton_schulz(self.beta * m1 + (1.0 - self.beta) * g, rows", "newton_schulz(m1, rows",
        named("normballs", "test_muon_is_that_of_torch_in_double_precision"),
    ),
    Mutation(
        "Muon: two coefficients of the quintic swapped",
        f"{PAGES}/muon.py", "b * gram[i * n + j] + c * s", "c * gram[i * n + j] + b * s",
        named("normballs", "test_newton_schulz_moves_singular_values_by_its_polynomial"),
    ),
    Mutation(
        "PCNSGD: the last class of a network does not pull",
        f"{PAGES}/pcnsgd.py", "for i in range(1, len(grads)):", "for i in range(1, min(len(grads), 9)):",
        named("classes", "test_every_class_of_a_batch_pulls_with_length_one[None]"),
    ),
    Mutation(
        "PCNSGD+R: times the share along all data",
        "sdeopt/wrappers/rescaled.py", "pull + u / where(", "pull + u * where(",
        named("classes", "test_the_variants_are_those_of_the_paper[None-False-True]"),
    ),
    Mutation(
        "PCNSGD+O: every class by the uniforms of the first",
        "sdeopt/objectives/torch_classes.py", "u[i * each : (i + 1) * each]", "u[:each]",
        named("classes", "test_the_variants_are_those_of_the_paper[None-True-False]"),
    ),
    Mutation(
        "PCNSGD: one class counted twice",
        f"{PAGES}/pcnsgd.py",
        "- expect_direction(o, x, class_grad(o, x, 1.0))", "- expect_direction(o, x, class_grad(o, x, -1.0))",
        named("normalised", "test_pcnsgd_drift_is_the_confluent_form"),
    ),
    Mutation(
        "PCNSGD: the residual of the other class",
        f"{PAGES}/pcnsgd.py", "direction_residual(o, x, b, dw[3])", "direction_residual(o, x, a, dw[3])",
        named("normalised", "test_pcnsgd_diffusion_has_the_covariance_of_two_independent_directions"),
    ),
]  # fmt: skip
