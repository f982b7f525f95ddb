"""Without noise RMSprop ends on a quadratic at its edge, ηh/√v = 2 and |x| = η/2; on the way it follows a central flow.

Source: Cohen et al. (2025), arXiv:2410.24206, of which the companion pages were read: that RMSprop stays where the
sharpness of the preconditioned problem is 2, its v made by the oscillation, about the flow of
`theory.rmsprop_central_flow`. The case of f = Σ h_i x_i²/2 is derived here: with x' = -x each step, ηh/√v is 2, and v
is the mean of g² = h²x², so that |x| = η/2, whatever h is. The loss stays at η² Σ h_i/8. (ε = 0.)
Measured: after 20,000 steps from x = 1 with h = 1, 10, 100, η = 0.01 and β = 0.99 and 0.9: the smallest and the largest
ηh/√v over 2, and |x| over η/2. Beside it gradient descent with ηh = 1.9 and 2.1: what is left of x after 1000 steps.
On f = (1 + y) x²/2 + m (y - 4)²/2 with η = 0.02, m = η²/2 and β = 0.95, from the edge in x, over the flow: means of the
loss, of x², of both v and of the sharpness at (x_{k-1} + 2x_k + x_{k+1})/4, while y rises (1 < t < 3, one direction at
the edge) and at rest (36 < t < 60, two; the flow at t = 20), where the oscillation of x holds y back from 4 by
η²/8m = 1/4: that distance too. At rest the flow is off in the direction of y: both oscillate in phase, the mean of x
follows y, and the gradient of y sees m - η²/(4(1 + y)) for m, by our calculation: v of y is smaller by 0.8947².
Refuted by: a quotient other than 1; gradient descent that does not go to 0 below the edge and away above it.
(After a first result the flow took the square of the mean gradient into dV, where the companion pages have ∇f²: v of y
was 0.73 of theirs while y rose. "At rest" began at t = 12, when nothing but rounding had disturbed y yet, and was to
agree in all; and the sharpness was that at x_k.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding

LR, H = 0.01, np.array([1.0, 10.0, 100.0])
STEP, BETA, TOP = 0.02, 0.95, 4.0
TIMES, REST, STEPS = np.arange(151) * STEP, 20.0, 3000


def end(page: Any, h: Any, steps: int) -> Any:
    """The state after so many steps from 1."""
    o = so.Problem(so.Quadratic(h)).oracle
    y = page.init(np.ones(len(h)), o) if hasattr(page, "init") else np.ones(len(h))
    for k in range(steps):
        y = page.step(k, y, o, ())
    return y


def rising() -> so.Objective:
    """f of (x, y), sharper in x the larger y."""

    def value(x: Any) -> Any:
        return 0.5 * (1.0 + x[1]) * x[0] ** 2 + 0.25 * STEP**2 * (x[1] - TOP) ** 2

    return so.Objective(value=value, dim=2)


def watched(f: Any, x: Any, v: Any, cov: Any, middle: Any) -> Any:
    """Loss, x², both v, the sharpness of P⁻¹∇²f and the distance of y: of a point, or with Σ their means."""
    p = np.sqrt(v)
    sharp = np.linalg.eigvalsh(f.hessian(middle) / np.sqrt(np.outer(p, p)))[-1]
    loss = f.value(x) + 0.5 * np.trace(f.hessian(x) @ cov)
    return np.array([loss, x[0] ** 2 + cov[0, 0], *v, sharp, TOP - x[1]])


def beside_the_flow() -> list[Finding]:
    """Means along RMSprop over means along its central flow."""
    f, v0 = rising(), np.array([(0.5 * STEP) ** 2, (0.5 * STEP**2 * TOP) ** 2])
    flow = so.theory.rmsprop_central_flow(f, [0.0, 0.0], v0, STEP, BETA, np.append(TIMES, REST))
    ours = np.array(
        [watched(f, X, V, C, X) for X, V, C in zip(flow.positions, flow.squares, flow.covariance, strict=True)]
    )
    page, o = so.RMSprop(STEP, BETA, 0.0), so.Problem(f).oracle
    states = [(np.array([math.sqrt(flow.covariance[0, 0, 0]), 0.0]), v0)]
    for k in range(STEPS + 1):
        states.append(page.step(k, states[-1], o, ()))
    x, v = (np.array(part) for part in zip(*states, strict=True))
    path = [  # with the v by which the step from x divides
        watched(f, x[k], v[k + 1], np.zeros((2, 2)), 0.25 * (x[k - 1] + 2.0 * x[k] + x[k + 1])) for k in range(1, STEPS)
    ]
    now = (TIMES > 1.0) & (TIMES < 3.0)
    early = np.mean(path[50:149], axis=0) / np.mean(ours[:-1][now], axis=0)
    late = np.mean(path[round(36.0 / STEP) :], axis=0) / ours[-1]
    names, near = ("loss", "x²", "v of x", "v of y", "sharpness", "4 - y"), (0.95, 1.05)
    found = [
        finding(f"{when}: mean {names[i]} / flow", near, Estimate(float(quotients[i])))
        for when, quotients, chosen in (("while y rises", early, range(5)), ("at rest", late, (0, 1, 2, 5)))
        for i in chosen
    ]
    for i, claimed in ((3, (0.79, 0.81)), (4, (1.11, 1.13))):
        found.append(finding(f"at rest: mean {names[i]} / flow", claimed, Estimate(float(late[i]))).rather())
    return found


def measure(size: float = 1.0) -> list[Finding]:
    found, exact = [], (0.999, 1.001)
    for beta in (0.99, 0.9):
        x, v = end(so.RMSprop(LR, beta, 0.0), H, 20_000)
        for what, quotients in (("ηh/√v / 2", LR * H / np.sqrt(v) / 2.0), ("|x| / (η/2)", np.abs(x) / (0.5 * LR))):
            for which, number in (("smallest", quotients.min()), ("largest", quotients.max())):
                found.append(finding(f"RMSprop, β = {beta:g}: {which} {what}", exact, Estimate(float(number))))
    for edge, claimed in ((1.9, (0.0, 1e-6)), (2.1, (1e6, math.inf))):
        (left,) = np.abs(end(so.SGD(edge), [1.0], 1000))
        found.append(finding(f"gradient descent, ηh = {edge:g}: |x| after 1000 steps", claimed, Estimate(float(left))))
    return found + beside_the_flow()
