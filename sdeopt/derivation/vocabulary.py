"""Every word that a page may say or that a derivation brings in; see ``words`` for what a word is."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.derivation.words import AgentNoise, Piece, Word, part_factors, vector

__all__ = [
    "AgentHvp",
    "AgentMean",
    "AgentRoot",
    "AgentSign",
    "Average",
    "BatchSize",
    "ClassGrad",
    "Clipped",
    "ClippedOne",
    "D3",
    "D4",
    "Coordinates",
    "DirResponse",
    "DirRest",
    "Grad",
    "Hvp",
    "MeanClipped",
    "MeanDir",
    "MeanSign",
    "NoiseVar",
    "Norm",
    "Players",
    "RootAdditive",
    "RootAgentSign",
    "RootCov",
    "RootSign",
    "RootSquare",
    "SignResponse",
    "SignRest",
    "Total",
    "TraceD3",
    "Value",
    "Vjp",
    "differs",
]


class Grad(Word):
    """∇f(x)."""

    code, tex = "grad", r"\nabla f(@0)"

    def rate(self, moved: Any) -> Any:
        return Hvp(self.args[0], moved[0])


class Hvp(Word):
    """∇²f(x) v."""

    linear, code, tex = True, "hvp", r"\nabla^2\! f(@0)\,@1"

    def rate(self, moved: Any) -> Any:
        return D3(*self.args, moved[0]) + Hvp(self.args[0], moved[1])


class D3(Word):
    """D³f(x)[u, v]; symmetric, so the two directions are put in order."""

    linear, tex = True, r"D^3\! f(@0)[@1, @2]"

    @classmethod
    def eval(cls, x: Any, u: Any, v: Any) -> Any:
        for a, b in ((u, v), (v, u)):
            a = sp.expand(a)
            if a == 0 or a.is_Add:
                return sp.Add(*(cls(x, t, b) for t in a.args)) if a != 0 else sp.S.Zero
            c, rest = part_factors(a)
            if c != 1:
                return c * cls(x, rest, b)
        return cls(x, v, u) if sp.default_sort_key(u) > sp.default_sort_key(v) else None

    def rate(self, moved: Any) -> Any:
        x, u, v = self.args
        return D4(x, u, v, moved[0]) + D3(x, moved[1], v) + D3(x, u, moved[2])


class D4(Word):
    """D⁴f(x)[u, v, w]."""

    linear, tex = True, r"D^4\! f(@0)[@1, @2, @3]"


class Total(Word):
    """The sum of a vector's entries; a number counts d times."""

    scalar, asks, code, tex = True, False, "total", r"\mathbf{1}^{\top}(@0)"

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (e,) = args
        return None if vector(e) else Coordinates() * e

    def _eval_is_nonnegative(self) -> Any:
        return self.args[0].is_nonnegative

    def rate(self, moved: Any) -> Any:
        return Total(moved[0])


class Norm(Word):
    """Euclidean length; positive, so what divides by it holds away from where it vanishes."""

    scalar, asks, code, tex = True, False, "norm", r"\|@0\|"
    is_nonnegative = is_positive = True

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (e,) = args
        return None if vector(e) else sp.Abs(e) * sp.sqrt(Coordinates())

    def rate(self, moved: Any) -> Any:
        return Total(self.args[0] * moved[0]) / self


class Value(Word):
    """f(x)."""

    scalar, code, tex = True, "value", "f(@0)"

    def rate(self, moved: Any) -> Any:
        return Total(Grad(self.args[0]) * moved[0])


class _Constant(Word):
    """A word whose derivative is 0, exactly or because covariances are taken constant."""

    def rate(self, moved: Any) -> Any:
        return sp.S.Zero


class Players(_Constant):
    """1 for the minimising player, 0 for the other."""

    code, tex = "players", r"\Pi"


class NoiseVar(_Constant):
    """diag Σ(x)."""

    code, tex = "noise_var", r"\sigma^2"
    is_nonnegative = True


class BatchSize(_Constant):
    """B."""

    scalar, code, tex = True, "batch_size", "B"
    is_nonnegative = is_positive = True


class Coordinates(_Constant):
    """d."""

    scalar, asks, code, tex = True, False, "len", "d"
    is_nonnegative = is_positive = True


class MeanSign(Word):
    """E sign(G + ξ); its derivative in G is the response of the sign to its noise, by Stein's identity."""

    code, tex = "mean_sign", r"\mathbb{E}\,\mathrm{sign}(@1+\xi)"

    def rate(self, moved: Any) -> Any:
        return SignResponse(*self.args, moved[1])


class MeanDir(Word):
    """E u with u = (G + ξ)/|G + ξ|, and its derivative in G."""

    code, tex = "expect_direction", r"\mathbb{E}\,u(@1)"

    def rate(self, moved: Any) -> Any:
        return DirResponse(*self.args, moved[1])


class AgentMean(Word):
    """∇f_i(x)."""

    code, tex = "agent_means", r"\nabla f_i(@0)"

    def rate(self, moved: Any) -> Any:
        return AgentHvp(self.args[0], moved[0])


class AgentHvp(Word):
    """∇²f_i(x) v."""

    linear, tex = True, r"\nabla^2\! f_i(@0)\,@1"

    def rate(self, moved: Any) -> Any:
        return AgentD3(*self.args, moved[0]) + AgentHvp(self.args[0], moved[1])


class AgentD3(D3):
    """D³f_i(x)[u, v]."""

    tex = r"D^3\! f_i(@0)[@1, @2]"

    def rate(self, moved: Any) -> Any:
        x, u, v = self.args
        return AgentD4(x, u, v, moved[0]) + AgentD3(x, moved[1], v) + AgentD3(x, u, moved[2])


def differs(e: Any) -> bool:
    """Whether agents have different values of ``e``."""
    return e.has(AgentMean, AgentHvp, AgentRoot) or any(isinstance(s, (AgentNoise, Piece)) for s in e.free_symbols)


class Average(Word):
    """The mean over agents of what each of them has."""

    linear, asks, code, tex = True, False, "average", r"\frac{1}{N}\sum_i @0"

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (e,) = args
        if not differs(e):
            return e
        if isinstance(e, (AgentMean, AgentHvp)) and not any(map(differs, e.args)):
            return Grad(*e.args) if isinstance(e, AgentMean) else Hvp(*e.args)
        return super().eval(*args)


class Clipped(Word):
    """v min(1, C/|v|), of each agent."""

    asks, code, home, tex = False, "clipped", "sdeopt.noise.directions", r"\mathrm{clip}_{@1}(@0)"


class ClippedOne(Word):
    """v min(1, C/|v|)."""

    asks, code, home, tex = False, "clipped", "sdeopt.noise.directions", r"\mathrm{clip}_{@1}(@0)"


class MeanClipped(Word):
    """The mean of a clipped gradient, of x and C."""

    code, tex = "mean_clipped", r"\mathbb{E}\,\mathrm{clip}_{@1}(\nabla f(@0)+\sqrt{B}\xi)"


def _word(name: str, code: str, tex: str, **traits: Any) -> Any:
    return type(name, (Word,), {"code": code, "tex": tex, "__doc__": f"The word ``{code}`` of pages.", **traits})


Vjp = _word("Vjp", "vjp", r"\nabla F(@0)^{\top}@1", linear=True)
RootCov = _word("RootCov", "root_cov", r"\Sigma^{1/2}@1", linear=True)
RootAdditive = _word("RootAdditive", "root_additive_cov", r"\Sigma^{1/2}@1", linear=True)
RootSquare = _word("RootSquare", "root_square_cov", r"\Lambda^{1/2}@1", linear=True)
RootSign = _word("RootSign", "root_sign_cov", r"\mathrm{Cov}[\mathrm{sign}(@1+\xi)]^{1/2}@2", linear=True)
SignResponse = _word("SignResponse", "sign_response", r"J(@1)\,@2", linear=True)
SignRest = _word("SignRest", "root_sign_residual", r"R(@1)^{1/2}@2", linear=True)
DirResponse = _word("DirResponse", "direction_jacobian", r"J_u(@1)\,@2", linear=True)
DirRest = _word("DirRest", "direction_residual", r"R_u(@1)^{1/2}@2", linear=True)
AgentD4 = _word("AgentD4", "", r"D^4\! f_i(@0)[@1, @2, @3]", linear=True)
AgentRoot = _word("AgentRoot", "agent_roots", r"\Sigma_i^{1/2}@1", linear=True)
AgentSign = _word("AgentSign", "mean_agent_sign", r"\frac{1}{N}\sum_i\mathbb{E}\,\mathrm{sign}(\nabla f_i(@0)+\xi_i)")
RootAgentSign = _word(
    "RootAgentSign",
    "root_agent_sign_cov",
    r"\frac{1}{N}\left[\sum_i\mathrm{Cov}\,\mathrm{sign}(\nabla f_i(@0)+\xi_i)\right]^{1/2}@1",
    linear=True,
)
ClassGrad = _word("ClassGrad", "class_grad", r"\nabla f_{@1}(@0)", home="sdeopt.noise.law")
TraceD3 = _word("TraceD3", "", r"\nabla\,\mathrm{tr}(\Sigma\nabla^2\! f)(@0)")
