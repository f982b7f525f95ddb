"""The errors that ``python tests/mutations.py`` plants, a family to a file."""

from __future__ import annotations

from planted import (
    adaptive,
    atlases,
    derivation,
    descent,
    distributed,
    engine,
    games,
    injected,
    intervals,
    limits,
    literature,
    normalised,
    private,
    recent,
    results,
    runs,
    scaling,
    second_moments,
    signs,
    slow,
    stable,
    sweeps,
    trust,
    wrappers,
)
from planted.mutation import Mutation

FAMILIES = (
    descent,
    adaptive,
    signs,
    slow,
    second_moments,
    normalised,
    games,
    private,
    recent,
    limits,
    literature,
    results,
    runs,
    distributed,
    injected,
    stable,
    scaling,
    sweeps,
    atlases,
    intervals,
    engine,
    derivation,
    trust,
    wrappers,
)
MUTATIONS: list[Mutation] = [mutation for family in FAMILIES for mutation in family.MUTATIONS]
