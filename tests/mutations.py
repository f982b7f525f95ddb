"""Break the package on purpose, one line at a time, and see the tests notice.

    python tests/mutations.py [word ...]

copies the package and its tests to a temporary folder, applies one change after the other, and runs the tests that
should turn red. It prints which test caught which change, and exits with an error if one went unnoticed, if a change
no longer applies, or if the tests are not green to begin with. With words: only the changes whose text contains one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGES, NOISE = "sdeopt/optimizers", "sdeopt/noise"
NOTICED = ("assert ", "AssertionError", "ValueError: output array is read-only")  # else the change does not even run


class Mutation(NamedTuple):
    """``old`` stands exactly once in ``file`` and becomes ``new``; one of ``tests`` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def moments(page: str) -> tuple[str, ...]:
    return (f"tests/contract/test_one_step_moments.py::test_one_step_has_the_moments_of_the_sde[{page}]",)


def documented(page: str) -> tuple[str, ...]:
    return (f"tests/test_documented.py::test_ten_steps_of_torch[{page}]",)


def named(file: str, test: str) -> tuple[str, ...]:
    return (f"tests/test_{file}.py::{test}",)


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
        "SignSGD: the root dropped in the diffusion",
        f"{PAGES}/signsgd.py",
        "return -np.sqrt(self.lr) * root_sign_cov", "return -self.lr * root_sign_cov",
        moments("SignSGD"),
    ),
    Mutation(
        "RMSprop: the noise of V dropped",
        f"{PAGES}/rmsprop.py", "np.sqrt(self.lr) * rho * square_noise(o, x, grad(o, x), w, dw[1])", "0.0 * v",
        moments("RMSprop"),
    ),
    Mutation(
        "RMSprop: factor 2 dropped in the noise of the square",
        f"{PAGES}/rmsprop.py", "return 2.0 * g * w + root", "return g * w + root", moments("RMSprop"),
    ),
    Mutation(
        "RMSpropW: decay through the preconditioner",
        f"{PAGES}/rmspropw.py",
        "return x1 - self.lr * self.weight_decay * y[0], v1",
        "return x1 - self.lr * self.weight_decay * y[0] / (np.sqrt(v1) + self.eps), v1",
        moments("RMSpropW"),
    ),
    Mutation(
        "Adam: ε inside the root",
        f"{PAGES}/adam.py",
        "rate * m1 / (np.sqrt(share * v1) + self.eps)", "rate * m1 / np.sqrt(share * v1 + self.eps)",
        documented("Adam"),
    ),
    Mutation(
        "Adam: β₁ and β₂ swapped",
        f"{PAGES}/adam.py",
        "m1 = self.beta1 * m + (1.0 - self.beta1) * g", "m1 = self.beta2 * m + (1.0 - self.beta2) * g",
        documented("Adam"),
    ),
    Mutation(
        "Adam: the bias of the mean not corrected",
        f"{PAGES}/adam.py", "self.lr / (1.0 - power(self.beta1, k + 1.0))", "self.lr", documented("Adam"),
    ),
    Mutation(
        "AdamW: x decays after the step",
        f"{PAGES}/adamw.py",
        "return x1 - self.lr * self.weight_decay * y[0], m1, v1",
        "return x1 - self.lr * self.weight_decay * x1, m1, v1",
        documented("AdamW"),
    ),
    Mutation(
        "signs: σ for √2 σ in the error function",
        f"{NOISE}/signs.py", "erf(g / (np.sqrt(2.0) * where(noisy, sd, 1.0)))", "erf(g / where(noisy, sd, 1.0))",
        moments("SignSGD"),
    ),
    Mutation(
        "signs: correlated noise with independent signs",
        f"{NOISE}/signs.py",
        "c[i, j] += weights[k] * angle[i, j] * exp", "c[i, j] += 0.0 * weights[k] * angle[i, j] * exp",
        ("tests/test_signs.py",),
    ),
    Mutation(
        "Minibatch: 1/B dropped from the covariance",
        f"{NOISE}/minibatch.py", "self.replace) / (n * self.batch))", "self.replace) / n)",
        ("tests/test_minibatch.py",),
    ),
    Mutation(
        "engine: noise increments of dt for √dt",
        "sdeopt/engine/schemes.py", "q = (dt, noise_factor * math.sqrt(dt))", "q = (dt, noise_factor * dt)",
        ("tests/test_acceptance.py::test_means_and_covariances_on_the_quadratic[SGD(lr=0.1)-order1]",),
    ),
    Mutation(
        "engine: the drift at the end of a step taken at its beginning",
        "sdeopt/engine/schemes.py",
        "drift(m, j * dt + dt, ahead, o)", "drift(m, j * dt, y, o)",
        ("tests/test_simulate.py::test_heun_is_of_second_order_where_euler_is_of_first",),
    ),
    Mutation(
        "scheme weak2: the iterated integrals not centred",
        "sdeopt/engine/schemes.py", "(later * chi) - e)", "(later * chi))",
        ("tests/test_schemes.py::test_one_step_matches_the_expansion_of_the_semigroup[weak2-1-2]",),
    ),
    Mutation(
        "scheme weak2: all signs equal",
        "sdeopt/engine/schemes.py", "np.sign(draws[1] - 0.5)", "np.sign(draws[1] + 0.5)",
        ("tests/test_schemes.py::test_weak_order_of_second_moments_on_noise_that_does_not_commute[weak2-2-2]",),
    ),
    Mutation(
        "scheme milstein: ½ dropped",
        "sdeopt/engine/schemes.py", "0.5 * (ahead - s)", "(ahead - s)",
        ("tests/test_schemes.py::test_milstein_on_geometric_brownian_motion",),
    ),
    Mutation(
        "integrate: extrapolation in the wrong direction",
        "sdeopt/ito/integration.py", "combined = coarse + weight", "combined = fine + weight",
        ("tests/test_integrate.py::test_extrapolated_means_and_covariances",),
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
        "Adagrad: this step's square not counted",
        f"{PAGES}/adagrad.py",
        "return x - self.lr * g / (np.sqrt(v1) + self.eps), v1", "return x - self.lr * g / (np.sqrt(v) + self.eps), v1",
        named("torch", "test_every_step_is_the_step_of_torch[Adagrad(lr=0.3, eps=0.01, initial=0.5)]"),
    ),
    Mutation(
        "Adagrad: the variance of the noise dropped from the drift of V",
        f"{PAGES}/adagrad.py",
        "(g * g + noise_var(o, x)) / (self.lr * self.lr)", "(g * g) / (self.lr * self.lr)",
        named("adagrad", "test_one_step_of_adagrad_has_the_moments_of_the_sde"),
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
    Mutation(
        "SGDA: the ratio of step sizes given to the other player",
        f"{PAGES}/sgda.py", "return ratio + (1.0 - ratio) * own", "return 1.0 + (ratio - 1.0) * own",
        named("game_pages", "test_descent_ascent_is_that_of_torch[SGDA-0.4]"),
    ),
    Mutation(
        "SGDA: η for η/2 in the drift of order2",
        f"{PAGES}/sgda.py", "-R * (g + 0.5 * self.lr * hvp", "-R * (g + self.lr * hvp",
        named("game_pages", "test_orders_without_noise[SGDA-order2]"),
    ),
    Mutation(
        "AltGDA: both players move at once",
        f"{PAGES}/altgda.py", "(1.0 - own) * noisy_grad(o, half, draws)", "(1.0 - own) * noisy_grad(o, z, draws)",
        named("game_pages", "test_alternating_play_keeps_its_invariant"),
    ),
    Mutation(
        "AltGDA: the sign of what the second player sees",
        f"{PAGES}/altgda.py", "(0.5 * hvp(o, z, R * g) - seen)", "(0.5 * hvp(o, z, R * g) + seen)",
        named("game_pages", "test_orders_without_noise[AltGDA-order2]"),
    ),
    Mutation(
        "SEG: the step looks behind",
        f"{PAGES}/seg.py",
        "noisy_grad(o, z - self.rho * noisy_grad(o, z, draws), draws)",
        "noisy_grad(o, z + self.rho * noisy_grad(o, z, draws), draws)",
        named("game_pages", "test_twenty_steps_and_two_units_of_time[SEG(lr=0.1, rho=0.5)-order1]"),
    ),
    Mutation(
        "SEG: the Jacobian term of the drift with the wrong sign",
        f"{PAGES}/seg.py", "return self.rho * hvp(o, z, g) - g", "return -self.rho * hvp(o, z, g) - g",
        named("game_pages", "test_one_step_on_a_curved_game[SEG]"),
    ),
    Mutation(
        "SEGIndependent: both gradients from one sample in the SDE",
        f"{PAGES}/segindependent.py", "root_cov(o, z, first)) - root_cov", "root_cov(o, z, second)) - root_cov",
        named("game_pages", "test_one_step_on_a_curved_game[SEGIndependent]"),
    ),
    Mutation(
        "SEGIndependent: J transposed in the covariance",
        f"{PAGES}/segindependent.py", "J @ Sigma @ J.T)", "J.T @ Sigma @ J)",
        named("game_pages", "test_linear_forms_are_the_coefficients_of_the_page[SEGIndependent-order1]"),
    ),
    Mutation(
        "SHGD: J for its transpose",
        "sdeopt/objectives/quadratic_game.py", "return matvec(self.transposed, v)", "return matvec(self.J, v)",
        named("game_pages", "test_hamiltonian_descent_transposes_an_asymmetric_coupling"),
    ),
    Mutation(
        "SHGD: J transposed in the covariance",
        f"{PAGES}/shgd.py", "self.lr * J.T @ Sigma @ J", "self.lr * J @ Sigma @ J.T",
        named("game_pages", "test_linear_forms_are_the_coefficients_of_the_page[SHGD-order1]"),
    ),
    Mutation(
        "SHGD2: noise of two samples not averaged",
        f"{PAGES}/shgd2.py", "return -0.5 * np.sqrt(self.lr) * vjp", "return -np.sqrt(0.5 * self.lr) * vjp",
        moments("SHGD2"),
    ),
    Mutation(
        "SmoothedGDA: the anchor follows the old point",
        f"{PAGES}/smoothedgda.py", "w + self.follow * (z1 - w)", "w + self.follow * (z - w)",
        named("game_pages", "test_smoothed_play_by_hand"),
    ),
    Mutation(
        "SmoothedGDA: η in the drift of the anchor forgotten",
        f"{PAGES}/smoothedgda.py", "force, self.follow / self.lr * (z - w)", "force, self.follow * (z - w)",
        moments("SmoothedGDA"),
    ),
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
        "DSGD: η for √η in the diffusion",
        f"{PAGES}/dsgd.py", "return -np.sqrt(self.lr) * root_cov", "return -self.lr * root_cov", moments("DSGD"),
    ),
    Mutation(
        "DCSGDRandK: masks that share nothing",
        f"{PAGES}/dcsgdrandk.py", "return m * (w - total(w) / len(w))", "return m * w", moments("DCSGDRandK"),
    ),
    Mutation(
        "DCSGDRandK: variance for standard deviation in the noise of the masks",
        f"{PAGES}/dcsgdrandk.py", "np.sqrt(noise_var(o, x)) * dw_state", "noise_var(o, x) * dw_state",
        moments("DCSGDRandK"),
    ),
    Mutation(
        "DCSGDDithering: compressed twice as finely as said",
        f"{PAGES}/dcsgddithering.py", "pieces(u, g), self.levels)", "pieces(u, g), 2.0 * self.levels)",
        named("distributed", "test_steps_by_hand[page1-compress]"),
    ),
    Mutation(
        "DCSGDNatural: the agents' mean compressed once more",
        f"{PAGES}/dcsgdnatural.py",
        "average(each(natural, g, pieces(u, g)))", "natural(average(each(natural, g, pieces(u, g))), pieces(u, g)[0])",
        named("distributed", "test_steps_by_hand[page2-by_powers]"),
    ),
    Mutation(
        "DSignSGD: the sign of the mean for the mean of the signs",
        f"{PAGES}/dsignsgd.py", "average(each(sent, agent_grads(o, x, z)))", "sent(average(agent_grads(o, x, z)))",
        named("distributed", "test_steps_by_hand[page4-None]"),
    ),
    Mutation(
        "TopKEF: the error fed back with the wrong sign",
        f"{PAGES}/topkef.py", "return p - sent", "return sent - p",
        named("distributed", "test_top_k_with_error_feedback_by_hand"),
    ),
    Mutation(
        "Clip21SGD2M: the gradient at the old point",
        f"{PAGES}/clip21sgd2m.py", "grads = agent_grads(o, x1, seen)", "grads = agent_grads(o, x, seen)",
        named("distributed", "test_clip21_by_hand"),
    ),
    Mutation(
        "Clip21SGD2M: √N dropped in the private noise of the SDE",
        f"{PAGES}/clip21sgd2m.py",
        "self.beta2 / h * self.sigma_omega / np.sqrt(1.0 * len(roots))", "self.beta2 / h * self.sigma_omega",
        named("distributed", "test_one_step_of_clip21_has_the_moments_of_its_sde[50.0]"),
    ),
    Mutation(
        "Clip21SGD2M: β₂ not tied to η",
        f"{PAGES}/clip21sgd2m.py", "beta2=ratio * self.beta2", "beta2=self.beta2",
        ("tests/contract/test_regimes.py",),
    ),
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
        "SGD: the Lévy noise with the wrong sign",
        f"{PAGES}/sgd.py", "return -root_levy", "return root_levy",
        named("stable", "test_one_euler_step_of_the_levy_sde_is_the_step"),
    ),
    Mutation(
        "NGN: 2 dropped before the loss",
        f"{PAGES}/ngn.py", "twice = 2.0 * np.maximum", "twice = 1.0 * np.maximum",
        named("normalised", "test_ngn_without_noise_is_implicit_euler_on_quadratics"),
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
        "Agents: 1/N dropped from the variance of the mean",
        f"{NOISE}/agents.py", "self.offsets, x, self.offsets)) / len(self.offsets)", "self.offsets, x, self.offsets))",
        named("agents", "test_covariances_of_each_and_of_the_mean"),
    ),
    Mutation(
        "Agents: shifts subtracted",
        f"{NOISE}/agents.py", "x, z) + offset\n", "x, z) - offset\n",
        named("agents", "test_every_agent_sees_its_own_gradient"),
    ),
    Mutation(
        "AlphaStable: η^{1/α} for η^{1 - 1/α}",
        f"{NOISE}/stable.py", "power(lr, 1.0 - 1.0 / self.alpha)", "power(lr, 1.0 / self.alpha)",
        named("stable", "test_one_euler_step_of_the_levy_sde_is_the_step"),
    ),
    Mutation(
        "AlphaStable: 2 dropped from the variance at α = 2",
        f"{NOISE}/stable.py", "return 2.0 * self.scale * self.scale", "return self.scale * self.scale",
        named("stable", "test_at_two_it_is_normal"),
    ),
    Mutation(
        "compressors: rand-k without d/k",
        "sdeopt/core/compressors.py",
        "return len(g) / np.minimum(k, 1.0 * len(g)) * where(ranks(w)", "return where(ranks(w)",
        named("compression", "test_rand_k_over_all_masks"),
    ),
    Mutation(
        "compressors: top-k by value, not by size",
        "sdeopt/core/compressors.py", "where(ranks(np.abs(g)) < k", "where(ranks(g) < k",
        named("compression", "test_top_k_takes_the_first_of_equals"),
    ),
    Mutation(
        "compressors: dithering rounds down too often",
        "sdeopt/core/compressors.py", "floor(r + u)", "floor(r + u * u)",
        named("compression", "test_dithering_over_all_roundings"),
    ),
    Mutation(
        "compressors: natural compression rounds the wrong way",
        "sdeopt/core/compressors.py", "where(u < a / low - 1.0, 2.0, 1.0)", "where(u < a / low - 1.0, 1.0, 2.0)",
        named("compression", "test_natural_compression_over_all_roundings"),
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
        "stable increments: dt^α for dt^{1/α}",
        "sdeopt/engine/given.py", "(_stable, 1.0 / parameter)", "(_stable, parameter)",
        named("stable", "test_simulated_laws_are_stable[0.5-sde-1.5]"),
    ),
    Mutation(
        "theory of games: decay at half its rate",
        "sdeopt/theory/games.py", "Level(lr, 2.0 * A.real,", "Level(lr, A.real,",
        named("game_theory", "test_levels_are_those_of_the_pages"),
    ),
    Mutation(
        "theory of games: ρλ² on the wrong side of the match",
        "sdeopt/theory/games.py", "return (a**2 + coupling**2 - a) / slope", "return (a**2 + coupling**2 + a) / slope",
        named("game_theory", "test_best_extrapolations"),
    ),
    Mutation(
        "theory of games: the noise of the step counted twice",
        "sdeopt/theory/level.py", "self._rest(self.decay - self.lr", "self._rest(self.decay - 2.0 * self.lr",
        named("game_theory", "test_stationary_levels_of_extragradient"),
    ),
    Mutation(
        "theory of privacy: √B for B under the private noise",
        "sdeopt/theory/private.py", "(added / B) ** 2", "added**2 / B",
        named("private", "test_the_sign_drift_when_nothing_is_clipped"),
    ),
    Mutation(
        "theory of privacy: √(2/π) for √(π/2)",
        "sdeopt/theory/private.py", "math.sqrt(math.pi / 2.0) * _positive", "math.sqrt(2.0 / math.pi) * _positive",
        named("privacy", "test_the_rates_of_the_curves"),
    ),
    Mutation(
        "theory of compression: pairs of entries sent as often as single ones",
        "sdeopt/theory/compression.py", "d * (k - 1) / (k * max(d - 1, 1))", "d / k",
        named("compression", "test_rand_k_over_all_masks"),
    ),
    Mutation(
        "theory of compression: root of the variance of dithering",
        "sdeopt/theory/compression.py", "(size / s) ** 2 * rest", "(size / s) * rest",
        named("compression", "test_dithering_over_all_roundings"),
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
    Mutation(
        "theory of stable noise: the age to the power α",
        "sdeopt/theory/stable.py", "age ** (1.0 / alpha)", "age**alpha",
        named("stable", "test_scales_in_closed_form"),
    ),
]  # fmt: skip


def pytest(folder: Path, tests: tuple[str, ...]) -> tuple[int, str, str]:
    """Exit status of a run in ``folder``, its first failed test, and why it failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    env = os.environ | {"SDEOPT_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "500"}
    env.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    test, _, why = failed[0].removeprefix("FAILED ").partition(" - ") if failed else ("", "", done.stdout + done.stderr)
    return done.returncode, test, why[-400:]


def verdict(folder: Path, mutation: Mutation) -> tuple[bool, str]:
    """Whether the change was noticed, and by which test; or why it could not be tried."""
    file = folder / mutation.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return False, f"stands {text.count(mutation.old)} times in {mutation.file}, not once"
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        status, test, why = pytest(folder, mutation.tests)
    finally:
        file.write_text(text, encoding="utf-8")
    if status == 0:
        return False, "SURVIVED"
    noticed = status == 1 and why.startswith(NOTICED)
    return noticed, test if noticed else f"broke instead of failing: {test} {why}"


def main(words: list[str]) -> int:
    chosen = [m for m in MUTATIONS if not words or any(word in m.what for word in words)]
    if not chosen:
        print(f"no change has one of these words in its text: {', '.join(words)}")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sdeopt", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "setup.cfg", folder)
        status, test, why = pytest(folder, tuple(dict.fromkeys(test for m in chosen for test in m.tests)))
        if status != 0:
            print(f"the tests are not green to begin with: {test} {why}")
            return 1
        noticed = 0
        for mutation in chosen:
            red, said = verdict(folder, mutation)
            noticed += red
            print(f"{'red  ' if red else 'GREEN'}  {mutation.what:62s}  {said}", flush=True)
    print(f"{noticed} of {len(chosen)} changes noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
