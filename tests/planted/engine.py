"""Errors to plant in what all pages share: the schemes, the extrapolation, the noise of minibatches."""

from __future__ import annotations

from planted.mutation import NOISE, Mutation

MUTATIONS = [
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
]  # fmt: skip
