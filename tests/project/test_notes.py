"""Release notes: from a changelog, from fragments, from commits of every style."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from tagship.errors import ProjectError
from tagship.project import notes
from tagship.project.commits import Commit, Person, effective
from tagship.project.discover import read
from tagship.project.next_version import choose, current
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.cli.calling import IMPORTED, Answer, call, inside
from tests.rehearsing import PYPROJECT, git, repository

pytestmark = pytest.mark.requirement("B5")

ADA = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.invalid"}
BOT = {"GIT_AUTHOR_NAME": "dependabot[bot]", "GIT_AUTHOR_EMAIL": "49699333+dependabot[bot]@users.noreply.example"}


def commit(root: Path, message: str, **who: str) -> None:
    """An empty commit by somebody."""
    words = ("--author", f"{who['GIT_AUTHOR_NAME']} <{who['GIT_AUTHOR_EMAIL']}>") if who else ()
    git(root, "commit", "--quiet", "--allow-empty", "--message", message, *words)


def made(root: Path, version: str, wanted: notes.Source | None = None) -> notes.Notes:
    """The notes of a version of the repository."""
    door = Git(Shell(dict(os.environ)), root)
    return notes.of(read(root, door), door, Version(version), notes.Helpers(), wanted)


def test_conventional_commits(tmp_path: Path) -> None:
    """Conventional commits are grouped, with scopes, what breaks first, bots folded and contributors named."""
    root = repository(tmp_path, {})
    git(root, "tag", "v1.0.0")
    commit(root, "feat(cli): add a colour (#12)")
    commit(root, "fix: `dump()` keeps order", **ADA)
    commit(root, "refactor!: rename everything\n\nBREAKING CHANGE: `load` is called `read`")
    commit(root, "chore: tidy")
    commit(root, "build(deps): bump x", **BOT)
    commit(root, "chore(release): 1.1.0")
    git(root, "tag", "v1.1.0")
    assert made(root, "1.1.0") == notes.Notes(
        text="### Breaking changes\n\n- `load` is called `read`\n\n"
        "### Features\n\n- **cli**: Add a colour (#12)\n\n"
        "### Fixes\n\n- `dump()` keeps order\n\n"
        "### Other changes\n\n- Rename everything\n\n"
        "1 update by dependabot\n\n"
        "Thanks to somebody, Ada (first contribution).",
        source="6 commits since v1.0.0",
    )


def test_free_text_by_merged_pull_request(tmp_path: Path) -> None:
    """Where commits are free text, a merged pull request is told by title and number, and its commits are not."""
    root = repository(tmp_path, {})
    git(root, "tag", "v1.0.0")
    git(root, "checkout", "--quiet", "-b", "topic")
    commit(root, "wip", **ADA)
    commit(root, "more wip", **ADA)
    git(root, "checkout", "--quiet", "main")
    title = "Merge pull request #7 from ada/topic\n\nRead dates in every calendar"
    git(root, "merge", "--quiet", "--no-ff", "--message", title, "topic")
    commit(root, "Squash this one (#8)")
    commit(root, "Bump version to 1.0.1")
    assert made(root, "1.0.1").text == (
        "### Changes\n\n- Squash this one (#8)\n- Read dates in every calendar (#7)\n\n"
        "Thanks to Ada (first contribution), somebody."
    )


def test_the_same_title_is_told_once(tmp_path: Path) -> None:
    """Commits of the same title are one change, that with a pull request; what begins a version is none."""
    root = repository(tmp_path, {})
    git(root, "tag", "v1.0.0")
    for message in ("Trim every line", "Trim every line (#8)", "trim every line", "Start new development cycle"):
        commit(root, message)
    text = "### Changes\n\n- Trim every line (#8)\n\nThanks to somebody."
    assert made(root, "1.0.1") == notes.Notes(text=text, source="4 commits since v1.0.0")


def test_one_package_among_several(tmp_path: Path) -> None:
    """The notes and the next version of a package are about the commits that changed something in its folder."""
    projects = {f"packages/{name}/pyproject.toml": PYPROJECT.replace('"sample"', f'"{name}"') for name in ("a", "b")}
    root = repository(tmp_path, projects)
    git(root, "tag", "a-v1.0.0")

    def change(name: str, message: str) -> None:
        (root / "packages" / name / "news.txt").write_text(message)
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", message)

    change("b", "feat!: b is new")
    change("a", "fix: a is right again")
    git(root, "checkout", "--quiet", "-b", "topic")
    change("b", "b alone")
    git(root, "checkout", "--quiet", "main")
    git(root, "merge", "--quiet", "--no-ff", "--message", "Merge pull request #7 from o/topic\n\nOnly b", "topic")
    door = Git(Shell(dict(os.environ)), root)
    project = read(root / "packages" / "a", door)
    told = notes.of(project, door, Version("1.0.1"), notes.Helpers())
    assert (told.text, told.source) == (
        "### Fixes\n\n- A is right again\n\nThanks to somebody.",
        "1 commit since a-v1.0.0",
    )
    assert str(choose(project, door, current(project, door), ["auto"]).version) == "1.0.1"


def test_programs_are_no_people_and_people_are_named_once(tmp_path: Path) -> None:
    """A merge of a program's branch is the program's, a program is not thanked, who has two spellings is one person."""
    root = repository(tmp_path, {})
    git(root, "tag", "v1.0.0")
    for name in ("Ada Lovelace", "ada.lovelace"):
        commit(root, f"By {name}", GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=f"{len(name)}@example.invalid")
    tools = ("Copilot <1+Copilot@users.noreply.example>", "An assistant <noreply@anthropic.com>")
    people = "Grace <grace@anthropic.com>"
    commit(root, "\n".join(("With help\n", *(f"Co-authored-by: {one}" for one in (*tools, people)))), **ADA)
    commit(root, "Update changelog", **ADA)
    branch = git(root, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Bump x")
    title = "Merge pull request #9 from owner/dependabot/pip/x\n\nBump x from 1 to 2"
    git(root, "merge", "--quiet", "--no-ff", "--message", title, branch)
    assert made(root, "1.1.0").text == (
        "### Changes\n\n- With help\n- By ada.lovelace\n- By Ada Lovelace\n\n"
        "1 update by dependabot\n\n"
        "Thanks to Ada Lovelace (first contribution), Ada (first contribution), Grace (first contribution), somebody."
    )


def test_the_first_release(tmp_path: Path) -> None:
    """A first release tells the whole history, nobody's first contribution, and has nothing to be compared with."""
    root = repository(tmp_path, {})
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    found = made(root, "1.0.0")
    assert found == notes.Notes(
        text="### Changes\n\n- A sample\n\nThanks to somebody.", source="1 commit since the beginning"
    )
    door = Git(Shell(dict(os.environ)), root)
    project = read(root, door)
    assert notes.compare(project, notes.span_of(project, door, Version("1.0.0")), Version("1.0.0")) == ""


def test_a_changelog_comes_first_and_its_unreleased_section_is_for_the_next(tmp_path: Path) -> None:
    """The section about a version is its notes; of a version that is still to come, the unreleased one is."""
    root = repository(
        tmp_path, {"CHANGELOG.md": "# Changes\n\n## Unreleased\n\n- Soon.\n\n## 1.0.0 (2026-01-02)\n\n- A day.\n"}
    )
    git(root, "tag", "v1.0.0")
    commit(root, "feat: not told")
    assert made(root, "1.0.0") == notes.Notes(text="- A day.", source="CHANGELOG.md")
    assert made(root, "1.1.0") == notes.Notes(text="- Soon.", source="CHANGELOG.md, unreleased")


def test_nothing_to_tell(tmp_path: Path) -> None:
    """Where no source says anything, that is an error with what to do, and no empty page."""
    root = repository(tmp_path, {})
    git(root, "tag", "v1.0.0")
    with pytest.raises(ProjectError, match=r"there are no notes about 1\.1") as caught:
        made(root, "1.1")
    assert caught.value.remedy.startswith("Write a section about it into the changelog")
    with pytest.raises(ProjectError, match=r"there are no notes about 1\.1 in the changelog"):
        made(root, "1.1", "changelog")


@pytest.mark.parametrize(
    ("version", "start"), [("1.1.0", "v1.0.0"), ("2.0.0", "v1.0.0"), ("1.1.0rc2", "v1.1.0rc1"), ("1.0.1", "v1.0.0")]
)
def test_what_a_version_is_compared_with(tmp_path: Path, version: str, start: str) -> None:
    """A final release follows the final one before it, a pre-release any; what is on another branch never counts."""
    root = repository(tmp_path, {})
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    git(root, "tag", "v1.0.0")
    git(root, "checkout", "--quiet", "-b", "elsewhere")
    commit(root, "elsewhere")
    git(root, "tag", "v1.0.5")
    git(root, "checkout", "--quiet", "main")
    commit(root, "candidate")
    git(root, "tag", "v1.1.0rc1")
    commit(root, "more")
    door = Git(Shell(dict(os.environ)), root)
    project = read(root, door)
    span = notes.span_of(project, door, Version(version))
    assert span == notes.Range(start=start, end="HEAD")
    expected = f"https://github.com/owner/sample/compare/{start}...v{version}"
    assert notes.compare(project, span, Version(version)) == expected


def test_reverts_cancel_each_other() -> None:
    """A commit and its revert in one range are not told; one that was reverted and brought back is."""

    def one(sha: str, subject: str, body: str = "") -> Commit:
        return Commit(sha=sha * 40, subject=subject, body=body, author=Person(name="a", email="a"))

    taken_back = [one("b", 'Revert "Add x"', f"This reverts commit {'a' * 40}."), one("a", "Add x")]
    assert effective(taken_back) == ()
    back = [one("c", 'Revert "Revert"', f"This reverts commit {'b' * 40}."), *taken_back]
    assert [commit.subject for commit in effective(back)] == ["Add x"]
    other = [one("b", 'Revert "Add y"', f"This reverts commit {'f' * 40}."), one("a", "Add x")]
    assert [commit.subject for commit in effective(other)] == ['Revert "Add y"', "Add x"]


def test_the_command(tmp_path: Path) -> None:
    """`tagship notes` prints the notes and the comparison on stdout, and where they come from on stderr."""
    root = repository(tmp_path / "project", {})
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    git(root, "tag", "v0.9.0")
    commit(root, "- Read dates")  # as some write their titles
    assert inside("notes", cwd=root) == Answer(
        code=0,
        out="### Changes\n\n- Read dates\n\nThanks to somebody.\n\n"
        "[All changes](https://github.com/owner/sample/compare/v0.9.0...v1.0.0)\n",
        err="sample 1.0.0: from 1 commit since v0.9.0\n",
    )
    wrong = inside("notes", "newest", cwd=root)
    assert (wrong.code, wrong.out) == (2, "")
    assert "There are no notes: 'newest' is not a version" in wrong.err


def test_the_notes_of_a_development_version(tmp_path: Path) -> None:
    """A project that declares a development version is told what the release that it leads to will say."""
    files = {
        "pyproject.toml": PYPROJECT.replace('version = "1.0.0"', 'version = "1.1.0.dev0"'),
        "CHANGELOG.md": "## 1.1.0\n\n- A week.\n\n## 1.0.0\n\n- A day.\n",
    }
    root = repository(tmp_path / "project", files)
    assert inside("notes", cwd=root) == Answer(code=0, out="- A week.\n", err="sample 1.1.0: from CHANGELOG.md\n")


def test_nobody_who_could_write_them(tmp_path: Path) -> None:
    """Notes that GitHub or towncrier is to write are refused where no token, no repository or no towncrier is there.

    Where others can step in, they do, and it is said who was missing.
    """
    root = repository(
        tmp_path / "project",
        {"towncrier.toml": "[tool.towncrier]\ndirectory = 'news'\n"},
    )
    nowhere = inside("notes", "--from", "github", cwd=root)
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    anonymous = inside("notes", "--from", "github", cwd=root)
    assert [(answer.code, answer.out) for answer in (nowhere, anonymous)] == [(2, ""), (2, "")]
    assert "GitHub was not asked for notes: there is no repository on GitHub" in nowhere.err
    assert "GitHub was not asked for notes: there is no token" in anonymous.err
    assert "gh auth login" in anonymous.err
    (tmp_path / "without").mkdir()
    (tmp_path / "without/sitecustomize.py").write_text("import sys\nsys.modules['towncrier'] = None\n")
    without = {"PATH": str(which_git(tmp_path)), "PYTHONPATH": f"{tmp_path / 'without'}{os.pathsep}{IMPORTED}"}
    lost = call("notes", "--from", "fragments", cwd=root, environ=without)
    assert (lost.code, lost.out) == (2, "")
    assert "towncrier is not installed" in lost.err
    fallen = call("notes", cwd=root, environ=without)
    assert (fallen.code, fallen.err.splitlines()) == (
        0,
        [
            "warning: There are no notes from fragments: towncrier is not installed",
            "sample 1.0.0: from 1 commit since the beginning",
        ],
    )


def which_git(folder: Path) -> Path:
    """A folder for PATH in which git is alone."""
    program = shutil.which("git")
    assert program is not None
    place = folder / "bin"
    place.mkdir()
    (place / "git").symlink_to(program)
    return place


FRAGMENTS = {
    "pyproject.toml": PYPROJECT
    + '[tool.towncrier]\nname = "Sample Of Ours"\ndirectory = "news"\nfilename = "NEWS.rst"\n'
    'issue_format = "`#{issue} <https://example.invalid/{issue}>`__"\n'
    '[[tool.towncrier.type]]\ndirectory = "gain"\nname = "Gains"\nshowcontent = true\n',
    "news/12.gain.rst": "Dates in every calendar.\n",
    "NEWS.rst": "News\n====\n\n.. towncrier release notes start\n",
}


@pytest.mark.parametrize("title", ["", 'title_format = ""\n'])
def test_fragments_by_the_real_towncrier(tmp_path: Path, title: str) -> None:
    """What towncrier would write, with the project's own settings, is the notes of what is to come, and of no other."""
    project = FRAGMENTS["pyproject.toml"].replace('directory = "news"\n', f'directory = "news"\n{title}')
    root = repository(tmp_path / "project", {**FRAGMENTS, "pyproject.toml": project})
    git(root, "tag", "v0.9.0", "HEAD")
    commit(root, "feat: not told")
    environ = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    told = inside("notes", cwd=root, environ=environ)
    assert (told.code, told.err) == (0, "sample 1.0.0: from towncrier's fragments\n")
    assert told.out == "### Gains\n\n- Dates in every calendar. ([#12](https://example.invalid/12))\n"
    assert git(root, "status", "--porcelain") == ""
    beside = inside("notes", cwd=root, environ={"PATH": str(which_git(tmp_path))})  # as a workflow installs it
    assert (beside.code, beside.out) == (0, told.out), beside.err
    before = inside("notes", "0.9.0", cwd=root, environ=environ)
    assert (before.code, before.out) == (0, "### Changes\n\n- A sample\n\nThanks to somebody.\n")


def test_the_configuration_chooses(tmp_path: Path) -> None:
    """`notes` in the configuration is where they come from; `--from` is asked before it, and no other word is taken."""
    files = {
        "pyproject.toml": PYPROJECT + '[tool.tagship]\nnotes = "commits"\n',
        "CHANGELOG.md": "## 1.0.0\n\n- A day.\n",
    }
    root = repository(tmp_path / "project", files)
    assert inside("notes", cwd=root).out == "### Changes\n\n- A sample\n\nThanks to somebody.\n"
    assert inside("notes", "--from", "changelog", cwd=root).out == "- A day.\n"
    (root / "pyproject.toml").write_text(PYPROJECT + '[tool.tagship]\nnotes = "press"\n')
    wrong = inside("notes", cwd=root)
    assert (wrong.code, wrong.out) == (3, "")
    assert "the configuration was not understood: Invalid enum value 'press'" in wrong.err
