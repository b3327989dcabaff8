"""Faults and crashes: what a rehearsal breaks on purpose, and how the release is expected to come out of it."""
