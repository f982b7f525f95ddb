"""Every hand-written SDE that can be derived, against its derivation: drift and noise at three random states."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import PAGES, first_state, flat, nest, parted, problem, run
from test_one_step_moments import PROBLEM, vectors

import sdeopt as so

pytest.importorskip("sympy")

ACCURACY = 1e-12
LIMITS = {"Adagrad": {"v": "1/lr**2", "eps": "1/lr"}}  # its page keeps ε, which the limit that it states expands in
REFUSED = {
    "AMSGrad": "a running maximum or minimum reflects",
    "Adafactor": "matrix_rows",
    "ByzClip21SGD2M": "agents one by one",
    "CubicNewton": "array of another shape",
    "DelayedSGD": "single entries of past",
    "DiLoCo": "operations over the agents",
    "DirectSearch": "a condition that moves with η",
    "FPGD": "has memory",
    "Muon": "matrix_rows",
    "SOAP": "matrix_rows",
    "SPSMax": "depends on the noise in all coordinates",
    "ScionSpectral": "matrix_rows",
    "Shampoo": "matrix_rows",
    "TopKEF": "top_k",
    "ZOSGD": "one vector of them",
}
NEEDS_A_PHASE = {"DPAdam": "no word for the mean of", "DPSignSGD": "depends on the noise in all coordinates"}
ORDER2 = ["SGD", "HeavyBall", "Nesterov", "SGDA", "AltGDA"]
# Scion keeps the noise of the sign, which its page drops; AdaBelief's page keeps β₁², which is 1 in the limit; the
# noise of |γ|² is derived with two copies of ξ, see test_adagrad
OTHERS = {"Scion": None, "AdaBelief": None, "AdaGradNorm": None, "DPSGD": "unclipped", "PCNSGD": "directions"}
ACTIONS = {name: cls.default_sde for name, cls in PAGES.items() if cls.sdes[cls.default_sde].drift} | OTHERS
MASKED = ("DCSGDNormalised", "DCSGDRandK")  # their pages have fewer normals for the same covariance
PAIRS = [(name, sde) for name, sde in ACTIONS.items() if sde and name not in REFUSED and name not in MASKED]


def test_the_page_on_derive_names_what_is_refused() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "derive.md").read_text(encoding="utf-8")
    told = page[page.index("Of the ") :].partition("\n\n")[0]
    refused = REFUSED.keys() | NEEDS_A_PHASE.keys()
    assert f"Of the {len(PAGES)} pages of the registry {len(refused)} are refused." in told
    assert {name for name in PAGES if name in told.replace(",", "").replace(".", "").split()} == refused


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Derived rivals are taken out of the registry again."""
    before = {cls: dict(cls.sdes) for cls in PAGES.values()}
    yield
    for cls, sdes in before.items():
        cls.sdes = sdes


@functools.cache
def derived(name: str, clip: str | None = "inactive", order: int = 1) -> Any:
    assume = {"clip": clip} if clip else {}
    return so.derive(PAGES[name], limit=LIMITS.get(name), order=order, assume=assume)


def states(page: Any, subject: so.Problem) -> list[Any]:
    """Three states on the way, every entry stretched by a factor of its own."""
    found = []
    for seed in range(3):
        y = first_state(page, subject, 20 + seed)
        found.append(parted(np.random.default_rng(seed).uniform(0.7, 1.4, flat(y).size) * flat(y), y))
    return found


def apart(a: Any, b: Any) -> float:
    return float(np.linalg.norm(flat(a) - flat(b)) / max(np.linalg.norm(flat(b)), 1e-300))


def gaps(cls: Any, one: Any, other: Any, page: Any = None) -> tuple[float, float]:
    """Largest relative differences of two SDEs, of drift and of noise, over the states."""
    subject, page = problem(cls, PROBLEM), cls(lr=0.05) if page is None else page
    assert one.brownian == other.brownian
    worst = np.zeros(2)
    for seed, y in enumerate(states(page, subject)):
        t, o = (20 + seed) * page.clock, subject.oracle
        shape, parts = vectors(run(page, subject, "sde", one.name))
        dw = nest(shape, np.random.default_rng(seed).standard_normal(sum(v.size for v in parts)))
        drifts, noises = zip(
            *((s.drift(page, t, y, o), s.diffusion(page, t, y, o, dw)) for s in (one, other)), strict=True
        )
        worst = np.maximum(worst, [apart(*drifts), apart(*noises)])
    return float(worst[0]), float(worst[1])


@pytest.mark.parametrize(("name", "sde"), PAIRS)
def test_a_derived_sde_is_the_hand_written_one(name: str, sde: str) -> None:
    cls = PAGES[name]
    drift, noise = gaps(cls, derived(name).model, cls.sdes[sde])
    assert drift < ACCURACY
    assert noise < ACCURACY


@pytest.mark.parametrize("local_steps", [1.0, 2.0, 4.0])
@pytest.mark.parametrize(("name", "order"), [("LocalSGD", 1), ("FedAvgM", 1), ("LocalSGD", 2)])
def test_a_step_of_several_samples_is_the_hand_written_one(name: str, order: int, local_steps: float) -> None:
    """Every sample of a round, one after the other, at the number that its hyperparameter has."""
    cls = PAGES[name]
    page = cls(lr=0.05, local_steps=local_steps)
    model = so.derive(page, order=order).model
    drift, noise = gaps(cls, model, cls.sdes[f"order{order}"], page)
    assert drift < ACCURACY
    assert noise < ACCURACY
    assert model.unmet is not None
    assert "local_steps" in str(model.unmet(page._replace(local_steps=3.0)))
    assert model.unmet(page) is None


def test_without_a_phase_two_are_refused() -> None:
    """Which the others that clip are not."""
    said = {name: derived(name, None).refused for name in (*NEEDS_A_PHASE, "DPSGD", "Clip21SGD2M")}
    assert {name for name, reason in said.items() if reason} == NEEDS_A_PHASE.keys()
    assert [name for name, words in NEEDS_A_PHASE.items() if words not in said[name]] == []


@pytest.mark.slow
def test_without_a_phase_two_more_are_refused() -> None:
    """And all pages together take less than a minute of CPU time, of which 7 s were measured."""
    start = time.process_time()
    said = {name: so.derive(cls).refused for name, cls in PAGES.items()}
    assert time.process_time() - start < 60.0
    refused = {name: reason for name, reason in said.items() if reason}
    stating = [name for name in refused if PAGES[name].sdes[PAGES[name].default_sde].drift is not None]
    assert len(stating) <= 8  # DirectSearch chooses among values; the SDE of the others is the sampled one
    expected = REFUSED | NEEDS_A_PHASE
    assert refused.keys() == expected.keys()
    assert [name for name, words in expected.items() if words not in refused[name]] == []


@pytest.mark.parametrize(("clip", "phase", "drift"), [(60.0, "unclipped", 1e-12), (1e-5, "clipped", 1e-8)])
def test_clipping_goes_over_into_its_phases(clip: float, phase: str, drift: float) -> None:
    """The drift to the error of the quadratures, and the noise where it is linear."""
    both, one = derived("DPSGD", None).model, so.DPSGD.sdes[phase]
    page, subject = so.DPSGD(lr=0.05, clip=clip), problem(so.DPSGD, PROBLEM)
    x, o = np.array([1.1, -0.7]), subject.oracle
    assert both.drift(page, 0.0, x, o) == pytest.approx(one.drift(page, 0.0, x, o), rel=drift)
    if phase == "unclipped":  # linear in the increments, the second of which then drops out
        dw, again, own = np.random.default_rng(3).standard_normal((3, 2))
        plain = one.diffusion(page, 0.0, x, o, (dw, own))
        assert both.diffusion(page, 0.0, x, o, (dw, again, own)) == pytest.approx(plain, rel=1e-12)


def test_all_clipped_is_the_other_phase() -> None:
    drift, noise = gaps(so.DPSGD, derived("DPSGD", "active").model, so.DPSGD.sdes["clipped"])
    assert drift < ACCURACY
    assert noise < ACCURACY


@pytest.mark.parametrize("name", ORDER2)
def test_a_derived_drift_of_order_2_is_the_hand_written_one(name: str) -> None:
    drift, noise = gaps(PAGES[name], derived(name, order=2).model, PAGES[name].sdes["order2"])
    assert drift < ACCURACY
    assert noise < ACCURACY


@pytest.mark.parametrize("name", PAGES)
def test_the_registry_is_derived_or_refused_in_a_sentence(name: str) -> None:
    d = derived(name)
    assert (d.refused is None) == (name not in REFUSED), d.refused
    if d.refused:
        assert REFUSED[name] in d.refused
        with pytest.raises(ValueError, match="no derived SDE"):
            d.source()
