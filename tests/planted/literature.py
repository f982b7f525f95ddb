"""Errors to plant in epoched noise, delays, gradients from values, cubic steps and diagnoses."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, moments, named

THEORY = "sdeopt/theory"

MUTATIONS = [
    Mutation(
        "epoched noise: as large as the bridge alone",
        "sdeopt/engine/given.py", "* math.sqrt(steps / max(steps - 1, 1))", "* 1.0",
        named("epoched", "test_increments_of_an_epoch_are_those_of_a_bridge[1]"),
    ),
    Mutation(
        "epoched noise: epochs as long in steps of the integrator",
        "sdeopt/engine/given.py", "epoch = steps * (draw.fine // stride)", "epoch = steps",
        named("epoched", "test_increments_of_an_epoch_are_those_of_a_bridge[3]"),
    ),
    Mutation(
        "Reshuffled: an epoch of as many steps as examples",
        f"{NOISE}/reshuffled.py", "int(objective.examples()) // self.batch", "int(objective.examples())",
        named("epoched", "test_increments_of_an_epoch_are_those_of_a_bridge[1]"),
    ),
    Mutation(
        "epoched SDE at rest: T for T/2 under tanh",
        f"{THEORY}/epochs.py", "math.tanh(0.5 * T) * 2.0 / T", "math.tanh(T) / T",
        named("epoched", "test_the_sde_at_rest_by_a_fine_bridge[4.0]"),
    ),
    Mutation(
        "epoched SDE at rest: η for η/2",
        f"{THEORY}/epochs.py", "s2 / (2.0 * h) *", "s2 / h *",
        named("epoched", "test_the_sde_at_rest_by_a_fine_bridge[4.0]"),
    ),
    Mutation(
        "reshuffled SGD at rest: the mean over an epoch not taken away",
        f"{THEORY}/epochs.py", "fallen.var()", "(fallen * fallen).mean()",
        named("epoched", "test_the_optimizer_at_rest_by_all_permutations"),
    ),
    Mutation(
        "DelayedSGD: the gradient of one step later",
        f"{PAGES}/delayedsgd.py", "return past[len(past) - len(x) :]", "return past[: len(x)]",
        named("delayed", "test_steps_by_hand"),
    ),
    Mutation(
        "DelayedSGD order2: τ for τ + ½",
        f"{PAGES}/delayedsgd.py", "return -g - self.lr * (self.delay + 0.5)", "return -g - self.lr * self.delay",
        ("tests/contract/test_linear_forms.py::test_linear_is_the_sde_on_a_quadratic[DelayedSGD-order2]",),
    ),
    Mutation(
        "DelayedSGD order2: τ for τ + ½ in the linear form",
        f"{PAGES}/delayedsgd.py", "(H + self.lr * (self.delay + 0.5) * H @ H, 0.0 * H)",
        "(H + self.lr * self.delay * H @ H, 0.0 * H)",
        named("delayed", "test_order_two_has_the_rate_of_the_slow_root[1]"),
    ),
    Mutation(
        "DelayedSGD: η for √η in the diffusion",
        f"{PAGES}/delayedsgd.py", "-np.sqrt(self.lr) * root_cov(o, oldest", "-self.lr * root_cov(o, oldest",
        moments("DelayedSGD"),
    ),
    Mutation(
        "DelayedSGD: a chain of delays twice as fast",
        f"{PAGES}/delayedsgd.py", "return -grad(o, oldest(x, past)), (shifted(x, past) - past) / self.lr",
        "return -grad(o, oldest(x, past)), 2.0 * (shifted(x, past) - past) / self.lr", moments("DelayedSGD"),
    ),
    Mutation(
        "stability with a delay: 2τ for 2τ + 1",
        f"{THEORY}/delays.py", "(2.0 * delay + 1.0)) / h", "(2.0 * delay + 1.1)) / h",
        named("delayed", "test_it_diverges_from_the_limit_on[1]"),
    ),
    Mutation(
        "level with a delay: the wrong covariance",
        f"{THEORY}/delays.py", "equations[j, tau - j] -= v", "equations[j, tau - j] += v",
        named("delayed", "test_the_level_at_rest_is_that_of_its_steps[1]"),
    ),
    Mutation(
        "ZOSGD: one-sided differences",
        f"{PAGES}/zosgd.py", "value(o, x - self.mu * u)) / (2.0 * self.mu)", "value(o, x)) / self.mu",
        named("zosgd", "test_one_step_has_the_moments_of_the_sde_on_a_quadratic[0.0]"),
    ),
    Mutation(
        "ZOSGD: the sample's noise once, not twice",
        f"{PAGES}/zosgd.py", "+ np.sqrt(2.0) * root_cov", "+ root_cov",
        named("zosgd", "test_one_step_has_the_moments_of_the_sde_on_a_quadratic[0.0]"),
    ),
    Mutation(
        "ZOSGD: errors of the values as if there were one",
        f"{PAGES}/zosgd.py", "return self.value_noise / (np.sqrt(2.0) * self.mu) * e",
        "return self.value_noise / (2.0 * self.mu) * e", named("zosgd", "test_the_mean_square_at_rest"),
    ),
    Mutation(
        "ZOSGD: tr Σ left out of the diffusion",
        f"{PAGES}/zosgd.py", "np.sqrt(dot(g, g) + total(noise_var(o, x)) +", "np.sqrt(dot(g, g) +",
        named("zosgd", "test_one_step_has_the_moments_of_the_sde_on_a_quadratic[0.3]"),
    ),
    Mutation(
        "ZOSGD: μ not tied to √η",
        f"{PAGES}/zosgd.py", "mu=root * self.mu, value", "mu=self.mu, value", ("tests/contract/test_regimes.py",),
    ),
    Mutation(
        "ZOSGD: the level at rest with Σ for 2Σ",
        f"{PAGES}/zosgd.py", "self.lr * (2.0 * Sigma + alike)", "self.lr * (Sigma + alike)",
        named("zosgd", "test_the_stated_level_is_the_leading_one"),
    ),
    Mutation(
        "DirectSearch: the worse of the two points",
        f"{PAGES}/directsearch.py", "where(up < down, 1.0, -1.0)", "where(up < down, -1.0, 1.0)",
        named("directsearch", "test_the_best_of_three_points_by_hand"),
    ),
    Mutation(
        "DirectSearch: x itself does not count",
        f"{PAGES}/directsearch.py", "where(np.minimum(up, down) < 0.0, way, 0.0)", "way",
        named("directsearch", "test_without_noise_no_step_climbs[-0.5--1.0]"),
    ),
    Mutation(
        "DirectSearch: the loss may rise by 0.01",
        f"{PAGES}/directsearch.py", "np.minimum(up, down) < 0.0", "np.minimum(up, down) < 0.01",
        named("directsearch", "test_without_noise_no_step_climbs[0.9-0.001]"),
    ),
    Mutation(
        "DirectSearch: the sample's noise in one of the two points",
        f"{PAGES}/directsearch.py", "- here - tilt", "- here",
        named("directsearch", "test_the_best_of_three_points_by_hand"),
    ),
    Mutation(
        "DirectSearch: 2/π without its root in the drift",
        f"{PAGES}/directsearch.py", "return -np.sqrt(SHARE) * expect", "return -SHARE * expect",
        named("directsearch", "test_one_step_on_a_linear_loss_has_the_moments_of_the_sde"),
    ),
    Mutation(
        "DirectSearch: the covariance for its root",
        f"{PAGES}/directsearch.py", "shrink = SHARE / (1.0 + np.sqrt(1.0 - SHARE * dot(e, e)))", "shrink = SHARE",
        named("directsearch", "test_one_step_on_a_linear_loss_has_the_moments_of_the_sde"),
    ),
    Mutation(
        "DirectSearch: the response at rest without √(2/π)",
        f"{PAGES}/directsearch.py", "stationary(np.sqrt(SHARE) * (axes", "stationary((axes",
        named("directsearch", "test_the_level_at_rest[2]"),
    ),
    Mutation(
        "CubicNewton: η for η² in the penalty",
        f"{PAGES}/cubicnewton.py", "norm(s), lr * lr * at", "norm(s), lr * at",
        named("cubicnewton", "test_a_step_minimises_its_model[0]"),
    ),
    Mutation(
        "CubicNewton: the curvature without its damping",
        f"{PAGES}/cubicnewton.py", "v = v + shift", "v = v + 0.5 * shift",
        named("cubicnewton", "test_a_step_minimises_its_model[0]"),
    ),
    Mutation(
        "CubicNewton: up the slope",
        f"{PAGES}/cubicnewton.py", "v = -g[i]", "v = g[i]", named("cubicnewton", "test_short_steps_follow_their_flow"),
    ),
    Mutation(
        "diagnose: the given minimiser is not taken",
        "sdeopt/diagnostics/diagnose.py", 'return checks.array("optimum", given, shape=(f.dim,))',
        'return 0.0 * checks.array("optimum", given, shape=(f.dim,))',
        named("diagnostics", "test_the_minimiser_of_alpha_beta_is_yours_to_choose"),
    ),
]  # fmt: skip
