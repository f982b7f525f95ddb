"""``NoiseScale``: the gradient noise scale of a training run, from hooks on its own backward passes."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks, notices
from sdeopt.torch.estimate import LEAST, NoiseScaleEstimate, ratio, windows

__all__ = ["NoiseScale"]

FLUSH = 64  # steps whose norms wait on the device, so that a step does not wait for it


class NoiseScale:
    """Measure the gradient noise scale B_simple = tr Σ₁/|G|² while a model trains with accumulated micro-batches.

    G is the gradient of the loss and Σ₁ the covariance of the gradient of one example. Hooks read the length of the
    gradient after the first micro-batch of a step, of b examples, and after the last, of B = m b; no gradient is kept
    or copied, and clipping, which comes later, changes nothing. Then

        |G|²  <-  (B |g_B|² - b |g_b|²)/(B - b),    tr Σ₁  <-  (|g_b|² - |g_B|²)/(1/b - 1/B)

    are unbiased at every step, and `estimate` takes the quotient of their means over steps; the mean of the quotients
    of single steps has no mean at all. B_simple is about the batch size from which on larger batches hardly need fewer
    steps.

    Parameters
    ----------
    model : torch.nn.Module
        What is trained; its parameters that require gradients now.
    micro : int
        Examples b in a micro-batch.
    accumulate : int
        Micro-batches m in a step of the optimizer, at least 2.

    Raises
    ------
    ValueError, TypeError
        If ``micro`` is below 1 or ``accumulate`` below 2, or the model has nothing to train.

    Warns
    -----
    UserWarning
        By `estimate`, if the model was always called with another number of rows than ``micro``.

    Notes
    -----
    A loss divided by ``accumulate`` or not: both give the same. A loss scale that changes between steps (float16) does
    not cancel. A step with another number of micro-batches, with a parameter that the first had and the last had not,
    or with a gradient that is not finite, is left out, and counted in ``skipped``. So models of which each micro-batch
    uses another part, mixtures of experts or layers dropped at random, are not measured. Left out is also a step in
    which the model, called to train, got ``micro`` rows in its first tensor and another number besides, as of a smaller
    last micro-batch. Sizes are not seen where not the model itself is called but a part of it, or before compiling.

    References
    ----------
    McCandlish, Kaplan, Amodei et al. (2018), arXiv:1812.06162, section 2.2 and appendix A.1; the interval: Fieller
    (1954), J. Roy. Stat. Soc. B 16: 175-185.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    >>> noise = so.torch.NoiseScale(model, micro=8, accumulate=4).attach(optimizer)
    >>> for step in range(50):
    ...     for _ in range(4):
    ...         X = torch.randn(8, 3)
    ...         (torch.nn.functional.mse_loss(model(X), X.sum(1, keepdim=True)) / 4).backward()
    ...     optimizer.step()
    ...     optimizer.zero_grad()
    >>> noise.estimate()
    NoiseScaleEstimate(6.37 in [1.87, 12.8], 50 steps)
    """

    def __init__(self, model: Any, micro: int, accumulate: int) -> None:
        if isinstance(model, type) or not hasattr(model, "register_forward_pre_hook"):
            raise TypeError(f"model must be a torch.nn.Module, got {checks.short(model)}")
        self.micro = checks.integer("micro", micro, low=1)
        self.accumulate = checks.integer("accumulate", accumulate, low=2)
        self._left: Counter[str] = Counter()  # why steps were left out
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        if not self._parameters:
            raise ValueError("model must have a parameter that requires gradients")
        self._rows: list[NDArray[np.float64]] = []  # |g_b|² and |g_B|², up to a common factor
        self._waiting: list[Any] = []
        self._shapes: set[tuple[int, ...]] = set()  # rows and columns of the first tensor of calls
        self._handles = [p.register_post_accumulate_grad_hook(self._seen) for p in self._parameters]
        self._handles.append(model.register_forward_pre_hook(self._called, with_kwargs=True))
        self._attached = False
        self._begin()

    @property
    def skipped(self) -> int:
        """Steps that were left out."""
        return self._left.total()

    def attach(self, optimizer: Any) -> Self:
        """Have every ``optimizer.step()`` end a step of the measurement; return the same object.

        Of several optimizers that take turns in a step, such as Muon and AdamW, attach one.

        Raises
        ------
        TypeError
            If ``optimizer`` is no optimizer.
        ValueError
            If it moves no parameter of the model, or one is attached already.
        """
        if isinstance(optimizer, type) or not hasattr(optimizer, "register_step_post_hook"):
            raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {checks.short(optimizer)}")
        if self._attached:
            raise ValueError("optimizer must be one, whose steps end those of the measurement: one is attached already")
        moved = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if not moved & set(map(id, self._parameters)):
            raise ValueError("optimizer must move parameters of the model, and has none of them")
        self._attached = True
        self._handles.append(optimizer.register_step_post_hook(lambda *_: self._step()))
        return self

    def detach(self) -> None:
        """Remove all hooks; what was measured stays."""
        self._attached = False
        while self._handles:
            self._handles.pop().remove()

    def _begin(self) -> None:
        self._now = 0  # number of the micro-batch
        self._last: dict[Any, int] = {}  # the one in which a parameter was last seen
        self._first: list[Any] = []
        self._whole: list[Any] = []
        self._sizes: set[int] = set()  # of what the model was called with

    def _called(self, model: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """How many rows its first tensor has, where the model is called to train."""
        import torch

        if torch.compiler.is_compiling() or not (model.training and torch.is_grad_enabled()):
            return
        tensors = (a for a in (*args, *named.values()) if isinstance(a, torch.Tensor) and a.ndim)
        if (first := next(tensors, None)) is not None:
            self._sizes.add(len(first))
            self._shapes.add(tuple(first.shape[:2]))

    def _seen(self, p: Any) -> None:
        """A backward pass has added to the gradient of ``p``; the second time it does, a new micro-batch has begun."""
        if self._last.get(p, 0) == self._now:
            self._now += 1
        self._last[p] = self._now
        if self._now == 1:
            self._first.append(p.grad.detach().norm())
        if self._now == self.accumulate:
            self._whole.append(p.grad.detach().norm())

    def _step(self) -> None:
        if self._now != self.accumulate:
            self._left[f"{self._now} micro-batches, not {self.accumulate}"] += 1
        elif set(self._last.values()) != {self._now}:
            self._left["micro-batches that do not all use the same parameters"] += 1
        elif self.micro in self._sizes and len(self._sizes) > 1:
            self._left["micro-batches of unlike sizes"] += 1
        else:
            self._waiting.append((square(self._first) * self.accumulate**2, square(self._whole)))
        if len(self._waiting) >= FLUSH:
            self._flush()
        self._begin()

    def _flush(self) -> None:
        rows = [np.array([float(a), float(b)]) for a, b in self._waiting]
        finite = [row for row in rows if np.isfinite(row).all()]
        self._rows, self._waiting = self._rows + finite, []
        if len(rows) > len(finite):
            self._left["gradients that are not finite"] += len(rows) - len(finite)

    def moments(self) -> NDArray[np.float64]:
        """The estimates of |G|² and tr Σ₁ of every step so far, up to a common factor, shape (steps, 2)."""
        self._flush()
        small, whole = np.array(self._rows).reshape(-1, 2).T
        b, B = float(self.micro), float(self.micro * self.accumulate)
        return np.stack([(B * whole - b * small) / (B - b), (small - whole) / (1.0 / b - 1.0 / B)], axis=1)

    def estimate(self, last: int | None = None) -> NoiseScaleEstimate:
        """B_simple of all steps, or of the ``last`` so many, with its 95 % interval and its course in time.

        Raises
        ------
        ValueError
            If there are fewer than 20 steps.
        """
        rows = self.moments()
        if last is not None:
            rows = rows[-checks.integer("last", last, low=LEAST) :]
        if len(rows) < LEAST:
            why = "; ".join(f"{count} with {reason}" for reason, count in self._left.most_common(3))
            why = f"{self.skipped} were left out: {why}" if why else "none was left out"
            why = why if self._attached or self._rows or self._left else "no optimizer is attached"
            raise ValueError(f"estimate needs {LEAST} steps at least, got {len(rows)} ({why})")
        self._compare_sizes()
        return NoiseScaleEstimate(
            *ratio(rows), steps=len(rows), skipped=self.skipped, micro=self.micro, accumulate=self.accumulate,
            course=windows(rows, len(self._rows) - len(rows)),
        )  # fmt: skip

    def _compare_sizes(self) -> None:
        """Warn where every call had one number of rows, and neither it nor that of columns is ``micro``."""
        rows = {shape[0] for shape in self._shapes}
        if len(rows) != 1 or any(self.micro in shape for shape in self._shapes):
            return
        (n,) = rows
        text = (
            f"the model is called with {n} rows at a time, and micro is {self.micro}: if rows are examples, give "
            f"micro={n}, and the noise scale is {n / self.micro:.4g} times as large"
        )
        warnings.warn(text, UserWarning, stacklevel=notices.depth())

    def plot(self, ax: Any = None) -> Any:
        """Draw the course of B_simple in time (default: on a new figure); return the axes."""
        return self.estimate().plot(ax)

    def __repr__(self) -> str:
        return f"NoiseScale(micro={self.micro}, accumulate={self.accumulate}, steps={len(self._rows + self._waiting)})"


def square(lengths: list[Any]) -> Any:
    """|g|² from the lengths of the pieces of g, a number on their device."""
    import torch

    return torch.stack(lengths).double().square().sum()
