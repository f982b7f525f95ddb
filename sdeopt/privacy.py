"""Privacy accounting: the noise multiplier for a budget (ε, δ), and the budget that a noise multiplier spends.

The mechanism is the one of `DPSGD`: T steps, each of which samples examples with probability q, clips and sums their
gradients and adds normal noise of standard deviation σC. Neighbouring data sets differ by one example added or removed.
Its Rényi divergences are summed over the steps and turned into (ε, δ) at the best order, by the package dp-accounting
(extra ``dp``); nothing is computed here.

The sampling is Poisson (`PoissonBatch`). For batches of fixed size, `Minibatch`, ε is that of another neighbouring
relation and these functions do not give it. ε is an upper bound; accounting by privacy loss distributions is tighter
(1.515 for 1.712 at σ = 1.1, q = 0.01, T = 1000, δ = 1e-5) and ten times slower.

References
----------
Abadi et al. (2016), arXiv:1607.00133; Mironov, Talwar & Zhang (2019), arXiv:1908.10530.
"""

from __future__ import annotations

from typing import Any

from sdeopt.core import checks

__all__ = ["epsilon", "sigma"]


def sigma(epsilon: float, delta: float, steps: int, sample_rate: float) -> float:
    """The smallest noise multiplier, to 1e-6, with which ``steps`` steps are (ε, δ)-private: ``sigma_dp`` of the pages.

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
    1.5131...
    """
    target, delta, steps, rate = _budget("epsilon", epsilon, delta, steps, sample_rate)
    dp = _package()

    def event(z: float) -> Any:
        return _event(dp, z, steps, rate)

    return float(dp.calibrate_dp_mechanism(dp.rdp.RdpAccountant, event, target, delta))


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
    1.7117...
    """
    z, delta, steps, rate = _budget("sigma", sigma, delta, steps, sample_rate)
    dp = _package()
    accountant = dp.rdp.RdpAccountant()
    accountant.compose(_event(dp, z, steps, rate))
    return float(accountant.get_epsilon(delta))


def _budget(name: str, value: Any, delta: Any, steps: Any, sample_rate: Any) -> tuple[float, float, int, float]:
    """The arguments, checked."""
    return (
        checks.positive(name, value),
        checks.number("delta", delta, low=0.0, high=1.0, open_low=True, open_high=True),
        checks.integer("steps", steps, low=1),
        checks.number("sample_rate", sample_rate, low=0.0, high=1.0, open_low=True),
    )


def _event(dp: Any, z: float, steps: int, rate: float) -> Any:
    """``steps`` Gaussian mechanisms on Poisson samples."""
    return dp.SelfComposedDpEvent(dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(z)), steps)


def _package() -> Any:
    """dp_accounting with its Rényi accountant."""
    try:
        import dp_accounting.rdp
    except ImportError as error:
        raise ImportError('privacy accounting needs dp-accounting: pip install "sdeopt[dp]"') from error
    return dp_accounting
