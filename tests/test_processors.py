"""The same bits on every x86-64: on the oldest, with AVX2, and on the one at hand, with AVX-512 where it has that."""

from __future__ import annotations

import platform
from collections.abc import Callable

import llvmlite.binding as llvm
import pytest

SCRIPT = """
import sdeopt as so
from sdeopt.engine.compiler.compile import LOOPS
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
grid = {"steps": 30, "substeps": 3, "scheme": "euler", "observables": [], "rng": 0}
for method, kind in ((so.SGD(0.1), "discrete"), (so.SignSGD(0.1), "sde"), (so.AdamW(0.1), "discrete"),
                     (so.SAM(0.1), "discrete")):
    kernel = Kernel(plan(method, problem, kind, **grid))
    print(method, kind, kernel.mode, kernel(0, 37).tobytes().hex())
asm = "".join(code for loop in LOOPS.values() for code in loop.inspect_asm().values())
print("compiled with", "ymm" in asm, "zmm" in asm, "vfmadd" in asm)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="compares processors of the family x86-64")
def test_every_processor_gives_the_same_bits(
    fresh: Callable[[str], str], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing contracts a * b + c, sums keep their order, and a fused multiply-add is one everywhere.

    The last line says which registers and instructions were used: wide ones, and fused multiply-adds.
    """
    monkeypatch.setenv("SDEOPT_CACHE_DIR", f"{tmp_path}/loops")  # of a loop from the cache there is no assembly to read
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")  # else those of the processor at hand
    host = llvm.get_host_cpu_features()
    results = {}
    for cpu, wide in (("x86-64", False), ("haswell", True), ("", True)):
        if cpu == "haswell" and not (host.get("avx2") and host.get("fma")):
            continue
        monkeypatch.setenv("NUMBA_CPU_NAME", cpu)
        if not cpu:
            monkeypatch.delenv("NUMBA_CPU_NAME")
            monkeypatch.delenv("NUMBA_CPU_FEATURES")
        *results[cpu], used = fresh(SCRIPT).splitlines()
        assert not cpu or used == f"compiled with {wide} False {wide}"
        assert cpu or not host.get("avx512f") or used.endswith(" True True")  # with or without ymm
    assert [line.split()[-2] for line in results[""]] == ["lanes"] * 4
    assert all(lines == results[""] for lines in results.values())
