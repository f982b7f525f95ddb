"""Claims of papers about the training of networks: one file, one claim, in the frame of the folder above.

They need the extras ``nn`` and ``data``. ``python -m benchmarks.claims.networks`` runs them all, minutes each;
``--size`` scales the number of paths.
"""
