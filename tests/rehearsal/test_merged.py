"""A rehearsal of a commit that is to be merged: what a pull request would release."""

from pathlib import Path

import pytest

from tagship.rehearsal.request import Assumptions, Request
from tests.rehearsing import PYPROJECT, Stage, git, repository, why


@pytest.fixture
def topic(tmp_path: Path) -> Path:
    """A clone with a commit on a branch of its own, in which the version is raised."""
    seed = repository(tmp_path / "seed", {})
    git(tmp_path, "clone", "--quiet", str(seed), "clone")
    clone = tmp_path / "clone"
    git(clone, "switch", "--quiet", "--create", "topic")
    (clone / "pyproject.toml").write_text(PYPROJECT.replace("1.0.0", "1.1.0"))
    git(clone, "commit", "--quiet", "--all", "--message", "Release 1.1.0")
    return clone


@pytest.mark.requirement("B6")
def test_as_if_merged(topic: Path, stage: Stage) -> None:
    """A tag on a commit that no release branch has is refused, unless the commit counts as merged, which is said."""
    assert why(stage(topic, Request(tag="v1.1.0"))) == [("plan", "TE04")]
    merged = stage(topic, Request(tag="v1.1.0", assumptions=Assumptions(merged=True)))
    assert (merged.verdict, why(merged)) == ("ready", [])
    assert "this commit is merged into main" in [row.value for row in merged.assumptions]
