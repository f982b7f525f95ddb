"""``SDE``: an Itô equation from plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.guards import real_vector

__all__ = ["SDE"]

Array = NDArray[np.float64]
NUDGE = 1e-3  # how far, relative to 1 + |x_i|, a coordinate is moved to see whether noise is diagonal
EXACT = 1e-9  # relative difference that counts as none


@dataclass(frozen=True, eq=False, init=False, repr=False)
class SDE:
    """The Itô equation dX = b(t, X) dt + σ(t, X) dW in d dimensions, with m independent Brownian motions.

    Functions written in the arithmetic of pages (NumPy's + - * /, sqrt, entries ``x[0]``, ``np.array([x[1], 0.0])``,
    and the vocabulary of ``sdeopt.core``: ``matvec``, ``dot``, ``exp``, ``sin``, ...) are compiled for many paths at a
    time. What else Numba knows, ``np.exp`` say, is compiled a path at a time, some thirty times slower; anything else
    runs interpreted, and an `InterpretedWarning` says so. Numbers, arrays and tuples that a function refers to, in its
    closure, its defaults, its globals or by ``module.name``, are compiled in: each run takes those of the moment when
    it begins. Tables may be indexed by time, and an index beyond their end is an IndexError: a scheme that looks at the
    end of a step asks for t = horizon too. Functions must not write into their arguments.

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

    Raises
    ------
    TypeError
        If a function is not callable or has another number of arguments.
    ValueError
        If a dimension is below one, or diagonal noise has m other than d. What the functions return is looked at when
        a starting point is known, by `integrate`.

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
    _given: ClassVar[tuple[int, int, bool]]

    def __init__(
        self, drift: Callable[[Any, Any], Any], diffusion: Callable[..., Any], dim: int, *, noise_dim: int | None = None
    ) -> None:
        if _arguments("drift", drift, "(t, x)") != 2:
            raise TypeError(f"drift must be a function of (t, x), got {drift!r}")
        count = _arguments("diffusion", diffusion, "(t, x, dw)")
        if count not in (2, 3):
            raise TypeError(f"diffusion must be a function of (t, x, dw), or of (t, x) if diagonal, got {diffusion!r}")
        d = checks.integer("dim", dim, low=1)
        m = d if noise_dim is None else checks.integer("noise_dim", noise_dim, low=1)
        if count == 2 and m != d:
            raise ValueError(f"noise_dim of diagonal noise is dim = {d}, got {m}; write diffusion(t, x, dw) for others")
        for name, value in (("drift", drift), ("diffusion", diffusion), ("_given", (d, m, count == 2))):
            object.__setattr__(self, name, value)

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

    def check(self, x: Array) -> None:
        """Raise unless both functions return what they should at time 0 and ``x``."""
        _vector("drift", _answer("drift", self.drift, x), x)
        if self.diagonal:
            self._check_diagonal(x)
            return
        a, b = np.random.default_rng(0).standard_normal((2, self.noise_dim))
        first, second, both = (_answer("diffusion", self.diffusion, x, dw) for dw in (a, b, a + b))
        _vector("diffusion", first, x)
        if np.abs(first + second - both).max() > EXACT * (np.abs(first) + np.abs(second)).max():
            raise ValueError("diffusion must be linear in dw: diffusion(t, x, dw) is σ(t, x) times dw")

    def _check_diagonal(self, x: Array) -> None:
        s = _answer("diffusion", self.diffusion, x)
        if np.ndim(s) == 0:
            s = np.full(x.shape, checks.number("diffusion at x0", s[()] if isinstance(s, np.ndarray) else s))
        _vector("diffusion", s, x)
        for i in range(self.dim):
            moved = x.copy()
            moved[i] += NUDGE * (1.0 + abs(x[i]))
            with np.errstate(all="ignore"):
                change = np.abs(np.broadcast_to(self.diffusion(0.0, moved), x.shape) - s) > EXACT * np.abs(s)
            change[i] = False
            if change.any():
                j = int(np.flatnonzero(change)[0])
                raise ValueError(
                    f"diffusion(t, x) is for diagonal noise, entry {j} a function of t and x[{j}] alone, but it "
                    f"depends on x[{i}]; write diffusion(t, x, dw)"
                )

    def __repr__(self) -> str:
        noise = "diagonal noise" if self.diagonal else f"noise_dim={self.noise_dim}"
        return f"SDE(dim={self.dim}, {noise})"


def _arguments(name: str, f: Any, wanted: str) -> int:
    """Number of arguments without default of a function."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a function of {wanted}, got {f!r}") from None
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _answer(name: str, f: Callable[..., Any], *arguments: Array) -> Any:
    """What ``f`` returns at time 0; raise if it writes into its arguments."""
    given = [a.copy() for a in arguments]
    answer = f(0.0, *given)
    if not all(map(np.array_equal, given, arguments)):
        raise ValueError(f"{name} must not write into its arguments; return a new array")
    return answer


def _vector(name: str, got: Any, x: Array) -> None:
    """Raise unless ``got`` is a finite array of real numbers like ``x``."""
    real_vector(name, got, x.shape, "x0")
