"""Worlds for the doctor, of which the templates are made once."""

from collections.abc import Iterator

import pytest

from tests.conftest import cache_of
from tests.setup.worlds import Stagehand, stagehand


@pytest.fixture(scope="session")
def worlds(tooling: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stagehand]:
    """Open a world with `with worlds.open("name") as made`.

    Its rehearsal is under way as long as the tests are: it lies where no other test looks for what is left.
    """
    with stagehand(tmp_path_factory.mktemp("worlds"), tooling, cache_of(tmp_path_factory, "cache")) as made:
        yield made
