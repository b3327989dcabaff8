"""What a release changes in the repository, and what is said before it."""

import datetime
import os
from pathlib import Path

import pytest

from tagship.operate.prepare import Prepared, coming, prepare
from tagship.project.discover import read
from tagship.project.next_version import current
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.rehearsing import repository

pytestmark = pytest.mark.requirement("B6")


def raised(root: Path) -> Prepared:
    """What a minor release of the sample would change."""
    git = Git(Shell(dict(os.environ)), root)
    project = read(root, git)
    now = current(project, git)
    return prepare(project, git, now, coming(project, git, now, ["minor"]), datetime.date(2026, 1, 2))


def test_fragments_are_not_in_the_changelog_yet(tmp_path: Path) -> None:
    """A project with fragments is told the command that brings them in; the changelog stays as it is until then."""
    files = {
        "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- First.\n",
        "towncrier.toml": '[tool.towncrier]\ndirectory = "news"\nfilename = "CHANGELOG.md"\n',
    }
    said = raised(repository(tmp_path / "fragments", files))
    assert (list(said.contents), said.warnings) == (
        ["pyproject.toml"],
        (
            "CHANGELOG.md says nothing about 1.1.0: the fragments are not in it, and stay for the next release. First: "
            "towncrier build --version 1.1.0, and commit",
        ),
    )
    plain = raised(repository(tmp_path / "plain", {"CHANGELOG.md": files["CHANGELOG.md"]}))
    assert plain.warnings == (
        "CHANGELOG.md says nothing about 1.1.0: the changelog has no section about what is not released",
    )
