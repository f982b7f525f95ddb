"""Formulas of derived SDEs: eight in full, and every one of the registry in the grammar of mathtext."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.mathtext import MathTextParser

import sdeopt as so

pytest.importorskip("sympy")

SIGNUM = r"\mathbb{E}\,\mathrm{sign}(\frac{\beta_1}{1 - \beta_1} M + \nabla f(X)+\xi)"
MEMORY = r"\frac{\beta_1}{1 - \beta_1} M + \nabla f(X)"
MOMENT = r"\rho_1 \left(- M + \nabla f(X)\right)\,dt + \rho_1 \sqrt{\eta} \Sigma^{1/2}dW"
GOLDEN = {
    "SGD": (r"dX &= - \nabla f(X)\,dt - \sqrt{\eta} \Sigma^{1/2}dW",),
    "SignSGD": (
        r"dX &= - \mathbb{E}\,\mathrm{sign}(\nabla f(X)+\xi)\,dt"
        r" - \sqrt{\eta} \mathrm{Cov}[\mathrm{sign}(\nabla f(X)+\xi)]^{1/2}dW'",
    ),
    "Lion": (
        rf"dX &= - \left(\theta X + {SIGNUM}\right)\,dt"
        rf" - \sqrt{{\eta}} \left(R({MEMORY})^{{1/2}}dW' + J({MEMORY})\,\Sigma^{{1/2}}dW\right)",
        r"dM &= \rho_2 \left(- M + \nabla f(X)\right)\,dt + \rho_2 \sqrt{\eta} \Sigma^{1/2}dW",
        r"& \rho_2 = \frac{1 - \beta_2}{\eta}",
    ),
    "Adam": (
        r"dX &= - \frac{M}{\left(1 - e^{- \rho_1 t}\right)"
        r" \left(\varepsilon + \sqrt{\frac{V}{1 - e^{- \rho_2 t}}}\right)}\,dt",
        rf"dM &= {MOMENT}",
        r"dV &= \rho_2 \left(- V + \sigma^2 + \left(\nabla f(X)\right)^{2}\right)\,dt"
        r" + \rho_2 \sqrt{\eta} \left(\Lambda^{1/2}dW' + 2 \nabla f(X) \Sigma^{1/2}dW\right)",
        r"& \rho_1 = \frac{1 - \beta_1}{\eta},\quad \rho_2 = \frac{1 - \beta_2}{\eta}",
    ),
    "HeavyBall": (
        r"dX &= - \sqrt{\eta} V\,dt",
        r"dV &= \left(- \hat\mu V + \frac{1}{\sqrt{\eta}} \nabla f(X)\right)\,dt"
        r" + \eta^{-1/4} \Sigma^{1/2}dW",
        r"& \hat\mu = \frac{1 - \mu}{\sqrt{\eta}}",
    ),
    "SAM": (
        r"dX &= - \left(\nabla f(X) + \rho \nabla^2\! f(X)\,\mathbb{E}\,u(\nabla f(X))\right)\,dt"
        r" - \sqrt{\eta} \left(\Sigma^{1/2}dW + \rho \nabla^2\! f(X)\,R_u(\nabla f(X))^{1/2}dW'"
        r" + \rho \nabla^2\! f(X)\,J_u(\nabla f(X))\,\Sigma^{1/2}dW\right)",
    ),
    "Clip21SGD2M": (
        r"dX &= - G\,dt",
        r"dV &= \frac{\beta_1}{\eta} \left(- V + \nabla f_i(X)\right)\,dt"
        r" + \frac{\beta_1}{\sqrt{\eta}} \Sigma_i^{1/2}dW",
        r"dg &= \frac{\beta_2}{\eta} \mathrm{clip}_{C}(V - g)\,dt",
        r"dG &= \frac{\beta_2}{\eta} \frac{1}{N}\sum_i \mathrm{clip}_{C}(V - g)\,dt"
        r" + \frac{\beta_2 \sigma_{\omega}}{\sqrt{\eta} \sqrt{N}} dW''",
    ),
    "SGDA": (
        r"dX &= \left(- r \nabla f(X) + \left(r - 1\right) \nabla f(X) \Pi\right)\,dt"
        r" + \sqrt{\eta} \left(- r \Sigma^{1/2}dW + \left(r - 1\right) \Pi \Sigma^{1/2}dW\right)",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_formulas_in_full(name: str) -> None:
    d = so.derive(getattr(so, name))
    assert d.equations == GOLDEN[name]
    assert d.latex() == "\\begin{aligned}\n" + " \\\\\n".join(GOLDEN[name]) + "\n\\end{aligned}"


def test_the_step_and_one_part() -> None:
    d = so.derive(so.SignSGD)
    assert d.update == (r"x_{k+1} &= x_k - \eta \mathrm{sign}\left(\gamma\right)", r"& \gamma = \nabla f(x_k) + \xi_k")
    assert all(line in d.latex("update") for line in d.update)
    assert so.derive(so.HeavyBall).latex("x") == r"dX = - \sqrt{\eta} V\,dt"
    with pytest.raises(ValueError, match=r"unknown part 'v' .*known: x, update"):
        d.latex("v")


def test_operators_act_on_what_is_in_their_brackets() -> None:
    """∇²f(X) (Π ∇f) is not Π ∇²f(X) ∇f."""
    (line,) = so.derive(so.SGDA, sde="order2").equations
    assert r"\nabla^2\! f(X)\,\left(\nabla f(X) \Pi\right)" in line
    assert r"\Pi \nabla^2\! f(X)\,\nabla f(X)" in line


def formulas() -> list[str]:
    """Of the steps, of derived and of hand-written SDEs."""
    found = []
    for cls in so.methods().values():
        hows: list[Any] = [{"assume": {"clip": "inactive"}}]
        hows += [{"sde": name} for name, model in cls.sdes.items() if model.drift is not None]
        for d in (so.derive(cls, **how) for how in hows):
            found += [*d.update, *d.equations]
    return found


@pytest.mark.slow
def test_every_formula_is_mathtext() -> None:
    parser = MathTextParser("path")
    lines = formulas()
    assert len(lines) > 300
    for line in lines:
        parser.parse(f"${line.replace('&', '')}$")


def test_a_derivation_is_drawn_shown_and_kept(tmp_path: Any) -> None:
    d = so.derive(so.Adam)
    ax = d.plot()
    assert [text.get_text() for text in ax.texts] == [f"${line.replace('&', '')}$" for line in d.equations]
    ax.figure.canvas.draw()
    assert d._repr_html_().count("data:image/png;base64") == 4
    d.save(tmp_path / "adam")
    again = so.load(tmp_path / "adam")
    assert isinstance(again, so.Derivation)
    assert (again.equations, again.notes, again.source()) == (d.equations, d.notes, d.source())
    assert "Symbols: Λ the covariance of ξ²" in str(again)
    with pytest.raises(ValueError, match="from a file is data, whose text is not run"):
        again.model  # noqa: B018
    refused = so.derive(so.Muon)
    refused.save(tmp_path / "muon")
    assert str(so.load(tmp_path / "muon")) == str(refused)
    assert "matrix_rows" in str(refused)
