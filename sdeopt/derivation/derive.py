"""``so.derive``: the SDE of an optimizer from its update alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sdeopt.core import checks, foreign

if TYPE_CHECKING:
    from sdeopt.derivation.derivation import Derivation

__all__ = ["derive"]


def derive(
    method: Any,
    order: int = 1,
    *,
    limit: Mapping[str, str] | None = None,
    assume: Mapping[str, str] | None = None,
    eliminate: Sequence[str] = (),
    sde: str | None = None,
) -> Derivation:
    r"""Derive the SDE of an optimizer from its ``step`` alone.

    The step is run on symbols; mean and covariance of one step, expanded as η → 0 and divided by the time of a step,
    are drift and σσᵀ.

    Parameters
    ----------
    method : type or method
        A class decorated by ``sdeopt.core.method``, or one of its instances. Only ``step`` is needed.
    order : int
        1, or 2 for a drift with the next order in η, the noise being the same.
    limit : mapping, optional
        How hyperparameters move with η, such as {"beta": "1 - lr"} for 1 - β ∝ η, {"rho": "sqrt(lr)"} or {"eps":
        "fixed"}; how long a step lasts, {"t": "sqrt(lr)"}; how large a part of the state is, {"v": "1/sqrt(lr)"}.
        Default what the page's ``scaled`` and clock say.
    assume : mapping, optional
        {"clip": "inactive"} or {"clip": "active"}: the phase of clipping that is derived.
    eliminate : sequence of str, optional
        Parts of the state that relax within a few steps, to be replaced by their fixed points.
    sde : str, optional
        Instead of deriving, read the SDE that the page states under this name, for its formulas.

    Returns
    -------
    Derivation
        The SDE as formulas (``latex``), as a page that the engine runs (``model``, ``source``), and what it rests on;
        or, in ``refused``, why no rule gives it.

    Raises
    ------
    ImportError
        If SymPy is missing.
    ValueError, TypeError
        If the method is none, or an argument names what the method does not have.

    Notes
    -----
    Signs and directions of noisy gradients are kept whole; the noise law answers for their moments. The formulas say in
    ``assumed`` where more than a covariance of the noise is used.

    Source: the matching of the moments of one step is that of Li, Tai & E (2019), arXiv:1811.01558.

    Examples
    --------
    >>> import sdeopt as so
    >>> print(so.derive(so.SGD).latex("x"))
    dX = - \nabla f(X)\,dt - \sqrt{\eta} \Sigma^{1/2}dW
    >>> model = so.derive(so.SignSGD).model
    >>> model.name, model.brownian
    ('derived', ('sign',))
    """
    try:
        from sdeopt.derivation import search
    except ImportError as error:
        raise ImportError('derive needs SymPy: pip install "sdeopt[derive]"') from error
    cls = method if isinstance(method, type) else type(method)
    if not hasattr(cls, "clock_of"):
        got = foreign.told(method)
        raise TypeError(f"method must be a method of sdeopt or a class decorated by sdeopt.core.method, got {got}")
    if (
        isinstance(eliminate, str)
        or not isinstance(eliminate, Sequence)
        or not all(isinstance(n, str) for n in eliminate)
    ):
        raise TypeError(f"eliminate must be a list of parts of the state, got {checks.short(eliminate)}")
    given = None if limit is None else _texts("limit", limit)
    how = search.How(_order(order), given, _texts("assume", {} if assume is None else assume), tuple(eliminate), sde)
    return search.derivation(cls, how, None if isinstance(method, type) else method)


def _texts(name: str, value: Any) -> dict[str, str]:
    """A mapping from names to what is said of them."""
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise TypeError(f"{name} must be a mapping of names to texts, got {checks.short(value)}")
    return dict(value)


def _order(order: Any) -> int:
    n = checks.integer("order", order, low=1)
    if n > 2:
        raise ValueError(f"order must be 1 or 2, got {n}")
    return n
