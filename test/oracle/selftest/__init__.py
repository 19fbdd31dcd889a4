"""Proves the oracle: a small HQ and a lake written by hand, then one seeded fault at a time."""
