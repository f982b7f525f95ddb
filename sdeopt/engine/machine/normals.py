"""Two standard normals from a random word, by Box–Muller.

The transform is branch-free polynomials with fused multiply-adds (absolute error below 1e-12): every width gives the
same bits. Of a word, 40 bits are the radius, 22 the angle in its quadrant and two the quadrant, each taken at the
middle of its cell. So normals end at 7.54 standard deviations, where 5e-14 of the law is left, and lie symmetrically.
"""

from __future__ import annotations

import math

from sdeopt.engine.machine.threefry import ONE
from sdeopt.engine.machine.words import Value, fma, pinned, root

__all__ = ["pair"]

# Chebyshev fits on [-1/2, 1/2]: sin(pi t/2)/t and cos(pi t/2) in t², and 2 atanh(s)/s in s² for the logarithm.
SIN = (-3.556386260704784e-06, 0.00016042926504495616, -0.004681752591458209, 0.07969262615574603,
       -0.645964097504309, 1.57079632679489)  # fmt: skip
COS = (-2.4850963357813638e-05, 0.0009191617369539572, -0.020863468002244645, 0.25366950715370434,
       -1.2337005501201592, 0.9999999999999444)  # fmt: skip
ATANH = (0.19608095639753054, 0.2217424991007749, 0.28572166145875727, 0.3999999489183238, 0.6666666667957926,
         1.9999999999999472)  # fmt: skip
LN2 = math.log(2.0)

SIGN, RADIUS, EXPONENT, WHOLE = 2**63, 0x000FFFFFFFFFF000, 0xFFF0000000000000, 0x4330000000000000
RAISE = 2**63 - 0x3FE6A09E667F3BCD  # √½ and 2048
TOP, MIDDLE = 2.0 - 2.0**-41, 1.5 - 2.0**-23  # of all radii and angles, as 1 + their bits: middles of cells


def _polynomial(y: Value, c: tuple[float, ...]) -> Value:
    p = y.like(c[0])
    for a in c[1:]:
        p = pinned(fma(p, y, a))
    return p


def _minus_log(u: Value) -> Value:
    """-ln u for u = 2^e m in (0, 1), by e and 2 atanh((m - 1)/(m + 1)).

    AVX2 has no conversions of 64 bits. ``raised`` begins with e + 2048, and without it what is left of u is -m.
    """
    word = u.word()
    raised = word + RAISE
    e = ((raised >> 52) | WHOLE).number() - (2.0**52 + 2048.0)
    m = (word - (raised & EXPONENT)).number()
    s = (m + 1.0) / (1.0 - m)
    return fma(s, _polynomial(s * s, ATANH), e * -LN2)


def pair(word: Value) -> tuple[Value, Value]:
    """Two standard normals from a word; radius √(-ln u) times (cos θ ∓ sin θ), two sign bits for the quadrant.

    The root is left to the divider, which has nothing else to do while the next words are made, see `fill`.
    """
    radius = root(_minus_log(TOP - (((word >> 12) & RADIUS) | ONE).number()))
    t = (((word << 42) >> 12) | ONE).number() - MIDDLE
    y = t * t
    sine, cosine = t * _polynomial(y, SIN), _polynomial(y, COS)
    first, second = radius * (cosine - sine), radius * (cosine + sine)
    return (first.word() ^ ((word << 40) & SIGN)).number(), (second.word() ^ ((word << 41) & SIGN)).number()
