"""``sdeopt scale``: its words, and what it prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import content, run, succeeded

import sdeopt as so
from sdeopt.cli.schedules import schedule

SMALL = ["--steps", "40", "--paths", "64", "--quiet"]


def test_the_table_of_the_example() -> None:
    shown = succeeded("scale", "adamw", "--batch", "256", "4096", "--lr", "0.001").stdout
    for words in (
        "AdamW, κ = 16",
        "arXiv:2205.10287",
        "the rule asks for -0.6",
        "! the rule asks for beta1 = -0.6",
        "no problem is given",
    ):
        assert words in shown


def test_a_scaling_without_a_problem_as_json() -> None:
    found = content("scale", "dcsgdrandk", "--lr", "0.05", "--k", "8", "--new-k", "2", "--agents", "2", "4")
    assert found["scaling"]["after"] == {"lr": 0.025, "k": 2.0}
    assert found["scaling"]["speed"] == 0.5
    assert "evidence" not in found


def test_the_conditions_are_measured_on_a_problem() -> None:
    found = content("scale", "sgd", "--batch", "4", "8", "--noise", "gaussian:0.5,batch=4", "--lr", "0.01")
    assert found["scaling"]["conditions"][0]["value"] == pytest.approx(0.04)
    assert found["scaling"]["valid"] is True


def test_minibatches_of_data_have_the_batch_before() -> None:
    found = content("scale", "sgd", "--objective", "diagonal-linear-network:n=8,p=2,nonzero=1", "--batch", "2", "4")
    assert found["scaling"]["noise"] == ["Minibatch(batch=2, replace=True)", "Minibatch(batch=4, replace=True)"]


def test_a_schedule_is_scaled_with_its_peak() -> None:
    """κ = 4: twice the peak by the square root; a cosine ends after a quarter of the steps, at half the time."""
    words = ["scale", "adam", "--batch", "8", "32", "--lr", "0.01", "--beta1", "0.96", "--beta2", "0.99", "--schedule"]
    assert "peak=0.02, phases=(ramp(0.25, 0, 1, 'linear')" in succeeded(*words, "warmup-cosine:0.25").stdout
    found = content(*words, "cosine:horizon=5")["scaling"]["after"]
    assert "peak=0.02" in str(found["lr"]) and "horizon=2.5" in str(found["lr"])
    with pytest.raises(ValueError, match="cosine: horizon= must be given where the run has no length"):
        schedule("cosine", 0.01, None)


def test_evidence_is_gathered_and_written(tmp_path: Path) -> None:
    stem = tmp_path / "sgd"
    words = ["scale", "sgd", "--batch", "1", "4", "--lr", "0.01", "--seed", "3", *SMALL]
    done = succeeded(*words, "--out", str(stem))
    assert "paths       64 of each, independent draws, rng=3" in done.stdout
    assert (tmp_path / "sgd.png").stat().st_size > 10_000
    assert so.Evidence.load(f"{stem}.npz").steps[1][-1] == 10
    assert content(*words)["evidence"]["naive_verdict"] in ("differ", "inconclusive")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["lion", "--batch", "1", "2"], "there is no scaling rule for Lion"),
        (["sgd"], "give what changes"),
        (["sgd", "--batch", "4"], "'--batch' requires 2 arguments"),
        (["sgd", "--batch", "1", "2", "--out", "x"], "--out writes evidence, so give --horizon or --steps too"),
        (["sgd", "--batch", "1", "2", "--beta", "0.5"], "SGD has no --beta"),
        (["dpsgd", "--batch", "8", "16", "--horizon", "1"], "batch before must be that of the problem, 4"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], text: str) -> None:
    done = run("scale", *words)
    assert done.exit_code == 2
    assert text in done.stderr
