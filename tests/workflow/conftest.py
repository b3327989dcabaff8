"""GitHub's own code as a judge, one process for all tests."""

from collections.abc import Iterator

import pytest

from tests.workflow.gha import GitHub, asked


@pytest.fixture(scope="session")
def gha(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """GitHub's parser, language service and evaluator."""
    with asked(tmp_path_factory.mktemp("gha")) as github:
        yield github
