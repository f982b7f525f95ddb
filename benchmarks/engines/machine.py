"""What was measured with: the processor, the machine, the versions, a new process."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import llvmlite.binding

from sdeopt.engine.compiler import cache

__all__ = ["about", "beside", "process", "processor"]


def processor() -> str:
    """Its name as the system and LLVM know it; results are kept under it."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", told.read_text(encoding="utf-8")) if told.exists() else None
    name = found[1] if found else platform.processor() or platform.machine()
    return f"{name.strip()}, {llvmlite.binding.get_host_cpu_name()}"


def about() -> dict[str, str]:
    """The machine and the versions."""
    found = {}
    for name in ("sdeopt", "torch", "torchsde", "jax", "diffrax", "sdeint", "sdepy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "processor": processor(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "compilers": cache.versions(),
        "peers": ", ".join(f"{name} {number}" for name, number in found.items()),
    }


def beside() -> str:
    """What else the machine does, of which times on the wall depend."""
    load = f"Before it the load of the machine was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return f"{load}; where it is above them, more threads or processes gain nothing."


def process(arguments: Sequence[str], folder: str | None) -> tuple[float, float, str]:
    """Seconds of a new process of Python, those of them on the processors, and what it prints.

    ``folder`` is that of its loops, by default the usual one.
    """
    env = os.environ | ({"SDEOPT_CACHE_DIR": folder} if folder else {})
    begun, used = time.perf_counter(), sum(os.times()[2:4])
    done = subprocess.run([sys.executable, *arguments], env=env, check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, sum(os.times()[2:4]) - used, done.stdout
