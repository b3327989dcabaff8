"""`tagship init` in repositories of all kinds: what they lack, what stands in the way, what has an odd name."""

import os
import re
from pathlib import Path

import pytest

from tagship.workflow.document import read, scalars
from tests.adopting import Adopting
from tests.rehearsing import PYPROJECT, git

WORKFLOW = ".github/workflows/publish.yml"
ENVIRONMENTS = [".github/environments/pypi.yml", ".github/environments/testpypi.yml"]
LOCKS = [".github/tagship/build.txt", ".github/tagship/requirements.txt"]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (None, "which repository on GitHub it is for is not known"),
        ("https://gitlab.com/owner/sample.git", "the repository is on gitlab.com"),
        ("/srv/git/sample.git", "which repository on GitHub it is for is not known"),
    ],
)
def test_a_repository_that_is_not_on_github_is_told_so(adopting: Adopting, origin: str | None, said: str) -> None:
    """Without a GitHub remote nothing is written, and the remedy is the command that adds one."""
    there = adopting(origin=origin)
    before = there.state()
    assert there("init") == 3
    assert there.made(before) == []
    assert "No workflow was written: " in there.err
    assert said in there.err
    assert "git remote add origin https://github.com/OWNER/NAME" in there.err


def test_what_rehearsals_keep_is_not_asked_for_locks(
    adopting: Adopting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv's cache of rehearsals, in which an index's pages name files of the door's, is not that of init and sync."""
    monkeypatch.setenv("TAGSHIP_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "uv").write_text("no folder: whoever uses it fails")
    there = adopting()
    assert (there("init"), there("sync", "--check")) == (0, 0)
    assert sorted(path.name for path in (there.root / ".github" / "tagship").iterdir()) == [
        "build.txt",
        "requirements.txt",
    ]


def test_a_server_of_somebodys_own_may_be_github_enterprise(adopting: Adopting) -> None:
    """On another server the workflow is written, with the note that PyPI does not trust it, unless it uses tokens."""
    there = adopting(origin="git@git.example.invalid:owner/sample.git")
    assert there("init") == 0
    assert "Note: The repository is on git.example.invalid. If that is a GitHub Enterprise server, PyPI" in there.out
    assert there("init", "--auth", "token") == 0
    assert "Note" not in there.out


def test_a_fork_is_noticed(adopting: Adopting) -> None:
    """With a remote called upstream the note says for which repository the workflow is, and where else to run init."""
    there = adopting(origin="git@github.com:me/sample.git")
    git(there.root, "remote", "add", "upstream", "https://github.com/owner/sample.git")
    assert there("init") == 0
    assert "github.repository == 'me/sample'" in there.text(WORKFLOW)
    assert "If that is a fork of owner/sample, run tagship init in a clone of the original." in there.out


def test_another_workflow_that_publishes_is_named(adopting: Adopting) -> None:
    """A job elsewhere that uploads is named with its environment, because a tag would start both."""
    release = (
        "on: {push: {tags: ['v*']}}\njobs:\n  up:\n    runs-on: ubuntu-latest\n    environment: release\n"
        "    permissions: {id-token: write}\n    steps: [{uses: pypa/gh-action-pypi-publish@v1}]\n"
    )
    there = adopting({".github/workflows/release.yml": release})
    assert there("init") == 0
    assert "\nNote: release.yml publishes as well: its job up with the environment release. Take that job" in there.out
    assert there.text(".github/workflows/release.yml") == release


def test_workflows_that_cannot_be_read_are_named(adopting: Adopting) -> None:
    """A workflow that is no YAML is left out, with a note that has its place; such a publish.yml is somebody's own."""
    there = adopting({".github/workflows/odd.yml": "on: [push\n", WORKFLOW: "on: push\njobs: {a: [}\n"})
    before = there.state()
    assert there("init") == 17
    assert "\nNote: .github/workflows/odd.yml:" in there.out
    assert re.search(r"  left alone      \.github/workflows/publish\.yml\n    line 2: ", there.out)
    assert there.made(before) == []


def test_a_file_that_is_not_text_is_not_touched(adopting: Adopting) -> None:
    """A publish.yml that is not UTF-8 stops init before anything is written."""
    there = adopting({WORKFLOW: b"name: \xff\xfe\n"})
    before = there.state()
    assert there("init", "--force") == 3
    assert "Nothing was written: .github/workflows/publish.yml cannot be read: it is not UTF-8" in there.err
    assert there.made(before) == []


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_read_only_file_is_not_replaced(adopting: Adopting) -> None:
    """A file without write permission is named together with what was written before it, and stays."""
    there = adopting({".github/dependabot.yml": "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n"})
    (there.root / ".github/dependabot.yml").chmod(0o444)
    before = there.state()
    assert there("init") == 3
    assert ".github/dependabot.yml was not written: it is read-only; written before: .github/workflows/" in there.err
    assert ".github/dependabot.yml" not in there.made(before)
    (there.root / ".github/dependabot.yml").chmod(0o600)
    assert there("init") == 0
    assert (there.root / ".github/dependabot.yml").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_nothing_is_written_through_a_link_out_of_the_repository(adopting: Adopting) -> None:
    """A .github that is a link to somewhere else stops init, and nothing is written there."""
    there = adopting({".github/workflows/ci.yml": None})
    elsewhere = there.root.parent / "elsewhere"
    elsewhere.mkdir()
    (there.root / ".github").symlink_to(elsewhere)
    assert there("init") == 3
    assert "is a link that leads out of the repository" in there.err
    assert list(elsewhere.iterdir()) == []


def test_windows_line_ends_stay(adopting: Adopting) -> None:
    """What is added to a file with CRLF has CRLF, and a checkout in which everything has it is no drift."""
    file = ".github/dependabot.yml"
    there = adopting({file: b"version: 2\r\nupdates:\r\n- package-ecosystem: npm\r\n  directory: /\r\n"})
    there.write("pyproject.toml", there.text("pyproject.toml").replace("\n", "\r\n"))
    assert there("init", "--auth", "token") == 0
    for path in (file, "pyproject.toml"):
        data = (there.root / path).read_bytes()
        assert data.count(b"\r\n") == data.count(b"\n") > 5
    for path in (WORKFLOW, "PUBLISHING.md", *LOCKS):
        there.write(path, (there.root / path).read_bytes().replace(b"\n", b"\r\n"))
    before = there.state()
    assert [there("sync", "--check"), there("sync"), there("init")] == [0, 0, 0]
    assert there.made(before) == []


def test_a_dirty_tree_is_no_obstacle(adopting: Adopting) -> None:
    """Changes that are not committed stay as they are, and count: a name that was just written is used."""
    there = adopting()
    there.replace("pyproject.toml", 'name = "sample"', 'name = "renamed"')
    there.write("notes.txt", "mine\n")
    before = there.state()
    assert there("init") == 0
    assert "name\trenamed\tpyproject.toml:6 [project].name\n" in there.out
    assert not {"notes.txt", "pyproject.toml"} & {*there.made(before)}


def test_a_repository_without_a_commit_is_told_to_make_one(adopting: Adopting) -> None:
    """Before the first commit there is no default branch, and nothing is written."""
    there = adopting()
    git(there.root, "update-ref", "-d", "HEAD")
    before = there.state()
    assert there("init") == 3
    assert "No workflow was written: the default branch is not known" in there.err
    assert "Make a first commit" in there.err
    assert there.made(before) == []


def test_a_folder_that_is_no_repository(adopting: Adopting) -> None:
    """Outside of a git repository the words say so."""
    there = adopting()
    assert there("init", at="..") == 3
    assert "is not inside a git repository" in there.err


MEMBER = PYPROJECT.replace('name = "sample"', 'name = "Sample.Extra"').replace('"LICENSE"', '"../../LICENSE"')


@pytest.mark.requirement("A12")
def test_each_package_of_a_repository_has_files_of_its_own(adopting: Adopting) -> None:
    """A package below the root gets a workflow, a build lock and a page with its name in them; the rest is shared."""
    inner = {"packages/extra/pyproject.toml": MEMBER, "packages/extra/README.md": "# e\n"}
    there = adopting({"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n', **inner})
    before = there.state()
    assert there("init") == 2
    assert "the packages lie below the root of the repository: packages/extra" in there.err
    assert there("init", at="packages/extra") == 0
    assert there.made(before) == [
        ".github/dependabot.yml",
        *(path.replace(".yml", "-sample-extra.yml") for path in ENVIRONMENTS),
        *(".github/tagship/build-packages-extra.txt", LOCKS[1]),
        *(".github/workflows/publish-sample-extra.yml", "packages/extra/PUBLISHING.md"),
    ]
    assert "workflow_filename=publish-sample-extra.yml&environment=pypi-sample-extra" in there.out
    assert there("sync", "--check", at="packages/extra") == 0


@pytest.mark.requirement("A12")
@pytest.mark.parametrize("shared", [True, False])
def test_settings_go_where_those_of_the_package_are(adopting: Adopting, shared: bool) -> None:
    """What is asked for is added to the configuration that counts: the repository's where the package has none."""
    inner = {"packages/extra/pyproject.toml": MEMBER, "packages/extra/README.md": "# e\n"}
    config = '[tool.tagship]\nci = ["ci.yml"]\n'
    root = '[tool.uv.workspace]\nmembers = ["packages/*"]\n' + (config if shared else "")
    there = adopting({"pyproject.toml": root, **inner})
    assert there("init", "--auth", "token", at="packages/extra") == 0
    changed, kept = ("pyproject.toml", "packages/extra/pyproject.toml")[:: 1 if shared else -1]
    assert there.text(changed).endswith(f'{config if shared else "[tool.tagship]" + chr(10)}auth = "token"\n')
    assert there.text(kept) == (MEMBER if shared else root)
    assert there("sync", "--check", at="packages/extra") == 0


@pytest.mark.parametrize("branch", ["release/1.x", "it's", "a&b#c", "ünïcode-🚀", "on"])
def test_names_that_need_quoting_are_written_right(adopting: Adopting, branch: str) -> None:
    """A default branch and a check with odd characters are read back as they are, by YAML and by sync."""
    there = adopting({".github/workflows/ci.yml": None})
    git(there.root, "branch", "--move", branch)
    assert there("init", "--ci", f"{branch} | {branch} \\ `x`") == 0
    document = read(there.text(WORKFLOW).encode(), WORKFLOW)
    assert document.problems == ()
    assert [scalar.text for scalar in scalars(document.root.get("on", "push", "branches"))] == [branch]
    assert "CI is green on " in there.text("PUBLISHING.md")
    assert there("sync", "--check") == 0


def test_renovate_is_left_to_do_its_work(adopting: Adopting) -> None:
    """Where Renovate is set up and Dependabot is not, there is no Dependabot file, and a note says why."""
    there = adopting({".github/renovate.json5": "{}\n"})
    before = there.state()
    assert there("init") == 0
    assert there.made(before) == [*ENVIRONMENTS, *LOCKS, WORKFLOW, "PUBLISHING.md"]
    assert "\nNote: .github/renovate.json5: Renovate keeps actions and .github/tagship up to date" in there.out


def test_build_requirements_that_cannot_be_locked_are_said(adopting: Adopting) -> None:
    """Where the index lacks a build requirement there is no build lock; the rest is written, a note has the reason."""
    there = adopting({"pyproject.toml": PYPROJECT.replace('["hatchling"]', '["hatchling", "no-such-backend"]')})
    assert there("init") == 0
    assert not (there.root / LOCKS[0]).exists()
    assert f"\nNote: {LOCKS[0]} was not written: The build requirements could not be installed: " in there.out
    assert [there("sync", "--check"), there("sync")] == [0, 0]
    assert f"Note: {LOCKS[0]} was not written: " in there.err


def test_without_an_index_nothing_is_written(adopting: Adopting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no index can be reached, init says what could not be locked and what to do, and writes nothing."""
    there = adopting()
    before = there.state()
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("TAGSHIP_CACHE_DIR", str(there.root.parent / "empty"))
    assert there("init") == 15
    assert "Nothing was written: what tagship needs could not be locked for .github/tagship/requirem" in there.err
    assert "UV_DEFAULT_INDEX names yours" in there.err
    assert there.made(before) == []


def test_a_lock_that_cannot_be_brought_up_to_date_is_no_success(adopting: Adopting) -> None:
    """Where the index lacks what the lock has to get, sync gives the reason, ends with 17, and keeps the lock."""
    there = adopting()
    there("init")
    there.replace("pyproject.toml", '["hatchling"]', '["hatchling", "no-such-backend"]')
    before = there.state()
    assert there("sync") == 17
    assert (
        f"left alone      {LOCKS[0]}\n    it lacks no-such-backend\n    The build requirements could not be"
        in there.out
    )
    assert there.made(before) == []


@pytest.mark.requirement("C5", "C6")
def test_a_page_that_somebody_edited_is_theirs(adopting: Adopting) -> None:
    """PUBLISHING.md is kept up to date until somebody changes it; then it is theirs, and no drift."""
    there = adopting()
    there("init")
    there.write("PUBLISHING.md", there.text("PUBLISHING.md").replace("# Publishing sample", "# How we publish"))
    there.replace("pyproject.toml", 'version = "1.0.0"', 'dynamic = ["version"]')
    before = there.state()
    assert [there("sync", "--check"), there("sync")] == [0, 0]
    assert there.made(before) == []


@pytest.mark.requirement("C1", "A9")
def test_who_writes_the_notes_is_locked_as_well(adopting: Adopting) -> None:
    """A project with fragments gets towncrier beside tagship, unless its notes come from elsewhere; sync adds it."""
    there = adopting()
    assert there("init") == 0
    assert "towncrier" not in there.text(LOCKS[1])
    there.write("towncrier.toml", '[tool.towncrier]\ndirectory = "news"\n')
    assert there("sync", "--check") == 17
    assert f"{LOCKS[1]}\n    it lacks towncrier\n" in there.out
    assert (there("sync"), there("sync", "--check")) == (0, 0)
    assert "\ntowncrier==" in there.text(LOCKS[1])
    assert "\ntagship==" in there.text(LOCKS[1])
    elsewhere = '\n[tool.tagship]\nnotes = "changelog"\n'
    there.write("pyproject.toml", there.text("pyproject.toml") + elsewhere)
    assert (there("sync", "--upgrade"), there("sync", "--check")) == (0, 0)
    assert "towncrier" not in there.text(LOCKS[1])
