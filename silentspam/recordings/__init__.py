"""Recordings that are known, and those that are found: the same audio under different numbers."""
