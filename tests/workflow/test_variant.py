"""Which workflow fits a repository."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from tagship.errors import ProjectError
from tagship.project.discover import read
from tagship.project.patterns import matches
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.workflow.variant import RUNNERS, Variant, publishers, variant
from tests.rehearsing import PYPROJECT, git, repository

HOME = "git@github.com:octo-org/sample.git"
USUAL = Variant(project="sample", repository="octo-org/sample")


def variant_of(path: Path, package: str = ".") -> Variant:
    """The workflow for a package of a repository."""
    shell = Shell({"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(path)})
    return variant(read(path / package, Git(shell, path)))


def cloned(folder: Path, files: Mapping[str, str | bytes | None], *tags: str, home: str = HOME) -> Path:
    """A repository with its home on GitHub."""
    path = repository(folder / "sample", files)
    git(path, "remote", "add", "origin", home)
    for tag in tags:
        git(path, "tag", tag)
    return path


def test_a_usual_project(tmp_path: Path) -> None:
    """Nothing has to be configured."""
    assert variant_of(cloned(tmp_path, {})) == USUAL


@pytest.mark.requirement("A7")
def test_what_is_configured(tmp_path: Path) -> None:
    """Authorisation, environments, tags and the override come from the configuration."""
    table = (
        '[tool.tagship]\nauth = "token"\ntag = "rel+{version}"\nallow-override = true\n'
        'environments = { pypi = "production", testpypi = "staging" }\n'
    )
    assert variant_of(cloned(tmp_path, {"pyproject.toml": f"{PYPROJECT}\n{table}"})) == msgspec.structs.replace(
        USUAL, auth="token", tags=r"rel\+*.*.*", allow_override=True, pypi="production", testpypi="staging"
    )


@pytest.mark.requirement("A12")
def test_whose_workflow_it_is(tmp_path: Path) -> None:
    """A workflow that is named after another package, or started by tags of others only, publishes none but those."""

    def uploads(triggers: str) -> str:
        steps = "[{uses: pypa/gh-action-pypi-publish@release/v1}]"
        return f"on: {triggers}\njobs:\n  up:\n    runs-on: ubuntu-latest\n    steps: {steps}\n"

    folders = {f"packages/{name}": name for name in ("one", "one-more", "two", "three")}
    projects = {f"{at}/pyproject.toml": PYPROJECT.replace('"sample"', f'"{name}"') for at, name in folders.items()}
    workflows = {
        "one.yml": "workflow_dispatch",
        "release_one_more.yml": "workflow_dispatch",
        "all.yml": "{release: {types: [published]}}",
        "tags.yml": "{push: {tags: ['two-v*']}}",
        "publish-three.yml": "push",
    }
    path = cloned(tmp_path, projects | {f".github/workflows/{file}": uploads(on) for file, on in workflows.items()})
    shell = Shell({"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(path)})
    found = {at: publishers(read(path / at, Git(shell, path))) for at in (".", *folders)}
    assert {at: [publisher.file for publisher in jobs] for at, jobs in found.items()} == {
        ".": ["all.yml"],
        "packages/one": ["all.yml", "one.yml"],
        "packages/one-more": ["all.yml", "release_one_more.yml"],
        "packages/two": ["all.yml", "tags.yml"],
        "packages/three": ["publish-three.yml", "all.yml"],
    }


@pytest.mark.requirement("A12")
def test_one_package_among_several(tmp_path: Path) -> None:
    """Each package has a file, tags and environments of its own, because PyPI binds a publisher to these names."""
    other = PYPROJECT.replace('"sample"', '"Other.Name"')
    path = cloned(tmp_path, {"packages/other/pyproject.toml": other})
    assert variant_of(path) == USUAL
    assert variant_of(path, "packages/other") == Variant(
        project="Other.Name",
        repository="octo-org/sample",
        file="publish-other-name.yml",
        package="packages/other",
        tags="Other.Name-v*.*.*",
        testpypi="testpypi-other-name",
        pypi="pypi-other-name",
    )


@pytest.mark.requirement("A1")
@pytest.mark.parametrize(
    ("tags", "filter", "started", "left"),
    [
        ((), "v*.*.*", ("v1.2.3", "v1.2.3rc1"), ("1.2.3", "v1", "v1.2")),
        (("1.2.3", "1.2.4"), "[0-9]*.*.*", ("1.2.5",), ("v1.2.5", "nightly.1.2")),
        (("v24.0", "v24.1.1"), "v*.*", ("v25.0", "v25.0.1"), ("v25",)),
        (("release-1.0.0",), "release-*.*.*", ("release-1.0.1",), ("v1.0.1",)),
        (("v2024.01.02",), "v*.*.*", ("v2024.11.03",), ("v2024",)),
    ],
    ids=["none yet", "no prefix", "two numbers", "a word", "calendar"],
)
def test_the_filter_for_tags(
    tags: tuple[str, ...], filter: str, started: tuple[str, ...], left: tuple[str, ...], tmp_path: Path
) -> None:
    """The filter takes the tags that the project makes, with as many numbers as it uses."""
    found = variant_of(cloned(tmp_path, {"pyproject.toml": PYPROJECT.replace('"1.0.0"', '"9.9.9"')}, *tags)).tags
    assert found == filter
    assert [tag for tag in (*started, *left) if matches(tag, (found,))] == list(started)


@pytest.mark.parametrize(
    ("requires", "versions"),
    [
        (">=3.9", ()),
        (">=3.12", ()),
        (">=3.12.5", ("3.13",)),
        (">=3.13", ("3.13",)),
        (">=3.14", ("3.14",)),
        (">=3.8,<3.12", ("3.11",)),
        (">=3.8,<3.11", ("3.10", "3.12")),
        ("==3.9.*", ("3.9", "3.12")),
        (">=4", ()),
        ("nonsense", ()),
    ],
)
def test_the_python_to_set_up(requires: str, versions: tuple[str, ...], tmp_path: Path) -> None:
    """Where the runner's own Python does not fit, the nearest one that does, and one for tagship beside an old one."""
    files = {"pyproject.toml": PYPROJECT.replace('">=3.9"', f'"{requires}"')}
    assert variant_of(cloned(tmp_path, files)).python == versions


@pytest.mark.parametrize(
    ("home", "why"),
    [
        ("https://gitlab.com/a/b.git", "the repository is on gitlab.com"),
        ("https://github.com/a/b/c.git", "the address of git remote origin is not one of owner/name"),
        ("https://github.com/a/b'%20||%20true.git", "the address of git remote origin is not one of owner/name"),
        ("/srv/git/b.git", "the address of git remote origin names no server"),
    ],
    ids=["GitLab", "a subgroup", "an odd name", "a folder"],
)
def test_a_repository_that_is_not_on_github(home: str, why: str, tmp_path: Path) -> None:
    """Without a home on GitHub there is no workflow, and the error says how to name one."""
    with pytest.raises(ProjectError) as caught:
        variant_of(cloned(tmp_path, {}, home=home))
    message = f"No workflow was written: which repository on GitHub it is for is not known ({why})"
    assert (caught.value.message, caught.value.remedy) == (
        message,
        "git remote add origin https://github.com/OWNER/NAME",
    )


@pytest.mark.parametrize("name", ["two\\nlines", "a b", "-x", "ü"])
def test_a_name_that_no_index_takes(name: str, tmp_path: Path) -> None:
    """A project name that PyPI would refuse gets no workflow; above all not one with a line of its own in it."""
    files = {"pyproject.toml": PYPROJECT.replace('name = "sample"', f'name = "{name}"')}
    with pytest.raises(ProjectError, match=r"is no name that an index would take"):
        variant_of(cloned(tmp_path, files))


CALLED = """\
on: {workflow_call: , pull_request: }
permissions: {contents: read}
jobs:
  test: {runs-on: ubuntu-24.04, steps: [{run: pytest}]}
  report:
    runs-on: ubuntu-24.04
    permissions: {checks: write, pull-requests: read}
    steps: [{run: report}]
  comment:
    runs-on: ubuntu-24.04
    permissions: {pull-requests: write, checks: read}
    steps: [{run: comment}]
"""
INLINE = f'{PYPROJECT}\n[tool.tagship]\ninline-ci = "ci.yml"\n'


@pytest.mark.requirement("A12", "A13")
def test_the_ci_that_is_called(tmp_path: Path) -> None:
    """The called workflow gets the permissions that its jobs ask for, each once and as much as any of them needs."""
    path = cloned(tmp_path, {"pyproject.toml": INLINE, ".github/workflows/ci.yml": CALLED})
    asked = (("contents", "read"), ("checks", "write"), ("pull-requests", "write"))
    assert variant_of(path) == msgspec.structs.replace(USUAL, ci="ci.yml", ci_permissions=asked)


@pytest.mark.requirement("A12")
def test_a_called_ci_that_asks_for_nothing(tmp_path: Path) -> None:
    """Where it does not speak of permissions, it gets to read the code."""
    plain = "on: workflow_call\njobs:\n  test: {runs-on: ubuntu-24.04, steps: [{run: pytest}]}\n"
    path = cloned(tmp_path, {"pyproject.toml": INLINE, ".github/workflows/ci.yml": plain})
    assert variant_of(path) == msgspec.structs.replace(USUAL, ci="ci.yml")


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be called: there is none"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}\n", "cannot be called: it has no `workflow_call`"),
        ("on: [\n", "cannot be called: line 2: "),
        (CALLED.replace("checks: write", "id-token: write"), "asks for id-token: write"),
        (CALLED.replace("{contents: read}", "write-all"), "asks for id-token: write"),
    ],
    ids=["no such file", "not to be called", "no YAML", "an identity", "everything"],
)
def test_a_ci_that_cannot_be_called(content: str | None, why: str, tmp_path: Path) -> None:
    """A workflow that GitHub would not call, or that would get an identity for PyPI, is refused by name."""
    with pytest.raises(ProjectError) as caught:
        variant_of(cloned(tmp_path, {"pyproject.toml": INLINE, ".github/workflows/ci.yml": content}))
    named = "No workflow was written: .github/workflows/ci.yml, which inline-ci names, "
    assert caught.value.message.startswith(f"{named}{why}")
    assert caught.value.where == ".github/workflows/ci.yml"


@pytest.mark.requirement("A12")
@pytest.mark.parametrize(
    ("more", "runners"),
    [
        ("", ()),
        ("[tool.cibuildwheel]\nbuild = 'cp312-*'\n", RUNNERS),
        ("[tool.cibuildwheel]\n[tool.tagship]\nwheels = []\n", ()),
        ("[tool.tagship]\nwheels = ['ubuntu-24.04']\n", ("ubuntu-24.04",)),
    ],
    ids=["not used", "used", "switched off", "configured"],
)
def test_platform_wheels(more: str, runners: tuple[str, ...], tmp_path: Path) -> None:
    """Platform wheels are made where the project uses cibuildwheel, on the runners that it names or the usual ones."""
    assert variant_of(cloned(tmp_path, {"pyproject.toml": f"{PYPROJECT}\n{more}"})).wheels == runners


MATURIN = "on: push\njobs: {a: {runs-on: x, steps: [{uses: PyO3/maturin-action@v1}]}}\n"


@pytest.mark.requirement("A12")
def test_wheels_that_something_else_makes(tmp_path: Path) -> None:
    """Where the wheels come from a tool that the workflow does not run, it is not written without them in silence."""
    path = cloned(tmp_path, {".github/workflows/wheels.yml": MATURIN})
    with pytest.raises(ProjectError, match="the platform wheels are made by maturin-action") as caught:
        variant_of(path)
    for answer in (
        re.search(r"wheels = \[.+?\]", caught.value.remedy),
        re.search(r"wheels = \[\]", caught.value.remedy),
    ):
        assert answer is not None
        (path / "pyproject.toml").write_text(f"{PYPROJECT}\n[tool.tagship]\n{answer[0]}\n")
        assert variant_of(path).wheels == (RUNNERS if "ubuntu" in answer[0] else ())
