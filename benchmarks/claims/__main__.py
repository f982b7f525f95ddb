"""``python -m benchmarks.claims [NAME ...]``: run all claims, or the named ones, and print what was found."""

from __future__ import annotations

import benchmarks.claims
from benchmarks.claims import runner
from benchmarks.claims.command import command

HEAD = f"""# Claims

Claims of papers, and readings of them, measured on small problems: `python -m benchmarks.claims --write docs/claims.md`
made this page. Every number has a fixed seed. [Claims about the training of networks](claims_networks.md) have a page
of their own.

{runner.VERDICTS}
Orders are judged as by `sdeopt.certify`, whose gates are a slope of 0.15 below the claim for a mean and of 1.75 for a
covariance. A claim that fails here fails in the setting that its section states, and need not be wrong in the theorem
that it was read from.
"""

main = command(benchmarks.claims, "docs/claims.md", HEAD)

if __name__ == "__main__":
    main()
