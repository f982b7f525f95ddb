"""What a sweep shows and keeps: text, CSV, JSON, npz, xarray, figures."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sdeopt as so
from sdeopt.results.estimate import Estimate, failed
from sdeopt.sweeps import figure as phase
from sdeopt.sweeps.table import Sweep

META = {
    "horizon": 10.0, "steps": None, "paths": 100, "level": 0.1, "substeps": 16, "seed": 0, "version": "0", "rng": 0,
    "methods": {"SGD": "SGD(lr=0.1)", "SAM": "SAM(lr=0.1, rho=0.05)"}, "problems": {"bowl": "a bowl"},
    "owners": {"lr": "method", "nu": "noise"},
    "cells": 24, "resumed": 3, "partial": False,
}  # fmt: skip
COORDINATES = {
    "method": ("SGD", "SAM"),
    "problem": ("bowl",),
    "lr": (0.01, 0.1, 1.0),
    "nu": (1.0, 2.0, 3.0, 4.0),
}


def made(**more: Any) -> Sweep:
    """Values 10^(2i + j) at (lr_i, nu_j), negated for SAM; nu = 1 undecided, lr = 1 diverged, one cell failed."""
    points = []
    for m, _, i, j in np.ndindex(2, 1, 3, 4):
        value = (-1.0) ** m * 10.0 ** (2 * i + j)
        loss = Estimate(value, 0.1, value - 0.2, value + 0.2)
        loss = loss.doubted("too wide: 1.5") if j == 0 else loss
        loss = loss._replace(status="diverged", reason="9 of 10 paths diverged") if i == 2 else loss
        time = Estimate(math.inf, math.inf, 3.0, math.inf, "undecided", "never")
        points.append({"loss": loss, "time": time} if (m, i, j) != (1, 0, 3) else {"loss": failed("KeyError: 'x'")})
    return Sweep.of(META | more, COORDINATES, ("loss", "time"), points)


def test_arrays_are_in_the_order_of_the_axes() -> None:
    found = made()
    assert found["loss"].value.shape == (2, 1, 3, 4)
    assert found["loss"].value[0, 0, 1, 2] == 1e4
    assert found["loss"].status[1, 0, 0].tolist() == ["undecided", "ok", "ok", "failed"]
    assert found["time"].status[1, 0, 0, 3] == "missing"
    assert found.axes == ("method", "lr", "nu")
    with pytest.raises(KeyError, match=r"no measure 'spread' .* loss, time"):
        found["spread"]


def test_csv_has_every_number_with_all_its_digits(tmp_path: Path) -> None:
    found = made()
    found.to_csv(tmp_path / "t.csv")
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        "method",
        "problem",
        "lr",
        "nu",
        "measure",
        "value",
        "stderr",
        "low",
        "high",
        "status",
        "reason",
    ]
    assert len(rows) == found.value.size == 48
    read = np.array([float(row["value"]) for row in rows]).reshape(2, 1, 3, 4, 2)
    np.testing.assert_array_equal(np.moveaxis(read, -1, 0), found.value)
    assert (rows[0]["lr"], rows[0]["nu"], rows[0]["reason"]) == ("0.01", "1.0", "too wide: 1.5")


def test_npz_gives_the_same_back(tmp_path: Path) -> None:
    found = made()
    found.save(tmp_path / "t.npz")
    read = Sweep.load(tmp_path / "t.npz")
    for name in ("value", "stderr", "low", "high", "status", "reason"):
        np.testing.assert_array_equal(getattr(read, name), getattr(found, name))
    assert (read.meta, read.coordinates, read.measures) == (found.meta, found.coordinates, found.measures)
    assert str(read) == str(found)


def test_json_is_strict() -> None:
    content = json.loads(made().to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content["meta"]["paths"] == 100
    assert content["rows"][0]["value"] == 1.0
    assert content["rows"][1]["value"] is None


@pytest.mark.extras("xarray")
def test_xarray_has_a_dimension_for_every_axis() -> None:
    data = made().to_xarray()
    assert dict(data.sizes) == {"method": 2, "problem": 1, "lr": 3, "nu": 4}
    cell = data.sel({"method": "SGD", "problem": "bowl", "lr": 0.1, "nu": 3.0})
    assert (cell["loss"].item(), cell["loss_low"].item(), cell["loss_status"].item()) == (1e4, 1e4 - 0.2, "ok")


def test_a_sweep_says_in_words_what_it_is() -> None:
    found = made(partial=True)
    assert repr(found) == "Sweep(2 methods, 1 problem, lr x nu: 24 points of loss, time, partial)"
    text = str(found)
    assert "grid     lr of the method, 3 values; nu of the noise, 4 values" in text
    assert "24, 3 of them from the folder, interrupted; 100 paths each, the same rng=0 for all" in text
    assert "1.0 ± 0.2 ?" in text
    assert "∞ ?" in text
    assert "× diverged: 9 of 10 paths diverged (8)." in text
    assert "! failed: KeyError: 'x' (1)." in text
    assert "… missing: not run (1)." in text
    assert max(map(len, text.splitlines())) <= 118


def test_a_long_table_is_cut() -> None:
    points = [{"loss": Estimate(float(i), 0.1, i - 0.2, i + 0.2)} for i in range(60)]
    coordinates = {"method": ("SGD",), "problem": ("bowl",), "lr": tuple(map(float, range(60)))}
    text = str(Sweep.of(META | {"owners": {"lr": "method"}}, coordinates, ("loss",), points))
    assert "20 points more: to_csv writes all." in text
    assert " 39.0 ± 0.2" in text
    assert " 40.0 ± 0.2" not in text


def test_a_phase_diagram_is_coloured_and_marked() -> None:
    _, ax = plt.subplots()
    assert made().plot(x="lr", y="nu", where={"method": "SGD"}, ax=ax) is ax
    mesh = ax.collections[0].get_array()
    assert mesh.shape == (4, 3)
    assert mesh[1, 0] == 10.0  # nu = 2 at lr = 0.01
    assert mesh.mask[:, 2].all()  # survivors have no colour
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == ("lr", "nu", "log")
    marks = {line.get_marker(): len(line.get_xdata()) for line in ax.lines}
    assert marks == {"o": 2, "x": 4}
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["undecided", "diverged"]


def test_the_axes_of_a_diagram_may_be_swapped() -> None:
    ax = made().plot(x="nu", y="lr", where={"method": "SGD"})
    assert ax.collections[0].get_array()[0, 1] == 10.0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("nu", "lr")


def test_what_is_left_makes_panels_with_one_scale() -> None:
    axes = made().plot(x="lr", y="nu").figure.axes
    assert [ax.get_title("left") for ax in axes[:2]] == ["SGD", "SAM"]
    assert axes[0].collections[0].norm is axes[1].collections[0].norm
    assert axes[2].get_ylabel() == "E f(x) at t = 10"


def test_lines_have_bands_and_leave_out_what_diverged() -> None:
    ax = made().plot(x="lr", where={"nu": 2.0})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["SGD", "SAM", "diverged"]
    sgd = ax.lines[0].get_ydata()
    np.testing.assert_array_equal(sgd, [10.0, 1000.0, np.nan])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((9.8, 1000.2))


def test_words_and_single_axes_can_be_drawn() -> None:
    ax = made().plot(x="method", y="nu", where={"lr": 0.01})
    assert [t.get_text() for t in ax.get_xticklabels()] == ["SGD", "SAM"]
    assert made().plot(x="method", where={"lr": 0.01, "nu": 2.0}).get_xlabel() == "method"
    assert made().plot(measure="time").figure.axes[0].get_xlabel() == "lr"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"x": "lrr"}, "no axis 'lrr'"),
        ({"x": "lr", "y": "lr"}, "x and y must differ"),
        ({"y": "lr"}, "give x as well"),
        ({"x": "lr", "where": {"lr": 0.1}}, "lr cannot be an axis and be fixed"),
        ({"x": "lr", "where": {"nu": 7.0}}, "no nu = 7.0 in this sweep"),
        ({"x": "lr", "y": "nu", "ax": "given"}, "at most 1 can be drawn: give where={'method': ...}"),
        ({"x": "problem"}, "24 combinations, at most 8 can be drawn"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused(words: dict[str, Any], says: str) -> None:
    given = {"ax": plt.figure().subplots()} if "ax" in words else {}
    with pytest.raises(ValueError, match=says.replace("(", r"\(").replace("{", r"\{")):
        made().plot(**words | given)


def test_spacing_decides_the_scale_of_an_axis() -> None:
    assert [phase._scale(v)[1] for v in ((0.01, 0.1, 1.0), (1.0, 2.0, 3.0), (1.0, 2.0), (2.0, 1.0), ("a", "b"))] == [
        "log", "linear", "linear", "words", "words",
    ]  # fmt: skip
    np.testing.assert_allclose(phase._edges(np.array([1.0, 100.0]), "log"), [0.1, 10.0, 1000.0])
    np.testing.assert_allclose(phase._edges(np.array([1.0, 2.0, 4.0]), "linear"), [0.5, 1.5, 3.0, 5.0])


def test_a_real_sweep_can_be_drawn_without_a_word() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    grid = {"lr": [0.1, 0.2], "scale": [0.1, 0.5]}
    ax = so.sweep(so.SGD(lr=0.1), problem, grid, steps=5, paths=50, rng=0).plot()
    ax.figure.canvas.draw()  # a layout that fails is a warning, and an error here
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lr", "scale")
