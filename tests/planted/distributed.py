"""Errors to plant in the pages of many agents, compressors, and their theory."""

from __future__ import annotations

from planted.mutation import NOISE, PAGES, Mutation, moments, named

MUTATIONS = [
    Mutation(
        "DSGD: η for √η in the diffusion",
        f"{PAGES}/dsgd.py", "return -np.sqrt(self.lr) * root_cov", "return -self.lr * root_cov", moments("DSGD"),
    ),
    Mutation(
        "LocalSGD: agents that see the same noise at every step of a round",
        f"{PAGES}/localsgd.py", "local_grads(o, at, z[h])", "local_grads(o, at, z[0])",
        named("localsgd", "test_rounds_by_hand"),
    ),
    Mutation(
        "LocalSGD: a round that takes as long as a step",
        f"{PAGES}/localsgd.py", "return self.lr * self.local_steps", "return self.lr", moments("LocalSGD"),
    ),
    Mutation(
        "LocalSGD: the outer step forgotten in the drift",
        f"{PAGES}/localsgd.py", "return -self.outer_lr * grad(o, x)", "return -grad(o, x)",
        named("localsgd", "test_what_the_differences_add_to_the_drift"),
    ),
    Mutation(
        "LocalSGD: the outer step forgotten in the noise",
        f"{PAGES}/localsgd.py", "-self.outer_lr * np.sqrt(self.lr) * root_cov", "-np.sqrt(self.lr) * root_cov",
        named("localsgd", "test_the_noise_of_a_round"),
    ),
    Mutation(
        "LocalSGD order2: α for α - 1 in the correction",
        f"{PAGES}/localsgd.py", "(1.0 + (self.outer_lr - 1.0)", "(1.0 + self.outer_lr",
        named("localsgd", "test_order_two_has_the_rate_of_a_round[1.0]"),
    ),
    Mutation(
        "FedAvgM: heavy ball for Nesterov",
        f"{PAGES}/fedavgm.py", "(move + self.momentum * b1)", "b1",
        named("localsgd", "test_rounds_of_fedavgm_are_steps_of_nesterov"),
    ),
    Mutation(
        "FedAvgM: noise of a round for noise of a unit of time",
        f"{PAGES}/fedavgm.py", "np.sqrt(self.lr) * root_cov", "np.sqrt(self.lr * self.local_steps) * root_cov",
        moments("FedAvgM"),
    ),
    Mutation(
        "FedAvgM: friction of a step for that of a round",
        f"{PAGES}/fedavgm.py", "grad(o, x) - (1.0 - self.momentum) / tau * b",
        "grad(o, x) - (1.0 - self.momentum) / self.lr * b", moments("FedAvgM"),
    ),
    Mutation(
        "FedAvgM: the outer step not tied to η",
        f"{PAGES}/fedavgm.py", "outer_lr=ratio * self.outer_lr", "outer_lr=self.outer_lr",
        ("tests/contract/test_regimes.py",),
    ),
    Mutation(
        "DiLoCo: the agents' means begin anew in every round",
        f"{PAGES}/diloco.py", "each(copied, grads, x)), m, v)", "each(copied, grads, x)), 0.0 * m, 0.0 * v)",
        named("diloco", "test_rounds_by_hand"),
    ),
    Mutation(
        "DiLoCo: the bias correction counts rounds",
        f"{PAGES}/diloco.py", "k * self.local_steps", "1.0 * k", named("diloco", "test_rounds_by_hand"),
    ),
    Mutation(
        "DiLoCo: every step of a round from where it began",
        f"{PAGES}/diloco.py", "local_grads(o, pieces(there[0], grads), z[h])", "agent_grads(o, x, z[h])",
        named("diloco", "test_rounds_by_hand"),
    ),
    Mutation(
        "DiLoCo: heavy ball for Nesterov",
        f"{PAGES}/diloco.py", "(move + self.momentum * b1)", "b1", named("diloco", "test_rounds_by_hand"),
    ),
    Mutation(
        "DiLoCo: decay after the step, not of x before it",
        f"{PAGES}/diloco.py", "self.weight_decay * y[0]", "self.weight_decay * x1",
        named("diloco", "test_rounds_by_hand"),
    ),
    Mutation(
        "DiLoCo: the outer step not tied to η",
        f"{PAGES}/diloco.py", "outer_lr=ratio * self.outer_lr", "outer_lr=self.outer_lr",
        ("tests/contract/test_regimes.py",),
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
        "DCSGDRandK curvature: the sign of order 2",
        f"{PAGES}/dcsgdrandk.py", "-g + 0.5 * self.lr * hvp(o, x, g)", "-g - 0.5 * self.lr * hvp(o, x, g)",
        named("curvature", "test_the_loss_changes_as_in_a_step_of_compressed_agents[DCSGDRandK]"),
    ),
    Mutation(
        "DCSGDNormalised: a diffusion that is not shortened",
        f"{PAGES}/dcsgdnormalised.py",
        "return -caution(self, g) * g\n\n    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:\n"
        "        return -np.sqrt(self.lr) * caution(self, grad(o, x)) * sent_noise",
        "return -caution(self, g) * g\n\n    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:\n"
        "        return -np.sqrt(self.lr) * sent_noise",
        moments("DCSGDNormalised"),
    ),
    Mutation(
        "DCSGDNormalised: the square of the gradient for its length",
        f"{PAGES}/dcsgdnormalised.py", "self.l1 * norm(g)", "self.l1 * norm(g) * norm(g)",
        named("curvature", "test_normalised_steps_by_hand"),
    ),
    Mutation(
        "DCSGDNormalised curvature: ψ once",
        f"{PAGES}/dcsgdnormalised.py", "(g - 0.5 * self.lr * psi * hvp(o, x, g))", "(g - 0.5 * self.lr * hvp(o, x, g))",
        named("curvature", "test_the_loss_changes_as_in_a_step_of_compressed_agents[DCSGDNormalised]"),
    ),
    Mutation(
        "DSignSGD curvature: without the response of the signs",
        f"{PAGES}/dsignsgd.py", "0.5 * self.lr * response * hvp(o, x, s)", "0.5 * self.lr * hvp(o, x, s)",
        named("curvature", "test_the_loss_changes_as_in_a_step_of_signs"),
    ),
    Mutation(
        "DCSGDDithering: compressed twice as finely as said",
        f"{PAGES}/dcsgddithering.py", "pieces(u, g), self.levels)", "pieces(u, g), 2.0 * self.levels)",
        named("distributed_steps", "test_steps_by_hand[page1-compress]"),
    ),
    Mutation(
        "DCSGDNatural: the agents' mean compressed once more",
        f"{PAGES}/dcsgdnatural.py",
        "average(each(natural, g, pieces(u, g)))", "natural(average(each(natural, g, pieces(u, g))), pieces(u, g)[0])",
        named("distributed_steps", "test_steps_by_hand[page2-by_powers]"),
    ),
    Mutation(
        "DSignSGD: the sign of the mean for the mean of the signs",
        f"{PAGES}/dsignsgd.py", "average(each(sent, agent_grads(o, x, z)))", "sent(average(agent_grads(o, x, z)))",
        named("distributed_steps", "test_steps_by_hand[page4-None]"),
    ),
    Mutation(
        "TopKEF: the error fed back with the wrong sign",
        f"{PAGES}/topkef.py", "return p - sent", "return sent - p",
        named("distributed_steps", "test_top_k_with_error_feedback_by_hand"),
    ),
    Mutation(
        "Clip21SGD2M: the gradient at the old point",
        f"{PAGES}/clip21sgd2m.py", "grads = agent_grads(o, x1, seen)", "grads = agent_grads(o, x, seen)",
        named("distributed_steps", "test_clip21_by_hand"),
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
        "ByzClip21SGD2M: one too few trimmed above",
        f"{PAGES}/byzclip21sgd2m.py", "rank - 0.5 * (n - 1.0)", "rank - 0.5 * n",
        named("distributed_steps", "test_a_trimmed_mean[7-0.2]"),
    ),
    Mutation(
        "ByzClip21SGD2M: all agents lie",
        f"{PAGES}/byzclip21sgd2m.py", "(1.0 * (i < self.liars))", "1.0",
        named("distributed_steps", "test_byz_clip21_by_hand[0.5-1.0--5.0]"),
    ),
    Mutation(
        "ByzClip21SGD2M: the mean's private noise in the sum of each",
        f"{PAGES}/byzclip21sgd2m.py", "self.beta2 / h * self.sigma_omega * dw_own",
        "self.beta2 / h * self.sigma_omega / np.sqrt(3.0) * dw_own",
        named("distributed", "test_one_step_of_byz_clip21_has_the_moments_of_its_sde"),
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
        "theory of compression: pairs of entries sent as often as single ones",
        "sdeopt/theory/compression.py", "d * (k - 1) / (k * max(d - 1, 1))", "d / k",
        named("compression", "test_rand_k_over_all_masks"),
    ),
    Mutation(
        "theory of compression: root of the variance of dithering",
        "sdeopt/theory/compression.py", "(size / s) ** 2 * rest", "(size / s) * rest",
        named("compression", "test_dithering_over_all_roundings"),
    ),
]  # fmt: skip
