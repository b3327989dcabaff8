"""No way to the user's own index: what the cache holds is enough, and what it lacks is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.rehearsing import PYPROJECT, Stage, repository

NOWHERE = "http://127.0.0.1:9/simple/"
"""The discard port, on which nobody listens."""
FILL = "Rehearse once without --offline while the index can be reached: that fills the door cache."


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    ("offline", "words", "remedy"),
    [
        (
            False,
            "127.0.0.1 could not be reached (it did not answer before)",
            "Check the connection; what the door cache holds can be rehearsed without it.",
        ),
        (True, "it is not in the door cache, and offline 127.0.0.1 is not asked", FILL),
    ],
)
def test_without_network_and_cache_the_outcome_is_open(
    stage: Stage, tmp_path: Path, offline: bool, words: str, remedy: str
) -> None:
    """The build cannot begin: that is no fault of the project, and it is said what is missing and how to get it."""
    alone = replace(stage, upstream=NOWHERE, cache=tmp_path / "cache", offline=offline)
    alone.cache.mkdir()
    result = alone(repository(tmp_path / "sample", {}))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "build",
        "TE11",
        f"Nothing was installed: hatchling: {words}",
        remedy,
    )
    assert (result.verdict, result.headline) == ("undecided", f"sample 1.0.0: {finding.title}")
    assert result.exit_code != 0


@pytest.mark.requirement("D1")
def test_what_was_seen_once_is_enough_without_network(stage: Stage, tmp_path: Path) -> None:
    """After one rehearsal the same project is rehearsed offline; a new requirement of it is named as missing."""
    mine = replace(stage, cache=tmp_path / "cache")
    mine.cache.mkdir()
    path = repository(tmp_path / "sample", {})
    assert mine(path).verdict == "ready"
    offline = replace(mine, offline=True)
    assert offline(path).verdict == "ready"
    more = PYPROJECT.replace("[project.scripts]", 'dependencies = ["markupsafe"]\n\n[project.scripts]')
    result = offline(repository(tmp_path / "more", {"pyproject.toml": more}))
    ((where, finding),) = result.causes
    assert (result.verdict, where, finding.code, finding.title, finding.remedy) == (
        "undecided",
        "check",
        "TE11",
        "Nothing was installed: markupsafe: it is not in the door cache, and offline 127.0.0.1 is not asked",
        FILL,
    )
