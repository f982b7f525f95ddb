"""Errors to plant in the pages of the minimax family, and their theory."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "AltGDAIndependent: both players see the first sample",
        f"{PAGES}/altgdaindependent.py", "noisy_grad(o, half, second)", "noisy_grad(o, half, first)",
        named("finite_sum_games", "test_one_step_of_a_minibatch_has_the_moments_of_the_sde[AltGDAIndependent]"),
    ),
    Mutation(
        "AltGDAIndependent: one Brownian motion for both players",
        f"{PAGES}/altgdaindependent.py", "(1.0 - own) * root_cov(o, z, second)", "(1.0 - own) * root_cov(o, z, first)",
        named("finite_sum_games", "test_one_step_of_a_minibatch_has_the_moments_of_the_sde[AltGDAIndependent]"),
    ),
    Mutation(
        "AltGDAIndependent: the sign of what the second player sees",
        f"{PAGES}/altgdaindependent.py", "(0.5 * hvp(o, z, R * g) - seen)", "(0.5 * hvp(o, z, R * g) + seen)",
        named("game_pages", "test_orders_without_noise[AltGDAIndependent-order2]"),
    ),
    Mutation(
        "SmoothedGDAIndependent: one Brownian motion for both players",
        f"{PAGES}/smoothedgdaindependent.py", "* root_cov(o, z, second)", "* root_cov(o, z, first)",
        named("finite_sum_games", "test_one_step_of_a_minibatch_has_the_moments_of_the_sde[SmoothedGDAIndependent]"),
    ),
    Mutation(
        "FiniteSumGame: the linear terms pull the maximising player down",
        "sdeopt/objectives/finite_sum_game.py", "(2.0 * own - 1.0) * linear", "1.0 * linear",
        named("finite_sum_games", "test_an_example_is_a_quadratic_game"),
    ),
    Mutation(
        "FiniteSumGame: the variance without twice the mixed term",
        "sdeopt/objectives/finite_sum_game.py", "2.0 * np.einsum", "1.0 * np.einsum",
        named("finite_sum_games", "test_answers_about_examples_are_those_of_each_alone"),
    ),
    Mutation(
        "FiniteSumGame: the coupling of the second player with the sign of the first",
        "sdeopt/objectives/finite_sum_game.py", "-C.transpose(0, 2, 1)", "C.transpose(0, 2, 1)",
        named("finite_sum_games", "test_an_example_is_a_quadratic_game"),
    ),
    Mutation(
        "FiniteSumGame: the value without its half",
        "sdeopt/objectives/finite_sum_game.py", "S * (0.5 * matvec(self.J, x)", "S * (matvec(self.J, x)",
        named("finite_sum_games", "test_an_example_is_a_quadratic_game"),
    ),
    Mutation(
        "FiniteSumGame: the value of a batch without its half",
        "sdeopt/objectives/finite_sum_game.py", "turned = 0.5 * applied", "turned = applied",
        named("finite_sum_games", "test_answers_about_examples_are_those_of_each_alone"),
    ),
    Mutation(
        "FiniteSumGame: J for its transpose",
        "sdeopt/objectives/finite_sum_game.py", "return matvec(self.transposed, v)", "return matvec(self.J, v)",
        named("games", "test_field_and_jacobians_are_derivatives_of_the_payoff[examples]"),
    ),
    Mutation(
        "AltGDAIndependent: η for η/2 in the drift of order2",
        f"{PAGES}/altgdaindependent.py", "(0.5 * hvp(o, z, R * g) - seen)", "(hvp(o, z, R * g) - seen)",
        named("game_pages", "test_orders_without_noise[AltGDAIndependent-order2]"),
    ),
    Mutation(
        "AltGDAIndependent: the ratio left out of the noise",
        f"{PAGES}/altgdaindependent.py", "return -np.sqrt(self.lr) * rates(own, self.ratio) * both",
        "return -np.sqrt(self.lr) * both",
        named("game_pages", "test_linear_forms_are_the_coefficients_of_the_page[AltGDAIndependent-order1]"),
    ),
    Mutation(
        "AltGDAIndependent: a covariance between the players",
        f"{PAGES}/altgdaindependent.py", "(P @ Sigma @ P + rest @ Sigma @ rest)", "Sigma",
        named("game_pages", "test_linear_forms_are_the_coefficients_of_the_page[AltGDAIndependent-order1]"),
    ),
    Mutation(
        "SmoothedGDAIndependent: a covariance between the players",
        f"{PAGES}/smoothedgdaindependent.py", "self.lr * R @ alone @ R", "self.lr * R @ Sigma @ R",
        named("game_pages", "test_linear_forms_are_the_coefficients_of_the_page[SmoothedGDAIndependent-order1]"),
    ),
    Mutation(
        "SmoothedGDAIndependent: pushed off its anchor",
        f"{PAGES}/smoothedgdaindependent.py", "grad(o, z) + self.pull * own", "grad(o, z) - self.pull * own",
        named("finite_sum_games", "test_one_step_of_a_minibatch_has_the_moments_of_the_sde[SmoothedGDAIndependent]"),
    ),
    Mutation(
        "SmoothedGDAIndependent: the anchor follows the old point",
        f"{PAGES}/smoothedgdaindependent.py", "w + self.follow * (z1 - w)", "w + self.follow * (z - w)",
        named("finite_sum_games", "test_the_same_sample_twice_is_the_page_of_one[SmoothedGDAIndependent-SmoothedGDA]"),
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
]  # fmt: skip
