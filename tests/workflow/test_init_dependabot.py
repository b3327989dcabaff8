"""Dependabot's file gets the entries that it lacks, and keeps every byte that it has."""

import pytest

from tagship.errors import ProjectError
from tagship.workflow.dependabot import lacking, merged

ACTIONS = """\
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7 # a bad version is mostly found within days
"""
PIP = ACTIONS.replace("github-actions", "pip").replace("directory: /\n", "directory: /.github/tagship\n")
PATTERNS = "  - package-ecosystem: pip\n    directories: ['/*', '/.github/*']\n    labels:\n      - a\n"
NEITHER = ("no entry for github-actions in /", "no entry for pip in /.github/tagship")


@pytest.mark.requirement("C1")
@pytest.mark.parametrize("there", [None, "", "\n"])
def test_a_new_file_has_both_entries(there: str | None) -> None:
    """Without a file there are two entries, each with a week of cooldown."""
    assert merged(there) == f"version: 2\nupdates:\n{ACTIONS}{PIP}"
    assert lacking(there) == NEITHER


@pytest.mark.requirement("A12", "C1")
@pytest.mark.parametrize(
    ("there", "expected"),
    [
        # one is there, with comments around and nothing at the end
        (
            'version: 2 # two\nupdates:\n  # mine\n  - package-ecosystem: "github-actions" # x\n    directory: "/"',
            'version: 2 # two\nupdates:\n  # mine\n  - package-ecosystem: "github-actions" # x\n    directory: "/"\n'
            + PIP,
        ),
        # less indented, and a key behind the list
        (
            "updates:\n- package-ecosystem: pip\n  directory: /\n\nversion: 2\n",
            "updates:\n- package-ecosystem: pip\n  directory: /\n"
            + "".join(line[2:] for line in (ACTIONS + PIP).splitlines(keepends=True))
            + "\nversion: 2\n",
        ),
        # patterns of folders, and the list in the last key of an entry
        (
            f"version: 2\nupdates:\n{PATTERNS}",
            f"version: 2\nupdates:\n{PATTERNS}{ACTIONS}",
        ),
    ],
)
def test_what_is_there_stays_byte_for_byte(there: str, expected: str) -> None:
    """Only entries are added, in the indentation of the file, at the end of the list; a second time adds nothing."""
    assert merged(there) == expected
    assert lacking(expected) == ()
    assert merged(expected) == expected


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ("version: 2\nupdates: [a", "No entry was added: line "),
        ("version: 2\n", "No entry was added: it has no list of updates"),
        ("- a\n", "No entry was added: it has no list of updates"),
        ("version: 2\nupdates: [{package-ecosystem: npm}]\n", "No entry was added: its list of updates is written in"),
        (
            "version: 2\nversion: 2\nupdates:\n- a: b\n",
            "No entry was added: line 2: the key `version` is there already",
        ),
    ],
)
def test_what_cannot_be_added_to_is_left_to_the_maintainer(there: str, why: str) -> None:
    """A file that cannot be read, or has a form of its own, is not rewritten; the entries are shown."""
    with pytest.raises(ProjectError) as error:
        merged(there)
    assert error.value.message.startswith(why)
    assert error.value.remedy == f"Add these to its updates by hand:\n{ACTIONS}{PIP}"
    assert lacking(there) == NEITHER
