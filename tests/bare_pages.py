"""Optimizers of no paper's own, as a user writes them: a step and nothing else. They are not part of the registry."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Decay, NonNegative, Positive, noisy_grad, norm, power, tanh, total, where
from sdeopt.core import method as registered
from sdeopt.core.method import REGISTRY


def method(**how: Any) -> Any:
    """The decorator, without an entry in the registry."""

    def decorate(cls: Any) -> Any:
        assert cls.__name__ not in REGISTRY, "a page of the package has this name"
        REGISTRY.pop(registered(**how)(cls).__name__)
        return cls

    return decorate


@method(order=1)
class Tanh(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * tanh(noisy_grad(o, x, z))


@method(order=1, parts=("x", "m"))
class Saturated(NamedTuple):
    """A function of a gradient and a running mean that saturates; its noise does not fall with the learning rate."""

    lr: Positive
    beta: Decay = 0.99

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        (x, m), g = y, noisy_grad(o, y[0], z)
        return x - self.lr * tanh(1.5 * m + 1.5 * g), self.beta * m + (1.0 - self.beta) * g


@method(order=1, parts=("x", "m"))
class Undamped(NamedTuple):
    """Heavy ball as PyTorch has it, without a clock of its own."""

    lr: Positive
    mu: Decay = 0.9

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        m = self.mu * y[1] + noisy_grad(o, y[0], z)
        return y[0] - self.lr * m, m


@method(order=1)
class Counted(NamedTuple):
    """A step as many times as long as there are coordinates."""

    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * total(0.0 * x + 1.0) * noisy_grad(o, x, z)


@method(order=1)
class Parity(NamedTuple):
    """Every other step is three times as long."""

    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        if k % 2 == 0:
            return x - self.lr * g
        return x - 3.0 * self.lr * g


@method(order=1)
class SoftSign(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * g / (1.0 + np.abs(g))


@method(order=1)
class CoordinateClip(NamedTuple):
    lr: Positive
    clip: Positive = 0.7

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * np.minimum(np.maximum(noisy_grad(o, x, z), -self.clip), self.clip)


@method(order=1)
class Drag(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * g * np.abs(g)


@method(order=1)
class DeadZone(NamedTuple):
    lr: Positive
    zone: NonNegative = 0.4

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * where(np.abs(g) > self.zone, np.sign(g), 0.0)


@method(order=1, parts=("x", "m"))
class NormalisedMomentum(NamedTuple):
    lr: Positive
    beta: Decay = 0.9

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m = y
        m1 = self.beta * m + (1.0 - self.beta) * noisy_grad(o, x, z)
        return x - self.lr * m1 / norm(m1), m1


@method(order=1, parts=("x", "m", "v"))
class Belief(NamedTuple):
    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    eps: NonNegative = 1e-3

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m, v = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * (g - m1) * (g - m1)
        return x - self.lr * m1 / (np.sqrt(v1) + self.eps), m1, v1


@method(order=1, parts=("x", "m", "v"))
class LookingAhead(NamedTuple):
    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m, v = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        ahead = self.beta1 * m1 / (1.0 - power(self.beta1, k + 2.0))
        now = (1.0 - self.beta1) * g / (1.0 - power(self.beta1, k + 1.0))
        return x - self.lr * (ahead + now) / (np.sqrt(v1 / (1.0 - power(self.beta2, k + 1.0))) + self.eps), m1, v1


@method(order=1, parts=("x", "m", "v", "top"))
class LargestSquare(NamedTuple):
    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x, 0.0 * x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m, v, top = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        top1 = np.maximum(top, v1)
        return x - self.lr * m1 / (np.sqrt(top1) + self.eps), m1, v1, top1


@method(order=1, parts=("x", "m", "v"))
class CoupledAdam(NamedTuple):
    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.01

    def init(self, x: Any, o: Any) -> Any:
        return x, 0.0 * x, 0.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m, v = y
        g = noisy_grad(o, x, z) + self.weight_decay * x
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        m_hat, v_hat = m1 / (1.0 - power(self.beta1, k + 1.0)), v1 / (1.0 - power(self.beta2, k + 1.0))
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), m1, v1


@method(order=1, parts=("x", "a"))
class Averaged(NamedTuple):
    lr: Positive
    beta: Decay = 0.99

    def init(self, x: Any, o: Any) -> Any:
        return x, 1.0 * x

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, a = y
        x1 = x - self.lr * noisy_grad(o, x, z)
        return x1, self.beta * a + (1.0 - self.beta) * x1


@method(order=1)
class Turned(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x + self.lr * np.sign(-noisy_grad(o, x, z))


@method(order=1)
class Branches(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * g if x[0] > 0 else x + self.lr * g


@method(order=1)
class Rooted(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * np.sign(g) * np.sqrt(np.abs(g))


@method(order=1)
class Backtracked(NamedTuple):
    lr: Positive

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        there = noisy_grad(o, x - self.lr * g, z)
        return x - self.lr * where(total(there * there) > total(g * g), 0.5, 1.0) * g


@method(order=1)
class GlobalClip(NamedTuple):
    lr: Positive
    clip: Positive = 1.0

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        g = noisy_grad(o, x, z)
        return x - self.lr * g * np.minimum(1.0, self.clip / norm(g))


PAGES = {
    cls.__name__: cls
    for cls in (
        Tanh, SoftSign, CoordinateClip, Drag, DeadZone, NormalisedMomentum, Belief, LookingAhead, LargestSquare,
        CoupledAdam, Averaged, Turned, Branches, Backtracked, GlobalClip, Rooted,
    )
}  # fmt: skip
