"""The letters of papers, by a table where they are not how a name is spelled; no two names have the same."""

from __future__ import annotations

import re
from typing import Any

from sympy.printing.latex import greek_letters_set

__all__ = ["LETTERS", "letter", "table"]

LETTERS = {  # of names that papers write with another letter
    "lr": r"\eta", "eps": r"\varepsilon", "momentum": r"\mu", "weight_decay": r"\theta", "clip": "C", "sigma_dp": "z",
    "sigma": "s", "temperature": "T", "ratio": "r", "rho_momentum": r"\hat\mu", "delta_momentum": r"\delta",
    "outer_lr": r"\alpha", "rho_beta": r"\rho", "rho_beta1": r"\rho_1", "rho_beta2": r"\rho_2",
    "delta_beta": r"\delta", "delta_beta1": r"\delta_1", "delta_beta2": r"\delta_2",
    "xi": r"\xi", "xi2": r"\xi'", "xi_i": r"\xi_i", "zeta": r"\zeta", "xi_value": r"\xi_f",
    "w_own": "w", "u_own": "u", "dw_gradient": "dW", "dw_gradient2": "d\\tilde W", "dw_sign": "dW'",
    "dw_direction": "dW'", "dw_direction2": r"d\tilde W'", "dw_square": "dW'", "dw_own": "dW''", "dw_state": "dW'''",
    "dw_gradient again": r"d\bar W", "dw_gradient2 again": r"d\bar{\tilde W}", "dw_own again": r"d\bar W''",
    **{f"dw_gradient{n}": rf"dW^{{({n})}}" for n in range(3, 9)},
    "xi_a": r"\xi_a", "xi_b": r"\xi_b", "xi2_a": r"\xi'_a", "xi2_b": r"\xi'_b", "w_own_a": "w_a", "w_own_b": "w_b",
    "u_own_a": "u_a", "u_own_b": "u_b", "xi_i_a": r"\xi_{i,a}", "xi_i_b": r"\xi_{i,b}",
}  # fmt: skip
CAPITALS = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}  # LaTeX has
TAKEN = {"W", "t", r"\Sigma", r"\sigma", r"\Lambda", r"\Pi", r"\xi", r"\zeta"}  # by words and by time


def letter(name: str, index: str = "") -> str:
    """LaTeX of a name: Greek where it is spelled so, upright where it is a word, digits and what follows _ below."""
    stem, *below = [piece for piece in re.split(r"_|(?<=[A-Za-z])(?=\d)", name) if piece]
    marks = [_piece(piece) for piece in below] + ([index] if index else [])
    text = ",".join(marks)
    return _piece(stem) + (f"_{text if len(text) == 1 else f'{{{text}}}'}" if marks else "")


def _piece(piece: str) -> str:
    if piece.lower() in greek_letters_set:
        return rf"\{piece}"
    return piece if len(piece) == 1 or not piece.isalpha() else rf"\mathrm{{{piece}}}"


def table(d: Any) -> dict[str, str]:
    """The letters of parts of the state, hyperparameters and rates, no two the same.

    Parts are random processes, so capital, where two do not get the same letter.
    """
    capitals = [letter(_capital(str(p))) for p in d.trace.parts]
    parts = {str(p): [c] * (capitals.count(c) == 1) for p, c in zip(d.trace.parts, capitals, strict=True)}
    fields = sorted((a.name for a in d.trace.me if a.name != "lr"), key=LETTERS.__contains__)
    rates = [] if d.matched is None else map(str, d.limit.named)
    others = {name: [LETTERS.get(name, letter(name))] for name in (*fields, *rates)}
    found = {"lr": LETTERS["lr"]}
    for name, wanted in {**parts, **others}.items():
        taken = TAKEN.union(found.values())
        found[name] = next(c for c in (*wanted, letter(name), _upright(name)) if c not in taken)
    return found


def _upright(name: str) -> str:
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


def _capital(name: str) -> str:
    stem = re.split(r"_|(?<=[A-Za-z])(?=\d)", name)[0]
    return name if stem in greek_letters_set - CAPITALS else name[:1].upper() + name[1:]
