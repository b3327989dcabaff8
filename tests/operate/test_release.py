"""The guided release: what stops it, what it does, and what it leaves behind when something fails in between."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tagship.errors import Conflict, PlanRefused, TagshipError, ToolFailed, UnknownOutcome
from tagship.operate.release import Action, Commit, Hands, Push, Rehearse, Tag, Wanted, decide, perform
from tagship.operate.situation import Situation, observe, outlook
from tagship.project.discover import read
from tagship.project.version_edits import JOURNAL
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.cli.calling import IMPORTED, call
from tests.rehearsing import FILES, IDENTITY, PYPROJECT, git, repository

pytestmark = [pytest.mark.requirement("B6"), pytest.mark.usefixtures("kept")]

READY = Situation(
    head="a" * 40,
    branch="main",
    release_branches=("main",),
    remote=True,
    busy="",
    changed=(),
    shallow=False,
    ahead=0,
    behind=0,
    tag_here=None,
    tag_there=None,
)
WANTED = Wanted(version="1.1.0", tag="v1.1.0", contents={"pyproject.toml": b"new"})
STOPS: dict[str, tuple[Situation, str, str]] = {
    "detached": (replace(READY, branch=None), "no branch is checked out (a detached HEAD)", "git switch main"),
    "merging": (replace(READY, busy="merge"), "git is in the middle of a merge", "git merge --abort"),
    "elsewhere": (
        replace(READY, branch="topic"),
        "topic is checked out, and releases are made from main",
        "git switch main; or, if it is meant: --branch topic",
    ),
    "a branch like a command": (
        replace(READY, branch="$(touch${IFS}owned)"),
        "$(touch${IFS}owned) is checked out, and releases are made from main",
        "git switch main; or, if it is meant: --branch '$(touch${IFS}owned)'",
    ),
    "dirty": (replace(READY, changed=("a", "b")), "there are changes that are not committed: a, b", "git stash"),
    "no remote": (replace(READY, remote=False), "there is no remote called origin to push to", "git remote add origin"),
    "shallow": (replace(READY, shallow=True), "the history is cut off (a shallow clone)", "git fetch --unshallow"),
    "behind": (replace(READY, behind=2), "main lacks 2 commits of the remote's", "git pull --ff-only"),
    "parted": (replace(READY, ahead=1, behind=2), "main and the remote's have parted: 1 here, 2 there", "--rebase"),
    "killed before the push": (
        replace(READY, ahead=1, begun="Release 1.0.5"),
        "the release of 1.0.5 was begun here, and not pushed",
        "To take it back: git reset --keep HEAD~1",
    ),
    "tag there": (replace(READY, tag_there="b" * 40), "the remote has the tag v1.1.0 already", "a tag is never moved"),
    "tag here": (
        replace(READY, tag_here="b" * 40),
        "this clone has the tag v1.1.0 already, and the remote has not",
        "git tag --delete v1.1.0",
    ),
}


@pytest.mark.parametrize(("now", "why", "remedy"), STOPS.values(), ids=STOPS)
def test_what_stops_a_release(now: Situation, why: str, remedy: str) -> None:
    """A repository that is not clean, current and on a release branch is not released from, with the way out."""
    with pytest.raises(PlanRefused) as caught:
        decide(now, WANTED)
    assert caught.value.message == f"Nothing was released: {why}"
    assert remedy in caught.value.remedy


def test_the_steps() -> None:
    """Commit, tag, rehearsal, push, in that order; without anything to commit or to rehearse these fall away."""
    assert decide(READY, WANTED) == (
        Commit(message="Release 1.1.0", contents={"pyproject.toml": b"new"}),
        Tag(name="v1.1.0", message="Release 1.1.0", sign=False),
        Rehearse(tag="v1.1.0"),
        Push(branch="main", tag="v1.1.0", undo=f"git tag --delete v1.1.0 && git reset --keep {READY.head}"),
    )
    bare = replace(WANTED, contents={}, rehearse=False, sign=True)
    assert decide(replace(READY, ahead=3), bare) == (
        Tag(name="v1.1.0", message="Release 1.1.0", sign=True),
        Push(branch="main", tag="v1.1.0", undo="git tag --delete v1.1.0"),
    )
    last = decide(replace(READY, branch="1.x"), replace(bare, branch="1.x"))[-1]
    assert last == Push(branch="1.x", tag="v1.1.0", undo="git tag --delete v1.1.0")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A clone of a bare remote, from which releases are made."""
    seed = repository(tmp_path / "seed", {})
    git(tmp_path, "clone", "--quiet", "--bare", str(seed), "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "desk")
    return tmp_path / "desk"


def hands(desk: Path, said: list[str], patience: float = 60) -> Hands:
    """A maintainer at that clone."""
    shell = Shell(dict(os.environ) | IDENTITY)
    return Hands(
        git=Git(shell, desk),
        shell=shell,
        root=desk,
        journal=desk / ".git" / JOURNAL,
        package=".",
        say=said.append,
        patience=patience,
    )


STEPS: tuple[Action, ...] = (
    Commit(message="Release 1.1.0", contents={"pyproject.toml": PYPROJECT.replace("1.0.0", "1.1.0").encode()}),
    Tag(name="v1.1.0", message="Release 1.1.0", sign=False),
    Push(branch="main", tag="v1.1.0", undo="git tag --delete v1.1.0"),
)


def state(folder: Path) -> tuple[str, str, str]:
    """Branch, tags and changes of a clone."""
    return git(folder, "rev-parse", "main"), git(folder, "tag"), git(folder, "status", "--short")


def run(desk: Path, actions: tuple[Action, ...] = STEPS, patience: float = 60) -> list[str]:
    """Do the steps, from what the clone is like now."""
    said: list[str] = []
    maintainer = hands(desk, said, patience)
    perform(actions, observe(maintainer.git, ("main",), "v1.1.0"), maintainer)
    return said


def test_a_release(desk: Path) -> None:
    """The version is committed, an annotated tag names the commit, and both arrive together."""
    said = run(desk)
    assert said == ["committed pyproject.toml: Release 1.1.0", "tagged v1.1.0", "pushed main and v1.1.0"]
    remote = desk.parent / "origin.git"
    assert git(remote, "log", "-1", "--format=%s", "main") == "Release 1.1.0"
    assert git(remote, "cat-file", "-t", "v1.1.0") == "tag"
    assert git(remote, "rev-parse", "v1.1.0^{commit}") == git(remote, "rev-parse", "main")
    assert 'version = "1.1.0"' in git(remote, "show", "main:pyproject.toml")


def hook(folder: Path, name: str, script: str) -> None:
    """A git hook."""
    path = folder / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def lacking_key(desk: Path) -> tuple[Action, ...]:
    """Signing that fails."""
    git(desk, "config", "gpg.program", "false")
    return (STEPS[0], replace(Tag(name="v1.1.0", message="Release 1.1.0", sign=True)), STEPS[2])


def with_hook(where: str, name: str, script: str) -> Callable[[Path], tuple[Action, ...]]:
    """A hook of the clone or of the remote."""

    def set_up(desk: Path) -> tuple[Action, ...]:
        hook(desk / ".git" if where == "desk" else desk.parent / "origin.git", name, script)
        return STEPS

    return set_up


FAILURES: dict[str, tuple[Callable[[Path], tuple[Action, ...]], type[TagshipError], str]] = {
    "commit hook": (with_hook("desk", "pre-commit", "echo lint failed >&2; exit 1"), ToolFailed, "lint failed"),
    "message hook": (with_hook("desk", "commit-msg", "echo no ticket >&2; exit 1"), ToolFailed, "no ticket"),
    "push hook": (with_hook("desk", "pre-push", "echo tests failed >&2; exit 1"), PlanRefused, "tests failed"),
    "signing": (lacking_key, ToolFailed, "git tag failed"),
    "the remote": (
        with_hook("remote", "pre-receive", "echo 'GH006: Protected branch update failed' >&2; exit 1"),
        PlanRefused,
        "GH006: Protected branch update failed",
    ),
    "the remote, one ref": (
        with_hook("remote", "update", 'case "$1" in refs/tags/*) echo no tags >&2; exit 1;; esac'),
        PlanRefused,
        "no tags",
    ),
}


@pytest.mark.parametrize(("set_up", "kind", "words"), FAILURES.values(), ids=FAILURES)
def test_what_fails_is_taken_back(
    desk: Path, set_up: Callable[[Path], tuple[Action, ...]], kind: type[TagshipError], words: str
) -> None:
    """A hook, a key or a remote that refuses leaves clone and remote as they were, and its words are shown."""
    before, there = state(desk), state_of_remote(desk)
    with pytest.raises(kind) as caught:
        run(desk, set_up(desk))
    assert words in caught.value.message
    assert caught.value.message.startswith("Nothing was released")
    assert (state(desk), state_of_remote(desk)) == (before, there)


def state_of_remote(desk: Path) -> tuple[str, str]:
    """Branch and tags of the remote."""
    remote = desk.parent / "origin.git"
    return git(remote, "rev-parse", "main"), git(remote, "tag")


def test_a_hook_that_hangs(desk: Path) -> None:
    """A hook that does not end is ended after a while, said so, and everything is as it was."""
    hook(desk / ".git", "pre-commit", "sleep 600")
    before = state(desk)
    with pytest.raises(ToolFailed, match="git commit took longer than 1 s, its hooks included"):
        run(desk, patience=1)
    assert state(desk) == before


def test_no_other_tag_is_pushed_along(desk: Path) -> None:
    """Where git is set up to push every annotated tag along, another one of this clone stays: it would be a release."""
    git(desk, "tag", "--annotate", "--message", "not yet", "v9.0.0")
    git(desk, "config", "push.followTags", "true")
    run(desk)
    assert git(desk.parent / "origin.git", "tag") == "v1.1.0"


def test_a_lost_answer(desk: Path) -> None:
    """A push that arrived although git says that it failed is a push that arrived."""
    remote = desk.parent / "origin.git"
    hook(remote, "post-receive", 'kill -9 "$PPID"')
    said = run(desk)
    assert said[-1] == "pushed main and v1.1.0; the answer was lost, and it arrived"
    assert git(remote, "tag") == "v1.1.0"
    assert git(desk, "rev-parse", "main") == git(remote, "rev-parse", "main")


def test_a_remote_that_is_gone_after_the_push(desk: Path) -> None:
    """Where nobody can say what arrived, nothing is taken back, and the commands for either case are named."""
    moved = f'mv "{desk.parent}/origin.git" "{desk.parent}/away.git"'
    hook(desk.parent / "origin.git", "post-receive", f'{moved}; kill -9 "$PPID"')
    with pytest.raises(
        UnknownOutcome, match=r"The push of v1\.1\.0 broke off, and the remote cannot be asked"
    ) as caught:
        run(desk)
    assert "git push --atomic origin main v1.1.0" in caught.value.remedy
    assert caught.value.remedy.endswith("To take it back: git tag --delete v1.1.0")
    assert state(desk)[1] == "v1.1.0"


def test_somebody_else_was_faster(desk: Path) -> None:
    """A tag of the same name that arrives on the remote just before the push is a conflict, and nothing stays here."""
    remote = desk.parent / "origin.git"
    hook(desk / ".git", "pre-push", f'git -C "{remote}" tag v1.1.0 main')
    before = state(desk)
    with pytest.raises(Conflict, match=r"the remote got another tag v1\.1\.0 in the meantime"):
        run(desk)
    assert state(desk) == before


def test_observed(desk: Path) -> None:
    """Branch, changes, distance to the remote, and tags on either side are seen as they are."""
    other = desk.parent / "other"
    git(desk.parent, "clone", "--quiet", "origin.git", "other")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "theirs")
    git(other, "tag", "v1.1.0")
    git(other, "push", "--quiet", "origin", "main", "v1.1.0")
    git(desk, "commit", "--quiet", "--allow-empty", "--message", "ours")
    (desk / "README.md").write_text("changed\n")
    now = observe(Git(Shell(dict(os.environ)), desk), ("main",), "v1.1.0")
    assert now == Situation(
        head=git(desk, "rev-parse", "HEAD"),
        branch="main",
        release_branches=("main",),
        remote=True,
        busy="",
        changed=("README.md",),
        shallow=False,
        ahead=1,
        behind=1,
        tag_here=git(other, "rev-parse", "v1.1.0"),  # git fetch brings the tags of what it brings
        tag_there=git(other, "rev-parse", "v1.1.0"),
    )


def test_the_command(desk: Path, upstream: str) -> None:
    """`tagship release minor --yes` shows the change, rehearses it for real, pushes, and says why it follows no run."""
    environ = IDENTITY | {"UV_DEFAULT_INDEX": upstream}
    dry = call("release", "minor", "--dry-run", cwd=desk, environ=environ)
    assert (dry.code, state(desk)[1:]) == (0, ("", ""))
    assert dry.err.splitlines()[0] == "sample 1.0.0 → 1.1.0 (minor)"
    nothing = "warning: no workflow publishes it: there is no .github/workflows/publish.yml; `tagship init` writes one."
    assert dry.err.splitlines()[-1] == nothing
    asked = call("release", "minor", cwd=desk, environ=environ)
    assert (asked.code, asked.out) == (2, dry.out)
    assert "Nothing was released: nobody is there to be asked" in asked.err
    done = call("release", "minor", "--yes", cwd=desk, environ=environ)
    assert done.code == 0, done.err
    assert done.out == dry.out
    assert [line for line in done.err.splitlines()[-6:] if not line.startswith("rehearsed in")] == [
        "committed pyproject.toml: Release 1.1.0",
        "tagged v1.1.0",
        "rehearsing …",
        "pushed main and v1.1.0",
        "Not followed: the remote is not on GitHub.",
    ]
    assert git(desk.parent / "origin.git", "tag") == "v1.1.0"
    again = call("release", cwd=desk, environ=environ)
    assert (again.code, again.out) == (2, "")
    assert "Nothing was released: 1.1.0 is released as v1.1.0" in again.err


ON_TAGS = "on: {push: {tags: ['v*']}}\n"
OURS = "jobs: {up: {environment: pypi, steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]}}\n"


@pytest.mark.parametrize(
    ("workflow", "said"),
    [
        (ON_TAGS + OURS, "Then publish.yml publishes v1.1.0 on PyPI (environment pypi; publish.yml, job up)."),
        ("on: release\n" + OURS, "warning: the tag does not start publish.yml: it is not started by `push`"),
        (
            ON_TAGS + "jobs: {up: {steps: [{run: make release}]}}\n",
            "Then the tag starts publish.yml; that it publishes on PyPI cannot be told from the file.",
        ),
    ],
    ids=["publishes", "another event", "who knows"],
)
def test_what_the_tag_will_bring_about(desk: Path, workflow: str, said: str) -> None:
    """The last line says what the tag starts, as the workflow that is there says, and promises no more."""
    workflow = workflow.replace("steps:", "runs-on: ubuntu-latest, steps:")
    file = desk / ".github/workflows/publish.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(workflow)
    project = read(desk, Git(Shell(dict(os.environ)), desk))
    assert outlook(project, "v1.1.0").startswith(said)


def test_a_release_that_is_left_out_is_named(tmp_path: Path) -> None:
    """Raising a development version or a pre-release past the release it leads to is said; `stable` is that one.

    So is a changelog that would tell the users of that release that it is unreleased.
    """
    said = "warning: 1.1.0.dev0 leads to 1.1.0, which is left out: tagship release stable"
    declared = PYPROJECT.replace('version = "1.0.0"', 'version = "1.1.0.dev0"')
    changes = "## 1.1.0\n\n_(unreleased)_\n\n- A week.\n"
    seed = repository(tmp_path / "seed", {"pyproject.toml": declared, "CHANGELOG.md": changes})
    git(tmp_path, "clone", "--quiet", "--bare", str(seed), "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "desk")
    shown = [call("release", part, "--dry-run", cwd=tmp_path / "desk").err for part in ("patch", "minor", "stable")]
    assert [said in err.splitlines() for err in shown] == [True, True, False]
    assert "warning: CHANGELOG.md calls 1.1.0 unreleased" in shown[2].splitlines()


def test_in_a_packages_folder(tmp_path: Path, upstream: str) -> None:
    """Called in the folder of one of several packages, that one is raised, rehearsed and released."""
    other = {f"packages/other/{name}": text for name, text in FILES.items() if not name.startswith(".")}
    other["packages/other/pyproject.toml"] = PYPROJECT.replace('name = "sample"', 'name = "other"').replace(
        "[dependency-groups]", '[tool.hatch.build.targets.wheel]\npackages = ["sample"]\n\n[dependency-groups]'
    )
    seed = repository(tmp_path / "seed", other)
    git(tmp_path, "clone", "--quiet", "--bare", str(seed), "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "desk")
    folder = tmp_path / "desk/packages/other"
    done = call("release", "minor", "--yes", cwd=folder, environ=IDENTITY | {"UV_DEFAULT_INDEX": upstream})
    assert done.code == 0, done.err
    assert "other 1.1.0 would be released on PyPI" in done.err
    assert git(tmp_path / "origin.git", "show", "--format=", "--name-only", "main") == "packages/other/pyproject.toml"


@pytest.mark.requirement("E2")
@pytest.mark.parametrize("last", [Commit, Tag])
def test_killed_before_the_push(desk: Path, last: type[Action]) -> None:
    """Who is killed between commit and push and says the same once more skips no version; what was begun is said."""
    done = [type(action) for action in STEPS].index(last) + 1
    run(desk, STEPS[:done])
    before = state(desk)
    again = call("release", "minor", "--yes", cwd=desk, environ=IDENTITY)
    assert again.code == PlanRefused.exit_code
    assert "Nothing was released: the release of 1.1.0 was begun here, and not pushed" in again.err
    assert (state(desk), state_of_remote(desk)[1:]) == (before, ("",))


def test_nothing_of_the_repository_runs_outside_of_the_rehearsal(desk: Path) -> None:
    """A module of the repository with the name of one that tagship uses is not imported beside the user's variables."""
    (desk / "msgspec.py").write_text("import pathlib\npathlib.Path('../ran').touch()\n")
    shell = Shell(dict(os.environ) | IDENTITY | {"PYTHONPATH": IMPORTED})
    with pytest.raises(TagshipError):
        perform(
            (Rehearse(tag="v9.9.9"),),
            observe(Git(shell, desk), ("main",), "v9.9.9"),
            replace(hands(desk, []), shell=shell),
        )
    assert not (desk.parent / "ran").exists()


def test_a_rehearsal_that_refuses(tmp_path: Path, upstream: str) -> None:
    """A release that would not succeed is taken back before anything is public, with the rehearsal's reason."""
    broken = {"tests/test_sample.py": "def test_it():\n    assert False\n"}
    seed = repository(tmp_path / "seed", broken)
    git(tmp_path, "clone", "--quiet", "--bare", str(seed), "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "desk")
    desk = tmp_path / "desk"
    before, there = state(desk), state_of_remote(desk)
    answer = call("release", "patch", "--yes", cwd=desk, environ=IDENTITY | {"UV_DEFAULT_INDEX": upstream})
    assert answer.code == 4
    assert "Nothing was released, and everything is as it was" in answer.err
    assert (state(desk), state_of_remote(desk)) == (before, there)


def test_a_push_that_takes_too_long(desk: Path) -> None:
    """A push that was given up may still arrive: nothing is taken back, and the commands for either case are named."""
    hook(desk.parent / "origin.git", "pre-receive", "sleep 3")
    with pytest.raises(UnknownOutcome, match=r"The push of v1\.1\.0 broke off") as caught:
        run(desk, patience=1)
    assert "git push --atomic origin main v1.1.0" in caught.value.remedy
    assert state(desk)[1] == "v1.1.0"
