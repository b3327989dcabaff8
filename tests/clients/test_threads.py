"""Pull requests and issues by the libraries that people use, at api.github.com itself, through the doors."""

import json
from pathlib import Path

import pytest

from tagship.services.secret import Secret
from tests.clients.conftest import python_with
from tests.rehearsing import Opened, git

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.parametrize("module", ["github", "githubkit"])
def test_a_library_opens_and_merges(opened: Opened, tmp_path: Path, module: str) -> None:
    """PyGithub and githubkit open, list and merge a pull request, and open, find, comment on and close an issue."""
    embedded = opened.embedded
    bare = embedded.github.git.root
    topic = git(bare, "commit-tree", "-p", "main", "-m", "A topic", tree_of(bare))
    git(bare, "update-ref", "refs/heads/topic", topic)
    name = {"github": "pygithub"}.get(module, module)
    token = embedded.github.issue_token(
        "fine-grained", {"contents": "write", "pull_requests": "write", "issues": "write"}
    )
    argv = (python_with(module), str(PROGRAMS / f"threads_with_{name}.py"))
    output = embedded.shell.run(argv, cwd=tmp_path, extra={"GH_TOKEN": Secret(token.value)}, timeout=120)
    assert output.ok, output.tail()
    assert json.loads(output.stdout) == {
        "pull": [1, "open", "owner:topic", 1, True, 1],
        "listed": [1],
        "again": [422, "A pull request already exists for owner:topic."],
        "merged": [True, True, True],
        "issues": [[2, "y", 1]],
        "said": ["still so"],
        "closed": [[1, True], [2, False]],
    }
    assert git(bare, "log", "-1", "--format=%s", "main") == "A topic (#1)"


def tree_of(bare: Path) -> str:
    """The tree of main with one file less."""
    rows = git(bare, "ls-tree", "main").splitlines()
    kept = "\n".join(row for row in rows if not row.endswith("\tREADME.md")) + "\n"
    (bare / "rows").write_text(kept)
    return git(bare, "-c", "alias.m=!git mktree < rows", "m")
