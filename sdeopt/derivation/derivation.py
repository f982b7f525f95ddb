"""``Derivation``: an SDE that was derived, as formulas, as the source of a page, and what it rests on."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdeopt.core import checks
from sdeopt.core.method import REGISTRY
from sdeopt.core.problem import Problem
from sdeopt.core.texts import register
from sdeopt.core.traits import Model
from sdeopt.results.page import Page, Table
from sdeopt.results.result import Result

if TYPE_CHECKING:
    from sdeopt.derivation.check import Check

__all__ = ["Derivation"]


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Result):
    r"""The SDE of a method, derived from its ``step`` by `derive`; or why there is none. ``print`` it, ``save`` it.

    Attributes
    ----------
    method : str
        Name of the method.
    order : int
        1, or 2 with the next order of the drift.
    refused : str or None
        Why no rule gives the SDE, naming the term of the step and who goes on; then formulas and source raise it.
    regime : str
        The limit in which the SDE holds.
    assumed : tuple of str
        What the formulas rest on, beside the limit.
    limits : tuple of str
        Every limit in which the step has an SDE, of those that were tried; the first is ``regime``.
    parts : tuple of str
        Names of the parts of the state that have an equation.
    update, equations : tuple of str
        LaTeX of the step and of the SDE, line by line.
    notes : tuple of str
        Regime, assumptions, footnotes and source, a sentence each.
    brownian : tuple of str
        The increments in the order of ``dw``; "again" marks a second, independent one of that name.
    text : str
        What `source` returns; empty where the formulas hold what pages have no word for, and ``unwritten`` says what.
    unwritten : str or None
        Why there is no source.

    Examples
    --------
    >>> import sdeopt as so
    >>> print(so.derive(so.SGD).latex())
    \begin{aligned}
    dX &= - \nabla f(X)\,dt - \sqrt{\eta} \Sigma^{1/2}dW
    \end{aligned}
    """

    method: str
    order: int
    refused: str | None
    regime: str
    assumed: tuple[str, ...]
    limits: tuple[str, ...]
    parts: tuple[str, ...]
    update: tuple[str, ...]
    equations: tuple[str, ...]
    notes: tuple[str, ...]
    brownian: tuple[str, ...]
    text: str
    unwritten: str | None

    def __repr__(self) -> str:
        return f"Derivation({self.method}, order={self.order}{', refused' if self.refused else ''})"

    def __getstate__(self) -> dict[str, Any]:
        """What a file keeps: the text, without the symbols and the method."""
        return {name: value for name, value in vars(self).items() if name not in ("live", "given")}

    def _known(self) -> None:
        if self.refused is not None:
            raise ValueError(f"{self.method} has no derived SDE: {self.refused}")

    @property
    def label(self) -> str:
        """The name under which `model` registers the SDE."""
        return "derived" if self.order == 1 else f"derived{self.order}"

    def latex(self, part: str | None = None) -> str:
        """LaTeX of the SDE: of all of it, of one ``part`` of the state, or of "update", the step itself."""
        if part is not None:
            checks.choice("part", part, [*self.parts, "update"])
        if part == "update":
            if not self.update:
                raise ValueError(f"the step of {self.method} has no formula: {self.refused}")
            return _align(self.update)
        self._known()
        if part is not None:
            return self.equations[self.parts.index(part)].replace("&", "")
        return _align(self.equations)

    def source(self) -> str:
        """The text of a file that registers the SDE as a rival of the method; to be run, pasted or edited."""
        self._known()
        if self.unwritten is not None:
            raise ValueError(f"the SDE of {self.method} has no page: {self.unwritten}")
        return self.text

    @property
    def owner(self) -> Any:
        """The class of the method; of a method of the user's that was loaded from a file, once it is defined again."""
        live = vars(self).get("live")
        if live is None and self.method not in REGISTRY:
            raise ValueError(f"{self.method} is not defined here: run the file of its class first")
        return REGISTRY[self.method] if live is None else live.method

    @property
    def model(self) -> Model:
        """The SDE as the engine runs it; reading this registers it with the method as "derived" (order 2: "derived2").

        Then ``simulate(method, problem, kind="sde", sde="derived")`` and all other verbs know it. Its name is that of
        what pages hold (``Method.sdes`` are models); ``page()`` is, as of every result, what is printed.
        """
        if vars(self).get("live") is None:
            raise ValueError(
                f"a derivation from a file is data, whose text is not run: derive({self.method}) again, or read what "
                "source() returns and run it yourself"
            )
        return register(self.owner, self.label, self.source(), vars(self)["live"].unmet)

    def check(self, problem: Problem | None = None, method: Any = None) -> Check:
        """Compare the moments of the SDE with those of one step, by quadrature, at two learning rates.

        Parameters
        ----------
        problem : Problem, optional
            Where; default the small problem that the page names as its example. Its noise must be made of normal and
            uniform draws.
        method : method, optional
            With which hyperparameters; default lr = 0.1 and the defaults of the others.

        Returns
        -------
        Check
            The errors; it prints itself.
        """
        from sdeopt.derivation.check import check
        from sdeopt.noise.spec import parse as law
        from sdeopt.objectives.spec import parse as objective

        self._known()
        live = vars(self).get("live")
        if live is None:
            raise ValueError("a derivation that was loaded has no symbols to be checked by: derive it again")
        if problem is None:
            problem = Problem(*(parse(text) for parse, text in zip((objective, law), self.owner.example, strict=True)))
        given = method if method is not None else vars(self).get("given")
        return check(live, self.model, self.owner(lr=0.1) if given is None else given, problem)

    def page(self) -> Page:
        """The equations and what they rest on."""
        head: list[tuple[str, Any]] = [("method", self.method)]
        if self.refused is not None:
            return Page([*head, ("refused", self.refused)], [], [])
        head.append(("SDE", f"of order {self.order}, derived from its step"))
        rows: list[Any] = [(line.replace("&", "").strip(),) for line in self.equations]
        others = [f"Other limits in which it has an SDE: {limit}." for limit in self.limits[1:]]
        return Page(head, [Table(("LaTeX",), rows)], [*self.notes, *others])

    def plot(self, ax: Any = None) -> Any:
        """Write the equations on ``ax`` (default: axes of a new figure); return the axes."""
        from sdeopt.plots.style import drawing

        self._known()
        with drawing(ax) as drawn:
            if ax is None:
                drawn.figure.set_layout_engine("none")  # which would make room for long lines where there is none
            drawn.set_axis_off()
            drawn.plot([-0.02, -0.02], [0.0, 1.0], lw=1.0, transform=drawn.transAxes)
            for i, line in enumerate(self.equations):
                place = 1.0 - (i + 0.5) / len(self.equations)
                drawn.text(0.0, place, f"${line.replace('&', '')}$", va="center", transform=drawn.transAxes)
            return drawn

    def _repr_html_(self) -> str:
        """The page, with the equations rendered."""
        images = [] if self.refused else [render(line.replace("&", "")) for line in self.equations]
        pictures = "".join(f'<p><img alt="" src="data:image/png;base64,{image}"/></p>' for image in images)
        return super()._repr_html_() + pictures


def render(formula: str, dpi: int = 120) -> str:
    """A PNG of one line of LaTeX, in base 64."""
    from matplotlib.mathtext import math_to_image

    out = io.BytesIO()
    math_to_image(f"${formula}$", out, dpi=dpi, format="png")
    return base64.b64encode(out.getvalue()).decode("ascii")


def _align(lines: tuple[str, ...]) -> str:
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
