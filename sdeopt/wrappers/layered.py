"""Layered training: one method for the matrices of a network, another for all else, as Muon is used with AdamW.

Discrete
    one gradient γ of the whole network; the step of the method ``matrices`` on every matrix by itself, with its share
    of γ, and that of ``rest`` on all other parameters together, biases and gains of norms, as one vector

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW, the moments of the step Δ of both by fresh draws of it

Regime
    that of both methods, with the ratio of their learning rates fixed: a step is η units of time, of ``matrices``

Claim
    Weak order as that of the weaker method. Both see one gradient, so that the noise of the two halves is correlated,
    which two SDEs side by side would leave out.

Heavy tails
    Refused by the SDE where one of the methods refuses them; runs where the steps of both are bounded.

Sources
    Muon for matrices, AdamW for embeddings, the last layer and vectors: Jordan et al. (2024); Liu et al. (2025),
    arXiv:2502.16982. Norms layer by layer: Pethick et al. (2025), arXiv:2502.07529. The SDE is that of all methods.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.oracle import Oracle, blocks, matrix_rows, noisy_grad
from sdeopt.core.traits import SAMPLED, expect_method
from sdeopt.optimizers.muon import by_products, newton_schulz
from sdeopt.wrappers.wrap import expect_questions, make, questions, through

__all__ = ["Layered"]

SEEN = frozenset({"matrix_rows", "noisy_grad"})
REST = "rest_"  # before the hyperparameters of the other method
WHY = "it hands its share of the one gradient at x to either method"


class Share(NamedTuple):
    """What a method sees of the problem: its share of the gradient, and the rows of its matrix."""

    gradient: Any
    rows: Any


def share_of_grad(o: Any, x: Any, z: Any) -> Any:
    return o.objective.gradient


def share_of_rows(o: Any) -> Any:
    return o.objective.rows


INSTEAD = {noisy_grad: share_of_grad, matrix_rows: share_of_rows, newton_schulz: by_products}


def Layered(matrices: Method, rest: Method, excluded: Sequence[str] = ()) -> Any:
    """Train the matrices of a network by one method, and all its other parameters by another.

    Matrices are the parameters of two dimensions or more; filters of a convolution are a matrix with a row for each
    channel that comes out. Every one is stepped by itself, the rest together, on one gradient. On networks only
    (`TorchObjective`, `networks`, `torch.Stream`).

    Parameters
    ----------
    matrices : method
        For every matrix by itself: `Muon`, `ScionSpectral`, or any page that asks for the gradient at x alone.
    rest : method
        For the other parameters, as one vector: `AdamW`, `Scion`, `SignSGD`, ... Its hyperparameters are
        ``rest_lr`` and so on. Its learning rate may be another; the unit of time is that of ``matrices``, in which
        schedules of both are functions of t.
    excluded : sequence of str
        Names of parameters that go to ``rest`` though they are matrices, such as embeddings and the last layer;
        patterns as of files, "head.*". Default: none.

    Returns
    -------
    method
        A page with the hyperparameters of both, and the SDE "sampled". Its state is x, then the other parts of
        ``matrices`` and those of ``rest``.

    Raises
    ------
    ValueError, TypeError
        If one of them is no method, asks for more than the gradient at x, draws numbers of its own, or its time goes
        otherwise with the learning rate; if ``rest`` asks for a matrix; in a run, if the network has no matrix, or
        no parameter of an excluded name.

    References
    ----------
    Jordan et al. (2024), Muon; Liu et al. (2025), arXiv:2502.16982; Pethick et al. (2025), arXiv:2502.07529.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> problem = so.Problem(so.networks.mlp("breast_cancer", (3,)), so.Minibatch(16))
    >>> method = so.Layered(matrices=so.Muon(lr=0.02), rest=so.AdamW(lr=0.002))
    >>> method.rest_lr, method.parts
    (0.002, ('x', 'm', 'rest_m', 'rest_v'))
    >>> e = so.simulate(method, problem, steps=4, paths=2, rng=0)
    >>> [part.shape for part in method.init(problem.x0, problem.oracle)]  # 3 x 30 and 2 x 3 numbers in matrices
    [(101,), (96,), (5,), (5,)]
    """
    for role, page in (("matrices", matrices), ("rest", rest)):
        expect_method(page)
        _expect(role, page)
    if not np.isclose(_pace(matrices), _pace(rest), rtol=1e-9):
        names = [type(page).__name__ for page in (matrices, rest)]
        raise ValueError(
            f"Layered has one clock: time goes otherwise with the learning rate for {names[0]} than for {names[1]} "
            f"(a quarter of lr makes a step {_pace(matrices):.3g} and {_pace(rest):.3g} times as short)"
        )
    listed = isinstance(excluded, Sequence) and not isinstance(excluded, str)
    if not listed or not all(isinstance(name, str) for name in excluded):
        raise TypeError(f"excluded must be a sequence of names of parameters, got {checks.short(excluded)}")
    return _of(type(matrices), type(rest), tuple(excluded))(*matrices, *rest)


def _expect(role: str, page: Any) -> None:
    """Refuse a method that is no function of its state and the gradient at x."""
    cls = type(page)
    expect_questions(cls, "Layered", SEEN, WHY)
    if role == "rest" and "matrix_rows" in questions(vars(cls)["step"]):
        raise ValueError(
            f"rest must be a method of vectors, such as AdamW, got {cls.__name__}, which asks for a matrix: it goes to "
            "matrices="
        )
    if hasattr(cls, "own") or cls.samples > 1:
        raise ValueError(f"Layered does not fit {cls.__name__}, which draws numbers beside one gradient: {WHY}")
    if "init" in vars(cls) and questions(vars(cls)["init"]):
        raise ValueError(f"Layered does not fit {cls.__name__}, whose first state depends on the problem: {WHY}")
    asked: list[Any] = []

    def seen(o: Any, x: Any, z: Any) -> Any:
        asked.append(x)
        return 0.5 + x * x

    x = np.array([0.3, -0.7])
    y = _begun(cls, page.constant(), x)
    look = through(vars(cls)["step"], "a look", {noisy_grad: seen, matrix_rows: share_of_rows})
    look(page.constant(), 0, y, Oracle(Share(x, 1), None), ())
    if any(at is not x for at in asked):
        raise ValueError(f"Layered does not fit {cls.__name__}, which asks for the gradient at another point: {WHY}")
    if hasattr(cls, "domain") and (not isinstance(y, tuple) or cls.domain(page.constant(), y)[0] is not x):
        raise ValueError(f"Layered does not fit {cls.__name__}, whose domain moves x, as the {role} of a network")


def _begun(cls: Any, page: Any, x: Any) -> Any:
    """The first state of a method at x."""
    return vars(cls)["init"](page, x, None) if "init" in vars(cls) else x


def _pace(page: Any) -> float:
    """The factor by which a step is shorter in time at a quarter of the learning rate."""
    page = page.constant()
    return float(page.clock / _scaled(page, page.lr / 4).clock)


def _scaled(page: Any, lr: float) -> Any:
    """The method at another learning rate."""
    return page.scaled(lr) if hasattr(page, "scaled") else page._replace(lr=lr)


class Layout(NamedTuple):
    """Where things are: (first, end, rows) of the matrices in x and (first, end) of the rest, in the order of x."""

    matrices: tuple[tuple[int, int, int], ...]
    rest: tuple[tuple[int, int], ...]


@functools.lru_cache(maxsize=64)
def layout(parameters: tuple[tuple[str, int, int, int], ...], excluded: tuple[str, ...]) -> Layout:
    """The layout of a network; a ``ValueError`` if it has no matrix, or no parameter of an excluded name."""
    for pattern in excluded:
        if not any(fnmatchcase(name, pattern) for name, *_ in parameters):
            known = ", ".join(name for name, *_ in parameters)
            raise ValueError(f"excluded: no parameter is called {pattern!r}, the network has {known}")
    out = {name for name, *_ in parameters if any(fnmatchcase(name, pattern) for pattern in excluded)}
    there = [(a, b, rows) for name, a, b, rows in parameters if rows and name not in out]
    if not there:
        raise ValueError("Layered needs a matrix among the parameters of the network, and there is none for matrices")
    return Layout(tuple(there), tuple((a, b) for name, a, b, rows in parameters if not rows or name in out))


def picked(x: Any, places: Any) -> Any:
    """The numbers of x at these places, in one vector."""
    return np.concatenate([x[:0], *[x[place[0] : place[1]] for place in places]])


def state(x: Any, parts: Any) -> Any:
    """A state of a method from its position and its other parts."""
    return (x, *parts) if len(parts) else x


def taken(y: Any) -> Any:
    """Position and other parts of a state."""
    return (y[0], y[1:]) if isinstance(y, tuple) else (y, ())


@functools.cache
def _of(cls: Any, other: Any, excluded: tuple[str, ...]) -> Any:
    """The page for two methods, by their classes."""
    n, count, held = len(cls._fields), len(other._fields), len(cls.parts) - 1
    step_matrix, step_rest = (through(vars(page)["step"], "Layered", INSTEAD) for page in (cls, other))

    def inner(self: Any) -> Any:
        return tuple.__new__(other, self[n : n + count])

    def step(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, parts = taken(y)
        g, (matrices, rest) = noisy_grad(o, x, z), layout(blocks(o), excluded)
        moved, at = {}, 0
        for a, b, rows in matrices:
            before = state(x[a:b], [part[at : at + b - a] for part in parts[:held]])
            moved[a] = taken(step_matrix(self, k, before, Oracle(Share(g[a:b], rows), None), z))
            at += b - a
        before = state(picked(x, rest), parts[held:])
        last, others = taken(step_rest(inner(self), k, before, Oracle(Share(picked(g, rest), 0), None), z))
        pieces, at = {a: piece for a, (piece, _) in moved.items()}, 0
        for a, b in rest:
            pieces[a] = last[at : at + b - a]
            at += b - a
        kept = [np.concatenate([own[i] for _, own in moved.values()]) for i in range(held)]
        return state(np.concatenate([pieces[a] for a in sorted(pieces)]), [*kept, *others])

    def init(self: Any, x: Any, o: Any) -> Any:
        places = layout(blocks(o), excluded)
        pages = (cls, self), (other, inner(self))
        begun = [_begun(page, m, picked(x, at)) for (page, m), at in zip(pages, places, strict=True)]
        return state(x, [part for y in begun for part in taken(y)[1]])

    domain_matrix, domain_rest = (vars(page).get("domain") for page in (cls, other))

    def domain(self: Any, y: Any) -> Any:
        x, parts = taken(y)
        front, back = parts[:held], parts[held:]
        if domain_matrix is not None:  # which leaves the position, so that any vector stands for it
            front = domain_matrix(self, (front[0], *front))[1:]
        if domain_rest is not None:
            back = domain_rest(inner(self), (back[0], *back))[1:]
        return state(x, (*front, *back))

    def scaled(self: Any, lr: float) -> Any:
        both = (tuple.__new__(cls, self[:n]), lr), (inner(self), inner(self).lr * lr / self.lr)
        values = [value for page, to in both for value in _scaled(page, to)]
        return self._replace(**dict(zip(self._fields, values, strict=False)))

    def check(self: Any, objective: Any) -> None:
        if objective.lacks("blocks") is None:
            layout(objective.blocks(), excluded)

    functions = {"step": step, "init": init, "domain": domain, "scaled": scaled, "check": check}
    sampled = replace(SAMPLED, order=min(cls.order, other.order))
    page = make(
        Layered, cls, {REST + name: other.bounds[name] for name in other._fields}, functions,
        sdes={sampled.name: sampled}, order=sampled.order, lanes=False,
        parts=(*cls.parts, *(REST + part for part in other.parts[1:])),
        bounded=cls.bounded and other.bounded, limited=cls.limited and other.limited,
        scheduled=(*cls.scheduled, *(REST + name for name in other.scheduled)),
    )  # fmt: skip
    page.__name__ = page.__qualname__ = f"Layered{cls.__name__}{other.__name__}"
    page.__doc__ = f"{cls.__name__} on the matrices of a network and {other.__name__} on the rest, by `Layered`."
    page.rest = property(inner)
    without = f", excluded={excluded}" if excluded else ""
    page.__repr__ = lambda self: f"Layered(matrices={self.inner!r}, rest={self.rest!r}{without})"
    page.__reduce__ = lambda self: (Layered, (self.inner, self.rest, excluded))
    return page
