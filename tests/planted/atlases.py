"""Errors to plant in the atlas: how a learning rate is chosen, what is compared, and who is called best."""

from __future__ import annotations

from planted.mutation import Mutation, named

ATLASES = "sdeopt/atlases"
MUTATIONS = [
    Mutation(
        "atlas: the worst learning rate",
        f"{ATLASES}/lines.py", "medians.index(min(medians))", "medians.index(max(medians))",
        named("atlas", "test_the_learning_rate_is_the_best_of_trials_on_other_paths"),
    ),
    Mutation(
        "atlas: trials on the paths of the report",
        f"{ATLASES}/lines.py", "(self.tuning, self.seeds[1])", "(self.tuning, self.seeds[0])",
        named("atlas", "test_trials_have_paths_of_their_own"),
    ),
    Mutation(
        "atlas: as many steps whatever a step sees",
        f"{ATLASES}/lines.py", "self.plan.gradients // self.seen", "self.plan.gradients",
        named("atlas", "test_methods_are_compared_at_equal_gradients_seen"),
    ),
    Mutation(
        "atlas: times in steps",
        f"{ATLASES}/lines.py", "self.seen / self.regime.page(", "1.0 / self.regime.page(",
        named("atlas", "test_methods_are_compared_at_equal_gradients_seen"),
    ),
    Mutation(
        "atlas: the loss with the minimum in it",
        f"{ATLASES}/lines.py", "shift(measured[name], -self.plan.base, 1.0)", "measured[name]",
        named("atlas", "test_a_loss_is_above_the_minimum"),
    ),
    Mutation(
        "atlas: methods where their SDEs fit",
        f"{ATLASES}/regimes.py", "page(lr=LR)", 'page(**{"lr": LR} | page.at)',
        named("atlas_regimes", "test_methods_are_at_their_defaults"),
    ),
    Mutation(
        "atlas: what an answer of the law asks counts as the step's",
        f"{ATLASES}/seen.py", "or self.inside", "or False",
        named("atlas_regimes", "test_what_is_read_beside_gradients_is_told"),
    ),
    Mutation(
        "one private pass: e^ε left out",
        "sdeopt/theory/one_pass.py", "eps + log_ndtr(-0.5", "log_ndtr(-0.5",
        named("atlas_regimes", "test_the_usual_laws_are_those_that_were_asked_for"),
    ),
    Mutation(
        "atlas: ties by value alone",
        f"{ATLASES}/report.py", "e.low <= ends[0].high", "e.value <= ends[0].value",
        named("atlas_regimes", "test_the_page_says_who_wins_and_whose_sde_holds"),
    ),
    Mutation(
        "atlas: how many times as high, by the wrong ends",
        f"{ATLASES}/pages.py", "/ np.array([first.high, first.low])", "/ np.array([first.low, first.high])",
        named("atlas", "test_how_many_times_as_high"),
    ),
    Mutation(
        "sweep: the median of the paths that are left",
        "sdeopt/sweeps/measures.py", "np.where(alive, table[:, 1], math.inf)", "table[alive, 1]",
        named("sweep", "test_a_path_that_diverged_counts_in_the_median"),
    ),
]  # fmt: skip
