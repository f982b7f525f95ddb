"""Errors to plant in what derives an SDE from a step."""

from __future__ import annotations

from planted.mutation import NOISE, Mutation, named

HERE = "sdeopt/derivation"
CONTRACT = "tests/contract/test_derivations.py"


def equal(page: str) -> tuple[str, ...]:
    return (f"{CONTRACT}::test_a_derived_sde_is_the_hand_written_one[{page}]",)


def second(page: str) -> tuple[str, ...]:
    return (f"{CONTRACT}::test_a_derived_drift_of_order_2_is_the_hand_written_one[{page}]",)


MUTATIONS = [
    Mutation(
        "derive: the derivative of a gradient dropped",
        f"{HERE}/vocabulary.py",
        "return Hvp(self.args[0], moved[0])", "return sp.S.Zero",
        second("SGD"),
    ),
    Mutation(
        "derive: the response of a sign to its noise dropped",
        f"{HERE}/vocabulary.py",
        "return SignResponse(*self.args, moved[1])", "return sp.S.Zero",
        ("tests/contract/test_derived_order2.py::test_the_drift_of_order_2_is_right_to_the_next_order[SignSGD]",),
    ),
    Mutation(
        "derive: order 2 without the motion of the drift in time",
        f"{HERE}/order2.py",
        "{t: t + h, **{p: p + h * d", "{**{p: p + h * d",
        ("tests/contract/test_derived_order2.py::test_the_drift_of_order_2_is_right_to_the_next_order[Adam]",),
    ),
    Mutation(
        "derive: order 2 with the whole of what it takes off",
        f"{HERE}/order2.py",
        "e - base.limit.tau / 2 * a", "e - base.limit.tau * a",
        second("SGD"),
    ),
    Mutation(
        "derive: means of the next order kept at order 1",
        f"{HERE}/matching.py",
        "for i in range(power * (order + 1))", "for i in range(power * (order + 2))",
        equal("SmoothedGDA-order1"),
    ),
    Mutation(
        "derive: noise cut off where a hyperparameter shrinks like √η",
        f"{HERE}/matching.py",
        "c[i] - moments.mean(c[i])) for i in range(2 * power)", "c[i] - moments.mean(c[i])) for i in range(1 + power)",
        equal("SEG-order1"),
    ),
    Mutation(
        "derive: τ for √τ in the noise",
        f"{HERE}/action.py",
        "part(kick, kicks) / sp.sqrt(self.tau)", "part(kick, kicks) / self.tau",
        equal("SGD-order1"),
    ),
    Mutation(
        "derive: one increment for two samples of the gradient",
        f"{HERE}/action.py",
        'samples = {xi: "gradient" + number(xi) for', 'samples = {xi: "gradient" for',
        equal("SEGIndependent-order1"),
    ),
    Mutation(
        "derive: both copies of the noise from one increment",
        f"{HERE}/action.py",
        "self._root(draw, which) for which in (name, f\"{name} again\")", "self._root(draw, name) for _ in (0, 1)",
        named("derive", "test_a_check_agrees[CoordinateClip]"),
    ),
    Mutation(
        "draws: own increments that are named twice are one",
        "sdeopt/engine/draws.py",
        "if again:  # an increment named twice", "if again and name != \"own\":  # an increment named twice",
        named("derive", "test_increments_that_are_named_twice_are_two"),
    ),
    Mutation(
        "derive: the sign of a negative factor forgotten",
        f"{HERE}/moments.py",
        "return sign, tidy(rest / slope)", "return 1, tidy(rest / slope)",
        named("derive", "test_a_sign_may_be_turned_around"),
    ),
    Mutation(
        "derive: the density left out of truncated moments",
        f"{HERE}/piecewise.py",
        "edge = a ** (n - 1) * density if", "edge = 0 * density if",
        named("derive", "test_a_drift_is_the_mean_of_the_step[0.7-Drag]"),
    ),
    Mutation(
        "quadrature: nodes beyond a kink counted from the other end",
        f"{NOISE}/normal.py",
        "return 0.5 * (points + 1.0), 0.5 * weights", "return 0.5 * (points + 1.0), weights",
        named("derive", "test_a_drift_is_the_mean_of_the_step[0.7-SoftSign]"),
    ),
    Mutation(
        "derive: a nested sum differentiated from outside only",
        f"{HERE}/generic.py",
        "out += (self.total(rate) if vector(rate)", "out += 0 * (self.total(rate) if vector(rate)",
        named("derived_objectives", "test_derivatives_are_those_of_differences[nested]"),
    ),
    Mutation(
        "derive: the noise of the mean for that of one clipped example",
        f"{HERE}/moments.py",
        "v.ClippedOne(v.Grad(x) + root * XI, clip)", "v.ClippedOne(v.Grad(x) + XI, clip)",
        (f"{CONTRACT}::test_clipping_goes_over_into_its_phases[60.0-unclipped-1e-12]",),
    ),
    Mutation(
        "clipping: two degrees of freedom too few",
        f"{NOISE}/clipping.py",
        "(d + 1.0) * log(r / peak)", "(d - 1.0) * log(r / peak)",
        named("clipped_mean", "test_one_coordinate_has_a_closed_form[2.0]"),
    ),
    Mutation(
        "derive: a check takes two equal counts for an integral that is known",
        f"{HERE}/check.py",
        ".max(axis=0, initial=0.0)) / len(values)", ".max(axis=0, initial=0.0)) * 0.0",
        named("derive", "test_every_check_agrees[Turned]"),
    ),
    Mutation(
        "derive: a check compiles the oracle's functions for every integral",
        "sdeopt/engine/compiler/compile.py",
        "linker = linker_of(*map(type, o), False)",
        "linker = linker_of.__wrapped__(*map(type, o), False)",
        named("derive", "test_a_check_compiles_a_step_once"),
    ),
    Mutation(
        "derive: other sizes tried where a rule is missing",
        f"{HERE}/search.py",
        "if not all(missing) and all(", "if all(missing) and all(",
        named("derive", "test_other_sizes_are_not_tried_where_a_rule_is_missing"),
    ),
    Mutation(
        "derive: the gradient through a product with a matrix not transposed",
        f"{HERE}/generic.py",
        "turned = self.constants[w.args[0].name].T", "turned = self.constants[w.args[0].name]",
        named("derived_objectives", "test_derivatives_are_those_of_differences[network]"),
    ),
    Mutation(
        "derive: a part that a jump turns around within a step taken for slow",
        f"{HERE}/speed.py",
        "if order + back <= 0:", "if order + back < -9:",
        named("derive_others", "test_a_refusal_names_the_term[ErrorFeedbackSign]"),
    ),
    Mutation(
        "derive: a buffer averaged out that takes x along",
        f"{HERE}/speed.py",
        "        if led:", "        if led and not m:",
        named("derive_others", "test_what_takes_x_along_is_not_averaged_out"),
    ),
    Mutation(
        "derive: the page's own noise left out of the variance of a mean",
        f"{HERE}/expectations.py",
        "variance + ratio**2", "variance",
        named("derive_others", "test_an_sde_is_that_by_hand[OwnNoiseTanh]"),
    ),
    Mutation(
        "derive: hyperparameters that are given decide no branch",
        f"{HERE}/trace.py",
        "if given is None else given._asdict()", "if given is not cls else given._asdict()",
        named("derive_others", "test_hyperparameters_that_are_given_decide"),
    ),
    Mutation(
        "derive: an SDE is run with hyperparameters that decide otherwise",
        f"{HERE}/derived.py",
        "if holds.subs(numbers) is sp.false]", "if holds is sp.false]",
        named("derive_others", "test_a_branch_that_a_hyperparameter_decided_is_not_run_with_another"),
    ),
    Mutation(
        "derive: samples of one round share their noise",
        f"{HERE}/twins.py",
        "return v.AgentMean(x) + of_agent(noise(o, x, z))", "return v.AgentMean(x) + of_agent(noise(o, x, z) and XI)",
        (f"{CONTRACT}::test_a_step_of_several_samples_is_the_hand_written_one[LocalSGD-1-2.0]",),
    ),
    Mutation(
        "derive: the roots of samples that enter alike added, not their squares",
        f"{HERE}/action.py",
        "one, added, squares + ratios[at] ** 2", "one, added, squares + ratios[at]",
        named("derive_samples", "test_samples_that_enter_alike_are_one"),
    ),
    Mutation(
        "derive: samples joined that enter parts of their own",
        f"{HERE}/action.py",
        "alike = not vector(r) and all(", "alike = not vector(r) or all(",
        named("derive_samples", "test_samples_in_another_ratio_have_increments_of_their_own"),
    ),
    Mutation(
        "derive: agents' Hessians do not act on their own gradients",
        f"{HERE}/vocabulary.py",
        "return AgentHvp(self.args[0], moved[0])", "return sp.S.Zero",
        (f"{CONTRACT}::test_a_step_of_several_samples_is_the_hand_written_one[LocalSGD-2-4.0]",),
    ),
    Mutation(
        "derive: an SDE of one number of samples is run with another",
        f"{HERE}/trace.py",
        "as with these hyperparameters\", sp.Eq(symbol, number))", "as with these hyperparameters\")",
        (f"{CONTRACT}::test_a_step_of_several_samples_is_the_hand_written_one[LocalSGD-1-2.0]",),
    ),
    Mutation(
        "derive: noise taken for the same at points that are far apart",
        f"{HERE}/matching.py",
        "for i in range(min(apart.low, 0), power))", "for i in range(min(apart.low, 0), 0))",
        named("derive_samples", "test_noise_that_is_not_additive_is_asked_for_only_where_points_are_far"),
    ),
    Mutation(
        "derive: advice that was tried and led nowhere is given all the same",
        f"{HERE}/advice.py",
        "    except HandOver:\n        return False", "    except HandOver:\n        return True",
        named("derive_advice", "test_what_cautious_momentum_lacks_is_a_rule_where_it_is_slow"),
    ),
    Mutation(
        "derive: the last position on the wrong side",
        f"{HERE}/advice.py",
        "last = trace.x - ratio * other", "last = trace.x + ratio * other",
        named("derive_advice", "test_the_last_position_is_what_the_step_says"),
    ),
    Mutation(
        "derive: other processes do not get the text of a derived SDE",
        "sdeopt/engine/run.py",
        'return vars(self) | ({"text": text} if text else {})', "return vars(self) | ({} if text else {})",
        named("derived_runs", "test_a_process_that_derived_nothing_runs_the_same_sde"),
    ),
    Mutation(
        "derive: a process keeps what it derived before",
        "sdeopt/core/texts.py",
        "or owner.sdes[label].text != text):", "and text):",
        named("derived_runs", "test_a_process_that_derived_another_one_runs_that_of_the_run"),
    ),
    Mutation(
        "traits: an SDE that is not registered is sampled",
        "sdeopt/core/traits.py",
        "if found is None and name != SAMPLED.name:", "if found is None and not name:",
        named("derived_runs", "test_an_sde_that_is_not_registered_is_no_sampled_one"),
    ),
    Mutation(
        "derive: what decays like e^(-t/η) counts as 0",
        f"{HERE}/words.py",
        'if name in ("lr", "q") and width > 1.0:', 'if name in ("lr", "q"):',
        equal("NAdam-full"),
    ),
    Mutation(
        "derive: the floor of a part for that of a difference under a root",
        f"{HERE}/source.py",
        "found[root.base] = sp.Max(root.base, sp.expand(root.base).coeff(p, 1) * low)",
        "found[root.base] = root.base.xreplace(floor)",
        named("derive_more", "test_a_difference_under_a_root_is_kept_above_the_floor_of_its_part"),
    ),
]  # fmt: skip
