"""Repositories in every state but the usual one: each is released as it is, or refused in words, and left alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tests.rehearsal.bad_input import assumed, files, not_begun, rehearsed, released, told
from tests.rehearsing import FILES, PYPROJECT, Stage, git, repository

READY = ("ready", "sample 1.0.0 would be released on PyPI", "push of the tag v1.0.0")


def commit(path: Path, name: str, text: str = "x\n") -> None:
    """One more commit, which adds a file."""
    (path / name).write_text(text)
    git(path, "add", "--", name)
    git(path, "commit", "--quiet", "--message", f"Add {name}")


@pytest.mark.requirement("A10")
def test_a_folder_that_is_not_there_is_named(stage: Stage, tmp_path: Path) -> None:
    """A folder that does not exist is refused before anything begins."""
    path = tmp_path / "nowhere"
    assert not_begun(stage, path) == ("TE03", f"{path} is not a folder", "", "Name the folder of a git repository.")
    assert not path.exists()


def test_a_folder_outside_of_git_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A project that is in no git repository is refused, with the way to make it one."""
    path = tmp_path / "plain"
    path.mkdir()
    (path / "pyproject.toml").write_text(PYPROJECT)
    assert not_begun(stage, path) == (
        "TE03",
        f"{path} is not inside a git repository",
        "",
        "Run it in a clone of the project, or make it one: git init && git add . && git commit",
    )


def test_a_repository_without_commits_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A repository that was only initialised has nothing to release, and says so."""
    path = tmp_path / "new"
    path.mkdir()
    git(path, "init", "--quiet")
    (path / "pyproject.toml").write_text(PYPROJECT)
    message = "Nothing was rehearsed: the repository has no commit"
    assert not_begun(stage, path) == ("TE04", message, "PATH", "git add . && git commit")


def test_a_bare_repository_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A bare repository is named as one, and the inside of `.git` as what it is."""
    path = repository(tmp_path / "sample", {})
    bare = tmp_path / "bare"
    git(tmp_path, "clone", "--quiet", "--bare", "sample", "bare")
    remedy = "Name a clone that has the files checked out."
    assert not_begun(stage, bare) == ("TE03", f"{bare} is a bare repository", "", remedy)
    assert not_begun(stage, path / ".git") == ("TE03", f"{path / '.git'} is inside of a .git folder", "", remedy)


def test_a_tag_on_a_shallow_clone_is_released_with_a_warning(stage: Stage, tmp_path: Path) -> None:
    """A shallow clone is enough for a tag; that its tags may be incomplete is listed among the assumptions."""
    path = repository(tmp_path / "sample", {})
    commit(path, "more.txt")
    git(tmp_path, "clone", "--quiet", "--depth", "1", path.as_uri(), "shallow")
    result = rehearsed(stage, tmp_path / "shallow")
    assert released(result) == READY
    assert assumed(result, "Repository") == ["no tag is missing from this clone, which is shallow"]


def test_a_development_version_needs_the_whole_history(stage: Stage, tmp_path: Path) -> None:
    """On a shallow clone commits cannot be counted, so that a push is refused by the plan and nothing is built."""
    path = repository(tmp_path / "sample", {})
    commit(path, "more.txt")
    git(tmp_path, "clone", "--quiet", "--depth", "1", path.as_uri(), "shallow")
    result = rehearsed(stage, tmp_path / "shallow", Request(kind="push"))
    message = "No development version: the history is cut off (a shallow clone), so commits cannot be counted"
    remedy = "git fetch --unshallow; in a workflow: actions/checkout with fetch-depth: 0."
    assert told(result) == [("plan", ("TE04", message, "", remedy))]
    assert [entry.stage for entry in result.manifest.log] == ["plan", "summary"]


def test_a_detached_head_is_released(stage: Stage, tmp_path: Path) -> None:
    """What is checked out is released, also where no branch is."""
    path = repository(tmp_path / "sample", {})
    git(path, "checkout", "--quiet", "--detach")
    assert released(rehearsed(stage, path)) == READY


@pytest.mark.requirement("A8")
def test_changes_that_are_not_committed_are_named_and_left_out(stage: Stage, tmp_path: Path) -> None:
    """Changed, deleted, staged and untracked files reach no built file; those that git tracks are listed by name."""
    path = repository(tmp_path / "sample", {})
    clean = rehearsed(stage, path)
    (path / "sample" / "__init__.py").write_text("raise SystemExit('this is not committed')\n")
    (path / "README.md").unlink()
    (path / "sample" / "staged.py").write_text("x = 1\n")
    git(path, "add", "sample/staged.py")
    (path / "sample" / "untracked.py").write_text("x = 1\n")
    dirty = rehearsed(stage, path)
    assert released(dirty) == READY
    assert dirty.manifest.dists == clean.manifest.dists
    named = "changes that are not committed: README.md, sample/__init__.py, sample/staged.py"
    assert (dirty.not_rehearsed[0], clean.not_rehearsed) == (named, dirty.not_rehearsed[1:])


def test_a_feature_branch_is_rehearsed_as_if_it_were_merged(stage: Stage, tmp_path: Path) -> None:
    """The next tag from a feature branch is rehearsed, and the merge that it needs is an assumption."""
    path = repository(tmp_path / "sample", {})
    git(path, "checkout", "--quiet", "-b", "feature")
    commit(path, "more.txt")
    result = rehearsed(stage, path)
    assert released(result) == READY
    assert assumed(result, "Repository") == ["this commit is merged into main"]


@pytest.mark.requirement("A6")
def test_a_tag_beside_the_release_branch_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A tag whose commit was never merged is refused by the plan, before anything is built or sent."""
    path = repository(tmp_path / "sample", {})
    git(path, "checkout", "--quiet", "-b", "side")
    commit(path, "more.txt")
    git(path, "tag", "v1.0.0")
    git(path, "checkout", "--quiet", "main")
    result = rehearsed(stage, path, Request(tag="v1.0.0"))
    message = "The tag v1.0.0 is not released: its commit is not on main, but on side"
    remedy = (
        "Merge the commit first, or name the branch that releases are made from: "
        '[tool.tagship] release-branches = ["main", "side"].'
    )
    assert told(result) == [("plan", ("TE04", message, "v1.0.0", remedy))]
    assert [e.url for e in result.exchanges] == []


def test_a_merge_commit_is_released_and_counted(stage: Stage, tmp_path: Path) -> None:
    """A merge commit is released, and the commits of both sides count for a development version."""
    path = repository(tmp_path / "sample", {})
    git(path, "checkout", "--quiet", "-b", "feature")
    commit(path, "one.txt")
    git(path, "checkout", "--quiet", "main")
    commit(path, "two.txt")
    git(path, "merge", "--quiet", "--no-ff", "--message", "Merge", "feature")
    pushed = rehearsed(stage, path, Request(kind="push"))
    headline = "sample 1.0.0.dev4 would be released on TestPyPI"
    assert released(pushed) == ("ready", headline, "push to main")


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (None, "owner/sample (unknown: the repository has no remote)"),
        ("", "owner/sample (unknown: the address of git remote origin names no server)"),
        ("/srv/git/sample.git", "owner/sample (unknown: the address of git remote origin names no server)"),
        (
            "https://github.com//.git",
            "owner/sample (unknown: the address of git remote origin is not one of owner/name)",
        ),
        ("https://gitlab.com/one/two.git", "one/two (the remote is on gitlab.com)"),
    ],
)
def test_where_there_is_no_github_repository_one_is_assumed(
    stage: Stage, tmp_path: Path, address: str | None, value: str
) -> None:
    """Without a remote, with an unusable one, and with one elsewhere, the release works and the report says so."""
    path = repository(tmp_path / "sample", {})
    if address is not None:
        git(path, "config", "remote.origin.url", address)
    result = rehearsed(stage, path)
    assert released(result) == READY
    assert assumed(result, "GitHub repository") == [value]


def test_no_git_identity_is_needed(stage: Stage, tmp_path: Path) -> None:
    """Where git does not know who its user is, a version is bumped, committed and tagged all the same."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")
    unknown = subprocess.run(
        ("git", "commit", "--allow-empty", "-m", "x"), cwd=path, env=_nobody(), capture_output=True
    )
    assert unknown.returncode != 0
    assert released(rehearsed(stage, path))[:2] == ("ready", "sample 1.0.1 would be released on PyPI")


def _nobody() -> dict[str, str]:
    return os.environ | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.useConfigOnly",
        "GIT_CONFIG_VALUE_0": "true",
    }


def test_nothing_that_the_repository_would_run_is_run(stage: Stage, tmp_path: Path) -> None:
    """Hooks, smudge filters, monitors, signers, pagers and diff programs of the repository's settings stay quiet."""
    path = repository(tmp_path / "sample", {".gitattributes": "*.txt filter=loud\n*.md diff=loud\n", "a.txt": "x\n"})
    ran = tmp_path / "ran"
    ran.mkdir()
    hooks = ("post-checkout", "pre-push", "pre-commit", "post-commit", "reference-transaction", "post-index-change")
    for hook in (*hooks, "commit-msg", "prepare-commit-msg", "pre-receive", "update", "post-receive"):
        script = path / ".git" / "hooks" / hook
        script.write_text(f"#!/bin/sh\ntouch '{ran}/{hook}'\n")
        script.chmod(0o755)
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "gpg.program", "diff.external"),
        *("diff.loud.textconv", "filter.loud.smudge", "filter.loud.process", "uploadpack.packObjectsHook"),
    ):
        git(path, "config", key, f"touch '{ran}/{key}'; cat")
    for key in ("commit.gpgSign", "tag.gpgSign", "push.gpgSign"):
        git(path, "config", key, "true")
    (path / "README.md").write_text("# changed\n")
    git(path, "-c", "tag.gpgSign=false", "-c", "core.hooksPath=/dev/null", "tag", "v1.0.0")
    for left in ran.iterdir():
        left.unlink()  # what making the situation ran
    result = rehearsed(stage, path)
    assert released(result)[:2] == ("ready", "sample 1.0.1 would be released on PyPI")
    assert sorted(p.name for p in ran.iterdir()) == []


def with_submodule(folder: Path) -> Path:
    """A repository whose package has a submodule inside."""
    inner = folder / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet", "--initial-branch", "main")
    commit(inner, "data.txt")
    path = repository(folder / "sample", {})
    git(path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sample/inner")
    git(path, "commit", "--quiet", "--message", "Add a submodule")
    return path


def test_the_files_of_a_submodule_are_built(stage: Stage, tmp_path: Path) -> None:
    """A submodule that is checked out is part of what is built."""
    path = with_submodule(tmp_path)
    (path / "sample" / "__init__.py").write_text(
        "from pathlib import Path\n\nTEXT = Path(__file__).parent.joinpath('inner/data.txt').read_text()\n\n\n"
        "def main():\n    pass\n"
    )
    git(path, "commit", "--quiet", "--all", "--message", "Read it when imported")
    assert released(rehearsed(stage, path)) == READY


def test_a_submodule_that_is_not_checked_out_is_named(stage: Stage, tmp_path: Path) -> None:
    """Without the submodule's files nothing is built, and the command that gets them is named."""
    path = with_submodule(tmp_path)
    at = git(path, "rev-parse", "HEAD:sample/inner")[:12]
    git(path, "submodule", "--quiet", "deinit", "--force", "sample/inner")
    message = f"The submodule sample/inner is not checked out at {at}"
    remedy = "git submodule update --init --recursive"
    assert not_begun(stage, path) == ("TE03", message, "sample/inner", remedy)


def test_spaces_and_other_alphabets_in_names_do_no_harm(stage: Stage, tmp_path: Path) -> None:
    """A repository in a folder with spaces, quotes and umlauts, with such files in it, is released like any other."""
    odd = {"sample/dätä file's.txt": "x\n", "sample/数据/データ.txt": "x\n"}
    path = repository(tmp_path / "späce & 'quote' \"two\" 名前", odd)
    result = rehearsed(stage, path)
    assert released(result) == READY
    assert [dist.filename for dist in result.manifest.dists] == ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]


def test_windows_line_ends_are_kept(stage: Stage, tmp_path: Path) -> None:
    """A project with CRLF files is released, and the bump of its version changes that one word alone."""
    crlf = {name: text.replace("\n", "\r\n") for name, text in FILES.items() if not name.startswith(".github")}
    path = repository(tmp_path / "sample", crlf)
    git(path, "tag", "v1.0.0")
    with stage.open(path) as opened:
        written = opened.embedded.place.folder / "runner" / "pyproject.toml"
        assert written.read_bytes() == crlf["pyproject.toml"].replace("1.0.0", "1.0.1").encode()
    said = "push of the tag v1.0.1, after setting the version in pyproject.toml"
    assert released(rehearsed(stage, path)) == ("ready", "sample 1.0.1 would be released on PyPI", said)


def test_a_work_tree_of_its_own_is_released(stage: Stage, tmp_path: Path) -> None:
    """A second work tree (`git worktree add`) is rehearsed like a clone, and so is a folder below the root."""
    path = repository(tmp_path / "sample", {})
    git(path, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    assert released(rehearsed(stage, tmp_path / "other")) == READY
    assert released(rehearsed(stage, path / "tests")) == READY


def test_names_of_tags_with_odd_line_ends_are_read(stage: Stage, tmp_path: Path) -> None:
    """Tags and branches whose names hold Unicode's line separators are no obstacle."""
    path = repository(tmp_path / "sample", {})
    for name in ("v1\u20280", "v1\x850"):
        git(path, "tag", name)
        git(path, "branch", name)
    assert released(rehearsed(stage, path))[:2] == READY[:2]


def partial_clone(folder: Path) -> Path:
    """A clone without the contents of older files, whose tag v1.0.0 has another licence than its newest commit."""
    path = repository(folder / "sample", {})
    git(path, "tag", "v1.0.0")
    commit(path, "LICENSE", "MIT, again\n")
    git(path, "config", "uploadpack.allowFilter", "true")
    git(folder, "clone", "--quiet", "--filter=blob:none", path.as_uri(), "partial")
    return folder / "partial"


def test_what_a_partial_clone_lacks_is_named(stage: Stage, tmp_path: Path) -> None:
    """A tag whose files were never fetched is refused, instead of released without them; the newest commit works."""
    path = partial_clone(tmp_path)
    at = git(path, "rev-parse", "v1.0.0")[:12]
    assert not_begun(stage, path, Request(tag="v1.0.0")) == (
        "TE03",
        f"1 of the files of {at} are not in this clone, among them LICENSE",
        "LICENSE",
        f"It is a partial clone: let git fetch them with `git checkout {at}`, or make a whole one.",
    )
    assert released(rehearsed(stage, path))[:2] == ("ready", "sample 1.0.1 would be released on PyPI")


def test_the_variables_of_a_git_hook_do_not_mislead(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a hook git sets GIT_DIR and the like; the repository that was named is rehearsed, not that one."""
    path, other = repository(tmp_path / "sample", {}), repository(tmp_path / "other", {"pyproject.toml": None})
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": ".git/index",
        "GIT_PREFIX": "docs/",
    }.items():
        monkeypatch.setenv(name, value)
    assert released(rehearsed(stage, path / "tests")) == READY


DRIVER = """\
import sys
from pathlib import Path
from tests.rehearsing import Stage

result = Stage(upstream=sys.argv[1], cache=Path(sys.argv[2]))(Path(sys.argv[3]))
print(result.verdict, result.headline, sep="\\n")
"""


@pytest.mark.requirement("D1")
def test_a_checkout_that_cannot_be_written_is_released(stage: Stage, tmp_path: Path) -> None:
    """A repository of read-only files and folders is rehearsed like any other, and stays as it is."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")  # so that the version is bumped, which edits and commits
    entries = [path, *path.rglob("*")]
    modes = {entry: entry.stat().st_mode for entry in entries}
    for entry, mode in modes.items():
        entry.chmod(mode & ~0o222)
    # root may write whatever the modes say, until it gives that up
    bound = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if os.geteuid() == 0 else ()
    try:
        if bound and shutil.which(bound[0]) is None:
            pytest.skip("root ignores modes, and there is no setpriv to give that up")
        touched = subprocess.run((*bound, "touch", str(path / "new")), capture_output=True, text=True)
        assert (touched.returncode, "Permission denied" in touched.stderr) == (1, True)
        before = files(path)
        done = subprocess.run(
            (*bound, sys.executable, "-c", DRIVER, stage.upstream, str(stage.cache), str(path)),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )
        assert done.stdout.splitlines() == ["ready", "sample 1.0.1 would be released on PyPI"]
        assert files(path) == before
    finally:
        for entry, mode in modes.items():
            entry.chmod(mode)
