"""The loop of a run, put together from its parts: one plain function, which may be compiled.

What lanes are made of comes with Numba, so it is imported only where a loop on lanes is put together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdeopt.core.observables import passes
from sdeopt.engine import crossings, loops, sampled, schemes, states
from sdeopt.engine.beginnings import sizes
from sdeopt.engine.draws import kinds

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["assemble", "mover"]


def _parts(run: Run, shape: Any, width: int) -> loops.Parts:
    """The small functions of a loop over ``width`` paths at a time; 0 stands for one path on plain vectors."""
    lanes = _lanes() if width else None
    save = _saver(width) if width else None
    take = _taker(run, width)
    return loops.Parts(
        width=width or 1,
        widen=lanes.wide_vectors if lanes else states.nothing,
        take=take,
        begin=states.beginner([take(size) for size in sizes(run)]),
        position=states.positioner(len(run.method.parts)),
        unpack=lanes.loader(shape, width) if lanes else states.slicer(shape),
        observe=states.observer(passes(run.observables, run.oracle.objective), save or states.save_number),
        save_vector=save or states.save_vector,
    )


def _lanes() -> Any:
    from sdeopt.engine.compiler import lanes

    return lanes


def _saver(width: int) -> Any:
    """`states.save_vector` and `states.save_number` of lanes."""
    store = _lanes().storer(width)

    def save(records: Any, p: int, s: int, i: int, x: Any, alive: Any) -> None:
        _, columns, paths = records.shape
        store(records, (s * columns + i) * paths + p, x, alive)

    return save


def _taker(run: Run, width: int) -> Any:
    """``take`` of `loops.Parts`."""
    if not run.problem.several:
        spread = _lanes().broadcast(width) if width else None
        whole = (lambda v, p: spread(v)) if spread else states.same
        return lambda size: whole
    if not width:
        return lambda size: states.row

    def take(size: int) -> Any:
        load = _lanes().loader(size, width)
        return lambda v, p: load(v, p * size)

    return take


def _scheduled(run: Run) -> tuple[Any, ...]:
    """The page's functions, at the hyperparameters of the moment where the method has schedules."""
    if run.kind == "discrete" and run.discrete is not None:
        return (run.discrete.stepper(run.problem, run.method),)
    functions, schedules, cls = run.functions, run.method.schedules, type(run.method)
    if not schedules:
        return functions
    moment = states.moment(cls, cls._fields, {name: type(s).factor for name, s in schedules.items()})
    if len(functions) == 1:
        return (loops.scheduled_step(functions[0], moment),)
    scale = states.lift(loops.times, len(run.method.parts))
    drift, diffusion = functions
    common = (moment, cls.clock_of, scale)
    return loops.scheduled_drift(drift, *common), loops.scheduled_diffusion(diffusion, *common)


def assemble(run: Run, shape: Any, width: int = 0, parts: loops.Parts | None = None, watch: Any = None) -> Any:
    """The loop of the run as one plain function, with a `marks.Watch` around its steps and saves where one is given."""
    parts, step = crossings.watch_crossings(run, parts or _parts(run, shape, width), mover(run))
    discrete = run.kind == "discrete"
    if watch is not None:
        parts = parts._replace(write=watch.write(parts.write or loops.writer(parts)))
        step = watch.step(step) if discrete else watch.move(step)
    return loops.assemble_discrete(parts, step) if discrete else loops.assemble_sde(parts, step)


def mover(run: Run) -> Any:
    """One step of the optimizer or of the integrator, a plain function."""
    functions = _scheduled(run)
    return functions[0] if run.kind == "discrete" else _move(run, functions)


def _move(run: Run, functions: tuple[Any, ...]) -> Any:
    """One step of the integrator."""
    count = len(run.method.parts)
    if run.model.drift is not None:
        scheme = schemes.SCHEMES[run.scheme]
        return scheme(functions[0], functions[1], lambda g: states.lift(g, count))
    rotate = sampled.rotator(kinds(run))
    domain = loops.constant(getattr(type(run.method), "domain", sampled.anywhere), bool(run.method.schedules))
    predict = states.lift(sampled.euler_part, count)
    if run.scheme == "heun":
        correct = states.lift(sampled.heun_part, count)
        return sampled.heun(functions[0], rotate, domain, predict, correct)
    return sampled.euler(functions[0], rotate, domain, predict)
