"""Optimizers as researchers write them, and steps as they go wrong. They are not part of the registry."""

from __future__ import annotations

import types
from typing import Any, NamedTuple

import numpy as np
from bare_pages import method

from sdeopt.core import Count, Decay, NonNegative, Positive, cos, noisy_grad, noisy_value, norm, tanh, total

OTHERS: dict[str, Any] = {}
TWO, THREE = ("x", "m"), ("x", "m", "v")


def starts(self: Any, x: Any, o: Any) -> Any:
    return x, *(0.0 * x for _ in type(self).parts[1:])


def page(
    parts: Any = ("x",), own: bool = False, samples: Any = 1, shelf: dict[str, Any] = OTHERS, **fields: Any
) -> Any:
    """Make a method of a step, whose fields have a kind and a default, or none, and put it on a shelf."""

    def decorate(step: Any) -> Any:
        space: dict[str, Any] = {"__annotations__": {"lr": Positive, **{n: kind for n, (kind, _) in fields.items()}}}
        space |= {n: default for n, (_, default) in fields.items() if default is not None} | {"__module__": __name__}
        space |= {"init": starts} if len(parts) > 1 else {}
        space |= {"own": lambda self, f, law: (("normal", f.dim),)} if own else {}
        name, step.__name__ = step.__name__, "step"
        cls = types.new_class(name, (NamedTuple,), {}, lambda ns: ns.update(space, step=step))
        shelf[name] = method(order=1, parts=parts, samples=samples)(cls)
        return step

    return decorate


@page(own=True, s=(NonNegative, 0.5))
def OwnNoiseTanh(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    z, (w,) = z
    return x - self.lr * tanh(noisy_grad(o, x, z) + self.s * w)


@page(own=True, s=(Positive, 0.5))
def GradNoiseSign(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    z, (w,) = z
    return x - self.lr * np.sign(noisy_grad(o, x, z) + self.s * w)


@page(parts=("x", "e"), c=(Positive, 0.7))
def ErrorFeedback(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, e = y
    p = e + self.lr * noisy_grad(o, x, z)
    d = np.minimum(np.maximum(p, -self.c), self.c)
    return x - d, p - d


@page(parts=("x", "e"))
def ErrorFeedbackSign(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, e = y
    p = e + self.lr * noisy_grad(o, x, z)
    d = self.lr * np.sign(p)
    return x - d, p - d


@page(parts=("x", "e"))
def ErrorFeedbackLinear(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, e = y
    p = e + self.lr * noisy_grad(o, x, z)
    d = 0.3 * p
    return x - d, p - d


@page(beta=(NonNegative, 0.1))
def BranchHyper(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    if self.beta > 0:
        g = g + self.beta * x
    return x - self.lr * g


@page(p=(NonNegative, 1.0))
def BranchHyper2(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    if self.p == 1.0:
        return x - self.lr * np.sign(g)
    return x - self.lr * g


@page(d=(NonNegative, 0.4))
def BoolTimes(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * (np.abs(g) > self.d) * g


@page()
def CubeX(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * (noisy_grad(o, x, z) + np.abs(x) ** 3)


@page(parts=TWO, beta=(Decay, 0.9))
def SignCosine(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m = y
    m1 = self.beta * m + (1.0 - self.beta) * noisy_grad(o, x, z)
    return x - self.lr * 0.5 * (1.0 + cos(3.14159 * k / 100.0)) * np.sign(m1), m1


@page(parts=THREE, beta1=(Decay, 0.9), beta2=(Decay, 0.99), clip=(Positive, 1.0), eps=(NonNegative, 1e-8))
def ClippedAdam(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m, v = y
    g = np.minimum(np.maximum(noisy_grad(o, x, z), -self.clip), self.clip)
    m1 = self.beta1 * m + (1.0 - self.beta1) * g
    v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
    return x - self.lr * m1 / (np.sqrt(v1) + self.eps), m1, v1


@page(parts=THREE, beta1=(Decay, 0.9), beta2=(Decay, 0.99), clip=(Positive, 1.0), eps=(NonNegative, 1e-8))
def ClippedUpdateAdam(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m, v = y
    g = noisy_grad(o, x, z)
    m1 = self.beta1 * m + (1.0 - self.beta1) * g
    v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
    u = m1 / (np.sqrt(v1) + self.eps)
    return x - self.lr * np.clip(u, -self.clip, self.clip), m1, v1


@page(parts=TWO, beta=(Decay, 0.9), eta=(Positive, 0.001), wd=(NonNegative, 0.01))
def LARS(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m = y
    g = noisy_grad(o, x, z)
    trust = self.eta * norm(x) / (norm(g) + self.wd * norm(x))
    m1 = self.beta * m + self.lr * trust * (g + self.wd * x)
    return x - m1, m1


@page(parts=THREE, beta1=(Decay, 0.9), beta2=(Decay, 0.99), eps=(NonNegative, 1e-8), wd=(NonNegative, 0.01))
def LAMB(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m, v = y
    g = noisy_grad(o, x, z)
    m1 = self.beta1 * m + (1.0 - self.beta1) * g
    v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
    r = m1 / (np.sqrt(v1) + self.eps) + self.wd * x
    return x - self.lr * norm(x) / norm(r) * r, m1, v1


@page(own=True, temp=(NonNegative, 0.3))
def Langevin(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    z, (w,) = z
    return x - self.lr * noisy_grad(o, x, z) + np.sqrt(2.0 * self.lr * self.temp) * w


@page(rho=(Positive, 0.05))
def SAMsign(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * noisy_grad(o, x + self.rho * np.sign(g), z)


@page(rho=(Positive, 0.05))
def ASAM(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    t = np.abs(x) * g
    return x - self.lr * noisy_grad(o, x + self.rho * np.abs(x) * t / norm(t), z)


@page(parts=("x", "s"), alpha=(Decay, 0.5))
def Lookahead(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, s = y
    x1 = x - self.lr * noisy_grad(o, x, z)
    if k % 5 == 4:
        s = s + self.alpha * (x1 - s)
        x1 = s
    return x1, s


@page(parts=("x", "s"), alpha=(Decay, 0.5))
def LookaheadSoft(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, s = y
    x1 = x - self.lr * noisy_grad(o, x, z)
    s1 = s + self.alpha * (x1 - s)
    return s1, s1


@page()
def Centralised(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * (g - total(g) / len(g))


@page(parts=("x", "m", "h"), beta1=(Decay, 0.9), beta2=(Decay, 0.99), gamma=(Positive, 0.05))
def Sophia(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m, h = y
    g = noisy_grad(o, x, z)
    m1 = self.beta1 * m + (1.0 - self.beta1) * g
    h1 = self.beta2 * h + (1.0 - self.beta2) * g * g
    u = m1 / np.maximum(self.gamma * h1, 1e-12)
    return x - self.lr * np.minimum(np.maximum(u, -1.0), 1.0), m1, h1


@page()
def MutatesEntry(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    x[0] = 0.0
    return x - self.lr * noisy_grad(o, x, z)


@page()
def Loops(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    out = 0.0 * x
    for i in range(len(x)):
        out[i] = x[i] - self.lr * g[i]
    return out


@page(inner=(Count, 3))
def LoopHyper(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    for _ in range(int(self.inner)):
        x = x - self.lr * noisy_grad(o, x, z)
    return x


@page()
def BranchData(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    if norm(g) > 1.0:
        g = g / norm(g)
    return x - self.lr * g


@page()
def NumpyCalls(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * g / np.linalg.norm(g)


@page()
def NumpySum(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * g / np.sqrt(np.sum(g * g))


@page()
def WrongShape(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return total(x - self.lr * noisy_grad(o, x, z))


@page(parts=TWO)
def WrongParts(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, m = y
    return x - self.lr * noisy_grad(o, x, z)


@page()
def ReturnsNone(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    x -= self.lr * noisy_grad(o, x, z)


@page()
def ValueTimesGrad(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * noisy_value(o, x, z) * noisy_grad(o, x, z)


@page(parts=("x", "u"), beta=(Decay, 0.99))
def Adamax(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, u = y
    g = noisy_grad(o, x, z)
    u1 = np.maximum(self.beta * u, np.abs(g))
    return x - self.lr * g / u1, u1


@page(parts=("x", "n"))
def AdaNorm(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    x, n = y
    g = noisy_grad(o, x, z)
    n1 = n + total(g * g) + 0.0 * x
    return x - self.lr * g / np.sqrt(1.0 + n1), n1


@page(l1=(NonNegative, 0.1))
def L1Prox(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    y = x - self.lr * noisy_grad(o, x, z)
    return np.sign(y) * np.maximum(np.abs(y) - self.lr * self.l1, 0.0)


@page()
def Projected(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return np.clip(x - self.lr * noisy_grad(o, x, z), -1.0, 1.0)


@page()
def IfElseArr(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    g = noisy_grad(o, x, z)
    return x - self.lr * np.where(g > 0, g, 0.1 * g)


@page(a=(Positive, 0.5), b=(Positive, 2.0))
def HyperMax(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * max(self.a, self.b) * noisy_grad(o, x, z)
