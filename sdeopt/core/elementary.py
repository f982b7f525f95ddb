"""exp, log, erf, tanh, sin, cos and power, from sums, products, quotients, fused multiply-adds and selections alone.

Every operation used here is exact to the last bit by IEEE 754, so one text gives the same bits on NumPy arrays, on
compiled scalars and on SIMD lanes; a library's ``exp`` does not. There are no branches, and a multiply-add is fused
where the text says `fma`, nowhere else.

The reductions are the classical ones (Muller, "Elementary functions", 3rd ed. 2016, chapters 11-12; Cody & Waite
1980): exp(k ln 2 + r), log(2^e m) by atanh, multiples of pi/2 in three pieces. The polynomials are Chebyshev and
Remez fits of our own, computed with 50 digits; `halves` adds up their even and odd powers apart, which takes half the
time where every product waits for the one before it.

erf(a) = 1 - (1 - w)^4 with w = a/(2√π) + a² P(a), which needs no exponential, no division and no second branch: the
fourth root of erfc is as easy for a polynomial as its logarithm, since where erfc is small an error of w hardly counts,
and twice 2w - w² raises it. P, of degree 24, is the Remez fit on [0, 5.96] of (1 - erfc(a)^(1/4) - a/(2√π))/a² by the
relative error of erf, taken 1 + 3/(1 + (a/0.7)^8) times, for the roundings of w count where a is small.

The tests hold every function to 2 units in the last place of the result over its whole range (sin and cos: |x| <=
10^5).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.entrywise import entrywise

__all__ = ["cos", "erf", "exp", "exponent", "fma", "halves", "log", "octave", "power", "sin", "tanh", "two_to", "where"]

SLOPE = 1.1283791670955126  # of erf at 0
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)

EXP = (2.5100472505694996e-08, 2.7620201591031547e-07, 2.7557268276905696e-06, 2.4801521057868204e-05,
       0.00019841269863171557, 0.0013888888917367081, 0.008333333333330039, 0.041666666666623824,
       0.16666666666666669, 0.5)  # fmt: skip
LOG = (0.14616449685043406, 0.15331721600556042, 0.18182889125261723, 0.2222221113479508, 0.28571428625975487,
       0.39999999999899505, 0.666666666666667)  # fmt: skip
ERF = (-9.254836815612629e-18, 5.585477442350426e-16, -1.5842296934491414e-14, 2.806295837314878e-13,
       -3.4784707438169694e-12, 3.202039113298333e-11, -2.265926973099918e-10, 1.2575096085912672e-09,
       -5.519493487913859e-09, 1.903522679040641e-08, -4.95917030768798e-08, 8.448641386942005e-08,
       -3.060772658049339e-08, -2.860149042891513e-07, 7.887379742970437e-07, -1.0558377324906e-06,
       -5.511082201844007e-07, 2.9445290441084906e-05, -0.00012169199888185134, -0.00021675624314498727,
       0.0019462406864168376, 0.0012220129684443787, -0.018626447010832985, -0.015462231328211146,
       0.11936620731892168)  # fmt: skip
SIN = (1.5917848524808262e-10, -2.5051127944014188e-08, 2.755731608381636e-06, -0.00019841269836722418,
       0.008333333333330925, -0.16666666666666666)  # fmt: skip
COS = (-1.1382456778061306e-11, 2.0876143827993133e-09, -2.7557317260008837e-07, 2.480158729874307e-05,
       -0.0013888888888887382, 0.041666666666666664)  # fmt: skip

ROUND = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds to an integer
TINY, HUGE = 2.2250738585072014e-308, 1.7976931348623157e308  # smallest and largest normal numbers
LIFT = 18014398509481984.0  # 2^54 lifts subnormal numbers


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``, elementwise; the branch-free ``if`` of a page."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, a, b)
    return a if condition else b


def two_to(k: Any) -> Any:
    """2^k for whole numbers k in [-1022, 1023], by writing the exponent bits."""
    return ((np.asarray(k, np.float64).astype(np.int64) + 1023) << 52).view(np.float64)[()]


def exponent(x: Any) -> Any:
    """The whole number e with x = 2^e m and √½ <= m < √2, for normal x > 0, by reading the exponent bits."""
    bits = np.asarray(x, np.float64).view(np.int64)
    return ((bits - 0x3FE6A09E667F3BCD) >> 52).astype(np.float64)[()]


def fma(a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""
    from sdeopt.engine.machine.fused import fused  # NumPy has none

    return fused(a, b, c)


def halves(x: Any, y: Any, c: Any) -> Any:
    """The polynomial with coefficients ``c``, highest power first, for y = x²: even and odd powers side by side."""
    p, q = c[0], c[1]
    for a in c[2:]:
        p, q = q, fma(p, y, a)
    return fma(p, x, q)


@entrywise
def exp(x: Any) -> Any:
    """e**x, elementwise."""
    y = np.minimum(np.maximum(x, -746.0), 710.0)
    k = fma(y, 1.4426950408889634, ROUND) - ROUND
    r = fma(-k, LN2_LOW, fma(-k, LN2_HIGH, y))
    rr = r * r
    half = fma(0.5, k, ROUND) - ROUND
    return ((1.0 + fma(rr, halves(r, rr, EXP), r)) * two_to(half)) * two_to(k - half)


def rise(p: Any) -> Any:
    """1 - e^(-p) for 0 <= p < 700, elementwise, without cancellation at 0."""
    k = fma(p, -1.4426950408889634, ROUND) - ROUND
    r = fma(-k, LN2_LOW, fma(-k, LN2_HIGH, -p))
    rr, s = r * r, two_to(k)
    return fma(-s, fma(rr, halves(r, rr, EXP), r), 1.0 - s)


@entrywise
def log(x: Any) -> Any:
    """Natural logarithm, elementwise; -inf at 0, NaN below."""
    small = x < TINY
    y = np.maximum(where(small, np.minimum(x, 1.0) * LIFT, np.minimum(x, HUGE)), TINY)
    e = exponent(y)
    half = fma(0.5, e, ROUND) - ROUND
    f = (y * two_to(-half)) * two_to(half - e) - 1.0
    s = f / (2.0 + f)
    z = s * s
    e = where(small, e - 54.0, e)
    value = fma(e, LN2_HIGH, f - fma(-e, LN2_LOW, s * fma(-z, halves(z, z * z, LOG), f)))
    return where(x > 0.0, where(x < np.inf, value, x), where(x < 0.0, np.nan, 0.0 * y - np.inf))


@entrywise
def erf(x: Any) -> Any:
    """Error function, elementwise."""
    a = np.minimum(np.abs(x), 5.96)
    y = a * a
    t = y * halves(a, y, ERF)
    w = fma(a, 0.25 * SLOPE, t)
    t = fma(-w, w, t + t)
    w = fma(a, 0.5 * SLOPE, t)  # 2w - w², rounded once less
    return np.copysign(fma(-w, w, w + w), x)


@entrywise
def tanh(x: Any) -> Any:
    """Hyperbolic tangent, elementwise."""
    v = rise(2.0 * np.minimum(np.abs(x), 20.0))  # tanh = v/(2 - v), but less of v's rounding remains in 1 - tanh
    near = v < 0.75
    t = where(near, v, 2.0 * (1.0 - v)) / (2.0 - v)
    return np.copysign(where(near, t, 1.0 - t), x)


def _quarter(x: Any, shift: float) -> Any:
    """sin(x + shift pi/2): reduce by a multiple k of pi/2, then the polynomial that k + shift mod 4 asks for."""
    k = fma(x, 0.6366197723675814, ROUND) - ROUND
    r = fma(-k, HALF_PI[2], fma(-k, HALF_PI[1], fma(-k, HALF_PI[0], x)))
    y = r * r
    yy = y * y
    sine = fma(r * y, halves(y, yy, SIN), r)
    cosine = 1.0 - fma(-yy, halves(y, yy, COS), 0.5 * y)
    n = k + shift
    q = n - 4.0 * ((0.25 * n - 0.375 + ROUND) - ROUND)
    value = where(np.abs(q - 2.0 * ((0.5 * q - 0.25 + ROUND) - ROUND)) < 0.5, sine, cosine)
    return where(q > 1.5, -value, value)


@entrywise
def sin(x: Any) -> Any:
    """Sine, elementwise, for |x| <= 10^5."""
    return _quarter(x, 0.0)


@entrywise
def cos(x: Any) -> Any:
    """Cosine, elementwise, for |x| <= 10^5."""
    return _quarter(x, 1.0)


@entrywise
def octave(x: Any) -> Any:
    """The largest power of two that is at most x, elementwise, for normal x > 0."""
    near = two_to(exponent(x))
    return where(near > x, 0.5 * near, near)


@entrywise
def power(x: Any, exponent: Any) -> Any:
    """x**exponent for x >= 0, elementwise, 1 for exponent 0; the relative error grows with |exponent log x|."""
    return exp(exponent * where(exponent == 0.0, 0.0, log(x)))
