"""Cutting a section out of what is unreleased, in the file's own style; and finding what is out of order."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from tagship.errors import ProjectError
from tagship.project.changelog import find
from tagship.project.changelog_edit import Release, check, cut
from tests.cli.calling import inside
from tests.rehearsing import git, repository

pytestmark = pytest.mark.requirement("B5")

RELEASE = Release(version=Version("1.1.0"), spelt="1.1.0", tag="v1.1.0", date=datetime.date(2026, 3, 4))
CUT = {
    "keep a changelog": (
        "# Changelog\n\n## [Unreleased]\n\n- a\n\n## [1.0.0] - 2026-01-02\n\n- x\n\n"
        "[unreleased]: https://github.com/o/r/compare/v1.0.0...HEAD\n[1.0.0]: https://github.com/o/r/releases\n",
        "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-03-04\n\n- a\n\n## [1.0.0] - 2026-01-02\n\n- x\n\n"
        "[unreleased]: https://github.com/o/r/compare/v1.1.0...HEAD\n"
        "[1.1.0]: https://github.com/o/r/compare/v1.0.0...v1.1.0\n[1.0.0]: https://github.com/o/r/releases\n",
    ),
    "underlined": (
        "History\n=======\n\nUnreleased\n----------\n\n* a\n\n1.0.0rc1 (2026-01-02)\n---------------------\n\n* x\n",
        "History\n=======\n\nUnreleased\n----------\n\n1.1.0 (2026-03-04)\n------------------\n\n* a\n\n"
        "1.0.0rc1 (2026-01-02)\n---------------------\n\n* x\n",
    ),
    "windows, first": (
        "# Changes\r\n\r\n## Unreleased\r\n\r\n- a\r\n",
        "# Changes\r\n\r\n## Unreleased\r\n\r\n## 1.1.0 (2026-03-04)\r\n\r\n- a\r\n",
    ),
    "two line ends": (
        "# C\r\n## Unreleased\n- a\r\n- b\n",
        "# C\r\n## Unreleased\n\r\n## 1.1.0 (2026-03-04)\r\n- a\r\n- b\n",
    ),
    "named already": (
        "# C\n\n## Version 1.1.0 (unreleased)\n\n- a\n\n## Version 1.0.0 (January 2, 2026)\n\n- b\n",
        "# C\n\n## Version 1.1.0 (March 4, 2026)\n\n- a\n\n## Version 1.0.0 (January 2, 2026)\n\n- b\n",
    ),
    "the day first": (
        "# C\n\n## [UNRELEASED]\n\n- a\n\n## 1.0.0 (6th December, 2025)\n\n- b\n",
        "# C\n\n## [UNRELEASED]\n\n## 1.1.0 (4th March, 2026)\n\n- a\n\n## 1.0.0 (6th December, 2025)\n\n- b\n",
    ),
    "a month": (
        "C\n=\n\nUnreleased\n----------\n\n- a\n\nVersion 1.0.0 - Sep, 2025\n-------------------------\n\n- b\n",
        "C\n=\n\nUnreleased\n----------\n\nVersion 1.1.0 - Mar, 2026\n-------------------------\n\n- a\n\n"
        "Version 1.0.0 - Sep, 2025\n-------------------------\n\n- b\n",
    ),
    "slashes": (
        "# C\n\n## Unreleased\n\n- a\n\n## 2025/12/06: 1.0.0\n\n- b\n",
        "# C\n\n## Unreleased\n\n## 2026/03/04: 1.1.0\n\n- a\n\n## 2025/12/06: 1.0.0\n\n- b\n",
    ),
    "a date like no other": (
        "# C\n\n## Unreleased\n\n- a\n\n## 1.0.0 of 6/XII/25\n\n- b\n",
        "# C\n\n## Unreleased\n\n## 1.1.0 (2026-03-04)\n\n- a\n\n## 1.0.0 of 6/XII/25\n\n- b\n",
    ),
    "without marks": (
        "Unreleased:\n\n* a\n\nVersion 1.0.0 released 2025-12-06\n\n* b\n",
        "Unreleased:\n\nVersion 1.1.0 released 2026-03-04\n\n* a\n\nVersion 1.0.0 released 2025-12-06\n\n* b\n",
    ),
    "links in the headings": (
        "# C\n\n## [Unreleased](https://x.invalid/compare/1.0.0...HEAD)\n\n- a\n\n"
        "## [1.0.0](https://x.invalid/compare/0.9.0...1.0.0) - 2025-12-06\n\n- b\n",
        "# C\n\n## [Unreleased](https://x.invalid/compare/v1.1.0...HEAD)\n\n"
        "## [1.1.0](https://x.invalid/compare/1.0.0...v1.1.0) - 2026-03-04\n\n- a\n\n"
        "## [1.0.0](https://x.invalid/compare/0.9.0...1.0.0) - 2025-12-06\n\n- b\n",
    ),
    "another version was meant": (
        "1.0.1 (unreleased)\n------------------\n\n- a\n\n1.0.0 (2025-12-06)\n------------------\n\n- b\n",
        "1.1.0 (2026-03-04)\n------------------\n\n- a\n\n1.0.0 (2025-12-06)\n------------------\n\n- b\n",
    ),
    "said in the first line": (
        "Version 1.1.0\n-------------\n\nUnreleased\n\n- a\n\n"
        "Version 1.0.0\n-------------\n\nReleased 2026-01-02\n\n- b\n",
        "Version 1.1.0\n-------------\n\nReleased 2026-03-04\n\n- a\n\n"
        "Version 1.0.0\n-------------\n\nReleased 2026-01-02\n\n- b\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CUT.values(), ids=CUT)
def test_cut(before: str, after: str) -> None:
    """What was unreleased becomes a section in the style of the others, links included, and no other byte changes."""
    assert cut(before, RELEASE) == after


REFUSED = {
    "# C\n\n## 1.0.0\n\n- x\n\n## 0.7.0 (Unreleased)\n\n- never\n": (
        "the changelog has no section about what is not released"
    ),
    "# C\n\n## 1.0.0\n\n- x\n": "the changelog has no section about what is not released",
    "# C\n\n## Unreleased\n\n## 1.0.0\n\n- x\n": "the section about what is not released is empty",
    "# C\n\n## Unreleased\n\n[a]: https://b.invalid\n": "the section about what is not released is empty",
    "# C\n\n## Unreleased\n\n- a\n\n## 1.1\n\n- x\n": "the changelog has a section about 1.1.0 already",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=REFUSED.values())
def test_not_cut(text: str, why: str) -> None:
    """Without anything unreleased, or with the version there already, nothing is changed, and the reason is said."""
    with pytest.raises(ProjectError, match="nothing was changed") as caught:
        cut(text, RELEASE)
    assert why in caught.value.message
    assert caught.value.remedy


@given(st.text(alphabet="ab*`#-= \n", max_size=80))
def test_what_was_unreleased_is_found_again(entries: str) -> None:
    """Whatever stands in an unreleased section is, once cut, what the changelog says about the version."""
    text = f"# C\n\n## Unreleased\n\n- {entries}\n\n## 1.0.0\n\n- x\n"
    assert find(cut(text, RELEASE), "1.1.0") == find(text.replace("Unreleased", "1.1.0"), "1.1.0")


REMARKS = {
    "## 1.0\n\n- a\n\n## 1.0.0\n\n- b\n": [(5, "1.0.0 has two sections")],
    "## 1.0.0\n\n- a\n\n## 1.1.0\n\n- b\n": [(5, "1.1.0 stands below 1.0.0")],
    "## 1.0.0\n\n## 0.9.0\n\n- b\n": [(1, "the section about 1.0.0 is empty")],
    "## 1.0.0\n\n## Fixed\n\n- a\n\n## 0.9.0\n\n- b\n": [],
    "1.0b2\n-----\n\n- a\n\n1.0 beta 1\n----------\n\n- b\n": [],
    "## 1.0.0 - 2026-02-30\n\n- a\n": [(1, "2026-02-30 is no date")],
    "## 1.0.0\n\n- a\n\n## 0.7.0 (Unreleased)\n\n- never\n": [],
    "## 1.0.0\n\n- a\n\n## Unreleased\n\n- b\n": [(5, "the unreleased section stands below a released one")],
    "## [1.0.0]\n\n- a\n\n[0.9.0]: https://b.invalid\n": [(1, "[1.0.0] has no link")],
    "## 1.0.1\n\n- a\n\n## 2.0.0\n\n- b\n\n## 1.0.0\n\n- c\n": [],
    "## 1.0.0\n\n### Needs 2.0.0 of x\n\n- a\n": [],
    "## Unreleased\n\n- a\n": [],
    "": [(1, "no section is about a version, so that nothing was looked at")],
    "# Changes\n\nSee the tags.\n": [(1, "no section is about a version, so that nothing was looked at")],
}


@pytest.mark.parametrize(("text", "remarks"), REMARKS.items())
def test_check(text: str, remarks: list[tuple[int, str]]) -> None:
    """What is out of order is named with its line; releases of an older line among newer ones are in order."""
    assert [(remark.line, remark.text) for remark in check(text)] == remarks


def test_the_commands(tmp_path: Path) -> None:
    """`cut` changes the file and prints the difference, `--dry-run` only prints it, `check` fails."""
    root = repository(tmp_path / "project", {"CHANGELOG.md": "# C\n\n## Unreleased\n\n- a\n"})
    dry = inside("changelog", "cut", "--date", "2026-03-04", "--dry-run", cwd=root)
    assert (dry.code, dry.err, git(root, "status", "--short")) == (0, "", "")
    done = inside("changelog", "cut", "--date", "2026-03-04", cwd=root)
    assert (done.code, done.out, done.err) == (0, dry.out, "CHANGELOG.md: what was unreleased is 1.0.0 now\n")
    assert (root / "CHANGELOG.md").read_text() == "# C\n\n## Unreleased\n\n## 1.0.0 (2026-03-04)\n\n- a\n"
    assert inside("changelog", "check", cwd=root).code == 0
    (root / "CHANGELOG.md").write_text("# C\n\n## 1.0.0\n\n- a\n\n## 1.0.0\n\n- b\n")
    wrong = inside("changelog", "check", cwd=root)
    assert (wrong.code, wrong.out) == (8, "CHANGELOG.md:7: 1.0.0 has two sections. Join it with line 3.\n")
    (root / "CHANGELOG.md").unlink()
    none = inside("changelog", "check", cwd=root)
    assert (none.code, none.out) == (3, "")
    assert "there is no changelog" in none.err
