"""``sdeopt explore``: its numbers, its server, and the page in a real browser."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from command import METHODS, run

import sdeopt as so
from sdeopt.core import checks
from sdeopt.core.spec import number
from sdeopt.explore import panel
from sdeopt.explore.server import Server, _plain
from sdeopt.noise import spec as noises
from sdeopt.optimizers.registry import lookup

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def get(server: Server, path: str, **headers: str) -> tuple[int, bytes, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=300)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


# numbers


def test_what_is_shown_is_what_the_library_finds() -> None:
    words = {
        "method": "SGD",
        "objective": "quadratic:1,2",
        "noise": "gaussian",
        "lr": "0.1",
        "scale": "1",
        "batch": "4",
    }
    found = panel.picture(words | {"steps": "40"})
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    e = so.simulate(so.SGD(0.1), problem, "sde", steps=40, paths=200, substeps=4, save_at=40, rng=0)
    np.testing.assert_array_equal(found["course"]["sde"]["value"], e.observables["loss"][0])
    np.testing.assert_array_equal(found["course"]["sde"]["high"], e.interval("loss").high)
    assert found["observable"] == "loss" and found["notes"] == []
    assert len(found["plane"]["discrete"]) == panel.DRAWN and len(found["plane"]["contours"]) >= panel.LEVELS
    width = found["law"]["edges"][1] - found["law"]["edges"][0]
    assert 0.98 <= found["law"]["sde"].sum() * width <= 1.0


def test_a_picture_takes_the_processor_less_than_a_third_of_a_second() -> None:
    words = {"method": "SGD", "steps": "200"}
    panel.picture(words)  # which compiles
    began = time.process_time()
    assert "error" not in panel.picture(words | {"lr": "0.02"})
    assert time.process_time() - began < 0.3


@pytest.mark.slow
def test_the_python_that_is_copied_gives_the_verdict_that_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = {"method": "SignSGD", "noise": "student-t", "tail": "2.5", "steps": "30"}
    space: dict[str, Any] = {}
    exec(panel.picture(words)["code"], space)
    found = panel.judge(words)
    assert found["answer"] == space["report"].answer and found["answer"] in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "compare.png").exists()
    exact = panel.judge({"method": "SGD", "steps": "30"})["theory"]
    assert exact["value"][0] == pytest.approx(so.Quadratic([1.0, 2.0]).value(np.array(so.Quadratic([1.0, 2.0]).start)))


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"lr": "0"}, lambda: so.SGD(lr=0)),
        ({"method": "Sgdd"}, lambda: lookup("Sgdd")),
        ({"method": "HeavyBall", "momentum": "1"}, lambda: so.HeavyBall(lr=0.1, momentum=1)),
        ({"sde": "order9"}, lambda: checks.choice("sde", "order9", [*so.SGD.sdes, "sampled"])),
        ({"noise": "alpha-stable", "tail": "2.5"}, lambda: noises.parse("alpha-stable:0.5,alpha=2.5")),
        ({"lr": "abc"}, lambda: number("lr", "abc")),
        ({"scale": "-1"}, lambda: checks.positive("scale", -1)),
        ({"batch": "1.5"}, lambda: checks.integer("batch", 1.5, low=1)),
        ({"batch": "9" * 400}, lambda: checks.integer("batch", int("9" * 400), low=1)),
        ({"steps": "1e9"}, lambda: checks.integer("steps", 10**9, low=1, high=2001)),
        ({"steps": "100000"}, lambda: checks.integer("steps", 100_000, low=1, high=2001)),
        ({"objective": "moon"}, lambda: checks.choice("objective", "moon", panel.OBJECTIVES)),
    ],
)
def test_fields_out_of_range_say_what_the_library_says(words: dict[str, str], refused: Any) -> None:
    found = panel.picture(words)
    with pytest.raises((ValueError, TypeError)) as raised:
        refused()
    assert found == {"error": str(raised.value)} == panel.judge(words)


def test_paths_that_diverge_are_noted() -> None:
    found = panel.picture({"lr": "2.5", "steps": "400"})
    assert any("diverged" in note for note in found["notes"])


def test_every_method_can_be_chosen() -> None:
    told = {one["name"]: one for one in panel.choices()["methods"]}
    assert set(told) >= {name for name, cls in METHODS if cls.__module__.startswith("sdeopt.")}
    for one in told.values():
        for field in one["fields"]:
            off = field["log"] and field["value"] == 0.0  # a size that is switched off lies left of its slider
            assert off or field["low"] <= field["value"] <= field["high"]
            assert field["low"] > 0.0 or not field["log"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", {cls.family: name for name, cls in METHODS if cls.__module__.startswith("sdeopt.")}.values()
)
def test_every_method_shows_a_picture_at_once(name: str) -> None:
    one = next(page for page in panel.choices()["methods"] if page["name"] == name)
    words = {field["name"]: str(field["value"]) for field in one["fields"]}
    found = panel.picture(words | {"method": name, "objective": one["objective"], "noise": one["noise"], "steps": "20"})
    assert "error" not in found and any(v is not None for v in found["course"]["sde"]["value"])


# the server


def test_the_server_is_for_this_machine_only(server: Server) -> None:
    assert server.address == f"http://127.0.0.1:{server.server_port}/" and server.server_address[0] == "127.0.0.1"
    assert get(server, "/", Host="evil.example")[0] == 403
    assert get(server, "/../../etc/passwd")[0] == 404
    status, body, headers = get(server, "/")
    assert status == 200 and body.startswith(b"<!DOCTYPE html>")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'") and b"http://www.w3.org/2000/svg" in body
    assert not [
        part for part in body.decode().split('"') if part.startswith(("http:", "https:", "//")) and "w3.org" not in part
    ]


def test_answers_are_strict_json(server: Server) -> None:
    numbers = {"a": np.array([np.nan, np.inf, 1.0 / 3.0]), "b": [2, "x", None, -np.inf]}
    assert _plain(numbers) == {"a": [None, None, 0.333333], "b": [2, "x", None, None]}
    status, body, headers = get(server, "/picture?lr=-1")
    assert (status, headers["Content-Type"]) == (200, "application/json") and set(json.loads(body)) == {"error"}


def test_a_port_that_is_taken_is_an_error_in_a_sentence(server: Server) -> None:
    found = run("explore", "--no-browser", "--port", str(server.server_port))
    assert found.exit_code == 2 and found.stderr.count("\n") == 1


# the page


@pytest.mark.slow
@pytest.mark.extras("playwright")
def test_a_slider_moves_the_numbers_in_a_browser(server: Server) -> None:
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(server.address) else faults.append(r.url))
        page.goto(server.address)
        page.wait_for_selector("body[data-judged]", timeout=300_000)

        def settled(more_than: int) -> None:
            for _ in range(3000):
                seen = page.evaluate("[document.body.dataset.pictures, document.body.dataset.judged]")
                if seen[0] == seen[1] and int(seen[0] or 0) > more_than:
                    return
                page.wait_for_timeout(20)
            raise AssertionError("nothing changes")

        before = page.inner_html("#course"), page.inner_text("#answer"), page.inner_text("#code")
        assert "in " in before[1] and page.locator("#theory").count() == 1
        times = []
        for position in (300, 500, 700):
            count = int(page.get_attribute("body", "data-pictures") or 0)
            page.eval_on_selector(
                "#slider-lr", f"slider => {{ slider.value = {position}; slider.dispatchEvent(new Event('input')); }}"
            )
            settled(count)
            times.append(int(page.get_attribute("body", "data-milliseconds") or 0))
        after = page.inner_html("#course"), page.inner_text("#answer"), page.inner_text("#code")
        assert all(a != b for a, b in zip(before, after, strict=True))
        assert page.input_value("#field-lr") in after[2]
        print("milliseconds from slider to picture:", times)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/explore.png", full_page=True)
        page.fill("#field-lr", "-1")
        page.wait_for_selector("#error:not([hidden])")
        with pytest.raises(ValueError) as refused:
            so.SGD(lr=-1)
        assert page.inner_text("#error") == str(refused.value)
        count = int(page.get_attribute("body", "data-pictures") or 0)
        page.select_option("#field-method", "HeavyBall")
        settled(count)
        assert page.locator("#slider-momentum").count() == 1 and "dV" in page.inner_text("#formula")
        assert faults == []
        page.route("**/picture*", lambda route: route.abort())  # a server that is gone says nothing; the page does
        page.fill("#field-lr", "0.01")
        page.wait_for_selector("#error:not([hidden])")
        assert "does not answer" in page.inner_text("#error")
        page.unroute("**/picture*")
        count = int(page.get_attribute("body", "data-pictures") or 0)
        page.fill("#field-lr", "0.02")
        settled(count)
        assert page.is_hidden("#error") and "lr=0.02" in page.inner_text("#code")
        browser.close()
