"""The embedded GitHub, served."""

import pytest
from github_world import served


@pytest.fixture
def world(tmp_path):
    """A public repository of ada's with two commits."""
    with served(tmp_path) as made:
        yield made


@pytest.fixture
def private(tmp_path):
    """The same, private."""
    with served(tmp_path, private=True) as made:
        yield made
