"""Tags and versions that do not fit each other, the project or the standard, and those that do in unusual ways."""

from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tests.rehearsal.bad_input import not_begun, rehearsed, released, told
from tests.rehearsing import PYPROJECT, Stage, git, repository

COMPUTED = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
    "setup.py": (
        "from setuptools import setup\n\n"
        "setup(name='sample', version='.'.join(['1', '0', '0']), packages=['sample'], python_requires='>=3.9')\n"
    ),
    "tests/test_sample.py": None,
}
"""A project whose version is known once its code has run."""
HATCH_VCS = {
    "pyproject.toml": PYPROJECT.replace('["hatchling"]', '["hatchling", "hatch-vcs"]').replace(
        'version = "1.0.0"', 'dynamic = ["version"]'
    )
    + '\n[tool.hatch.version]\nsource = "vcs"\n'
}
SETUPTOOLS_SCM = {
    "pyproject.toml": PYPROJECT.replace('["hatchling"]', '["setuptools", "setuptools-scm"]')
    .replace("hatchling.build", "setuptools.build_meta")
    .replace('version = "1.0.0"', 'dynamic = ["version"]')
    + '\n[tool.setuptools]\npackages = ["sample"]\n\n[tool.setuptools_scm]\n'
}
GIT_VERSIONING = {
    "pyproject.toml": SETUPTOOLS_SCM["pyproject.toml"]
    .replace("setuptools-scm", "setuptools-git-versioning")
    .replace(
        "[tool.setuptools_scm]\n", "[tool.setuptools-git-versioning]\nenabled = true\nsort_by = 'version:refname'\n"
    ),
    ".gitignore": "*.egg-info/\n",  # or its first step makes the checkout dirty for the second
}
VERSIONINGIT = {
    "pyproject.toml": SETUPTOOLS_SCM["pyproject.toml"]
    .replace("setuptools-scm", "versioningit")
    .replace("[tool.setuptools_scm]", "[tool.versioningit]")
}
"""Two that obey no variable, so that a development version takes a tag in the clone. The first would go by the times
of the tags, which are all the same here."""


def declaring(version: str) -> dict[str, str]:
    """The sample with another version."""
    return {"pyproject.toml": PYPROJECT.replace('"1.0.0"', f'"{version}"')}


NOT_RELEASED = "The tag {0} is not released: "
EXAMPLES = "Tag the commit with a prefix and a PEP 440 version, for example v1.2.3 or v1.2.3rc1."


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    ("tag", "why", "remedy"),
    [
        ("v1.2.3-evil", "'1.2.3-evil' is not a PEP 440 version", "Delete the tag and use v1.2.3 or v1.2.3rc1."),
        ("v01.2.3", "'01.2.3' is not how the version 1.2.3 is spelt", "Delete the tag and use v1.2.3."),
        ("vfoo.bar.baz", "'foo.bar.baz' is not a PEP 440 version", EXAMPLES),
        ("main", "it does not begin with 'v', as this project's tags do", EXAMPLES),
        ("1.2.3", "it does not begin with 'v', as this project's tags do", "Delete the tag and use v1.2.3."),
        (
            "v1.2.3+local",
            "'1.2.3+local' has a local part, which package indexes refuse",
            "Delete the tag and use v1.2.3.",
        ),
        (
            "v1.2.3.dev4",
            "'1.2.3.dev4' is a development version, which is not made from a tag",
            "Delete the tag and use v1.2.3.",
        ),
        (
            'v1.0.0";curl${IFS}x|sh;"',
            "'1.0.0\";curl${IFS}x|sh;\"' is not a PEP 440 version",
            "Delete the tag and use v1.0.0 or v1.0.0rc1.",
        ),
    ],
)
def test_a_tag_that_names_no_release_is_refused(stage: Stage, tmp_path: Path, tag: str, why: str, remedy: str) -> None:
    """A tag that is spelt wrong is refused by the plan, with the right spelling where one can be made."""
    path = repository(tmp_path / "sample", {})
    for known in ("v0.8.0", "v0.9.0"):
        git(path, "tag", known)
    result = rehearsed(stage, path, Request(tag=tag))
    assert told(result) == [("plan", ("TE04", NOT_RELEASED.format(tag) + why, tag, remedy))]
    assert result.exchanges == ()


@pytest.mark.parametrize(
    ("tag", "remedy"),
    [
        ('v1.0.0";curl x|sh;"', "Use v1.0.0 or v1.0.0rc1."),
        ("v1..0", "Use v1 or v1rc1."),
        ("--help", "Use a tag such as v1.2.3."),
        ("v1.0.0\nv1.0.1", "Use v1.0.0 or v1.0.0rc1."),
        ("", "Use a tag such as v1.2.3."),
    ],
)
def test_a_tag_that_git_takes_not_is_refused(stage: Stage, tmp_path: Path, tag: str, remedy: str) -> None:
    """What git allows as no name is no option, no second line and no command, but refused before anything begins."""
    path = repository(tmp_path / "sample", {})
    message = f"Nothing was rehearsed: git takes no tag of the name {tag!r}"
    assert not_begun(stage, path, Request(tag=tag)) == ("TE04", message, tag, remedy)


@pytest.mark.requirement("A6")
@pytest.mark.parametrize("tag", ["v1.1.0", "v1.0", "v1.0.0rc1", "v1.0.0.post1"])
def test_a_tag_that_disagrees_with_the_declared_version_is_refused(stage: Stage, tmp_path: Path, tag: str) -> None:
    """A tag must say exactly what the project says: `1.0` gives files of other names than `1.0.0`."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", tag)
    result = rehearsed(stage, path, Request(tag=tag))
    message = f"The tag {tag} is not released: the project says it is version 1.0.0"
    remedy = f"Tag the commit that says {tag[1:]}, or delete the tag and set the version first."
    assert told(result) == [("plan", ("TE04", message, tag, remedy))]
    assert result.manifest.dists == ()


@pytest.mark.parametrize("options", [(), ("--annotate", "--message", "Release")], ids=["lightweight", "annotated"])
def test_both_kinds_of_tag_are_released(stage: Stage, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Lightweight and annotated tags are released alike, by the commit that they mean and not by the tag's own id."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", *options, "v1.0.0")
    result = rehearsed(stage, path, Request(tag="v1.0.0"))
    assert released(result) == ("ready", "sample 1.0.0 would be released on PyPI", "push of the tag v1.0.0")
    assert result.manifest.plan is not None
    assert result.manifest.plan.event.sha == git(path, "rev-parse", "HEAD")


def test_a_tag_may_be_named_as_git_does(stage: Stage, tmp_path: Path) -> None:
    """`refs/tags/v1.0.0` is the tag `v1.0.0`, not one of that whole name."""
    result = rehearsed(stage, repository(tmp_path / "sample", {}), Request(tag="refs/tags/v1.0.0"))
    assert released(result) == ("ready", "sample 1.0.0 would be released on PyPI", "push of the tag v1.0.0")


def test_a_tag_of_something_else_than_a_commit_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A tag may name a tree or a file, and then there is nothing to release."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0", "HEAD:LICENSE")
    message = "Nothing was rehearsed: the tag v1.0.0 names something else than a commit"
    assert not_begun(stage, path, Request(tag="v1.0.0")) == ("TE04", message, "v1.0.0", "Delete it, and tag a commit.")


@pytest.mark.requirement("A8")
def test_where_the_version_is_released_the_next_one_is_rehearsed(stage: Stage, tmp_path: Path) -> None:
    """The next patch is written into the rehearsal's clone, where nothing but the version's own line changes."""
    path = repository(tmp_path / "sample", {})
    for tag in ("v1.0.0", "v1.0.1"):
        git(path, "tag", tag)
    with stage.open(path) as opened:
        clone = opened.embedded.place.folder / "runner"
        changed = git(clone, "diff", "--unified=0", "v1.0.0", "HEAD").splitlines()
    assert [line for line in changed if line[0] in "+-"] == [
        "--- a/pyproject.toml",
        "+++ b/pyproject.toml",
        '-version = "1.0.0"',
        '+version = "1.0.2"',
    ]
    result = rehearsed(stage, path)
    said = "push of the tag v1.0.2, after setting the version in pyproject.toml"
    assert released(result) == ("ready", "sample 1.0.2 would be released on PyPI", said)


def test_calendar_versions_keep_their_zeros_in_tags_alone(stage: Stage, tmp_path: Path) -> None:
    """Tags with leading zeros go on as they are spelt; the version in the files is the normalised one."""
    path = repository(tmp_path / "sample", declaring("2026.01.02"))
    tagged = rehearsed(stage, path, Request(tag="2026.01.02"))
    assert released(tagged)[1:] == ("sample 2026.1.2 would be released on PyPI", "push of the tag 2026.01.02")
    git(path, "tag", "2026.01.02")
    said = "push of the tag 2026.01.03, after setting the version in pyproject.toml"
    assert released(rehearsed(stage, path))[1:] == ("sample 2026.1.3 would be released on PyPI", said)


def test_the_next_tag_of_a_computed_version_has_to_be_named(stage: Stage, tmp_path: Path) -> None:
    """Where only the project's code knows the version, nobody guesses one."""
    path = repository(tmp_path / "sample", COMPUTED)
    message = (
        "The next tag cannot be told: the version cannot be known: setup.py computes it: '.'.join(['1', '0', '0'])"
    )
    remedy = (
        "Declare it as a literal, best as `version` of [project] in pyproject.toml, or name what derives it."
        " Or name the tag: tagship rehearse --tag v1.2.3"
    )
    assert not_begun(stage, path) == ("TE04", message, "setup.py:3", remedy)


def test_a_computed_version_is_released_where_the_built_files_agree(stage: Stage, tmp_path: Path) -> None:
    """The tag's version is compared with the built metadata: the same is released, another refused before upload."""
    path = repository(tmp_path / "sample", COMPUTED)
    same, other = rehearsed(stage, path, Request(tag="v1.0.0")), rehearsed(stage, path, Request(tag="v1.1.0"))
    assert released(same)[:2] == ("ready", "sample 1.0.0 would be released on PyPI")
    assert {(at, code, title) for at, (code, title, _, _) in told(other)} == {
        ("check", "TC30", "the version is 1.0.0, the plan says 1.1.0"),
        ("check", "TC65", "The installed version is another one"),
    }
    assert not [e for e in other.exchanges if e.method == "POST"]


@pytest.mark.requirement("A6")
def test_no_development_version_is_guessed(stage: Stage, tmp_path: Path) -> None:
    """A version that code computes cannot be set, so that a push is refused by the build with the place of the code."""
    result = rehearsed(stage, repository(tmp_path / "sample", COMPUTED), Request(kind="push"))
    message = "the version was not set to 0.1.0.dev1: the version cannot be known: setup.py computes it: "
    remedy = "Declare it as a literal, best as `version` of [project] in pyproject.toml, or name what derives it."
    assert told(result) == [("build", ("TE03", message + "'.'.join(['1', '0', '0'])", "setup.py:3", remedy))]


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    "files",
    [HATCH_VCS, SETUPTOOLS_SCM, GIT_VERSIONING, VERSIONINGIT],
    ids=["hatch-vcs", "setuptools-scm", "setuptools-git-versioning", "versioningit"],
)
def test_versions_that_come_from_tags(stage: Stage, tmp_path: Path, files: dict[str, str]) -> None:
    """A tag gives its own version, the next tag the next patch, and a push a development version of that."""
    path = repository(tmp_path / "sample", files)
    git(path, "tag", "v2.0.0")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "More")
    old, new = rehearsed(stage, path, Request(tag="v2.0.0")), rehearsed(stage, path)
    pushed = rehearsed(stage, path, Request(kind="push"))
    assert [released(result) for result in (old, new, pushed)] == [
        ("ready", "sample 2.0.0 would be released on PyPI", "push of the tag v2.0.0"),
        ("ready", "sample 2.0.1 would be released on PyPI", "push of the tag v2.0.1"),
        ("ready", "sample 2.0.1.dev2 would be released on TestPyPI", "push to main"),
    ]


def test_a_shallow_clone_has_no_next_tag_where_tags_are_the_version(stage: Stage, tmp_path: Path) -> None:
    """A shallow clone lacks the tags that the next one follows, so that it has to be named."""
    path = repository(tmp_path / "sample", HATCH_VCS)
    git(path, "tag", "v2.0.0")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "More")
    git(tmp_path, "clone", "--quiet", "--depth", "1", path.as_uri(), "shallow")
    assert not_begun(stage, tmp_path / "shallow") == (
        "TE04",
        "The next tag cannot be told: the version comes from the tags, and this clone is shallow and has none",
        "pyproject.toml [tool.hatch.version]",
        "git fetch --unshallow --tags; or name it: tagship rehearse --tag v1.2.3",
    )
    named = rehearsed(stage, tmp_path / "shallow", Request(tag="v2.0.1"))
    assert released(named)[:2] == ("ready", "sample 2.0.1 would be released on PyPI")


def packages(folder: Path) -> Path:
    """A repository with two packages and none at its root."""
    files: dict[str, str | None] = {"pyproject.toml": None, "sample/__init__.py": None, "tests/test_sample.py": None}
    for name in ("one", "two"):
        project = PYPROJECT.replace('name = "sample"', f'name = "{name}"').replace("sample =", f"{name} =")
        files[f"packages/{name}/pyproject.toml"] = project.replace("sample:main", f"{name}:main")
        files[f"packages/{name}/README.md"] = f"# {name}\n"
        files[f"packages/{name}/LICENSE"] = "MIT\n"
        files[f"packages/{name}/{name}/__init__.py"] = (
            "import argparse\n\n\ndef main():\n    argparse.ArgumentParser().parse_args()\n"
        )
    return repository(folder, files)


def test_one_of_several_packages_has_to_be_named(stage: Stage, tmp_path: Path) -> None:
    """Where several packages share a repository, the root is none of them, and they are listed."""
    path = packages(tmp_path / "several")
    message = "Nothing was rehearsed: the packages lie below the root of the repository: packages/one, packages/two"
    remedy = "Name one of them: tagship rehearse --package packages/one"
    assert not_begun(stage, path) == ("TE02", message, "", remedy)


@pytest.mark.requirement("D8")
def test_each_of_several_packages_has_its_own_tags(stage: Stage, tmp_path: Path) -> None:
    """A package is named or its folder is, its tags carry its own prefix, and another package's tag is refused."""
    path = packages(tmp_path / "several")
    first, folder = rehearsed(stage, path, Request(package="packages/one")), rehearsed(stage, path / "packages" / "two")
    assert released(first)[1:] == ("one 1.0.0 would be released on PyPI", "push of the tag one-v1.0.0")
    assert released(folder)[1:] == ("two 1.0.0 would be released on PyPI", "push of the tag two-v1.0.0")
    for tag in ("one-v1.0.0", "two-v1.0.0"):
        git(path, "tag", tag)
    bumped = rehearsed(stage, path, Request(package="packages/one"))
    said = "push of the tag one-v1.0.1, after setting the version in pyproject.toml"
    assert released(bumped)[1:] == ("one 1.0.1 would be released on PyPI", said)
    result = rehearsed(stage, path, Request(package="packages/one", tag="two-v1.0.0"))
    message = "The tag two-v1.0.0 is not released: it does not begin with 'one-v', as this project's tags do"
    assert told(result) == [("plan", ("TE04", message, "two-v1.0.0", "Delete the tag and use one-v1.0.0."))]
