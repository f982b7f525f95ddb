"""``Stream``: a training loss seen through batches that a function makes, augmented, dropped out or normalised."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.contracts import Draws, Vector
from sdeopt.core.oracle import Oracle
from sdeopt.noise.law import Law
from sdeopt.objectives.contract import Smooth
from sdeopt.objectives.torch_checks import expect_loss, expect_module, import_torch, plain, said
from sdeopt.objectives.torch_passes import Passes, flat

__all__ = ["Stream"]

ADDRESSES = 2.0**52  # of batches: uniforms are multiples of its inverse
WATCHED = 16  # batches whose mean loss is observed
COLLATED = (
    "torch.utils.data.default_collate([dataset[i] for i in "
    "np.random.default_rng(address).integers(len(dataset), size=8)])"
)
SEEN = ("blocks", "noisy_grad", "noisy_value")  # what may be asked
GENERATOR = threading.Lock()  # PyTorch has one for the process


class Stream(Passes, Smooth):
    """The loss of a PyTorch module over batches that a function makes; its noise is the draw of the batch.

    For training that is no sum over independent examples: batch normalisation in training mode, dropout, augmentation,
    data that do not fit into memory, text. The optimizer sees ∇ℓ(x; a), the gradient of the loss of the batch at the
    address a, fresh at every step, and f(x) = E ℓ(x; a). Neither f nor the covariance of its gradient has a formula, so
    a problem has the discrete column and the SDE "sampled", whose drift and diffusion are made of such gradients; all
    else is refused by name. `Problem` takes it without a noise law. Runs go path by path.

    Parameters
    ----------
    model : torch.nn.Module
        Copied, in float64, and run in the mode, training or evaluation, in which it is given; its parameters that
        require gradients are x.
    loss : callable
        (output, y) -> the loss of the batch, one number. A module is copied, in float64 too.
    batch : callable
        (address) -> (X, y), a function of an integer from 0 to 2⁵² - 1, and no iterator: the same address gives the
        same batch. ``np.random.default_rng(address)`` is a generator for it. X and y of floating point, of any
        precision, are made float64; integers stay.

    Raises
    ------
    ValueError, TypeError
        If ``batch`` or the model give another loss the second time, or the loss is not one finite number.

    Notes
    -----
    There is no ``dtype``: a stream runs in float64 on the CPU. A module or loss that makes tensors of a precision of
    its own within is told so by PyTorch, in a sentence of `Stream`; ``X.new_zeros`` and the like follow that of X.

    While ``batch`` and the model run, PyTorch's own generator stands at the address, so dropout and ``torch.rand`` are
    functions of it too, and SAM sees one mask at both of its points; runs that draw there wait for one another. On a
    GPU the same seed has other bits. Running statistics are those of the model as given in every run, since
    they are no part of x. Observed is the mean loss of 16 batches, the same for all.

    Examples
    --------
    >>> import numpy as np
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> _ = torch.manual_seed(0)
    >>> inner = torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh()
    >>> model = torch.nn.Sequential(*inner, torch.nn.Linear(4, 1))
    >>> def batch(address):
    ...     X = torch.from_numpy(np.random.default_rng(address).standard_normal((16, 2)))
    ...     return X, X.sum(1, keepdim=True)
    >>> stream = so.torch.Stream(model, torch.nn.functional.mse_loss, batch)
    >>> so.simulate(so.SGD(0.1), so.Problem(stream), steps=4, paths=2, rng=0)
    Ensemble(SGD(lr=0.1), discrete, paths=2, horizon=0.4, d=25)
    """

    costly = True

    def __init__(self, model: Any, loss: Any, batch: Callable[[int], Any]) -> None:
        torch = import_torch()
        model = plain(model)
        expect_module(model)
        expect_loss(loss)
        if not callable(batch):
            got = f"{checks.short(batch)}: give one such as lambda address: {COLLATED}"
            raise TypeError(f"batch must be a function of an address, no iterator, got {got}")
        loss = copy.deepcopy(loss).to(torch.float64) if isinstance(loss, torch.nn.Module) else loss
        self._loss, self._batch, self._name = loss, batch, type(model).__name__
        self._device, self._dtype = torch.device("cpu"), torch.float64
        self._hold(copy.deepcopy(model).to(torch.float64))
        self._module.zero_grad()
        self._draws = True
        self._try()

    def _try(self) -> None:
        """Raise unless one address gives one loss; see whether PyTorch's generator is used at all."""
        torch = import_torch()
        first, second = (self._first() for _ in range(2))
        if not all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(first, second, strict=True)):
            raise ValueError(
                "batch must be a function of its address, and the model keep nothing that changes its loss: two calls "
                f"at the address 0 have losses {first[0]:.6g} and {second[0]:.6g}, or other gradients"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            before = torch.get_rng_state()
            self._of(0)
            self._draws = not torch.equal(before, torch.get_rng_state())

    def _first(self) -> Any:
        """Loss and gradient of the batch at the address 0; what is wrong with them, in a sentence."""
        try:
            value, g = self.at(self._start, 0, slope=True)
        except Exception as error:
            if str(error).startswith(("batch must", "loss must")):
                raise
            raise ValueError(f"batch, model and loss must fit, and at the address 0 say: {said(error)}") from error
        if not (np.isfinite(value) and np.isfinite(g).all()):
            raise ValueError(f"loss must be one finite number, got {value:g} at the address 0, or such a gradient")
        return value, g

    @property
    def law(self) -> Law:
        """The noise of every problem with it."""
        return Batches()

    def at(self, x: Any, address: int, slope: bool = False) -> Any:
        """ℓ(x; address), with ``slope`` and its gradient."""
        torch, own = import_torch(), self._own()
        self._place(own, np.asarray(x))
        with GENERATOR if self._draws else nullcontext():
            if self._draws:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(address)
                    value = self._of(address)
            else:
                value = self._of(address)
        if not slope:
            return float(value.detach())
        g = flat(torch.autograd.grad(value, own.parameters, materialize_grads=True), 1)
        return float(value.detach()), self._left(g)

    def _of(self, address: int) -> Any:
        """The loss of a batch at the parameters that stand."""
        torch, made = import_torch(), self._batch(address)
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            raise TypeError(f"batch must return (X, y), got {checks.short(made)}")
        X, y = (torch.as_tensor(a) for a in made)
        X, y = (a.double() if a.is_floating_point() else a for a in (X, y))
        self.drawn = len(X)
        value = self._loss(self._own().module(X), y)
        if not isinstance(value, torch.Tensor) or value.ndim:
            raise ValueError(f"loss must return one number for a batch, got {checks.short(value)}")
        return value

    def value(self, x: Any) -> Any:
        """Refused."""
        raise ValueError(self.lacks("value"))

    def grad(self, x: Any) -> Any:
        """Refused."""
        raise ValueError(self.lacks("grad"))

    def hvp(self, x: Any, v: Any) -> Any:
        """Refused."""
        raise ValueError(self.lacks("hvp"))

    def lacks(self, question: str) -> str | None:
        """Why a problem with it cannot answer ``question``: all but the gradient and the loss of a batch."""
        if question == "matrix_rows":  # which says what to take
            return super().lacks(question)
        return f"{self!r} has no {question}: {WHY}" if question not in SEEN else None

    def usual_observables(self) -> Any:
        """The mean loss of 16 batches, in the mode of the model."""
        return {f"loss of {WATCHED} batches": Watched(self)}

    def memory(self, paths: int) -> int:
        """Bytes of the vectors around a gradient; what a batch takes is not known."""
        return 64 * self.dim * paths

    def __repr__(self) -> str:
        return f"Stream({self._name}, dim={self.dim})"


class Watched:
    """The mean loss of some batches, the same in every run."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._addresses = np.random.default_rng(0).integers(0, int(ADDRESSES), WATCHED).tolist()

    def __call__(self, x: Any) -> Any:
        return float(np.mean([self._stream.at(x, address) for address in self._addresses]))


WHY = "of a stream only gradients of batches are known, for the discrete column and the SDE 'sampled'"


@dataclass(frozen=True, eq=False, repr=False)
class Batches(Law):
    """The draw of an address."""

    def check(self, objective: Any) -> None:
        if not isinstance(objective, Stream):
            raise ValueError(f"the batches of a Stream are no noise of {type(objective).__name__}")

    def draws(self, objective: Any) -> tuple[tuple[str, int], ...]:
        """One uniform, which is the address."""
        return (("uniform", 1),)

    def lacks(self, question: str, objective: Any) -> str | None:
        return None if question in SEEN else str(objective.lacks(question))

    def unbounded(self, objective: Any) -> str | None:
        return None

    @property
    def exact_loss(self) -> bool:
        """Of a batch its own."""
        return False

    def noisy_grad(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """∇ℓ(x; address)."""
        return o.objective.at(x, int(z[0][0] * ADDRESSES), True)[1]

    def noisy_value(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """ℓ(x; address)."""
        return o.objective.at(x, int(z[0][0] * ADDRESSES))
