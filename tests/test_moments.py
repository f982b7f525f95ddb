"""What a law says of its moments, against its own distribution."""

import math

import numpy as np
import pytest
from scipy import stats

import sdeopt as so
from sdeopt.noise.stable import central_mass

MOMENTS = {
    "t": (so.StudentT(2.5, 0.5), 2.5),
    "t without scale": (so.StudentT(2.5, [0.0, 0.0]), math.inf),
    "t in one coordinate": (so.StudentT(1.5, [0.0, 1.0]), 1.5),
    "stable": (so.AlphaStable(1.5, 0.5), 1.5),
    "stable, normal": (so.AlphaStable(2.0), math.inf),
    "gaussian": (so.Gaussian(0.5), math.inf),
    "laplace": (so.Laplace(0.5), math.inf),
    "rademacher": (so.Rademacher(0.5), math.inf),
    "none": (so.NoNoise(), math.inf),
    "batch": (so.Batch(so.StudentT(3), 4), 3.0),
    "agents": (so.Agents([so.Gaussian(1.0), so.StudentT(3), so.AlphaStable(1.2)]), 1.2),
    "shares": (so.Agents(so.Minibatch(2), agents=2), math.inf),
    "minibatch": (so.Minibatch(2), math.inf),
    "reshuffled": (so.Reshuffled(2), math.inf),
    "poisson": (so.PoissonBatch(2), math.inf),
    "diagonal": (so.DiagonalMinibatch(2), math.inf),
}


@pytest.mark.parametrize("case", MOMENTS.values(), ids=MOMENTS)
def test_a_law_states_which_moments_exist(case):
    law, order = case
    assert law.moments == order


@pytest.mark.parametrize("nu", [0.5, 1.0, 2.5, 4.5])
def test_moments_of_student_t_end_where_the_tail_says(nu):
    """E|ξ|^q = ∫ q s^{q-1} P(|ξ| > s) ds converges for q below the exponent of the tail, not for q above."""
    far = np.array([1e6, 1e7])
    slope = -np.diff(np.log(stats.t(nu).sf(far))) / np.diff(np.log(far))
    assert so.StudentT(nu).moments == pytest.approx(slope[0], rel=1e-6)


@pytest.mark.parametrize("alpha", [0.8, 1.5, 1.9])
def test_moments_of_stable_noise_end_where_the_tail_says(alpha):
    far = np.array([1e3, 3e3])
    slope = -np.diff(np.log(1.0 - central_mass(far, alpha))) / np.diff(np.log(far))
    assert so.AlphaStable(alpha).moments == pytest.approx(slope[0], rel=3e-3)
