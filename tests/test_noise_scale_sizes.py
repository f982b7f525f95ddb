"""The noise scale sees how many examples a micro-batch has: smaller ones at the end of an epoch, a wrong ``micro``."""

from __future__ import annotations

from typing import Any

import pytest

import sdeopt as so

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]
LOSS = torch.nn.functional.mse_loss


def begin(model: Any, micro: int, accumulate: int = 2) -> tuple[Any, Any]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    return optimizer, so.torch.NoiseScale(model, micro=micro, accumulate=accumulate).attach(optimizer)


def step(model: Any, optimizer: Any, sizes: Any) -> None:
    optimizer.zero_grad()
    for size in sizes:
        X = torch.randn(size, 4)
        LOSS(model(X), X.sum(1, keepdim=True)).backward()
    optimizer.step()


def test_a_step_with_a_smaller_micro_batch_is_left_out() -> None:
    model = torch.nn.Linear(4, 1)
    optimizer, noise = begin(model, micro=4)
    for sizes in ((4, 4), (4, 2), (4, 4)):
        step(model, optimizer, sizes)
    with torch.no_grad():
        model(torch.randn(14, 4))  # a look at all data, as of validation, is no micro-batch
    model.eval()
    model(torch.randn(14, 4))
    model.train()
    step(model, optimizer, (4, 4))
    assert len(noise.moments()) == 3
    with pytest.raises(ValueError, match="1 were left out: 1 with micro-batches of unlike sizes"):
        noise.estimate()


@pytest.mark.parametrize(("micro", "times"), [(8, None), (3, "2.667"), (16, "0.5")])
def test_it_warns_of_another_number_of_rows(micro: int, times: str | None) -> None:
    model = torch.nn.Linear(4, 1)
    optimizer, noise = begin(model, micro)
    for _ in range(20):
        step(model, optimizer, (8, 8))
    if times is None:
        noise.estimate()
        return
    with pytest.warns(UserWarning, match=f"called with 8 rows at a time, and micro is {micro}: .* {times} times as"):
        noise.estimate()


class Steps(torch.nn.Module):
    """The mean over times of data (times, examples, inputs), called by name."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, *, sequences: Any) -> Any:
        return self.layer(sequences).mean(0)


def test_times_before_examples_are_no_micro_batches_of_unlike_sizes() -> None:
    """Lengths 5 and 7 of 8 sequences; and of one length, which is not taken for a wrong micro."""
    for lengths in ((5, 7), (5, 5)):
        model = Steps()
        optimizer, noise = begin(model, micro=8)
        for _ in range(20):
            for length in lengths:
                model(sequences=torch.randn(length, 8, 4)).square().mean().backward()
            optimizer.step()
        assert noise.estimate().skipped == 0
