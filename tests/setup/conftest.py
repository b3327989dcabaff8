"""Worlds for the doctor, of which the templates are made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.setup.worlds import Stagehand, stagehand


@pytest.fixture(scope="session")
def worlds(tooling: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stagehand]:
    """Open a world with `with worlds.open("name") as made`."""
    with stagehand(tmp_path_factory.mktemp("worlds"), tooling, cache) as made:
        yield made
