"""Privacy accounting: the noise multiplier for a budget (ε, δ), and the budget that a noise multiplier spends.

The mechanism is the one of `DPSGD`: T steps, each of which samples examples with probability q, clips and sums their
gradients and adds normal noise of standard deviation σC. Neighbouring data sets differ by one example added or removed.
The distribution of its privacy loss is composed over the steps by the package dp-accounting (extra ``dp``); nothing is
computed here. It is bounded from above on a grid of losses 1e-4 apart, so that ε is an upper bound: measured, it is too
large by 1e-5 at ε = 1.5, T = 1000, by 1e-4 at ε = 0.95, T = 10⁴, and by 3 % at ε = 0.005. `sigma` takes one to three
seconds for σ above 1 and some fifteen for σ = 0.6, since small noise has large losses; `epsilon` a tenth of that.

The sampling is Poisson (`PoissonBatch`). For batches of fixed size, `Minibatch`, ε is that of another neighbouring
relation, one example replaced, and these functions do not give it.

References
----------
Abadi et al. (2016), arXiv:1607.00133 (the mechanism); Koskela, Jälkö & Honkela (2020), arXiv:1906.03049, and
Doroshenko, Ghazi, Kamath, Kumar & Manurangsi (2022), arXiv:2207.04380 (privacy loss distributions).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sdeopt.core import checks

__all__ = ["epsilon", "sigma"]


def sigma(epsilon: float, delta: float, steps: int, sample_rate: float) -> float:
    """The noise multiplier with which ``steps`` steps are (ε, δ)-private: ``sigma_dp`` of the pages.

    The smallest, to 1e-6, for which `epsilon` is at most ε.

    Parameters
    ----------
    epsilon : float
        ε > 0.
    delta : float
        δ in (0, 1), commonly below one over the number of examples.
    steps : int
        Number of steps T >= 1.
    sample_rate : float
        q in (0, 1], the probability with which a step sees an example: batch size over number of examples.

    Returns
    -------
    float
        Standard deviation of the noise on the sum of clipped gradients, in units of the clipping length.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.
    ImportError
        If dp-accounting is missing.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.privacy.sigma(epsilon=1.0, delta=1e-5, steps=1000, sample_rate=0.01)  # doctest: +SKIP
    1.4146...
    """
    target, delta, steps, rate = _budget("epsilon", epsilon, delta, steps, sample_rate)
    dp = _package()

    def event(z: float) -> Any:
        return _event(dp, z, steps, rate)

    with _computable("epsilon", target):
        return float(dp.calibrate_dp_mechanism(dp.pld.PLDAccountant, event, target, delta))


def epsilon(sigma: float, delta: float, steps: int, sample_rate: float) -> float:
    """ε for which ``steps`` steps with the noise multiplier ``sigma`` are (ε, δ)-private.

    Parameters
    ----------
    sigma : float
        Noise multiplier σ > 0.
    delta, steps, sample_rate
        As for `sigma`.

    Returns
    -------
    float
        ε > 0.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.
    ImportError
        If dp-accounting is missing.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.privacy.epsilon(sigma=1.1, delta=1e-5, steps=1000, sample_rate=0.01)  # doctest: +SKIP
    1.5153...
    """
    z, delta, steps, rate = _budget("sigma", sigma, delta, steps, sample_rate)
    dp = _package()
    accountant = dp.pld.PLDAccountant()
    with _computable("sigma", z):
        accountant.compose(_event(dp, z, steps, rate))
        return float(accountant.get_epsilon(delta))


def _budget(name: str, value: Any, delta: Any, steps: Any, sample_rate: Any) -> tuple[float, float, int, float]:
    """The arguments, checked."""
    if hasattr(sample_rate, "batch"):  # a law of the noise
        raise TypeError(
            "sample_rate must be the probability with which a step sees an example, batch over examples, of a "
            f"PoissonBatch; batches of fixed size, Minibatch, are not accounted for, got {checks.short(sample_rate)}"
        )
    return (
        checks.positive(name, value),
        checks.number("delta", delta, low=0.0, high=1.0, open_low=True, open_high=True),
        checks.integer("steps", steps, low=1),
        checks.number("sample_rate", sample_rate, low=0.0, high=1.0, open_low=True),
    )


@contextmanager
def _computable(name: str, value: float) -> Iterator[None]:
    """Whatever dp-accounting says of numbers too large or too small for its grid, as one sentence."""
    try:
        with np.errstate(all="ignore"):
            yield
    except Exception as error:
        raise ValueError(f"{name} must allow a privacy loss that its grid can hold, got {value:g}") from error


def _event(dp: Any, z: float, steps: int, rate: float) -> Any:
    """``steps`` Gaussian mechanisms on Poisson samples."""
    return dp.SelfComposedDpEvent(dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(z)), steps)


def _package() -> Any:
    """dp_accounting with its accountant of privacy loss distributions."""
    try:
        import dp_accounting.pld
    except ImportError as error:
        raise ImportError('privacy accounting needs dp-accounting: pip install "sdeopt[dp]"') from error
    return dp_accounting
