"""`tagship version` as a maintainer types it."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import Answer, inside
from tests.rehearsing import PYPROJECT, git, repository

DERIVED = PYPROJECT.replace('version = "1.0.0"', 'dynamic = ["version"]').replace(
    'requires = ["hatchling"]', 'requires = ["hatchling", "hatch-vcs"]'
)
VCS = {"pyproject.toml": DERIVED + '\n[tool.hatch.version]\nsource = "vcs"\n'}
INIT = {"sample/__init__.py": '__version__ = "1.0.0"\n\n\ndef main():\n    pass\n'}


@pytest.mark.requirement("B1")
def test_current_prints_the_version_alone(tmp_path: Path) -> None:
    """`current` prints the bare version as the file spells it, in the repository and in a folder without git."""
    root = repository(tmp_path / "project", {})
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "pyproject.toml").write_text(PYPROJECT.replace("1.0.0", "2024.04.01"))
    assert inside("version", "current", cwd=root) == Answer(code=0, out="1.0.0\n", err="")
    assert inside("version", "current", cwd=tmp_path / "plain") == Answer(code=0, out="2024.04.01\n", err="")


@pytest.mark.requirement("B1", "B2")
def test_bump(tmp_path: Path) -> None:
    """`bump` changes the version in every place, prints the new one, and says what to do next."""
    root = repository(tmp_path / "project", INIT)
    assert inside("version", "bump", "minor", cwd=root) == Answer(
        code=0,
        out="1.1.0\n",
        err="1.0.0 is now 1.1.0 (minor)\n"
        "  pyproject.toml:7  1.0.0 → 1.1.0  [project].version\n"
        "  sample/__init__.py:1  1.0.0 → 1.1.0  __version__\n"
        "Next:\n"
        "  git add pyproject.toml sample/__init__.py\n"
        "  git commit --message 'Release 1.1.0'\n"
        "  tagship rehearse\n"
        "  git tag v1.1.0\n"
        "  git push --atomic origin main v1.1.0\n",
    )
    assert (
        git(root, "diff", "--stat", "--format=").splitlines()[-1] == " 2 files changed, 2 insertions(+), 2 deletions(-)"
    )
    assert inside("version", "current", cwd=root).out == "1.1.0\n"


def test_dry_run_prints_the_difference(tmp_path: Path) -> None:
    """`--dry-run` prints what `git diff` would show after the change, and changes nothing."""
    root = repository(tmp_path / "project", INIT)
    answer = inside("version", "bump", "patch", "--dry-run", cwd=root)
    assert (answer.code, git(root, "status", "--short")) == (0, "")
    assert answer.err.startswith("1.0.0 would become 1.0.1 (patch)\n")
    inside("version", "bump", "patch", cwd=root)
    changes = [line for line in git(root, "diff").splitlines() if line[:1] in "+-"]
    assert [line for line in answer.out.splitlines() if line[:1] in "+-"] == changes


def test_json(tmp_path: Path) -> None:
    """`--json` gives the edits as data."""
    root = repository(tmp_path / "project", {})
    answer = inside("version", "bump", "major", "rc", "--dry-run", "--json", cwd=root)
    assert json.loads(answer.out) == {
        "schema": 1,
        "before": "1.0.0",
        "after": "2.0.0rc1",
        "tag": "v2.0.0rc1",
        "written": False,
        "edits": [
            {"kind": "[project].version", "file": "pyproject.toml", "line": 7, "before": "1.0.0", "after": "2.0.0rc1"}
        ],
    }


@pytest.mark.requirement("B3")
def test_a_version_from_tags(tmp_path: Path) -> None:
    """Where the tag is the version, `current` is the newest tag's, and `bump` edits nothing and names the next tag."""
    root = repository(tmp_path / "project", VCS)
    none = inside("version", "current", cwd=root)
    assert (none.code, none.out) == (3, "")
    assert "there is no version yet: hatch-vcs takes it from tags, and no tag leads to this commit" in none.err
    git(root, "tag", "v0.3.0")
    assert inside("version", "current", cwd=root) == Answer(code=0, out="0.3.0\n", err="")
    answer = inside("version", "bump", "minor", cwd=root)
    assert answer.out == "0.4.0\n"
    assert answer.err == (
        "Nothing to edit: hatch-vcs takes the version from the tag. The next one is 0.4.0.\n"
        "Next:\n  tagship rehearse --tag v0.4.0\n  git tag v0.4.0\n  git push --atomic origin main v0.4.0\n"
    )
    assert git(root, "status", "--short") == ""


def test_a_shallow_clone_says_how_to_get_the_tags(tmp_path: Path) -> None:
    """In a clone whose history is cut off, a version from tags is an error that names the command that fetches them."""
    root = repository(tmp_path / "project", VCS)
    git(root, "tag", "v0.3.0")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "more")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-tags", f"file://{root}", "shallow")
    answer = inside("version", "current", cwd=tmp_path / "shallow")
    assert answer.code == 3
    assert "its history is cut off (git fetch --unshallow --tags)" in " ".join(answer.err.split())


@pytest.mark.requirement("B4")
def test_auto_reads_the_commits(tmp_path: Path) -> None:
    """`next` without a part is what the Conventional Commits since the last release ask for, and nothing else."""
    root = repository(tmp_path / "project", {})
    git(root, "tag", "v1.0.0")
    empty = inside("version", "next", cwd=root)
    assert "the next version is not known: there is no commit since v1.0.0" in empty.err
    for subject, expected in (("fix: a", "1.0.1"), ("feat: b", "1.1.0"), ("fix!: c", "2.0.0"), ("docs: d", "2.0.0")):
        git(root, "commit", "--quiet", "--allow-empty", "--message", subject)
        assert inside("version", "next", cwd=root) == Answer(code=0, out=f"{expected}\n", err="")


REFUSED = [
    (["bump", "a"], "Nothing was changed: 1.0.0 with a is 1.0.0a1, which is not newer", "patch a, minor a, major a"),
    (
        ["bump", "stable"],
        "Nothing was changed: 1.0.0 with stable is 1.0.0, which is not newer",
        "patch, minor or major",
    ),
    (["bump", "huge"], "Nothing was changed: there is no part 'huge'", "Use one of major, minor"),
    (["bump", "patch"], "Nothing was changed: 1.0.1 was released as v1.0.1", "The highest released version is 1.0.1"),
    (["set", "0.9"], "Nothing was changed: 0.9 is not newer than 1.0.0", "The next one is 1.0.1."),
    (["set", "1.1+local"], "'1.1+local' has a local part, which package indexes refuse", "Use 1.1."),
    (["set", "1.x"], "'1.x' is not a PEP 440 version", "Use 1 or 1rc1."),
    (["validate", "1.2.3-rc.1"], "'1.2.3-rc.1' is not how the version 1.2.3rc1 is spelt", "Use 1.2.3rc1."),
    (["validate", "1.2.3-test"], "'1.2.3-test' is not a PEP 440 version", "Use 1.2.3 or 1.2.3rc1."),
    (["validate", "newest"], "'newest' is not a PEP 440 version", "Use a version like 1.2.3 or 1.2.3rc1."),
]


@pytest.mark.requirement("B1", "B4")
@pytest.mark.parametrize(("words", "what", "remedy"), REFUSED, ids=[" ".join(words) for words, _, _ in REFUSED])
def test_refused(tmp_path: Path, words: list[str], what: str, remedy: str) -> None:
    """What goes backwards, repeats a release or is no version changes nothing, and says what would do."""
    root = repository(tmp_path / "project", {})
    git(root, "tag", "v1.0.1")
    answer = inside("version", *words, cwd=root)
    said = " ".join(answer.err.split())
    assert (answer.code, answer.out, git(root, "status", "--short")) == (2, "", "")
    assert what in said
    assert remedy in said


@pytest.mark.requirement("B4", "B7")
def test_validate_the_projects_own(tmp_path: Path) -> None:
    """Without a version, as the pre-commit hook calls it, the declared one is judged, and that it stands everywhere."""
    root = repository(tmp_path / "project", {"docs/conf.py": "release = '1.0.0'\n"})
    answer = inside("version", "validate", cwd=root)
    assert answer == Answer(code=0, out="", err="1.0.0 is a final release; its tag is usually v1.0.0\n")
    (root / "docs/conf.py").write_text("release = '0.9'\n")
    answer = inside("version", "validate", cwd=root)
    assert answer.code == 3
    assert "The version is 1.0.0, and not everywhere: docs/conf.py:1 release: 0.9" in " ".join(answer.err.split())
    (root / "docs/conf.py").unlink()
    (root / "pyproject.toml").write_text((root / "pyproject.toml").read_text().replace("1.0.0", "1.0.0+local"))
    answer = inside("version", "validate", cwd=root)
    assert (answer.code, "has a local part, which package indexes refuse" in " ".join(answer.err.split())) == (2, True)


def test_validate_a_development_version(tmp_path: Path) -> None:
    """Of a development version it is said that no tag releases it, whether the project declares it or it is named."""
    root = repository(
        tmp_path / "project", {"pyproject.toml": PYPROJECT.replace('version = "1.0.0"', 'version = "1.0.1dev"')}
    )
    said = "1.0.1.dev0 is a development version, which no tag releases\n"
    assert inside("version", "validate", cwd=root) == Answer(code=0, out="", err=said)
    assert inside("version", "validate", "1.0.1.dev0", cwd=tmp_path) == Answer(code=0, out="", err=said)


def test_a_version_that_code_computes(tmp_path: Path) -> None:
    """A version that only running the project's code would tell is neither shown nor changed."""
    script = "from setuptools import setup\n\nsetup(name='sample', version='.'.join(['1', '0']))\n"
    root = repository(tmp_path / "project", {"pyproject.toml": None, "setup.py": script})
    answer = inside("version", "bump", "patch", cwd=root)
    assert (answer.code, answer.out) == (3, "")
    assert "the version cannot be known: setup.py computes it" in " ".join(answer.err.split())


@pytest.mark.requirement("B1")
def test_info(tmp_path: Path) -> None:
    """`info` names the source, the copies, those out of step, the last release and what may come next."""
    files = INIT | {"docs/conf.py": 'release = "0.9"\n'}
    root = repository(tmp_path / "project", files)
    git(root, "tag", "v0.9.0")
    answer = inside("version", "info", cwd=root)
    assert answer == Answer(
        code=0,
        out="version\t1.0.0\tpyproject.toml:7 [project].version\n"
        "copy\tsample/__init__.py:1 __version__\tkept in step\n"
        "stray\tdocs/conf.py:1 release: 0.9\tsays another version, and is left alone\n"
        "released\tv0.9.0\tthe highest version that has a tag\n"
        "bump major\t2.0.0\ttag v2.0.0\n"
        "bump minor\t1.1.0\ttag v1.1.0\n"
        "bump patch\t1.0.1\ttag v1.0.1\n"
        "bump post\t1.0.0.post1\ttag v1.0.0.post1\n",
        err="",
    )


def test_one_of_several_packages(tmp_path: Path) -> None:
    """`--package` names one of several; inside its folder nothing needs to be named, and only its files change."""
    root = repository(
        tmp_path / "project", {"libs/one/pyproject.toml": PYPROJECT, "libs/two/pyproject.toml": PYPROJECT}
    )
    answer = inside("version", "bump", "patch", "--package", "libs/one", cwd=root)
    assert answer.err.splitlines()[1:4] == [
        "  libs/one/pyproject.toml:7  1.0.0 → 1.0.1  [project].version",
        "Next:",
        "  git add libs/one/pyproject.toml",
    ]
    assert inside("version", "bump", "minor", cwd=root / "libs" / "two").out == "1.1.0\n"
    assert git(root, "status", "--short") == "M libs/one/pyproject.toml\n M libs/two/pyproject.toml"
    assert inside("version", "current", "--package", "libs/one", cwd=root).out == "1.0.1\n"


@pytest.mark.parametrize(
    "words",
    [
        ("version", "info"),
        ("version", "current"),
        ("release", "patch", "--dry-run"),
        ("notes",),
        ("changelog", "check"),
    ],
)
def test_the_root_of_several_packages_is_none(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Where the packages lie below the root, they are listed, and one has to be named: nothing is called missing."""
    several = dict.fromkeys(("libs/one/pyproject.toml", "libs/two/pyproject.toml"), PYPROJECT)
    root = repository(tmp_path / "project", {"pyproject.toml": None, **several})
    answer = inside(*words, cwd=root)
    assert (answer.code, answer.out) == (2, "")
    assert " ".join(answer.err.split()).startswith(
        "error TE02: Nothing was done: the packages lie below the root of the repository: libs/one, libs/two "
        "fix: Name one of them: --package libs/one"
    )


COPY = PYPROJECT + '\n[[tool.tagship.version-copies]]\nfile = "README.md"\ntext = "badge/version-{version}-blue"\n'


@pytest.mark.requirement("B3")
def test_a_configured_copy(tmp_path: Path) -> None:
    """A badge that the configuration names is kept in step at every place, and one that says something else is said."""
    badges = "![v](badge/version-1.0.0-blue) 1.0.0 ![v](badge/version-1.0.0-blue)\n"
    root = repository(tmp_path / "project", {"pyproject.toml": COPY, "README.md": badges})
    assert inside("version", "bump", "minor", cwd=root).code == 0
    assert (root / "README.md").read_text() == badges.replace("version-1.0.0", "version-1.1.0")
    (root / "README.md").write_text("no badge\n")
    answer = inside("version", "bump", "minor", cwd=root)
    assert (answer.code, answer.out) == (3, "")
    assert "README.md does not say 'badge/version-1.1.0-blue'" in answer.err
    assert inside("version", "current", cwd=root).out == "1.1.0\n"
