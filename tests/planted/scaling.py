"""Errors to plant in the scaling rules, their conditions, and the evidence for them."""

from __future__ import annotations

from planted.mutation import Mutation, named

RULES = "sdeopt/scaling/formulas.py"
BY_HAND = named("scaling_rules", "test_rules_by_hand")

MUTATIONS = [
    Mutation(
        "scale: the linear rule for adaptive steps",
        RULES, '{"lr": m.lr * root, "eps": m.eps / root}', '{"lr": m.lr * kappa, "eps": m.eps / root}', BY_HAND,
    ),
    Mutation(
        "scale: averages that forget √κ times as fast, not κ times",
        RULES, "1.0 - float(c.kappa * c.alpha)", "1.0 - math.sqrt(c.kappa * c.alpha)", BY_HAND,
    ),
    Mutation(
        "scale: the decay left as it was", RULES, "m.weight_decay * root}", "m.weight_decay}", BY_HAND,
    ),
    Mutation(
        "scale: compression the wrong way round", RULES, "m.lr * after / before", "m.lr * before / after",
        named("scaling_exact", "test_the_rule_of_rand_k_keeps_the_level"),
    ),
    Mutation(
        "scale: steps that forget the agents", RULES, "    return c.kappa * c.alpha\n", "    return c.kappa\n",
        named("scaling_exact", "test_the_rule_of_signs_keeps_their_law"),
    ),
    Mutation(
        "scale: private noise that grows with the batch",
        RULES, "m.sigma_dp * math.sqrt(c.kappa)", "m.sigma_dp * float(c.kappa)", BY_HAND,
    ),
    Mutation(
        "scale: the momentum of conditional gradient follows τ^{1/3}",
        RULES, "tau ** (-2.0 / 3.0)", "tau ** (-1.0 / 3.0)", BY_HAND,
    ),
    Mutation(
        "scale: Adagrad by the rule of Adam",
        RULES, '{"lr": m.lr, "initial"', '{"lr": m.lr * kappa**0.5, "initial"',
        named("scaling_sdes", "test_where_noise_dominates[Adagrad]"),
    ),
    Mutation(
        "scale: the sum of squares falls as Σ",
        RULES, "m.initial / kappa**2", "m.initial / kappa", BY_HAND,
    ),
    Mutation(
        "scale: second-order methods by the linear rule",
        RULES, "m.lr * float(c.kappa) ** 2", "m.lr * float(c.kappa)",
        named("scaling_sdes", "test_sghmc_keeps_its_friction_and_both_noises"),
    ),
    Mutation(
        "scale: the share of two points taken for a memory",
        RULES, 'square_root(m, c, kept=("beta1",))', "square_root(m, c)",
        named("scaling_sdes", "test_where_noise_dominates[ScheduleFreeAdamW]"),
    ),
    Mutation(
        "scale: a warm-up of as many steps",
        RULES, "m.psi * float(c.kappa)", "m.psi", named("scaling_sdes", "test_where_noise_dominates[NAdam]"),
    ),
    Mutation(
        "scale: ε in every step treated as one outside the root",
        RULES, 'square_root(m, c) | {"eps": m.eps}', "square_root(m, c)",
        named("scaling_sdes", "test_where_noise_dominates[AdaBelief]"),
    ),
    Mutation(
        "scale: decay of signs left as it was",
        RULES, "m.weight_decay * math.sqrt(c.kappa)", "m.weight_decay",
        named("scaling_sdes", "test_where_noise_dominates[SignSGDW]"),
    ),
    Mutation(
        "scale: what follows x keeps its share of a step",
        RULES, '"follow": m.follow * float(c.kappa)', '"follow": m.follow',
        named("scaling_sdes", "test_games[SmoothedGDA]"),
    ),
    Mutation(
        "scale: the running mean of Signum keeps its length in steps",
        RULES, 'linear(m, c) | {"momentum": slower(m.momentum, c)}', 'linear(m, c) | {"momentum": m.momentum}',
        named("scaling_sdes", "test_signum_keeps_the_flow_of_its_running_mean"),
    ),
    Mutation(
        "scale: a delay of one step less",
        "sdeopt/scaling/conditions.py", "(float(method.delay) + 0.5)", "(float(method.delay) - 0.5)",
        named("scaling_conditions", "test_what_rounds_delays_and_fields_add_to_a_step"),
    ),
    Mutation(
        "scale: an average that keeps its decay per step",
        "sdeopt/scaling/around.py", "m.decay ** float(inner.speed(c))", "m.decay",
        named("scaling_around", "test_the_average_has_its_exact_law"),
    ),
    Mutation(
        "scale: noise divided by κ in place of √κ",
        "sdeopt/scaling/problems.py", "law.scale / float(change.kappa) ** 0.5", "law.scale / float(change.kappa)",
        named("scaling_rules", "test_the_noise_after"),
    ),
    Mutation(
        "scale: noise that grows with the gradient as before",
        "sdeopt/scaling/problems.py", "law.growth / float(change.kappa)", "law.growth",
        named("scaling_rules", "test_the_noise_after"),
    ),
    Mutation(
        "scale: λ/σ² for λ/σ of signs",
        "sdeopt/scaling/conditions.py", "np.sqrt(math.pi / 2.0 * _see(method, problem).var)",
        "math.pi / 2.0 * _see(method, problem).var", named("scaling_conditions", "test_signs_divide_by_the_noise"),
    ),
    Mutation(
        "scale: laws compared at equal numbers of steps",
        "sdeopt/scaling/evidence.py", "tuple(round(speed * j) for j in later)", "tuple(later)",
        named("scaling_evidence", "test_the_linear_rule_of_sgd_keeps_the_law"),
    ),
    Mutation(
        "scale: the same draws before and after",
        "sdeopt/scaling/evidence.py", "spawn_key=(i,)", "spawn_key=(0,)",
        named("scaling_evidence", "test_the_columns_draw_independently"),
    ),
]  # fmt: skip
