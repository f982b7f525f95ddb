"""Coverage: how often 95 % intervals hold the truth, over a thousand seeds of problems whose moments are exact."""
