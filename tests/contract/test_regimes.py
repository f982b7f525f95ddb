"""What the regime of a page ties to the learning rate η: ``scaled`` keeps the constants that its SDE is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import PAGES

KEPT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        ("Adam", "AdamW", "AMSGrad", "DPAdam", "NGNMD", "SOAP"),
        lambda p: [(1.0 - p.beta1) / p.lr, (1.0 - p.beta2) / p.lr],
    ),
    **dict.fromkeys(
        ("RMSprop", "RMSpropW", "NGNM", "Muon", "Scion", "ScionSpectral"), lambda p: [(1.0 - p.beta) / p.lr]
    ),
    **dict.fromkeys(("SAM", "USAM", "DNSAM", "SEG", "SEGIndependent"), lambda p: [p.rho**2 / p.lr]),
    **dict.fromkeys(("HeavyBall", "Nesterov", "SGHMC"), lambda p: [(1.0 - p.momentum) ** 2 / p.lr]),
    "AdaBelief": lambda p: [(1.0 - p.beta1) / p.lr, (1.0 - p.beta2) / p.lr, p.eps / p.lr],
    "NAdam": lambda p: [(1.0 - p.beta1) / p.lr, (1.0 - p.beta2) / p.lr, p.psi / p.lr],
    "ScheduleFreeAdamW": lambda p: [(1.0 - p.beta2) / p.lr, p.beta1, p.eps],
    "Signum": lambda p: [(1.0 - p.momentum) / p.lr],
    "Lion": lambda p: [(1.0 - p.beta2) / p.lr, p.beta1],
    **dict.fromkeys(("Clip21SGD2M", "ByzClip21SGD2M"), lambda p: [p.beta1 / p.lr, p.beta2 / p.lr]),
    "DiLoCo": lambda p: [
        *((1.0 - beta) / p.lr for beta in (p.momentum, p.beta1, p.beta2)),
        p.outer_lr / p.lr,
        p.local_steps,
    ],
    "FedAvgM": lambda p: [(1.0 - p.momentum) / p.lr, p.outer_lr / p.lr, p.local_steps],
    "ZOSGD": lambda p: [p.mu**2 / p.lr, p.value_noise / p.mu],
    **dict.fromkeys(("SmoothedGDA", "SmoothedGDAIndependent"), lambda p: [p.follow / p.lr]),
    **dict.fromkeys(("Adagrad", "AdaGradNorm", "Shampoo"), lambda p: [p.initial * p.lr**2]),
}


def test_every_regime_is_listed() -> None:
    assert set(KEPT) == {
        name for name, cls in PAGES.items() if hasattr(cls, "scaled") and cls.__module__.startswith("sdeopt.")
    }


@pytest.mark.parametrize("name", KEPT)
def test_the_constants_of_the_regime_are_kept(name: str) -> None:
    page = PAGES[name](0.1)
    if name == "Adagrad":
        page = page._replace(initial=3.0)  # by default 0, which is tied to nothing
    other = page.scaled(0.025)
    assert type(other) is type(page) and other.lr == 0.025
    assert KEPT[name](other) == pytest.approx(KEPT[name](page), rel=1e-12)
    assert tuple(page.scaled(0.1)) == pytest.approx(tuple(page), rel=1e-14)
