"""Draws: known answers of the generator, independence of everything but the address, and their law."""

import itertools
import math

import numpy as np
import pytest
from formulas import as_numbers, compiled
from scipy import stats

from sdeopt.engine.machine.draws import NOTHING, fill
from sdeopt.engine.machine.normals import pair
from sdeopt.engine.machine.threefry import random_words
from sdeopt.engine.streams import normalise, stream_key

U = np.uint64
KEY = np.array([[3, 4]], dtype=np.uint64)


def draws(paths, steps, size, *, kind=0, stride=1, width=1, first_path=0, first_step=0, key=KEY):
    """Draws (steps, size, width * groups) for consecutive paths."""
    layout = np.array([[0, size, kind, stride]])
    out = np.empty((paths // width, steps, size, width))
    for g in range(paths // width):
        fill(out[g].reshape(-1), steps, size, width, layout, key, NOTHING, first_path + g * width, 0, first_step)
    return np.moveaxis(out, 0, 2).reshape(steps, size, paths)


words, pairs = compiled(random_words, 4), compiled(pair, 1)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0), (0, 0), (0xF167B032C3B480BD, 0xE91F9FEE4B7A6FB5)),
        ((2**64 - 1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (0xCCDEC5C917A874B1, 0x4DF53ABCA26CEB01)),
        (
            (0x243F6A8885A308D3, 0x13198A2E03707344),
            (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0xC3AAC71561042993, 0x3FE7AE8801AFF316),
        ),
    ],
)
def test_known_answers_of_threefry_2x64_13(counter, key, answer):
    assert words(*counter, *key) == answer


@pytest.mark.parametrize("width", [1, 4])
def test_a_word_makes_the_normals_of_two_steps(width):
    """40 bits of radius and 22 of angle, at the middle of their cells, and two signs, by the textbook's Box–Muller."""
    z = draws(4, 8, 2, width=width)
    for path, component, call in itertools.product(range(4), range(2), range(2)):
        two = words(path, (call << 32) | component, *map(int, KEY[0]))
        for step, word in zip((4 * call, 4 * call + 2), two, strict=True):
            radius = math.sqrt(-2 * math.log1p(-((word >> 24) + 0.5) / 2**40))
            angle = math.pi / 2 * (((word % 2**22) + 0.5) / 2**22)
            signs = (1 - 2 * (word >> 23 & 1), 1 - 2 * (word >> 22 & 1))
            wanted = radius * signs[0] * math.cos(angle), radius * signs[1] * math.sin(angle)
            np.testing.assert_allclose(z[step : step + 2, component, path], wanted, rtol=0, atol=1e-12)


def test_normals_end_at_seven_and_a_half():
    """The smallest and the largest radius, and all quadrants: nothing is infinite, nothing is 0."""
    for signs in range(4):
        word = signs << 22
        largest = as_numbers(pairs((2**40 - 1 << 24) | word))
        assert math.hypot(*largest) == pytest.approx(math.sqrt(2 * 41 * math.log(2)), rel=1e-12)
        assert math.hypot(*as_numbers(pairs(word))) == pytest.approx(2.0**-20, rel=1e-3)
        assert [z < 0 for z in largest] == [bool(signs & 2), bool(signs & 1)]


def test_a_draw_depends_on_its_address_only():
    whole = draws(8, 20, 3)
    assert (draws(8, 20, 3, width=4) == whole).all()  # lanes
    for start in (5, 6, 7, 8):  # within the four steps of a call
        assert (draws(8, 7, 3, first_step=start) == whole[start : start + 7]).all()
        assert (draws(8, 2, 3, first_step=start, width=4) == whole[start : start + 2]).all()
    assert (draws(2, 20, 3, first_path=3) == whole[:, :, 3:5]).all()  # other paths
    assert (draws(8, 20, 30)[:, :3] == whole).all()  # more components: another inner loop


def test_other_keys_and_paths_give_other_draws():
    a, b = draws(2, 50, 2), draws(2, 50, 2, key=KEY + U(1))
    assert np.unique(np.concatenate((a.ravel(), b.ravel()))).size == 400


def test_a_coarse_draw_is_the_sum_of_the_fine_ones():
    for width in (1, 4):
        fine = draws(4, 60, 2)
        coarse = draws(4, 10, 2, stride=6, width=width)
        np.testing.assert_allclose(coarse, fine.reshape(10, 6, 2, 4).sum(axis=1) / np.sqrt(6), rtol=0, atol=1e-14)


def test_coarse_draws_start_anywhere():
    whole = draws(4, 12, 2, stride=3)
    for start in range(1, 6):
        assert (draws(4, 6, 2, stride=3, first_step=start, width=4) == whole[start : start + 6]).all()


def test_a_coarse_draw_of_odd_stride_starts_anywhere():
    fine = draws(1, 60, 1)[:, 0, 0]
    coarse = draws(1, 3, 1, stride=5, first_step=1)[:, 0, 0]
    np.testing.assert_allclose(coarse, fine[5:20].reshape(3, 5).sum(axis=1) / np.sqrt(5), rtol=0, atol=1e-14)


def test_normals_are_normal():
    """10^6 draws; false alarm below 1e-6 for each bound (5 standard errors; Kolmogorov-Smirnov at 1e-6)."""
    z = draws(500, 200, 10)
    flat = z.ravel()
    n = flat.size
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((flat**power).mean() - moment) < 5 * np.sqrt(variance / n)
    assert stats.kstest(flat[:100_000], "norm").pvalue > 1e-6
    pairs = [(z[0::2], z[1::2]), (z[:, 0], z[:, 1]), (z[:, :, :-1], z[:, :, 1:]), (z[:-1] ** 2, z[1:] ** 2)]
    for a, b in pairs:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 5.2 / np.sqrt(a.size)


def test_uniforms_are_uniform():
    """False alarm below 1e-6."""
    u = draws(100, 100, 5, kind=1).ravel()
    assert u.min() >= 0
    assert u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-6


def test_entropy_comes_from_any_rng():
    assert normalise(7) == normalise(7) != normalise(8)
    assert normalise(np.random.SeedSequence(7)) == normalise(7)
    assert normalise(None) != normalise(None)
    generator = np.random.default_rng(0)
    assert normalise(generator) != normalise(generator)


@pytest.mark.parametrize(("bad", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("x", TypeError)])
def test_bad_rng_is_refused(bad, error):
    with pytest.raises(error, match="rng must"):
        normalise(bad)


def test_streams_have_different_keys():
    keys = {stream_key((1, 2), s, r) for s in ("gradient", "square.0", "noise.1") for r in (1, 16)}
    assert len(keys) == 6
