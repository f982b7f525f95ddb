"""The order of a loop's instructions: the same numbers, coordinate by coordinate, and nothing moved past a store."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from llvmlite.binding import parse_assembly

from sdeopt.engine.compiler import chains
from sdeopt.engine.machine import host

NUMBERS = 64
OPERATIONS = ("fadd", "fsub", "fmul")


def function(lines):
    """The text of a function of an array of doubles, whose block has these lines."""
    inside = "\n".join(f"  {line}" for line in lines)
    return f"define void @f(ptr %a) {{\nentry:\n{inside}\n  ret void\n}}\n"


def run(text):
    """The array after the function."""
    engine = host.load(host.build(text))
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("f"))
    a = np.linspace(0.5, 1.5, NUMBERS)
    call(a.ctypes.data)
    return a


def changed(text):
    """The text in the order of chains, checked by LLVM."""
    module = chains.apart(parse_assembly(text))
    module.verify()
    return str(module)


def at(n, i):
    return f"%p{n} = getelementptr double, ptr %a, i64 {i}"


def coordinates(count, steps):
    """Two loads and ``steps`` products for every coordinate, one operation for all of them before the next."""
    lines = [at(f"x{j}", 4 * j) for j in range(count)]
    lines += [f"%x{j}.0 = load <4 x double>, ptr %px{j}, align 8" for j in range(count)]
    for s in range(steps):
        lines += [f"%x{j}.{s + 1} = fmul <4 x double> %x{j}.{s}, %x{j}.0" for j in range(count)]
    return lines, [f"store <4 x double> %x{j}.{steps}, ptr %px{j}, align 8" for j in range(count)]


def test_coordinates_that_do_not_meet_stand_one_after_the_other():
    lines, stores = coordinates(3, 20)
    text = function(lines + stores)
    after = [line.split(".")[0].strip() for line in changed(text).split("\n") if "fmul" in line]
    assert after == ["%x0"] * 20 + ["%x1"] * 20 + ["%x2"] * 20
    assert run(changed(text)).tolist() == run(text).tolist()


@pytest.mark.parametrize("through", ["%x2.20, %x0.0", "%x0.20, %x1.20"])
def test_coordinates_that_meet_keep_their_order_and_others_do_not(through):
    lines, stores = coordinates(3, 20)
    text = function([*lines, f"%sum = fadd <4 x double> {through}", *stores])
    met = {part[1:3] for part in through.split(", ")}
    after = [line.split(".")[0].strip()[1:] for line in changed(text).split("\n") if "fmul" in line]
    pair = [name for name in after if name in met]
    assert pair == sorted(met) * 20
    (alone,) = {"x0", "x1", "x2"} - met
    first = after.index(alone)
    assert after[first : first + 20] == [alone] * 20


def test_what_lanes_share_joins_no_chains_and_comes_first():
    lines, stores = coordinates(2, 30)
    shared = ["%s = load double, ptr %a, align 8", "%one = insertelement <4 x double> poison, double %s, i64 0"]
    shared += ["%all = shufflevector <4 x double> %one, <4 x double> poison, <4 x i32> zeroinitializer"]
    scaled = [f"%y{j} = fmul <4 x double> %x{j}.30, %all" for j in range(2)]
    text = function([*lines, *shared, *scaled, *(line.replace(".30", "").replace("%x", "%y") for line in stores)])
    text = text.replace("%y0, ptr %py0", "%y0, ptr %px0").replace("%y1, ptr %py1", "%y1, ptr %px1")
    after = changed(text).split("\n")
    products = [i for i, line in enumerate(after) if "fmul" in line]
    assert max(i for i, line in enumerate(after) if "%all =" in line) < products[0]
    assert "%y0" in after[products[30]] and "%y1" in after[products[61]]
    assert run(changed(text)).tolist() == run(text).tolist()


def test_nothing_moves_past_a_store():
    """x0 is stored before its place is loaded again, for x1's chain."""
    lines, stores = coordinates(2, 25)
    again = ["%again = load <4 x double>, ptr %px0, align 8", "%more = fadd <4 x double> %again, %x1.25"]
    text = function([*lines, stores[0], *again, "store <4 x double> %more, ptr %px1, align 8"])
    after = [line for line in changed(text).split("\n") if "store" in line or "%again =" in line]
    assert "store" in after[0] and "%again" in after[1]
    x = np.linspace(0.5, 1.5, NUMBERS)
    powers = x[:8].copy()
    for _ in range(25):
        powers *= x[:8]
    assert run(changed(text))[:8].tolist() == [*powers[:4], *(powers[:4] + powers[4:])]


def test_numbers_for_names_and_texts_with_percent_signs():
    lines, stores = coordinates(2, 30)
    text = "\n".join([*lines, *stores])
    names = sorted({part for part in text.replace(",", " ").split() if part[:2] == "%x"}, key=text.index)
    for i, name in enumerate(names):
        text = text.replace(f"{name} ", f"%{i} ").replace(f"{name},", f"%{i},").replace(f"{name}\n", f"%{i}\n")
    text = text.replace("%px1", "%p.2").replace("%px0", '%"n.1"')  # names like those of NumPy's and Numba's variables
    words = '@words = internal constant [10 x i8] c"%1 of %20\\00"\n'
    text = words + function(text.split("\n")).replace("%p.2", '%"at %20"')
    assert 'c"%1 of %20\\00"' in changed(text)
    assert run(changed(text)).tolist() == run(text).tolist()


def random_lines(rng):
    """Loads, operations and stores at random, many of a coordinate of its own, some of two."""
    lines, values = [], {0: [], 1: [], 2: []}
    for n in range(int(rng.integers(150, 300))):
        j, kind = int(rng.integers(3)), rng.random()
        if kind < 0.15 or not values[j]:
            lines += [at(n, 4 * int(rng.integers(15))), f"%v{n} = load <4 x double>, ptr %p{n}, align 8"]
            values[j].append(f"%v{n}")
        elif kind < 0.18:
            lines += [at(n, 4 * int(rng.integers(15))), f"store <4 x double> {values[j][-1]}, ptr %p{n}, align 8"]
        else:
            other = values[int(rng.integers(3))] if kind > 0.97 else values[j]
            a, b = rng.choice(values[j]), rng.choice(other or values[j])
            lines.append(f"%v{n} = {OPERATIONS[int(rng.integers(3))]} <4 x double> {a}, {b}")
            values[j].append(f"%v{n}")
    return [*lines, at("last", 0), *(f"store <4 x double> {values[0][-1]}, ptr %plast, align 8",)]


@pytest.mark.parametrize("seed", range(20))
def test_any_block_gives_the_same_numbers(seed):
    text = function(random_lines(np.random.default_rng(seed)))
    assert np.array_equal(run(changed(text)), run(text), equal_nan=True)


def test_a_root_needs_no_function_of_c():
    lines, stores = coordinates(2, 30)
    call = [
        "%s = load double, ptr %a, align 8",
        "%r = call double @sqrt(double %s)",
        "store double %r, ptr %a, align 8",
    ]
    text = function([*lines, *stores, *call]) + "declare double @sqrt(double)\n"
    assert "call double @llvm.sqrt.f64(double %s)" in changed(text)
    assert run(changed(text))[0] == np.sqrt(0.5**31)


def test_a_text_that_is_not_understood_stays_as_it_is():
    """A block without a name, to which a phi refers: LLVM prints its number there and nowhere else."""
    text = "define i64 @f(i64 %0) {\n  %2 = icmp eq i64 %0, 3\n  br i1 %2, label %3, label %4\n"
    text += "3:\n  br label %4\n4:\n  %5 = phi i64 [ 0, %1 ], [ 7, %3 ]\n  ret i64 %5\n}\n"
    module = parse_assembly(text)
    assert chains.apart(module) is module
