"""``sdeopt derive`` and ``sdeopt show --latex``."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run, succeeded

import sdeopt as so

pytest.importorskip("sympy")

PAGE = """
from typing import NamedTuple
from sdeopt.core import (Positive, method, noisy_grad)

@method(order=1)
class Mine(NamedTuple):
    lr: Positive

    def step(self, k, x, o, z):
        return x - 2.0 * self.lr * noisy_grad(o, x, z)
"""


def test_a_method_of_the_registry() -> None:
    shown = succeeded("derive", "signsgd").stdout
    assert "derived from its step" in shown
    d = so.derive(so.SignSGD)
    assert succeeded("derive", "signsgd", "--latex").stdout == f"{d.latex('update')}\n{d.latex()}\n"
    assert succeeded("derive", "signsgd", "--source").stdout == so.derive(so.SignSGD).source()
    hypers = ["--limit", "momentum=fixed", "--limit", "t=lr", "--limit", "v=fixed", "--eliminate", "v"]
    assert r"- \frac{1}{\delta} \nabla f(X)" in succeeded("derive", "heavyball", "--latex", *hypers).stdout


def test_a_class_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text(PAGE, encoding="utf-8")
    try:
        assert r"dX &= - 2 \nabla f(X)\,dt - 2 \sqrt{\eta}" in succeeded("derive", f"{file}:Mine", "--latex").stdout
        assert "the SDE has the moments of the step" in succeeded("derive", f"{file}:Mine", "--check").stdout
    finally:
        from sdeopt.core.method import REGISTRY

        REGISTRY.pop("Mine", None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["muon"], "sdeopt: Muon has no derived SDE: the page calls matrix_rows"),
        (["lion", "--limit", "beta2"], "sdeopt: --limit must be NAME=VALUE, got 'beta2'"),
        (["nowhere.py:Mine"], "sdeopt: method: there is no file 'nowhere.py'"),
        (["dpsgd", "--assume", "clip=off"], "sdeopt: unknown phase 'off'"),
        (["sgd", "--order", "3"], "sdeopt: order must be 1 or 2, got 3"),
    ],
)
def test_what_fails_is_one_sentence(words: list[str], sentence: str) -> None:
    result = run("derive", *words)
    assert result.exit_code == 2
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1


def test_show_prints_formulas_of_every_sde() -> None:
    shown = succeeded("show", "adamw", "--latex").stdout
    assert [line for line in shown.splitlines() if line.startswith("%")] == [
        "% AdamW: the update", "% AdamW: the SDE full", "% AdamW: the SDE compagnoni", "% AdamW: the SDE malladi",
    ]  # fmt: skip
    assert r"\theta X" in shown
    assert "% the page calls matrix_rows" in succeeded("show", "muon", "--latex").stdout
