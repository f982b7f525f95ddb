"""What the gradient noise of a problem looks like at one point."""
