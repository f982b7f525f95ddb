"""Errors to plant in the adaptive pages: RMSprop, Adagrad, Adam and their decoupled decay."""

from __future__ import annotations

from planted.mutation import PAGES, Mutation, documented, moments, named

MUTATIONS = [
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
        "rate * m1 / (np.sqrt(share * v1) + self.eps)", "rate * m1 / np.sqrt(share * v1 + self.eps)",
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
        f"{PAGES}/adam.py", "self.lr / (1.0 - power(self.beta1, k + 1.0))", "self.lr", documented("Adam"),
    ),
    Mutation(
        "AdamW: x decays after the step",
        f"{PAGES}/adamw.py",
        "return x1 - self.lr * self.weight_decay * y[0], m1, v1",
        "return x1 - self.lr * self.weight_decay * x1, m1, v1",
        documented("AdamW"),
    ),
    Mutation(
        "Adagrad: this step's square not counted",
        f"{PAGES}/adagrad.py",
        "return x - self.lr * g / (np.sqrt(v1) + self.eps), v1", "return x - self.lr * g / (np.sqrt(v) + self.eps), v1",
        named("torch", "test_every_step_is_the_step_of_torch[Adagrad(lr=0.3, eps=0.01, initial=0.5)]"),
    ),
    Mutation(
        "Adagrad: the variance of the noise dropped from the drift of V",
        f"{PAGES}/adagrad.py",
        "(g * g + noise_var(o, x)) / (self.lr * self.lr)", "(g * g) / (self.lr * self.lr)",
        named("adagrad", "test_one_step_of_adagrad_has_the_moments_of_the_sde"),
    ),
    Mutation(
        "AdaGradNorm: this step's square not counted",
        f"{PAGES}/adagradnorm.py", "self.lr * g / np.sqrt(v1), v1", "self.lr * g / np.sqrt(v), v1",
        named("adagrad", "test_one_sum_of_squares_by_hand"),
    ),
    Mutation(
        "AdaGradNorm: the trace of Σ dropped from the drift of V",
        f"{PAGES}/adagradnorm.py", "seen = total(g * g + noise_var(o, x))", "seen = total(g * g)",
        named("adagrad", "test_one_step_of_adagrad_has_the_moments_of_the_sde"),
    ),
    Mutation(
        "AdaGradNorm: half the noise of V",
        f"{PAGES}/adagradnorm.py", "w, dw[1])) / self.lr", "w, dw[1])) / (2.0 * self.lr)",
        named("adagrad", "test_one_step_of_adagrad_has_the_moments_of_the_sde"),
    ),
]  # fmt: skip
