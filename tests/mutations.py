"""Break the package on purpose, one line at a time, and see the tests notice.

    python tests/mutations.py [word ...]

copies the package and its tests to a temporary folder, applies one change after the other, and runs the tests that
should turn red. It prints which test caught which change, and exits with an error if one went unnoticed, if a change
no longer applies, or if the tests are not green to begin with. With words: only the changes whose text contains one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGES, NOISE = "sdeopt/optimizers", "sdeopt/noise"
NOTICED = ("assert ", "AssertionError", "ValueError: output array is read-only")  # else the change does not even run


class Mutation(NamedTuple):
    """``old`` stands exactly once in ``file`` and becomes ``new``; one of ``tests`` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def moments(page: str) -> tuple[str, ...]:
    return (f"tests/contract/test_one_step_moments.py::test_one_step_has_the_moments_of_the_sde[{page}]",)


def documented(page: str) -> tuple[str, ...]:
    return (f"tests/test_pages.py::test_ten_steps_of_torch[{page}]",)


MUTATIONS = [
    Mutation(
        "SGD: the drift points uphill",
        f"{PAGES}/sgd.py", "        return -grad(o, x)\n", "        return grad(o, x)\n", moments("SGD"),
    ),
    Mutation(
        "SGD: η for √η in the diffusion",
        f"{PAGES}/sgd.py",
        "return -np.sqrt(self.lr) * root_cov(o, x, dw)\n\n    def linear(self, H",
        "return -self.lr * root_cov(o, x, dw)\n\n    def linear(self, H",
        moments("SGD"),
    ),
    Mutation(
        "SGD: η for η/2 in the drift of order2",
        f"{PAGES}/sgd.py", "return -g - 0.5 * self.lr * hvp(o, x, g)\n", "return -g - self.lr * hvp(o, x, g)\n",
        ("tests/test_acceptance.py::test_means_and_covariances_on_the_quadratic[SGD(lr=0.1)-order2]",),
    ),
    Mutation(
        "USAM: the Hessian forgotten in the noise",
        f"{PAGES}/usam.py",
        "return -np.sqrt(self.lr) * (w + self.rho * hvp(o, x, w))", "return -np.sqrt(self.lr) * w",
        moments("USAM"),
    ),
    Mutation(
        "SAM: the direction of the full gradient for the mean direction",
        f"{PAGES}/sam.py",
        "return -g - self.rho * hvp(o, x, expect_direction(o, x, g))", "return -g - self.rho * hvp(o, x, g / norm(g))",
        moments("SAM"),
    ),
    Mutation(
        "HeavyBall: μ for 1 - μ as friction",
        f"{PAGES}/heavyball.py",
        "(grad(o, x) - (1.0 - self.momentum) * v) / h", "(grad(o, x) - self.momentum * v) / h",
        moments("HeavyBall"),
    ),
    Mutation(
        "SignSGD: the root dropped in the diffusion",
        f"{PAGES}/signsgd.py",
        "return -np.sqrt(self.lr) * root_sign_cov", "return -self.lr * root_sign_cov",
        moments("SignSGD"),
    ),
    Mutation(
        "RMSprop: the noise of V dropped",
        f"{PAGES}/rmsprop.py", "np.sqrt(self.lr) * rho * square_noise(o, x, grad(o, x), w, dw[1])", "0.0 * v",
        moments("RMSprop"),
    ),
    Mutation(
        "RMSprop: factor 2 dropped in the noise of the square",
        f"{PAGES}/rmsprop.py", "return 2.0 * g * w + root", "return g * w + root", moments("RMSprop"),
    ),
    Mutation(
        "RMSpropW: decay through the preconditioner",
        f"{PAGES}/rmspropw.py",
        "return x1 - self.lr * self.weight_decay * y[0], v1",
        "return x1 - self.lr * self.weight_decay * y[0] / (np.sqrt(v1) + self.eps), v1",
        moments("RMSpropW"),
    ),
    Mutation(
        "Adam: ε inside the root",
        f"{PAGES}/adam.py",
        "self.lr * mean / (np.sqrt(square) + self.eps), m1", "self.lr * mean / np.sqrt(square + self.eps), m1",
        documented("Adam"),
    ),
    Mutation(
        "Adam: β₁ and β₂ swapped",
        f"{PAGES}/adam.py",
        "m1 = self.beta1 * m + (1.0 - self.beta1) * g", "m1 = self.beta2 * m + (1.0 - self.beta2) * g",
        documented("Adam"),
    ),
    Mutation(
        "Adam: the bias of the mean not corrected",
        f"{PAGES}/adam.py", "mean = m1 / (1.0 - power(self.beta1, k + 1.0))", "mean = m1", documented("Adam"),
    ),
    Mutation(
        "AdamW: x decays after the step",
        f"{PAGES}/adamw.py",
        "return x1 - self.lr * self.weight_decay * y[0], m1, v1",
        "return x1 - self.lr * self.weight_decay * x1, m1, v1",
        documented("AdamW"),
    ),
    Mutation(
        "signs: σ for √2 σ in the error function",
        f"{NOISE}/signs.py", "erf(g / (np.sqrt(2.0) * where(noisy, sd, 1.0)))", "erf(g / where(noisy, sd, 1.0))",
        moments("SignSGD"),
    ),
    Mutation(
        "signs: correlated noise with independent signs",
        f"{NOISE}/signs.py",
        "c[i, j] += weights[k] * angle[i, j] * exp", "c[i, j] += 0.0 * weights[k] * angle[i, j] * exp",
        ("tests/test_signs.py",),
    ),
    Mutation(
        "Minibatch: 1/B dropped from the covariance",
        f"{NOISE}/minibatch.py", "self.replace) / (n * self.batch))", "self.replace) / n)",
        ("tests/test_minibatch.py",),
    ),
    Mutation(
        "engine: noise increments of dt for √dt",
        "sdeopt/engine/schemes.py", "q = (dt, noise_factor * math.sqrt(dt))", "q = (dt, noise_factor * dt)",
        ("tests/test_acceptance.py::test_means_and_covariances_on_the_quadratic[SGD(lr=0.1)-order1]",),
    ),
    Mutation(
        "engine: the drift at the end of a step taken at its beginning",
        "sdeopt/engine/schemes.py",
        "drift(m, j * dt + dt, ahead, o)", "drift(m, j * dt, y, o)",
        ("tests/test_simulate.py::test_heun_is_of_second_order_where_euler_is_of_first",),
    ),
    Mutation(
        "scheme weak2: the iterated integrals not centred",
        "sdeopt/engine/schemes.py", "(later * chi) - e)", "(later * chi))",
        ("tests/test_schemes.py::test_one_step_matches_the_expansion_of_the_semigroup[weak2-1-2]",),
    ),
    Mutation(
        "scheme weak2: all signs equal",
        "sdeopt/engine/schemes.py", "np.sign(draws[1] - 0.5)", "np.sign(draws[1] + 0.5)",
        ("tests/test_schemes.py::test_weak_order_of_second_moments_on_noise_that_does_not_commute[weak2-2-2]",),
    ),
    Mutation(
        "scheme milstein: ½ dropped",
        "sdeopt/engine/schemes.py", "0.5 * (ahead - s)", "(ahead - s)",
        ("tests/test_schemes.py::test_milstein_on_geometric_brownian_motion",),
    ),
    Mutation(
        "integrate: extrapolation in the wrong direction",
        "sdeopt/ito/integration.py", "combined = coarse + weight", "combined = fine + weight",
        ("tests/test_integrate.py::test_extrapolated_means_and_covariances",),
    ),
    Mutation(
        "page: an argument written to",
        f"{PAGES}/heavyball.py",
        "        v1 = self.momentum * v + noisy_grad(o, x, z)\n",
        "        v *= self.momentum\n        v1 = v + noisy_grad(o, x, z)\n",
        ("tests/contract/test_functions_are_pure.py::test_functions_leave_their_arguments_alone[HeavyBall-2]",),
    ),
]  # fmt: skip


def pytest(folder: Path, tests: tuple[str, ...]) -> tuple[int, str, str]:
    """Exit status of a run in ``folder``, its first failed test, and why it failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    env = os.environ | {"SDEOPT_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "500"}
    env.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    test, _, why = failed[0].removeprefix("FAILED ").partition(" - ") if failed else ("", "", done.stdout + done.stderr)
    return done.returncode, test, why[-400:]


def verdict(folder: Path, mutation: Mutation) -> tuple[bool, str]:
    """Whether the change was noticed, and by which test; or why it could not be tried."""
    file = folder / mutation.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return False, f"stands {text.count(mutation.old)} times in {mutation.file}, not once"
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        status, test, why = pytest(folder, mutation.tests)
    finally:
        file.write_text(text, encoding="utf-8")
    if status == 0:
        return False, "SURVIVED"
    noticed = status == 1 and why.startswith(NOTICED)
    return noticed, test if noticed else f"broke instead of failing: {test} {why}"


def main(words: list[str]) -> int:
    chosen = [m for m in MUTATIONS if not words or any(word in m.what for word in words)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sdeopt", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "setup.cfg", folder)
        status, test, why = pytest(folder, tuple(dict.fromkeys(test for m in chosen for test in m.tests)))
        if status != 0:
            print(f"the tests are not green to begin with: {test} {why}")
            return 1
        noticed = 0
        for mutation in chosen:
            red, said = verdict(folder, mutation)
            noticed += red
            print(f"{'red  ' if red else 'GREEN'}  {mutation.what:62s}  {said}", flush=True)
    print(f"{noticed} of {len(chosen)} changes noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
