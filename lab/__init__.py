"""Measured and broken on purpose: benchmarks of the shop, and faults done to it."""
