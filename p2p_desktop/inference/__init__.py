"""Runs networks on pictures: which device, which runtime, in how many pieces."""
