"""The page of a job inside GitHub Actions is a courtesy: it can fail nothing."""

from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.rehearsing import repository


@pytest.mark.requirement("A10")
@pytest.mark.parametrize(
    "words", [("doctor", "--only", "local"), ("rehearse", "--tag", "v1 2")], ids=["doctor", "rehearse"]
)
def test_a_page_that_cannot_be_written_is_said_and_changes_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    """Where the page of the job is a folder, the answer is the one without it, with a word about the page."""
    path = repository(tmp_path / "sample", {})
    cache = {"TAGSHIP_CACHE_DIR": str(tmp_path / "cache")}
    inside = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    plain = call(*words, cwd=path, environ={**cache, "GITHUB_ACTIONS": "true"})
    answer = call(*words, cwd=path, environ={**cache, **inside})
    assert (answer.code, answer.out) == (plain.code, plain.out)
    assert f"The page of the job was not written: {tmp_path}: Is a directory\n" in answer.err
