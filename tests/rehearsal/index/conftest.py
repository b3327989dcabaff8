"""The fixtures of the embedded index's tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]  # for `embedded` and `made_dists`

from embedded import Here  # noqa: E402


@pytest.fixture
def here() -> Iterator[Here]:
    """PyPI, with a token of alice's."""
    made = Here()
    yield made
    made.index.close()
