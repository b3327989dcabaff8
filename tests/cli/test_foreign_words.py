"""What strangers write into titles, changelogs, versions and names of files, on the terminal of who looks at it."""

from pathlib import Path

import pytest

from tests.cli.calling import call, on_a_terminal
from tests.rehearsing import FILES, git, repository

TITLE = "\x1b]0;owned\x07"
"""Sets the title of a terminal's window."""
TURNED = "\u202e"
"""Shows what follows from right to left."""
COMMANDS = (
    ("notes", "1.0.0", "--from", "commits"),
    ("notes", "1.0.0", "--from", "changelog"),
    ("changelog", "cut", "1.1.0", "--dry-run"),
    ("version", "bump", "minor", "--dry-run"),
    ("config",),
    ("init", "--dry-run"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which every word that somebody else may write is one of those."""
    nasty = f"a{TITLE}b{TURNED}c"
    changelog = f"# Changes\n\n## Unreleased\n- {nasty}\n\n## 1.0.0 - {nasty}\n\n- {nasty}\n\n## 1.0.0\n"
    project = FILES["pyproject.toml"].replace('version = "1.0.0"', f'version = "1.0.0" # {nasty}'.replace(TITLE, ""))
    files = {
        "CHANGELOG.md": changelog,
        "pyproject.toml": project,
        f".github/workflows/{nasty}.yml": "on: push\njobs: {a: {}}\n",
        ".github/dependabot.yml": f"version: 2 # {TURNED}\nupdates: []\n",
        f"{nasty}/pyproject.toml": '[project]\nname = "further"\nversion = "1"\n',
    }
    made = repository(tmp_path_factory.mktemp("foreign") / "sample", files)
    git(made, "remote", "add", "origin", "https://github.com/owner/sample.git")
    git(made, "commit", "--quiet", "--allow-empty", "--message", f"feat: {nasty}", "--author", f"{nasty} <a@b.invalid>")
    return made


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nobody_writes_to_the_terminal_of_who_looks(path: Path, words: tuple[str, ...]) -> None:
    """No escape sequence and no reversed text of theirs gets through, and it is seen that there was one."""
    said = on_a_terminal(*words, cwd=path)
    assert "Traceback" not in said, said
    assert (TITLE in said, "\x1b]" in said, TURNED in said) == (False, False, False)
    assert "\ufffd" in said


def test_a_program_gets_the_notes_as_they_are(path: Path) -> None:
    """Piped they are the text of the release, letter by letter; a table has one line for each row even so."""
    assert f"- a{TITLE}b{TURNED}c" in call("notes", "1.0.0", "--from", "commits", cwd=path).out
    rows = call("config", cwd=path).out.splitlines()
    assert {row.count("\t") for row in rows} == {2}
