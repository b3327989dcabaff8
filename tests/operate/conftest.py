"""A maintainer's clone of a repository on the embedded GitHub."""

from tests.operate.desks import desk

__all__ = ["desk"]
