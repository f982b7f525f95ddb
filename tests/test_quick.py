"""Loops on lanes without Numba: found by a second process, the same bits, and left to Numba where anything is odd."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import typeof, types
from numba.core.registry import cpu_target
from test_cache_trust import flipped

import sdeopt as so
from sdeopt.engine import kernels, obtain
from sdeopt.engine.compiler import compile
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.machine import host, quick
from sdeopt.engine.passing import Other, Words
from sdeopt.engine.planning import plan

SCRIPT = """
import sys
import sdeopt as so

problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
run = so.simulate(so.SignSGD(0.1), problem, "sde", steps=8, paths=64, substeps=2, rng=0, progress=False)
print(run, run.final.tobytes().hex())
loaded = [name for name in ("numba", "scipy.special") if name in sys.modules]
print(so.compare(so.SignSGD(0.1), problem, steps=8, paths=64, substeps=2, rng=0, progress=False))
"""
LOADED = 'print(loaded, "numba" in sys.modules)'
TEXT = """
declare double @{calls}(double)
define i32 @loop(ptr %result, ptr %error, double %x, [2 x double] %v, i64 %n, ptr %count, ptr %owner, i64 %size,
                 i64 %bytes, ptr %to, i64 %shape, i64 %stride, i8 %yes) {{
%root = call double @{calls}(double %x)
%second = extractvalue [2 x double] %v, 1
%chosen = icmp ne i8 %yes, 0
%more = select i1 %chosen, double 100.0, double 0.0
%sum = fadd double %root, %second
%all = fadd double %sum, %more
store double %all, ptr %to
%status = trunc i64 %n to i32
ret i32 %status
}}
"""
KINDS = ("d", "2d", "q", "p", "p", "q", "q", "p", "q", "q", "b")
NOBODY = "sdeopt_nobody"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of loops, and none in memory."""
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "loops"))
    monkeypatch.setattr(quick, "FOUND", {})
    return tmp_path / "loops"


def test_a_second_process_has_the_same_results_without_numba(fresh: Callable[[str], str], folder: Path) -> None:
    """Nor does a run load SciPy's special functions with all that they prepare for."""
    first = fresh(SCRIPT)
    assert fresh(SCRIPT + LOADED) == f"{first}[] False\n"


def test_kept_loops_have_the_bits_of_numbas_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a schedule, a state of parts, a start and a crossing per path, and a chunk that fills no group of lanes."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=np.ones((37, 2)) * [1.0, -1.0])
    page = so.HeavyBall(so.Cosine(0.1, horizon=2.0), momentum=0.5)
    run = replace(plan(page, problem, "discrete", steps=30, rng=0, observables=["loss"]), crossings=(("loss", 0.5),))
    new = Kernel(run)(0, 37)
    monkeypatch.setattr(quick, "FOUND", {})
    monkeypatch.setattr(compile, "LOOPS", {})
    kept = Kernel(run)
    assert compile.LOOPS == {}
    monkeypatch.setattr(kernels, "compile_loop", obtain._by_numba)
    usual = Kernel(run)
    assert kept.mode == usual.mode == "lanes"
    assert type(kept._loop) is quick.Loop is not type(usual._loop)
    assert new.tobytes() == kept(0, 37).tobytes() == usual(0, 37).tobytes()
    assert np.isfinite(new[:, :, :3]).all()
    assert np.isfinite(new[:, -1, 3]).all()  # all have crossed


def test_arguments_are_passed_as_numba_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every page that takes the problem, and of every SDE of it; of SGD under laws that hold other things."""
    seen = []

    def look(run: Any, shape: Any, width: int, begin: Any, complete: Any) -> Any:
        if width:
            given = complete(compile._lowered(run, shape, width, begin, bare=True)[1])
            flat = cpu_target.target_context.call_conv.get_function_type(types.none, tuple(map(typeof, given)))
            fixed = obtain._leading(run, begin)
            seen.append(fixed.kinds + Words(*complete((fixed,))[1:]).kinds == list(map(compile._kind, flat.args[2:])))
        return None, ()

    monkeypatch.setattr(kernels, "compile_loop", look)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 0.7]))
    for page in so.methods().values():
        for sde in (None, *page.sdes):
            with contextlib.suppress(ValueError):  # what asks for a game, a matrix or examples
                Kernel(plan(page(lr=0.1), problem, "sde" if sde else "discrete", sde=sde, steps=2, rng=0))
    data = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    for law in (
        so.Minibatch(1, replace=False), so.StudentT(5.0), so.Laplace(0.5), so.AlphaStable(1.5, 0.5),
        so.Agents(so.Gaussian(0.5), 3), so.Noise(lambda x, z: 0.5 * z),
    ):  # fmt: skip
        for kind in ("discrete", "sde"):
            with contextlib.suppress(ValueError):
                Kernel(plan(so.SGD(lr=0.1), so.Problem(data, law), kind, steps=2, rng=0))
    assert all(seen), seen
    assert len(seen) > 130


def made(calls: str = "sqrt") -> quick.Native:
    """A loop of our own, put on disk."""
    code = host.build(TEXT.format(calls=calls))
    engine = host.load(code) if calls == "sqrt" else None
    return quick.made(calls, "loop", KINDS, code, engine.get_function_address("loop") if engine else 0, engine)


def called(loop: quick.Native, *rest: Any) -> tuple[Any, ...]:
    """What a loop has written, and how the usual one was called in its place."""
    out, asked = np.zeros(1), list[Any]()
    fixed = Words()
    fixed.put((2.25, np.array([1.0, 2.0])), lowered=True)
    usual = lambda: (lambda *given: asked.append(given), ("leading",))  # noqa: E731
    quick.Loop(loop, (0, out, True), usual)(fixed, rest[0], out, *rest[1:])
    return float(out[0]), [(given[0], given[1], *given[3:]) for given in asked]


def test_a_loop_gets_what_it_is_passed(folder: Path) -> None:
    first = made()
    assert called(first, 0, True) == (103.5, [])
    quick.FOUND.clear()
    found = quick.find("sqrt", KINDS)
    assert found is not None
    assert found.address != first.address
    assert called(found, 0, False) == (3.5, [])


def test_what_ends_with_an_error_is_run_by_numba(folder: Path) -> None:
    """So is a call with arguments of other kinds, of which nothing is passed on."""
    assert called(made(), 1, True) == (103.5, [("leading", 1, True)])
    assert called(made(), -2, True) == (103.5, [])  # Numba's word for: no result
    assert called(made(), 0, 1) == (0.0, [("leading", 0, 1)])


def test_only_what_fits_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made()
    quick.FOUND.clear()
    assert quick.find("sqrt", KINDS[1:]) is None
    assert quick.find("another", KINDS) is None
    monkeypatch.setattr(quick, "mark", lambda: 64 * "0")
    assert quick.find("sqrt", KINDS) is None


def test_a_loop_that_calls_what_nobody_has_is_not_found(folder: Path) -> None:
    """LLVM would end the process."""
    assert quick.portable(host.build(TEXT.format(calls="sqrt")))
    assert not quick.portable(host.build(TEXT.format(calls=NOBODY)))
    made(NOBODY)
    quick.FOUND.clear()
    assert quick.find(NOBODY, KINDS) is None


def test_a_damaged_loop_is_not_found(folder: Path) -> None:
    made()
    quick.FOUND.clear()
    (file,) = folder.iterdir()
    file.write_bytes(flipped(file.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged: it is compiled again"):
        assert quick.find("sqrt", KINDS) is None


def test_settings_of_compilers_are_part_of_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = set()
    for name in ("NUMBA_OPT", "SDEOPT_COMPILER", "OTHER", "NUMBA_CPU_NAME"):
        monkeypatch.setenv(name, "1")
        marks.add(quick.mark.__wrapped__())
    assert len(marks) == 3


@pytest.mark.parametrize(
    "thing", ["a word", None, 2**63, np.float32(1.0), np.zeros(2, np.float32), 1.0j, [1.0], so.Gaussian(0.5)]
)
def test_what_only_numba_knows_is_left_to_it(thing: Any) -> None:
    with pytest.raises(Other):
        Words((1.0, thing))


def test_words_tell_types_apart() -> None:
    a = np.zeros((2, 3))
    things = [1, 1.0, True, (1.0, 2.0), ((1.0, 2.0),), a, a.T, a[:, :2], a[0], a.astype(np.int64), readonly(a)]
    assert len({Words(thing).text for thing in things}) == len(things)


def readonly(a: Any) -> Any:
    found = a.copy()
    found.flags.writeable = False
    return found
