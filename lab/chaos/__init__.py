"""Faults done to a running shop on purpose, and what must hold after each."""
