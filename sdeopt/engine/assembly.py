"""The loop of a run, put together from its parts: one plain function, which may be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdeopt.engine import lanes, loops, sampled, schemes, states
from sdeopt.engine.draws import kinds
from sdeopt.engine.linker import replace_lr
from sdeopt.engine.rng import wide_vectors

if TYPE_CHECKING:
    from sdeopt.engine.kernels import Run

__all__ = ["assemble"]


def _parts(run: Run, shape: Any, width: int) -> loops.Parts:
    """The small functions of a loop over ``width`` paths at a time; 0 stands for one path on plain vectors."""
    parts = len(run.method.parts)
    store = lanes.storer(width) if width else None
    store_number = store or states.store_number
    cut = (lambda a, b: lanes.loader(a, b - a, width)) if width else states.slicer
    return loops.Parts(
        width=width or 1,
        widen=wide_vectors if width else states.nothing,
        begin=states.beginner(parts, lanes.spread(width) if width else None),
        position=states.positioner(parts),
        unpack=states.unpacker(shape, cut),
        observe=states.observer(list(run.observables.values()), store_number, width or 1),
        store_vector=store or states.store_vector,
        store_number=store_number,
    )


def _scheduled(run: Run) -> tuple[Any, ...]:
    """The page's functions, at the learning rate of the moment where the method has a schedule."""
    functions, schedule, cls = run.functions, run.method.schedule, type(run.method)
    if schedule is None:
        return functions
    common = (type(schedule).factor, replace_lr(cls), cls.clock_of)
    if len(functions) == 1:
        return (loops.scheduled_step(functions[0], *common),)
    scale = states.lift(loops.times, len(run.method.parts), 1)
    drift, diffusion = functions
    return loops.scheduled_drift(drift, *common, scale), loops.scheduled_diffusion(diffusion, *common, scale)


def assemble(run: Run, shape: Any, width: int = 0, parts: loops.Parts | None = None) -> Any:
    """The loop of the run as one plain function."""
    functions, parts, count = _scheduled(run), parts or _parts(run, shape, width), len(run.method.parts)
    if run.kind == "discrete":
        return loops.assemble_discrete(parts, functions[0])
    if run.model.drift is not None:
        scheme = schemes.SCHEMES[run.scheme]
        return loops.assemble_sde(parts, scheme(functions[0], functions[1], lambda g, n: states.lift(g, count, n)))
    rotate = sampled.rotator(kinds(run))
    domain = loops.constant(getattr(type(run.method), "domain", sampled.anywhere), run.method.schedule is not None)
    predict = states.lift(sampled.euler_part, count, 3)
    if run.scheme == "heun":
        correct = states.lift(sampled.heun_part, count, 6)
        return loops.assemble_sde(parts, sampled.heun(functions[0], rotate, domain, predict, correct))
    return loops.assemble_sde(parts, sampled.euler(functions[0], rotate, domain, predict))
