"""``SDE``: an Itô or Stratonovich equation from plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady

__all__ = ["SDE"]

Array = NDArray[np.float64]
CALCULI = ("ito", "stratonovich")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class SDE:
    """The equation dX = b(t, X) dt + σ(t, X) dW in d dimensions, with m independent Brownian motions.

    In Itô's sense or, with ``calculus="stratonovich"``, in Stratonovich's, dX = b(t, X) dt + σ(t, X) ∘ dW. The latter
    is the Itô equation with drift b + ½ Σ_r (∂g_r/∂x) g_r, g_r the columns of σ (Kloeden & Platen 1992, section 4.9);
    it is integrated as it stands, no derivative is formed.

    Functions written in the arithmetic of pages (NumPy's + - * /, sqrt, entries ``x[0]``, ``np.array([x[1], 0.0])``,
    and the vocabulary of ``sdeopt.core``: ``matvec``, ``dot``, ``exp``, ``sin``, ...) are compiled for many paths at
    a time. What else Numba knows, ``np.exp`` say, is compiled a path at a time, some thirty times slower, and an
    `OnePathWarning` says so; anything else runs interpreted, and an `InterpretedWarning` says so. Numbers, arrays and
    tuples that a function refers to, in its closure, its defaults, its globals or by ``module.name``, are compiled
    in: each run takes those of the moment when it begins. Whole numbers that arise at run time have 64 bits: write
    ``float(n)`` where a sum or product may leave them; powers above the square are not compiled. Tables may be
    indexed by time, and an index beyond their end is an IndexError: a scheme that looks at the end of a step asks for
    t = horizon too. Functions must not write into their arguments.

    Parameters
    ----------
    drift : callable
        (t, x) -> b(t, x), an array of shape (d,).
    diffusion : callable
        (t, x, dw) -> σ(t, x) dw, an array of shape (d,), linear in ``dw``, an array of shape (m,): the action of the
        matrix, which never needs to exist. Or, for diagonal noise, (t, x) -> an array of shape (d,), or a number: X_i
        is driven by W_i alone and the entry i depends on t and x_i alone. The number of arguments says which.
    dim : int
        Dimension d.
    noise_dim : int, optional
        Number m of Brownian motions; default d. Diagonal noise has d.
    calculus : str
        "ito" (default) or "stratonovich".

    Raises
    ------
    TypeError
        If a function is not callable or has another number of arguments.
    ValueError
        If a dimension is below one, diagonal noise has m other than d, a function draws at random, or the calculus is
        unknown. What the functions return is looked at when a starting point is known, by `integrate`.

    Examples
    --------
    Geometric Brownian motion, diagonal noise, and a rotation by one Brownian motion:

    >>> import numpy as np, sdeopt as so
    >>> so.SDE(lambda t, x: 0.5 * x, lambda t, x: 0.2 * x, dim=3)
    SDE(dim=3, diagonal noise)
    >>> so.SDE(lambda t, x: -0.5 * x, lambda t, x, dw: np.array([-x[1] * dw[0], x[0] * dw[0]]), dim=2, noise_dim=1)
    SDE(dim=2, noise_dim=1)
    """

    drift: Callable[[Any, Any], Any]
    diffusion: Callable[..., Any]
    # not a field: what is not compiled
    _given: ClassVar[tuple[int, int, bool, str]]

    def __init__(
        self,
        drift: Callable[[Any, Any], Any],
        diffusion: Callable[..., Any],
        dim: int,
        *,
        noise_dim: int | None = None,
        calculus: str = "ito",
    ) -> None:
        if _arguments("drift", drift, "(t, x)") != 2:
            raise TypeError(f"drift must be a function of (t, x), got {checks.short(drift)}")
        count = _arguments("diffusion", diffusion, "(t, x, dw)")
        if count not in (2, 3):
            raise TypeError(
                f"diffusion must be a function of (t, x, dw), or of (t, x) if diagonal, got {checks.short(diffusion)}"
            )
        d = checks.dimension("dim", dim)
        m = d if noise_dim is None else checks.dimension("noise_dim", noise_dim)
        if count == 2 and m != d:
            raise ValueError(f"noise_dim of diagonal noise is dim = {d}, got {m}; write diffusion(t, x, dw) for others")
        given = (d, m, count == 2, checks.choice("calculus", calculus, CALCULI))
        for name, value in (("drift", drift), ("diffusion", diffusion)):
            refuse_random(name, value)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_given", given)

    @property
    def dim(self) -> int:
        """Dimension d."""
        return self._given[0]

    @property
    def noise_dim(self) -> int:
        """Number m of Brownian motions."""
        return self._given[1]

    @property
    def diagonal(self) -> bool:
        """Whether σ is given by its diagonal."""
        return self._given[2]

    @property
    def calculus(self) -> str:
        """In whose sense the equation is meant, "ito" or "stratonovich"."""
        return self._given[3]

    def check(self, x: Array) -> None:
        """Raise unless both functions return what they should at time 0 and ``x``."""
        _vector("drift", _answer("drift", self.drift, x), x)
        if not self.diagonal:
            _vector("diffusion", _answer("diffusion", self.diffusion, x, np.ones(self.noise_dim)), x)
            return
        s = _answer("diffusion", self.diffusion, x)
        if np.ndim(s) == 0:
            s = np.full(x.shape, checks.number("diffusion at x0", s[()] if isinstance(s, np.ndarray) else s))
        _vector("diffusion", s, x)

    def __repr__(self) -> str:
        noise = "diagonal noise" if self.diagonal else f"noise_dim={self.noise_dim}"
        sense = ", Stratonovich" if self.calculus == "stratonovich" else ""
        return f"SDE(dim={self.dim}, {noise}{sense})"


def _arguments(name: str, f: Any, wanted: str) -> int:
    """Number of arguments without default of a function."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except Exception:  # of what is no function, or says so in its own way
        raise TypeError(f"{name} must be a function of {wanted}, got {checks.short(f)}") from None
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _answer(name: str, f: Callable[..., Any], *arguments: Array) -> Any:
    """What ``f`` returns at time 0; raise if it writes into its arguments or answers twice differently."""
    given = [a.copy() for a in arguments]
    f(0.0, *given)
    if not all(map(np.array_equal, given, arguments)):
        raise ValueError(f"{name} must not write into its arguments; return a new array")
    return steady(name, f, 0.0, *arguments)


def _vector(name: str, got: Any, x: Array) -> None:
    """Raise unless ``got`` is a finite array like ``x``."""
    if not isinstance(got, np.ndarray):
        raise TypeError(f"{name} must return a NumPy array of shape {x.shape}, got {type(got).__name__}")
    if got.shape != x.shape:
        raise ValueError(f"{name} must return shape {x.shape}, got {got.shape}")
    if not np.isfinite(checks.real(f"{name} at x0", got)).all():
        raise ValueError(f"{name} at x0 must be finite, got {checks.short(got)}")
