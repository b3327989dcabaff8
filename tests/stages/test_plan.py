"""What `plan` refuses in a checkout that is not what the event is about, and what it sees on the index."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.rehearsing import Stage, git, repository

USUAL = "git fetch origin '+refs/heads/*:refs/remotes/origin/*'; in a workflow: actions/checkout with fetch-depth: 0."


def refusal(path: Path, *words: str, **environ: str) -> tuple[int, list[str]]:
    """The exit code of `plan` in a folder, and the lines of its error."""
    answer = call("plan", *words, cwd=path, environ=environ)
    lines = [line.strip() for line in answer.err.splitlines()]
    return answer.code, [line for line in lines if line.startswith(("error ", "fix: "))]


def commit(path: Path) -> str:
    """One more commit; the short form of the one before."""
    before = git(path, "rev-parse", "HEAD")[:12]
    git(path, "commit", "--quiet", "--allow-empty", "--message", "More")
    return before


def head(path: Path) -> str:
    """The commit that is checked out, in short."""
    return git(path, "rev-parse", "HEAD")[:12]


@pytest.mark.requirement("A6")
def test_a_tag_that_means_another_commit_is_not_planned(tmp_path: Path) -> None:
    """One commit after the tag, HEAD is not what the tag would release."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "--annotate", "v1.0.0", "--message", "v1.0.0")
    meant = commit(path)
    assert refusal(path, "--tag", "v1.0.0") == (
        4,
        [
            f"error TE04: The tag v1.0.0 is not released: it means the commit {meant}, and {head(path)} is checked out",
            "fix: git checkout v1.0.0",
        ],
    )


@pytest.mark.requirement("A6")
def test_a_tag_that_does_not_exist_is_not_planned(tmp_path: Path) -> None:
    """A tag must be there: naming one does not make it."""
    path = repository(tmp_path / "sample", {})
    assert refusal(path, "--tag", "v1.0.0") == (
        4,
        [
            f"error TE04: The tag v1.0.0 is not released: it is not in this clone, and {head(path)} is checked out",
            "fix: git fetch origin tag v1.0.0 && git checkout v1.0.0",
        ],
    )


@pytest.mark.requirement("A6")
def test_a_branch_that_does_not_have_the_commit_is_not_planned(tmp_path: Path) -> None:
    """What only the branch `feature` has is no push to `main`."""
    path = repository(tmp_path / "sample", {})
    git(path, "checkout", "--quiet", "-b", "feature")
    commit(path)
    assert refusal(path, "--branch", "main") == (
        4,
        [
            f"error TE04: Nothing is released: {head(path)} is checked out, and is not on the branch main",
            "fix: git fetch origin main && git checkout main",
        ],
    )


@pytest.mark.requirement("A6")
def test_changes_that_are_not_committed_are_not_planned(tmp_path: Path) -> None:
    """The project is read from its files, which must be those of the commit."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")
    (path / "README.md").write_text("# changed\n")
    assert refusal(path, "--tag", "v1.0.0") == (
        4,
        [
            "error TE04: Nothing is released: changes that are not committed: README.md",
            "fix: Commit them, or put them aside: git stash",
        ],
    )


@pytest.mark.requirement("A6")
def test_line_ends_that_git_would_write_otherwise_are_no_change(tmp_path: Path) -> None:
    """A fresh checkout of files that were committed with other line ends than their attributes say is clean."""
    made = repository(tmp_path / "sample", {"README.md": "# sample\r\n"})
    (made / ".gitattributes").write_text("*.md text\n")
    git(made, "add", ".gitattributes")
    git(made, "commit", "--quiet", "--message", "Attributes")
    git(tmp_path, "clone", "--quiet", "sample", "fresh")
    path = tmp_path / "fresh"
    (path / "README.md").write_bytes(b"# sample\r\n")
    assert git(path, "status", "--porcelain") == "M README.md"
    code, lines = refusal(path, "--tag", "v9")
    missing = f"error TE04: The tag v9 is not released: it is not in this clone, and {head(path)} is checked out"
    assert (code, lines[0]) == (4, missing)


@pytest.mark.requirement("A6")
def test_the_default_branch_that_the_event_names_wins(tmp_path: Path) -> None:
    """A tag on `main` is not released where GitHub says that `develop` is the default branch."""
    path = repository(tmp_path / "sample", {})
    git(path, "branch", "develop")
    commit(path)
    git(path, "tag", "v1.0.0")
    payload = tmp_path / "event.json"
    payload.write_text(json.dumps({"repository": {"default_branch": "develop"}}))
    assert refusal(path, "--tag", "v1.0.0", GITHUB_EVENT_PATH=str(payload)) == (
        4,
        [
            "error TE04: The tag v1.0.0 is not released: its commit is not on develop",
            "fix: Merge the commit first, or name the branch that releases are made from: "
            '[tool.tagship] release-branches = ["develop"].',
        ],
    )


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(("payload", "where"), [({}, "the default branch"), ({"default_branch": "main"}, "main")])
def test_a_clone_of_the_tag_alone_cannot_tell_where_it_is(payload: dict[str, str], where: str, tmp_path: Path) -> None:
    """In a shallow clone of a tag nobody knows on which branch it is, and unknown is not released."""
    made = repository(tmp_path / "sample", {})
    git(made, "tag", "v1.0.0")
    commit(made)
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "v1.0.0", f"file://{made}", "shallow")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": payload}))
    assert refusal(tmp_path / "shallow", "--tag", "v1.0.0", GITHUB_EVENT_PATH=str(event)) == (
        4,
        [
            f"error TE04: The tag v1.0.0 is not released: whether its commit is on {where} cannot be known in "
            "this clone",
            f"fix: {USUAL.replace('fetch origin', 'fetch --unshallow origin')}",
        ],
    )


def test_files_of_a_version_that_begins_alike_are_not_of_this_one(stage: Stage, tmp_path: Path) -> None:
    """Of sample 1.0.0 and 1.0.0.post1 on the index, the first alone is what a release of 1.0.0 meets there."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        for version in ("1.0.0", "1.0.0.post1"):
            opened.embedded.pypi.state.add_bytes(f"sample-{version}.tar.gz", b"not looked into")
        (entry,) = opened.run("plan").manifest.log
    said = [fact.detail for fact in entry.facts if fact.id == "index.version"]
    assert said == ["there already: sample-1.0.0.tar.gz; publish compares every byte"]
