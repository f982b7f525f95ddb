// Euler-Maruyama on W paths at a time in explicit vectors: what a C++ programmer would write for speed.
// xoshiro256+ per lane, Box-Muller by polynomials, the workloads of workloads.py. Built by cpp.py, which writes
// the coefficients of the polynomials (generated.h). Prints nanoseconds per path-step and the mean of x_1 at the end.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "generated.h"  // LOG[], SIN[], COS[], EXP[], ERFCX[], H10[], A4[][], G4[][]

#ifndef LANES
#define LANES 8
#endif
constexpr int W = LANES;
typedef double V __attribute__((vector_size(8 * W)));
typedef uint64_t U __attribute__((vector_size(8 * W)));
typedef int64_t S __attribute__((vector_size(8 * W)));

static inline V bits(U a) { return (V)a; }
static inline U word(V a) { return (U)a; }
static inline V splat(double a) { return a - V{}; }
static inline V root(V a) {
    V r;
    for (int i = 0; i < W; ++i) r[i] = __builtin_sqrt(a[i]);
    return r;
}
static inline V absolute(V a) { return bits(word(a) & 0x7fffffffffffffffULL); }
static inline V minimum(V a, V b) { return a < b ? a : b; }

template <int N> static inline V polynomial(V x, const double (&c)[N]) {
    V p = splat(c[N - 1]);
    for (int i = N - 2; i >= 0; --i) p = p * x + c[i];
    return p;
}

struct Random {
    U s0, s1, s2, s3;
    explicit Random(uint64_t seed) {
        uint64_t z = seed;
        auto next = [&] {  // splitmix64
            z += 0x9e3779b97f4a7c15ULL;
            uint64_t y = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
            y = (y ^ (y >> 27)) * 0x94d049bb133111ebULL;
            return y ^ (y >> 31);
        };
        for (int i = 0; i < W; ++i) s0[i] = next(), s1[i] = next(), s2[i] = next(), s3[i] = next();
    }
    U operator()() {
        U result = s0 + s3, t = s1 << 17;
        s2 ^= s0, s3 ^= s1, s1 ^= s2, s0 ^= s3, s2 ^= t;
        s3 = (s3 << 45) | (s3 >> 19);
        return result;
    }
};

// -ln u for u in (0, 1]: the exponent, and 2 atanh s of the mantissa about 1
static inline V minus_log(V u) {
    U b = word(u);
    U shifted = b - 0x3fe6a09e667f3bcdULL;
    S exponent = (S)shifted >> 52;
    V m = bits(b - ((U)exponent << 52));
    V e;
    for (int i = 0; i < W; ++i) e[i] = (double)exponent[i];
    V s = (m - 1.0) / (m + 1.0);
    return -(e * 0.69314718055994530942 + s * polynomial(s * s, LOG));
}

static inline void normals(Random &random, V &a, V &b) {
    U r = random(), q = random();
    V radius = root(minus_log(2.0 - bits((r >> 12) | 0x3ff0000000000000ULL)));
    V t = bits(((q << 2) >> 12) | 0x3ff0000000000000ULL) - 1.5;
    V y = t * t, sine = t * polynomial(y, SIN), cosine = polynomial(y, COS);
    a = bits(word(radius * (cosine - sine)) ^ (q & 0x8000000000000000ULL));
    b = bits(word(radius * (cosine + sine)) ^ ((q << 1) & 0x8000000000000000ULL));
}

// exp(-y) for y >= 0: 2^n times a polynomial of the remainder
static inline V exp_minus(V y) {
    V n;
    for (int i = 0; i < W; ++i) n[i] = __builtin_rint(y[i] * -1.4426950408889634);
    V r = (-y - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
    return polynomial(r, EXP) * bits((word(n + 6755399441055744.0) + 1023) << 52);
}

// 1 - exp(-a^2) erfcx(a), erfcx a polynomial in (a - 3)/(a + 3)
static inline V error_function(V x) {
    V a = minimum(absolute(x), splat(6.0));
    V p = 1.0 - exp_minus(a * a) * polynomial((a - 3.0) / (a + 3.0), ERFCX);
    return bits(word(p) | (word(x) & 0x8000000000000000ULL));
}

struct W1 {
    static constexpr int D = 2, Z = 2;
    static void step(V *x, const V *z, double, double dt, double sq) {
        x[0] = x[0] - x[0] * dt + (0.1 * sq) * z[0];
        x[1] = x[1] - 2.0 * x[1] * dt + (0.1 * std::sqrt(0.5) * sq) * z[1];
    }
};
struct W2 {
    static constexpr int D = 2, Z = 2;
    static void step(V *x, const V *z, double, double dt, double sq) {
        V e0 = error_function(x[0]), e1 = error_function(1.5 * x[1]);
        x[0] = x[0] - e0 * dt + (0.1 * sq) * root(1.0 - e0 * e0) * z[0];
        x[1] = x[1] - e1 * dt + (0.1 * sq) * root(1.0 - e1 * e1) * z[1];
    }
};
struct W3 {
    static constexpr int D = 30, Z = 10;
    static void step(V *x, const V *z, double t, double dt, double sq) {
        constexpr double lr = 1e-3, r1 = 0.1 / lr, r2 = 0.01 / lr, sigma = 0.1, eps = 1e-8;
        const double c1 = 1.0 - std::exp(-r1 * (t + lr)), c2 = 1.0 - std::exp(-r2 * (t + lr));
        const double kick = std::sqrt(lr) * r1 * sigma * sq;
        for (int i = 0; i < 10; ++i) {
            V g = H10[i] * x[i], m = x[10 + i], v = x[20 + i];
            x[i] = x[i] - (dt / c1) * (m + (lr * r1) * (g - m)) / (root(v * (1.0 / c2)) + eps);
            x[10 + i] = m + (dt * r1) * (g - m) + kick * z[i];
            x[20 + i] = v + (dt * r2) * (g * g + sigma * sigma - v);
        }
    }
};
struct W4 {
    static constexpr int D = 10, Z = 10;
    static void step(V *x, const V *z, double, double dt, double sq) {
        V y[10];
        for (int i = 0; i < 10; ++i) {
            V f = splat(0.0), w = splat(0.0);
            for (int j = 0; j < 10; ++j) f = f + A4[i][j] * x[j];
            for (int j = 0; j <= i; ++j) w = w + G4[i][j] * z[j];
            y[i] = x[i] - dt * f + sq * w;
        }
        for (int i = 0; i < 10; ++i) x[i] = y[i];
    }
};
struct AdamW {  // the optimizer itself; dt = 1, so that t counts its steps
    static constexpr int D = 30, Z = 10;
    static void step(V *x, const V *z, double k, double, double) {
        constexpr double lr = 1e-3, beta1 = 0.9, beta2 = 0.99, eps = 1e-8, decay = 0.01, sigma = 0.1;
        const double i1 = 1.0 / (1.0 - std::pow(beta1, k + 1.0)), i2 = 1.0 / (1.0 - std::pow(beta2, k + 1.0));
        for (int i = 0; i < 10; ++i) {
            V g = H10[i] * x[i] + sigma * z[i];
            V m = x[10 + i] = beta1 * x[10 + i] + (1.0 - beta1) * g;
            V v = x[20 + i] = beta2 * x[20 + i] + (1.0 - beta2) * (g * g);
            x[i] = (1.0 - lr * decay) * x[i] - (lr * i1) * m / (root(v * i2) + eps);
        }
    }
};

template <class Work> static void run(int paths, int steps, double dt, const double *x0) {
    const std::clock_t start = std::clock();
    const double sq = std::sqrt(dt);
    double sum = 0.0, rest = 0.0;  // the rest is summed too, lest the compiler drop it
    for (int p = 0; p < paths; p += W) {
        Random random(1000003ULL * (uint64_t)p + 17);
        V x[Work::D], z[2][Work::Z];
        for (int i = 0; i < Work::D; ++i) x[i] = splat(x0[i]);
        for (int k = 0; k < steps; k += 2) {
            for (int i = 0; i < Work::Z; ++i) normals(random, z[0][i], z[1][i]);
            Work::step(x, z[0], k * dt, dt, sq);
            Work::step(x, z[1], (k + 1) * dt, dt, sq);
        }
        for (int i = 0; i < W; ++i) sum += x[0][i];
        for (int j = 1; j < Work::D; ++j)
            for (int i = 0; i < W; ++i) rest += x[j][i];
    }
    const double seconds = (double)(std::clock() - start) / CLOCKS_PER_SEC;  // of this process, not of the wall
    std::printf("%.6f %.9f %.9f\n", 1e9 * seconds / ((double)paths * steps), sum / paths, rest / paths);
}

int main(int, char **argv) {  // workload, paths, steps, dt, start
    const std::string name = argv[1];
    const int paths = std::atoi(argv[2]), steps = std::atoi(argv[3]);
    const double dt = std::atof(argv[4]);
    double x0[30];
    for (int i = 0; i < 30 && argv[5 + i]; ++i) x0[i] = std::atof(argv[5 + i]);
    if (name == "W1") run<W1>(paths, steps, dt, x0);
    if (name == "W2") run<W2>(paths, steps, dt, x0);
    if (name == "W3") run<W3>(paths, steps, dt, x0);
    if (name == "W4") run<W4>(paths, steps, dt, x0);
    if (name == "AdamW") run<AdamW>(paths, steps, dt, x0);
}
