"""The schemes of `integrate` by name, and those that it does not have, each with the reason."""

from __future__ import annotations

from typing import NamedTuple

from sdeopt.core import checks
from sdeopt.ito.equation import SDE

__all__ = ["SCHEMES", "Scheme", "chosen"]


class Scheme(NamedTuple):
    """What a scheme is for: the calculus of the equation, its weak order, and what the engine calls it."""

    calculus: str
    order: int
    engine: str


SCHEMES = {
    "euler": Scheme("ito", 1, "euler"),
    "milstein": Scheme("ito", 1, "milstein"),
    "weak2": Scheme("ito", 2, "weak2"),
    "implicit": Scheme("ito", 1, "implicit"),
    "heun": Scheme("stratonovich", 1, "stratonovich"),
}
STRONG = (
    "strong order 1 for noise that is not diagonal needs the iterated integrals of the Brownian motions, which are not "
    "drawn: take 'weak2', of weak order 2, or small steps"
)
MISSING = {
    "adaptive": "steps are constant, since a step that is chosen by what has been drawn biases the law: take "
    "'implicit' for a stiff drift, or smaller steps",
    "srk": STRONG,
    "sri": STRONG,
    "sra": STRONG,
    "platen": STRONG,
}


def chosen(name: str | None, sde: SDE) -> tuple[str, Scheme]:
    """The scheme called ``name``, by default the plainest of the calculus, if it is for this equation."""
    if name is None:
        name = "euler" if sde.calculus == "ito" else "heun"
    if isinstance(name, str) and name.lower() in MISSING:
        raise ValueError(f"there is no scheme {checks.short(name)}: {MISSING[name.lower()]}")
    found = SCHEMES[checks.choice("scheme", name, SCHEMES)]
    if found.calculus != sde.calculus:
        fitting = " or ".join(repr(other) for other, s in SCHEMES.items() if s.calculus == sde.calculus)
        names = {"ito": "Itô", "stratonovich": "Stratonovich"}
        raise ValueError(
            f"scheme {name!r} converges to solutions in the sense of {names[found.calculus]}, and the equation is "
            f"meant in that of {names[sde.calculus]}: take {fitting}"
        )
    if name == "milstein" and not sde.diagonal:
        raise ValueError(f"scheme 'milstein' needs diagonal noise, a diffusion(t, x); {STRONG}")
    return name, found._replace(engine="weak2_diagonal") if name == "weak2" and sde.diagonal else found
