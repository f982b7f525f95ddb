"""What watching the noise scale costs: ``python -m benchmarks.noise_scale`` prints a ratio to the plain loop.

A step of 4 micro-batches of 32 of a network with d = 407,050, one thread; the least CPU time of alternating turns. On
two cores beside other work it was 1.15.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn

import sdeopt as so

TURNS, STEPS, MICRO, ACCUMULATE = 7, 10, 32, 4


def loop(watched: bool) -> tuple[Any, Any]:
    """A network and its optimizer."""
    model = nn.Sequential(nn.Linear(784, 512), nn.Tanh(), nn.Linear(512, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    if watched:
        so.torch.NoiseScale(model, micro=MICRO, accumulate=ACCUMULATE).attach(optimizer)
    return model, optimizer


def turn(model: Any, optimizer: Any, X: Any, y: Any) -> float:
    """CPU seconds of some steps."""
    began = time.process_time()
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(ACCUMULATE):
            (nn.functional.cross_entropy(model(X), y) / ACCUMULATE).backward()
        optimizer.step()
    return time.process_time() - began


def main() -> None:
    """Alternate both loops, and print the ratio of their least times."""
    torch.set_num_threads(1)
    X, y = torch.randn(MICRO, 784), torch.randint(10, (MICRO,))
    plain, watched = loop(False), loop(True)
    times = [(turn(*plain, X, y), turn(*watched, X, y)) for _ in range(TURNS)]
    one, other = (min(column) for column in zip(*times, strict=True))
    print(f"plain {one / STEPS:.4f} s a step, watched {other / STEPS:.4f} s: {other / one:.3f} times")


if __name__ == "__main__":
    main()
