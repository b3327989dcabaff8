"""Findings about built files."""
