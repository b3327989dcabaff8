"""The fixtures of these tests."""

from tests.workflow.gha import gha

__all__ = ["gha"]
