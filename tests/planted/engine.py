"""Errors to plant in what all pages share: the schemes, the extrapolation, the noise of minibatches."""

from __future__ import annotations

from planted.mutation import NOISE, Mutation

MUTATIONS = [
    Mutation(
        "draws: an optimizer beside a sampled SDE has batches of its own",
        "sdeopt/engine/draws.py", "(picks if kind", "(False if kind",
        ("tests/test_sampled.py::test_beside_it_the_optimizer_takes_one_of_its_batches[heun-0.25]",),
    ),
    Mutation(
        "Minibatch: 1/B dropped from the covariance",
        f"{NOISE}/minibatch.py", "self.replace) / (n * self.batch))", "self.replace) / n)",
        ("tests/test_minibatch.py",),
    ),
    Mutation(
        "draws: the two normals of a word with one sign",
        "sdeopt/engine/machine/normals.py", "(word << 41) & SIGN", "(word << 40) & SIGN",
        ("tests/test_rng.py::test_a_word_makes_the_normals_of_two_steps",),
    ),
    Mutation(
        "draws: the angle takes bits of the radius",
        "sdeopt/engine/machine/normals.py", "(word << 42) >> 12", "(word << 32) >> 12",
        ("tests/test_rng.py::test_a_word_makes_the_normals_of_two_steps",),
    ),
    Mutation(
        "draws: of the fine ones a coarse step takes the last",
        "sdeopt/engine/machine/fill.py", "(turn == 0).where(made, v.out.take(at, made.width) + made)", "made",
        ("tests/test_rng.py::test_a_coarse_draw_is_the_sum_of_the_fine_ones",),
    ),
    Mutation(
        "draws: a group takes the words of the one before",
        "sdeopt/engine/machine/fill.py", "variable.set(word)", "variable.set(variable.get())",
        ("tests/test_rng.py::test_a_draw_depends_on_its_address_only",),
    ),
    Mutation(
        "roots of lanes: one of Newton's steps",
        "sdeopt/engine/compiler/roots.py", "range(2)", "range(1)",
        ("tests/test_roots.py::test_every_estimate_gives_the_correctly_rounded_root",),
    ),
    Mutation(
        "Reshuffled: examples in the order of the data",
        "sdeopt/engine/machine/fill.py",
        "order[c], order[other] = order[other]", "order[c], order[c] = order[other]",
        ("tests/test_reshuffled.py::test_every_epoch_is_a_new_permutation_of_what_whole_batches_hold",),
    ),
    Mutation(
        "Reshuffled: every epoch the same permutation",
        "sdeopt/engine/machine/fill.py", "(epoch << 32) | c", "c",
        ("tests/test_reshuffled.py::test_every_epoch_is_a_new_permutation_of_what_whole_batches_hold",),
    ),
    Mutation(
        "noise_profile: products with Σ not centred",
        f"{NOISE}/minibatch.py", "weighted_grad(o, x, slopes - total(slopes) / n)", "weighted_grad(o, x, slopes)",
        ("tests/test_noise_profile.py::test_products_are_those_of_the_root[Minibatch(batch=2, replace=True)]",),
    ),
    Mutation(
        "noise_profile: what the basis leaves is counted twice",
        "sdeopt/profile/products.py", "y = z - Q @ (Q.T @ z)", "y = z",
        ("tests/test_noise_profile.py::test_a_profile_is_that_of_dense_matrices",),
    ),
    Mutation(
        "noise_profile: B_noise of the batch, not of one example",
        "sdeopt/profile/measure.py", "share * t[2] / bend", "t[2] / bend",
        ("tests/test_noise_profile.py::test_a_profile_is_that_of_dense_matrices",),
    ),
    Mutation(
        "noise_profile: Hill's logarithms without their threshold",
        "sdeopt/profile/tail.py", "np.log(largest[:-1] / largest[-1])", "np.log(largest[:-1] / largest[0])",
        ("tests/test_noise_profile.py::test_the_interval_of_hill_is_exact_for_power_laws",),
    ),
    Mutation(
        "engine: noise increments of dt for √dt",
        "sdeopt/engine/schemes.py", "q = (dt, noise_factor * math.sqrt(dt))", "q = (dt, noise_factor * dt)",
        ("tests/test_acceptance.py::test_means_and_covariances_on_the_quadratic[SGD(lr=0.1)-order1]",),
    ),
    Mutation(
        "engine: the drift at the end of a step taken at its beginning",
        "sdeopt/engine/schemes.py",
        "drift(m, t + dt, predict((y, b, w), q), o)", "drift(m, t, y, o)",
        ("tests/test_simulate.py::test_heun_is_of_second_order_where_euler_is_of_first",),
    ),
    Mutation(
        "engine: the noise of mid-step taken at the beginning",
        "sdeopt/engine/schemes.py", "(0.5 * dt, 0.0)", "(0.0 * dt, 0.0)",
        ("tests/test_schemes.py::test_the_noise_of_heun_is_that_of_mid_step",),
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
        "vectors: an array of size one is not stretched",
        "sdeopt/engine/compiler/expressions.py", "builder.select(alone, zero, one)", "one",
        ("tests/test_vectors.py::test_an_expression_is_that_of_numpy",),
    ),
    Mutation(
        "vectors: the sums of some rows stand in the places of others",
        "sdeopt/engine/compiler/products.py", "out[k + i] = sums[i]", "out[k + i] = sums[i ^ 1]",
        ("tests/test_vectors.py::test_a_product_adds_columns_from_the_first_to_the_last",),
    ),
    Mutation(
        "vectors: sums begin with 0, which loses the sign of -0",
        "sdeopt/engine/compiler/products.py", "s7 = -0.0", "s7 = 0.0",
        ("tests/test_vectors.py::test_a_product_adds_columns_from_the_first_to_the_last",),
    ),
    Mutation(
        "vectors: the fourth of the rows side by side is the third",
        "sdeopt/engine/compiler/products.py", "index, k + 3)", "index, k + 2)",
        ("tests/test_vectors.py::test_products_with_some_rows_are_those_with_their_copy",),
    ),
    Mutation(
        "vectors: the second vector of rows is the first",
        "sdeopt/engine/compiler/products.py", "min(i + 8, rows - 8)", "min(i, rows - 8)",
        ("tests/test_vectors.py::test_a_product_adds_columns_from_the_first_to_the_last",),
    ),
    Mutation(
        "names: functions are counted from 1 in every process",
        "sdeopt/engine/compiler/pipeline.py",
        "iter(functools.partial(secrets.randbits, 62), None)", "iter(range(1, 2**62))",
        ("tests/test_names_in_code.py::test_two_processes_give_no_name_twice",),
    ),
    Mutation(
        "memory: a block is not taken from its shelf",
        "sdeopt/engine/compiler/recycle.py",
        "br i1 %empty, label %new, label %take", "br i1 true, label %new, label %take",
        ("tests/test_vectors.py::test_blocks_are_used_again_and_returned",),
    ),
    Mutation(
        "memory: what is on the shelves stays there",
        "sdeopt/engine/compiler/recycle.py", "                _free(used)", "                pass",
        ("tests/test_vectors.py::test_blocks_are_used_again_and_returned",),
    ),
]  # fmt: skip
