"""Errors to plant in NAdam, AMSGrad and Adafactor."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

TORCH = "test_every_step_is_the_step_of_torch"

MUTATIONS = [
    Mutation(
        "NAdam: this step's momentum for that of the next",
        f"{PAGES}/nadam.py", "coming / (1.0 - p1 * coming) * m1", "now / (1.0 - p1 * now) * m1",
        named("torch", f"{TORCH}[NAdam(lr=0.1, beta1=0.8, beta2=0.9, psi=0.05, eps=0.01)]"),
    ),
    Mutation(
        "NAdam: the mean of squares of the step before",
        f"{PAGES}/nadam.py", "(np.sqrt(v1 / (1.0", "(np.sqrt(v / (1.0",
        named("torch", f"{TORCH}[NAdam(lr=0.1, beta1=0.8, beta2=0.9, psi=0.05, eps=0.01)]"),
    ),
    Mutation(
        "NAdam: the warm-up twice as fast",
        f"{PAGES}/nadam.py", "power(0.96, psi * k)", "power(0.96, 2.0 * psi * k)",
        named("second_moments", "test_nadams_momentum_is_warmed_up"),
    ),
    Mutation(
        "NAdam: the gradient's own noise left out of X",
        f"{PAGES}/nadam.py", "return -h * (1.0 - ahead(self.psi, t / self.lr)) * w / scale", "return 0.0 * w / scale",
        moments("NAdam"),
    ),
    Mutation(
        "NAdam: X and M from noises of opposite sign",
        f"{PAGES}/nadam.py", "return -h * (1.0 - ahead(self.psi, t / self.lr)) * w / scale",
        "return h * (1.0 - ahead(self.psi, t / self.lr)) * w / scale", moments("NAdam"),
    ),
    Mutation(
        "NAdam: at rest without the noise of the gradient itself",
        f"{PAGES}/nadam.py", "hit = np.vstack([-(1.0 - mu) * one", "hit = np.vstack([-0.0 * one",
        named("second_moments", "test_nadam_at_rest_is_its_linear_equation[0.0-0.5]"),
    ),
    Mutation(
        "AMSGrad: the maximum forgotten",
        f"{PAGES}/amsgrad.py", "u1 = np.maximum(u, v1)", "u1 = v1",
        named("second_moments", "test_amsgrad_never_divides_by_less_than_before"),
    ),
    Mutation(
        "AMSGrad: the maximum after the bias correction",
        f"{PAGES}/amsgrad.py", "u1 = np.maximum(u, v1)", "u1 = np.maximum(u, v1 / (1.0 - power(self.beta2, k + 1.0)))",
        named("torch", f"{TORCH}[AMSGrad(lr=0.05, beta1=0.5, beta2=0.9, eps=0.001)]"),
    ),
    Mutation(
        "AMSGrad: a sampled SDE may leave u below v",
        f"{PAGES}/amsgrad.py", "return x, m, above, np.maximum(u, above)", "return x, m, above, u",
        named("second_moments", "test_amsgrad_never_divides_by_less_than_before"),
    ),
    Mutation(
        "Adafactor: rows and columns not divided by their mean",
        f"{PAGES}/adafactor.py", "v = r[i] * c[j] / max(mean, eps1)", "v = r[i] * c[j]",
        named("second_moments", "test_a_second_moment_of_rank_one_is_found"),
    ),
    Mutation(
        "Adafactor: sums of rows for means",
        f"{PAGES}/adafactor.py", "r[i] += square / cols", "r[i] += square",
        named("second_moments", "test_a_second_moment_of_rank_one_is_found"),
    ),
    Mutation(
        "Adafactor: steps that are not clipped",
        f"{PAGES}/adafactor.py", "move = rate / max(1.0, norm(u) / root / self.clip) * u", "move = rate * u",
        named("second_moments", "test_adafactor_is_that_of_torch[ours0-theirs0-0.05]"),
    ),
    Mutation(
        "Adafactor: steps free of the size of the weights",
        f"{PAGES}/adafactor.py", "rate = max(self.eps2, norm(x) / root) * min", "rate = 1.0 * min",
        named("second_moments", "test_adafactor_is_that_of_torch[ours1-theirs1-0.3]"),
    ),
    Mutation(
        "Adafactor: the decay of step k, not k + 1",
        f"{PAGES}/adafactor.py", "new = power(k + 1.0, -self.decay)", "new = power(k + 2.0, -self.decay)",
        named("second_moments", "test_adafactor_is_that_of_torch[ours0-theirs0-0.3]"),
    ),
    Mutation(
        "Shampoo: inverse square roots for fourth ones",
        f"{PAGES}/shampoo.py", "1.0 / np.sqrt(np.sqrt(max", "1.0 / np.sqrt(1.0 * (max",
        named("shampoo", "test_shampoo_is_its_published_recursion"),
    ),
    Mutation(
        "Shampoo: the sums of the step before",
        f"{PAGES}/shampoo.py", "inverse_fourth_root(right1, cols", "inverse_fourth_root(right, cols",
        named("shampoo", "test_shampoo_is_its_published_recursion"),
    ),
    Mutation(
        "Shampoo: axes turned by the wrong angle",
        f"{PAGES}/shampoo.py", "tangent = -tangent", "tangent = 0.5 * tangent",
        named("shampoo", "test_roots_are_those_of_lapack"),
    ),
    Mutation(
        "Shampoo: an eigenvalue below ε taken as it is",
        f"{PAGES}/shampoo.py", "max(values[k], least)", "max(abs(values[k]), 1e-300)",
        named("shampoo", "test_small_eigenvalues_count_as_the_least"),
    ),
    Mutation(
        "SOAP: axes of the gradient that is seen in them",
        f"{PAGES}/soap.py",
        "(q, qt), (p, pt) = axes(left, rows)", "(q, qt), (p, pt) = axes(left + gram(g, rows, cols, cols, 1), rows)",
        named("soap", "test_soap_is_its_published_recursion"),
    ),
    Mutation(
        "SOAP: the smallest eigenvalue first",
        f"{PAGES}/soap.py", "if values[j] > values[k]", "if values[j] < values[k]",
        named("soap", "test_axes_are_those_of_lapack[2]"),
    ),
    Mutation(
        "SOAP: the bias correction counts the step that does not move",
        f"{PAGES}/soap.py", "max(1.0 * k, 1.0)", "k + 1.0", named("soap", "test_soap_is_its_published_recursion"),
    ),
    Mutation(
        "SOAP: steps that are not turned back",
        f"{PAGES}/soap.py", "rate * between(q, ahead, pt, rows)", "rate * ahead",
        named("soap", "test_soap_turns_with_its_matrix"),
    ),
    Mutation(
        "SOAP: the momentum not turned into the axes",
        f"{PAGES}/soap.py", "ahead = between(qt, m1, p, rows)", "ahead = m1",
        named("soap", "test_soap_turns_with_its_matrix"),
    ),
    Mutation(
        "SOAP: warm squares without the noise",
        f"{PAGES}/soap.py", "seen * seen + between(qt * qt, s, p * p, rows)", "seen * seen + s",
        named("soap", "test_warm_means_are_at_rest"),
    ),
    Mutation(
        "SOAP: β₂ not tied to η",
        f"{PAGES}/soap.py", "beta1=beta1, beta2=beta2)", "beta1=beta1)", ("tests/contract/test_regimes.py",),
    ),
]  # fmt: skip
