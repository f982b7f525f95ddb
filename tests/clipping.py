"""A round bowl with normal noise, in examples and in batches, and quadrature around the point where clipping bends."""

import numpy as np

import sdeopt as so

ROUND = so.Quadratic([1.0, 1.0])
SIGMA = 0.6
ONE = so.Gaussian(SIGMA)
FOUR = so.Batch(ONE, 4)


def polar(center, *radii, n=48, around=96):
    """Nodes and weights for two standard normals, for functions that bend at distances ``radii`` from ``center``."""
    points, weights = np.polynomial.legendre.leggauss(n)
    ends = sorted({0.0, *radii, 4.0, 9.0 + float(np.linalg.norm(center))})
    angles = 2.0 * np.pi * np.arange(around) / around
    nodes = []
    for low, high in zip(ends, ends[1:], strict=False):
        for p, w in zip((low + high) / 2 + (high - low) / 2 * points, (high - low) / 2 * weights, strict=True):
            z = center + p * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            nodes.append((z, p * w * np.exp(-0.5 * (z * z).sum(axis=1)) / around))
    return np.concatenate([z for z, _ in nodes]), np.concatenate([w for _, w in nodes])


def moments(values, weights):
    mean = weights @ values
    return mean, (values - mean).T * weights @ (values - mean)
