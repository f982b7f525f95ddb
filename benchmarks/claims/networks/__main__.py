"""``python -m benchmarks.claims.networks [NAME ...]``: run all claims about networks, or the named ones."""

from __future__ import annotations

import benchmarks.claims.networks
from benchmarks.claims import runner
from benchmarks.claims.command import command

HEAD = f"""# Claims about networks

Claims of papers about the training of networks, measured with true minibatches on ones of 266 to 115,879 parameters:
full runs of the scripts of `python -m benchmarks.claims.networks`, of which `--write docs/claims_networks.md` makes
this page. Every number has a fixed seed. [Claims on small problems](claims.md) have a page of their own.

{runner.VERDICTS}
A gap in the loss is in units of the range of the loss in time, at the save where it is worst or, if the claim is that
it is large, plainest. Its interval and its verdict are those of `so.compare`, for all saves together and wider: at most
0.1 % for one false alarm in a comparison.

Of the small networks MLP and Transformer have 266 and 890 parameters, on breast_cancer; CNN and ResNet 690 and 402, on
digits; the MLP of `digits` has 2410. Of the larger ones the CNN has 9098 and the MLP 101,770, on MNIST; the Transformer
of `larger_text` has 115,879. The SDE takes two integrator steps for one of the optimizer, the MLP's on true batches of
digits four. What `so.compare` does besides, half the step on a quarter of the paths and the flow, is left out where no
finding is of it.
"""

main = command(benchmarks.claims.networks, "docs/claims_networks.md", HEAD)

if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)  # paths run in threads
    main()
