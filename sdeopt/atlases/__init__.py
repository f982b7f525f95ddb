"""The atlas of noise regimes: every method under every law of the noise, each at its own best learning rate."""
