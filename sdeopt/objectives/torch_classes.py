"""What a network answers about the classes of its examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.objectives.torch_observables import Mean

__all__ = ["Classes"]


class Classes:
    """Questions about the values of y, whole numbers."""

    _X: Any
    _y: Any
    _loss: Any
    _numbers: Any
    _pull: Any
    _side_by_side: Any

    def class_draws(self, u: Any) -> Any:
        each = len(u) // self.classes
        members = [(self._y == c).nonzero()[:, 0].cpu().numpy() for c in self._y.unique()]
        drawn = [of[np.floor(u[i * each : (i + 1) * each] * len(of)).astype(int)] for i, of in enumerate(members)]
        return 1.0 * np.concatenate(drawn)

    @property
    def classes(self) -> int:
        """How many classes have examples."""
        return len(self._y.unique())

    def class_losses(self) -> dict[str, Any]:
        """For ``observables=``: the mean loss of the examples of every class, "loss of class 0" and so on."""
        if self._y.is_floating_point() or self._y.ndim > 1:
            raise ValueError(f"observables: class_losses need y of whole numbers, one class each, got {self._y.dtype}")
        each = {int(c): self._y == c for c in self._y.unique()}
        return {f"loss of class {c}": Mean(self, self._loss, self._X[of], self._y[of]) for c, of in each.items()}

    def batch_class_grads(self, x: Any, index: Any) -> Any:
        if x.ndim == 2:
            numbers = index.T if index.ndim == 2 else [index] * x.shape[1]
            alone = [self.batch_class_grads(path, number) for path, number in zip(x.T, numbers, strict=True)]
            return tuple(self._side_by_side(list(of_class)) for of_class in zip(*alone, strict=True))
        number = self._numbers(index)
        y = self._y[number]
        return tuple(self._mean_grad(x, number[y == c]) for c in self._y.unique())

    def _mean_grad(self, x: Any, number: Any) -> Any:
        """The mean gradient of some examples, 0 of none."""
        count = len(number)
        return self._pull(x, number, np.full(count, 1.0 / count)) if count else 0.0 * x
