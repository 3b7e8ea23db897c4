"""What a verdict and a call cost, as ratios within one run: `python -m benchmarks`."""
