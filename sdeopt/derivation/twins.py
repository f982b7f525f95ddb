"""The symbolic twin of each function that a page may call."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import sympy as sp

from sdeopt.core import compressors, elementary, oracle
from sdeopt.core import math as sums
from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.namespace import ELEMENTWISE, reductions
from sdeopt.derivation.operand import chosen, plain
from sdeopt.derivation.shown import show
from sdeopt.derivation.words import VALUE_XI, XI, XI2, AgentNoise, HandOver, Piece, Vec, Word, of_agent
from sdeopt.noise import directions

__all__ = ["AGENT_XI", "Members", "Piece", "of", "pair", "words"]

AGENT_XI = of_agent(XI)
LACKING = "the page calls {}, which has no symbolic twin: the SDE 'sampled' does without"
PHASES = {"clip": ("inactive", "active")}
LONGEST = 250  # operations in a mean over agents
QUESTIONS = {  # of the oracle, answered by a word of the same arguments
    "value": v.Value, "grad": v.Grad, "hvp": v.Hvp, "vjp": v.Vjp, "players": v.Players, "noise_var": v.NoiseVar,
    "root_cov": v.RootCov, "root_additive_cov": v.RootAdditive, "root_square_cov": v.RootSquare,
    "mean_sign": v.MeanSign, "root_sign_cov": v.RootSign, "sign_response": v.SignResponse,
    "root_sign_residual": v.SignRest, "expect_direction": v.MeanDir, "direction_jacobian": v.DirResponse,
    "direction_residual": v.DirRest, "batch_size": v.BatchSize, "mean_agent_sign": v.AgentSign,
    "root_agent_sign_cov": v.RootAgentSign,
}  # fmt: skip


class Members:
    """A tuple with an entry per agent, of which the generic one is kept."""

    def __init__(self, member: Any) -> None:
        self.member = member

    def __getitem__(self, place: Any) -> Any:
        raise HandOver("the step treats agents one by one, in a loop of its own")

    def __iter__(self) -> Any:
        return self[0]


class AgentCount(Word):
    """N."""

    scalar, code, tex = True, "agents", "N"
    is_positive = is_nonnegative = True

    def rate(self, moved: Any) -> Any:
        return sp.S.Zero


def of(trace: Any) -> dict[Any, Any]:
    """Plain function of the vocabulary -> its twin in this trace; what has none refuses when it is called."""
    found: dict[Any, Any] = {
        directions.clipped: lambda y, limit: _clip(y, limit),
        compressors.rand_k: lambda g, w, k: Compressed(sp.Symbol("rand_k"), w, k, g),
        compressors.dither: lambda g, u, levels: Compressed(sp.Symbol("dither"), u, levels, g),
        compressors.top_k: _refuse(LACKING.format("top_k")),
        compressors.natural: lambda g, u: Compressed(sp.Symbol("natural"), u, sp.S.Zero, g),
        len: length,
    }
    for module, table in ((oracle, _questions(trace)), (sums, _sums(trace)), (elementary, _elementary(trace))):
        found |= pair(module, table, LACKING)
    return found


def words(trace: Any) -> dict[str, Any]:
    """What the page may call by NumPy's names."""
    more = {
        "concatenate": concatenate,
        "size": length,
        "zeros": lambda shape: _whole(shape, sp.S.Zero),
        "ones": lambda shape: _whole(shape, sp.S.One),
        "full": _whole,
        "full_like": lambda like, value: value,
        **reductions(v.Total, lambda a: v.Total(a) / v.Coordinates(), v.Norm),
    }
    return {**ELEMENTWISE, **_sums(trace), **_elementary(trace), **more}


def _whole(shape: Any, value: Any) -> Any:
    """A vector with one value in every entry."""
    if shape not in (v.Coordinates(), (v.Coordinates(),)):
        raise HandOver(f"the page makes an array of another shape than that of x, {show(shape)}")
    return value


def pair(module: Any, table: dict[str, Any], lacking: str) -> dict[Any, Any]:
    """Plain functions of ``module`` -> their twins in ``table``; what has none says ``lacking`` when it is called."""
    functions = {name: getattr(module, name) for name in module.__all__}
    return {
        f: table.get(name) or _refuse(lacking.format(name))
        for name, f in functions.items()
        if isinstance(f, FunctionType)
    }


def _refuse(reason: str) -> Any:
    def refuse(*args: Any) -> Any:
        raise HandOver(reason)

    return refuse


def _questions(trace: Any) -> dict[str, Any]:
    def noise(o: Any, x: Any, z: Any) -> Any:
        if z not in trace.samples:
            raise HandOver("the step asks for a gradient with draws that are not those of one sample")
        if x != trace.x:
            trace.elsewhere.append(sp.sympify(x) - trace.x)
        return z

    def local(o: Any, x: Any, z: Any) -> Any:
        return v.AgentMean(x) + of_agent(noise(o, x, z))

    def classes(o: Any, x: Any, z: Any) -> Any:
        if z != (XI, XI2):
            raise HandOver("the gradients of the classes are those of both samples of a step")
        return v.ClassGrad(x, -1) + XI, v.ClassGrad(x, 1) + XI2

    def clipped_grad(o: Any, x: Any, z: Any, clip: Any) -> Any:
        if z != XI and trace.phases.get("clip") != "inactive":
            raise HandOver("a step clips the examples of a second sample, and the rules know one of them")
        phase = trace.phases.get("clip")
        if phase == "inactive":
            trace.assume("no example reaches the length C")
            return v.Grad(x) + noise(o, x, z)
        if phase == "active":
            trace.assume("every example is clipped; normal ξ")
            return ClippedBatch(x, clip, XI)
        trace.assume("normal ξ with one variance in all coordinates")
        return ClippedBatch(x, clip, XI)

    def wrapped(word: Any) -> Any:
        return lambda o, *args: word(*args)

    return {name: wrapped(word) for name, word in QUESTIONS.items()} | {
        "noise": noise,
        "noisy_grad": lambda o, x, z: v.Grad(x) + noise(o, x, z),
        "noisy_value": lambda o, x, z: v.Value(x) + VALUE_XI,
        "noisy_class_grads": classes,
        "clipped_grad": clipped_grad,
        "agent_grads": lambda o, x, z: Members(local(o, x, z)),
        "local_grads": lambda o, xs, z: Members(local(o, xs.member, z)),
        "agent_means": lambda o, x: Members(v.AgentMean(x)),
        "agent_roots": lambda o, x, dw: Members(v.AgentRoot(x, dw)),
    }


def _sums(trace: Any) -> dict[str, Any]:
    """Sums over entries and over agents; noise of agents that enters a mean linearly is that of the mean gradient."""

    def each(f: Any, *given: Any) -> Any:
        return Members(plain(f(*(a.member if isinstance(a, Members) else a for a in given))))

    def average(members: Any) -> Any:
        if not isinstance(members, Members):
            return sp.Add(*members) / len(members)
        if (n := sp.count_ops(members.member)) > LONGEST:
            long = f"it averages {n} operations over the agents, and above {LONGEST} the rules take too long"
            raise HandOver(f"{long}: the SDE 'sampled' does without")
        return v.Average(members.member).xreplace({v.Average(of_agent(xi)): xi for xi in trace.samples})

    return {
        "total": v.Total, "dot": lambda a, b: v.Total(a * b), "norm": v.Norm, "each": each, "average": average,
        "filled": lambda value, like: sp.sympify(value),
        "pieces": lambda x, like: Members(sp.sympify(x).xreplace(_pieces(x))),
    }  # fmt: skip


def length(thing: Any) -> Any:
    """What stands for ``len``."""
    if isinstance(thing, Members):
        return AgentCount()
    return v.Coordinates() if isinstance(thing, sp.Basic) else len(thing)


def concatenate(members: Any) -> Any:
    """All agents' vectors, one after the other."""
    if not isinstance(members, Members):
        raise HandOver("the page joins vectors that are not those of agents")
    e = sp.sympify(members.member)
    return e.xreplace({s: Vec(s.name, real=True) for s in e.atoms(Vec) if isinstance(s, Piece)})


def _pieces(x: Any) -> dict[Any, Any]:
    common = (s for s in sp.sympify(x).atoms(Vec) if not isinstance(s, (AgentNoise, Piece)))
    return {s: Piece(s.name, real=True) for s in common}


class Compressed(Word):
    """An unbiased compressor of ``sdeopt.core.compressors``, its draws, its parameter and what it compresses."""

    asks, home, tex = False, "sdeopt.core.compressors", r"\mathcal{C}(@3)"


class ClippedBatch(Word):
    """The mean of a batch of clipped gradients, of x, C and the noise."""

    tex = r"\frac{1}{B}\sum_j\mathrm{clip}_{@1}(g_j)"


def _clip(y: Any, limit: Any) -> Any:
    if v.differs(sp.sympify(y)):
        return v.Clipped(y, limit)
    return sp.Min(1, limit / v.Norm(y)) * y


def _elementary(trace: Any) -> dict[str, Any]:
    def where(condition: Any, a: Any, b: Any) -> Any:
        c = condition.args[0][1] if isinstance(condition, sp.Piecewise) else None
        if isinstance(c, sp.StrictGreaterThan) and c.args[1].is_zero and c.args[0].is_nonnegative:
            trace.assume(f"away from where {show(c.args[0], 40)} vanishes")
            return a
        return chosen(condition, a, b)

    return {
        "exp": sp.exp, "log": sp.log, "erf": sp.erf, "tanh": sp.tanh, "sin": sp.sin, "cos": sp.cos,
        "power": lambda x, e: sp.Pow(x, e), "where": where,
    }  # fmt: skip
