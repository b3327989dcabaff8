"""What discovery reads from projects of every kind of build backend and layout."""

import os
from pathlib import Path

import pytest
from packaging.version import Version
from repositories import git_in, project, repository, write

from tagship.errors import ProjectError
from tagship.project.config import Check
from tagship.project.described import describe
from tagship.project.discover import Backend, Project, read
from tagship.project.found import Found
from tagship.project.layout import Package
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.versions import TagScheme, tag_for

NONE = Found(value={}, source="default: none declared")
NO_NAME = "unknown: no project file declares a name"


def declared(found: Project) -> dict[str, Found[object]]:
    """The values that project files declare."""
    return {
        "name": found.name,
        "requires_python": found.requires_python,
        "extras": found.extras,
        "groups": found.groups,
        "scripts": found.scripts,
        "readme": found.readme,
        "licences": found.licences,
    }


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "My.App"
version = "1.2.3"
requires-python = ">=3.9"
readme = "README.md"
license = "MIT"
license-files = ["LICEN[CS]E*", "vendored/*/COPYING"]
description = \"\"\"
[project]
name = "not-this"
\"\"\"

[project.optional-dependencies]
fast = ["orjson"]

[project.scripts]
my-app = "my_app.cli:main"

[project.gui-scripts]
my-window = "my_app.window:main"

[dependency-groups]
lint = ["ruff"]
test = ["pytest>=8", {include-group = "Lint"}]
"""


def test_a_project_table_is_read_whole(tmp_path: Path) -> None:
    """Every value of a PEP 621 project is found with its file and line, look-alikes in strings left alone."""
    files = {"pyproject.toml": PYPROJECT, "LICENSE": "", "vendored/a/COPYING": "", "README.md": ""}
    found = project(tmp_path, files)
    assert declared(found) == {
        "name": Found(value="My.App", source="pyproject.toml:6 [project].name"),
        "requires_python": Found(value=">=3.9", source="pyproject.toml:8 [project].requires-python"),
        "extras": Found(value={"fast": ("orjson",)}, source="pyproject.toml:17 [project.optional-dependencies]"),
        "groups": Found(
            value={"lint": ("ruff",), "test": ("pytest>=8", "ruff")}, source="pyproject.toml:26 [dependency-groups]"
        ),
        "scripts": Found(
            value={"my-app": "my_app.cli:main", "my-window": "my_app.window:main"},
            source="pyproject.toml:20 [project.scripts]",
        ),
        "readme": Found(value="README.md", source="pyproject.toml:9 [project].readme"),
        "licences": Found(value=("LICENSE", "vendored/a/COPYING"), source="pyproject.toml:11 [project].license-files"),
    }
    assert found.normalised == "my-app"
    assert found.backend == Backend(
        name=Found(value="hatchling.build", source="pyproject.toml:3 [build-system].build-backend"),
        path=(),
        requires=Found(value=("hatchling>=1.27",), source="pyproject.toml:2 [build-system].requires"),
    )


@pytest.mark.parametrize("change", ["crlf", "bom", "both"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, change: str) -> None:
    """A pyproject.toml with CRLF, a byte order mark and letters beyond ASCII is read like any other."""
    text = PYPROJECT.replace("My.App", "My.App").replace('["ruff"]', '["ruff"] # für Änderungen')
    data = text.encode() if change == "bom" else text.replace("\n", "\r\n").encode()
    found = project(tmp_path, {"pyproject.toml": data if change == "crlf" else b"\xef\xbb\xbf" + data})
    assert (found.name, found.scripts.value) == (
        Found(value="My.App", source="pyproject.toml:6 [project].name"),
        {"my-app": "my_app.cli:main", "my-window": "my_app.window:main"},
    )


POETRY = """\
[tool.poetry]
name = "poet"
version = "1.0"
readme = ["README.rst", "CHANGES.rst"]

[tool.poetry.dependencies]
python = "^3.9"
orjson = {version = "~3.8", optional = true}

[tool.poetry.extras]
fast = ["orjson"]

[tool.poetry.dev-dependencies]
ruff = "*"

[tool.poetry.group.test.dependencies]
pytest = ">=7,<9"
coverage = {version = "^0.3.1", extras = ["toml"], markers = "python_version < '3.11'"}
local = {path = "../local"}

[tool.poetry.scripts]
poet = "poet:main"
ode = {reference = "bin/ode", type = "file"}
"""


def test_poetry_tables_become_standard_requirements(tmp_path: Path) -> None:
    """Poetry's own tables give the same values as the standard ones, its constraints as PEP 440 specifiers."""
    assert declared(project(tmp_path, {"pyproject.toml": POETRY})) == {
        "name": Found(value="poet", source="pyproject.toml:2 [tool.poetry].name"),
        "requires_python": Found(value=">=3.9,<4", source="pyproject.toml:7 [tool.poetry.dependencies].python"),
        "extras": Found(value={"fast": ("orjson",)}, source="pyproject.toml:10 [tool.poetry.extras]"),
        "groups": Found(
            value={
                "test": ("pytest>=7,<9", "coverage[toml]>=0.3.1,<0.4; python_version < '3.11'", "local"),
                "dev": ("ruff",),
            },
            source="pyproject.toml:16 [tool.poetry.group]",
        ),
        "scripts": Found(
            value={"poet": "poet:main", "ode": "bin/ode"}, source="pyproject.toml:21 [tool.poetry.scripts]"
        ),
        "readme": Found(value="README.rst", source="pyproject.toml:4 [tool.poetry].readme"),
        "licences": Found(value=None, source="unknown: no file is named like a licence"),
    }


def test_flit_of_old_is_read(tmp_path: Path) -> None:
    """The tables of flit from before PEP 621 give name, scripts and extras."""
    text = (
        '[build-system]\nrequires = ["flit_core >=2,<4"]\nbuild-backend = "flit_core.buildapi"\n'
        '[tool.flit.metadata]\nmodule = "small"\nrequires-python = ">=3.7"\ndescription-file = "README.md"\n'
        '[tool.flit.metadata.requires-extra]\ntest = ["pytest"]\n[tool.flit.scripts]\nsmall = "small:main"\n'
    )
    assert declared(project(tmp_path, {"pyproject.toml": text, "COPYING": ""})) == {
        "name": Found(value="small", source="pyproject.toml:5 [tool.flit.metadata].module"),
        "requires_python": Found(value=">=3.7", source="pyproject.toml:6 [tool.flit.metadata].requires-python"),
        "extras": Found(value={"test": ("pytest",)}, source="pyproject.toml:8 [tool.flit.metadata.requires-extra]"),
        "groups": NONE,
        "scripts": Found(value={"small": "small:main"}, source="pyproject.toml:10 [tool.flit.scripts]"),
        "readme": Found(value="README.md", source="pyproject.toml:7 [tool.flit.metadata].description-file"),
        "licences": Found(value=("COPYING",), source="detected: COPYING"),
    }


SETUP_CFG = """\
[metadata]
name = old-style
long-description = file: README.rst, CHANGES.rst
license_files =
    LICENSE.txt

[options]
python_requires = >=3.8

[options.extras_require]
Test =
    pytest
    # a comment
    coverage; python_version < "3.13"

[options.entry_points]
console_scripts =
    old = old_style.cli:main
    older=old_style.cli:older
"""


def test_setup_cfg_alone_is_a_project(tmp_path: Path) -> None:
    """A setup.cfg without pyproject.toml is read in setuptools' words and built by setuptools as PEP 518 says."""
    found = project(tmp_path, {"setup.cfg": SETUP_CFG, "LICENSE.txt": "", "README.rst": ""})
    assert declared(found) == {
        "name": Found(value="old-style", source="setup.cfg [metadata] name"),
        "requires_python": Found(value=">=3.8", source="setup.cfg [options] python_requires"),
        "extras": Found(
            value={"Test": ("pytest", 'coverage; python_version < "3.13"')}, source="setup.cfg [options.extras_require]"
        ),
        "groups": NONE,
        "scripts": Found(
            value={"old": "old_style.cli:main", "older": "old_style.cli:older"},
            source="setup.cfg [options.entry_points]",
        ),
        "readme": Found(value="README.rst", source="setup.cfg [metadata] long_description"),
        "licences": Found(value=("LICENSE.txt",), source="setup.cfg [metadata] license_files"),
    }
    why = "default: setuptools, because there is no [build-system] (PEP 518)"
    assert found.backend == Backend(
        name=Found(value="setuptools.build_meta:__legacy__", source=why),
        path=(),
        requires=Found(value=("setuptools>=40.8.0",), source=why),
    )


def test_literals_of_setup_py_are_read(tmp_path: Path) -> None:
    """Literals, names bound once and sums in setup.py are values; the code itself never runs."""
    setup = """\
import setuptools, pathlib
pathlib.Path("it-ran").touch()
NAME: str = "plain"
TESTS = ["pytest"]
setuptools.setup(
    name=NAME,
    python_requires=">=3" + ".8",
    extras_require={"test": TESTS + ["coverage"], "all": ["a", "b"]},
    entry_points={"console_scripts": ["plain = plain.cli:main"]},
)
"""
    found = project(tmp_path, {"setup.py": setup})
    assert declared(found) == {
        "name": Found(value="plain", source="setup.py:6 setup(name=…)"),
        "requires_python": Found(value=">=3.8", source="setup.py:7 setup(python_requires=…)"),
        "extras": Found(
            value={"test": ("pytest", "coverage"), "all": ("a", "b")}, source="setup.py:8 setup(extras_require=…)"
        ),
        "groups": NONE,
        "scripts": Found(value={"plain": "plain.cli:main"}, source="setup.py:9 setup(entry_points=…)"),
        "readme": Found(value=None, source="unknown: no file is named like a README"),
        "licences": Found(value=None, source="unknown: no file is named like a licence"),
    }
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    ("setup", "source"),
    [
        ("setup(name=read())", "unknown: computed by code at setup.py:2 setup(name=…)"),
        ("NAME = 'a'\nif x: NAME = 'b'\nsetup(name=NAME)", "unknown: computed by code at setup.py:4 setup(name=…)"),
        ("setup(**about)", "unknown: setup.py:2 passes arguments that code computes"),
        ("a = a\nsetup(name=a)", "unknown: computed by code at setup.py:3 setup(name=…)"),
        ("setup(name=f'{x}')", "unknown: computed by code at setup.py:2 setup(name=…)"),
        ("print('no call')", NO_NAME),
        ("setup()", NO_NAME),
    ],
)
def test_what_setup_py_computes_is_unknown(tmp_path: Path, setup: str, source: str) -> None:
    """A name that takes code to know is unknown with the place of that code, never guessed."""
    found = project(tmp_path, {"setup.py": f"from setuptools import setup\n{setup}\n"})
    assert (found.name, found.normalised) == (Found(value=None, source=source), None)


def test_changed_names_of_setup_py_are_not_literals(tmp_path: Path) -> None:
    """A dict that code changes after binding it is unknown, though it was bound to a literal."""
    setup = "extras = {'a': ['b']}\nextras['all'] = sum(extras.values(), [])\nsetup(name='x', extras_require=extras)\n"
    found = project(tmp_path, {"setup.py": setup})
    assert found.extras == Found(value=None, source="unknown: computed by code at setup.py:3 setup(extras_require=…)")


def test_setup_py_fills_what_the_project_table_leaves_open(tmp_path: Path) -> None:
    """Values come from [project] first, then setup.cfg, then setup.py, each with its own place."""
    files = {
        "pyproject.toml": '[project]\nname = "first"\ndynamic = ["scripts", "version"]\n',
        "setup.cfg": "[metadata]\nname = second\n[options]\npython_requires = >=3.9\n",
        "setup.py": "setup(name='third', python_requires='>=3', entry_points='''[console_scripts]\nrun = a:b\n''')\n",
    }
    found = project(tmp_path, files)
    assert (found.name.value, found.requires_python, found.scripts) == (
        "first",
        Found(value=">=3.9", source="setup.cfg [options] python_requires"),
        Found(value={"run": "a:b"}, source="setup.py:1 setup(entry_points=…)"),
    )


def test_an_in_tree_backend_is_found(tmp_path: Path) -> None:
    """backend-path and the backend behind it are taken as they stand."""
    text = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["build_it"]\n[project]\nname = "x"\n'
    assert project(tmp_path, {"pyproject.toml": text}).backend == Backend(
        name=Found(value="own", source="pyproject.toml:3 [build-system].build-backend"),
        path=("build_it",),
        requires=Found(value=(), source="pyproject.toml:2 [build-system].requires"),
    )


@pytest.mark.parametrize(
    ("files", "message", "where"),
    [
        ({"pyproject.toml": '[project]\nname = "x\n'}, "pyproject.toml was not read: Illegal character '\\n'", ":2:10"),
        ({"pyproject.toml": "[project]\nname = \n"}, "pyproject.toml was not read: Invalid value", ":2:8"),
        ({"pyproject.toml": b'a = 1\nb = "\xe9"\n'}, "pyproject.toml was not read: byte 11 is not UTF-8", ":2"),
        (
            {"pyproject.toml": "[project]\nname = 3\n"},
            "pyproject.toml was not understood: Expected `str | null`, got `int`",
            " project.name",
        ),
        ({"setup.cfg": "[metadata\nname = x\n"}, "setup.cfg was not read: File contains no section headers.", ":1"),
        ({"setup.py": "print 'two'\n"}, "setup.py was not read: Missing parentheses in call to 'print'.", ":1"),
    ],
)
def test_broken_project_files_name_their_place(
    tmp_path: Path, files: dict[str, str | bytes], message: str, where: str
) -> None:
    """A project file that cannot be parsed is an error of ours with file, line and column, not a traceback."""
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, files)
    assert caught.value.message.startswith(message)
    assert caught.value.where == next(iter(files)) + where


def test_a_folder_without_project_files_is_no_project(tmp_path: Path) -> None:
    """Without a project file and without packages below, reading ends with what to do."""
    with pytest.raises(ProjectError) as caught:
        project(tmp_path / "empty", {"notes.txt": "", "data/more.txt": ""})
    assert caught.value.message == f"there is no Python project in {tmp_path / 'empty'}"


@pytest.mark.requirement("A12")
def test_packages_of_a_workspace_are_found(tmp_path: Path) -> None:
    """A workspace lists its members as uv does, exclusions honoured, and a member is read by its own folder."""
    member = '[project]\nname = "{}"\nversion = "1"\n'
    files = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old*"]\n',
        "packages/a/pyproject.toml": member.format("a"),
        "packages/b/setup.py": "setup(name='b')",
        "packages/older/pyproject.toml": member.format("older"),
        "packages/notes/readme.md": "",
    }
    git = repository(tmp_path, files, tags=["a-v1.0", "a-v1.1", "b@2.0"])
    found = read(tmp_path, git)
    source = "pyproject.toml [tool.uv.workspace]"
    assert (found.name, found.packages) == (
        Found(value=None, source=NO_NAME),
        (Package(path="packages/a", name="a", source=source), Package(path="packages/b", name="b", source=source)),
    )
    members = [read(tmp_path / package.path, git) for package in found.packages]
    assert [(m.package, m.name.value, m.tags.value.prefix) for m in members] == [
        ("packages/a", "a", "a-v"),
        ("packages/b", "b", "b@"),
    ]


def test_packages_are_found_where_they_usually_lie(tmp_path: Path) -> None:
    """Without a workspace, packages in the usual folders and straight below the root count, samples do not."""
    files = {
        "core/pyproject.toml": '[project]\nname = "core"\n',
        "libs/extra/setup.cfg": "[metadata]\nname = extra\n",
        "tests/sample/pyproject.toml": '[project]\nname = "sample"\n',
        "docs/pyproject.toml": '[project]\nname = "docs"\n',
    }
    assert project(tmp_path, files).packages == (
        Package(path="libs/extra", name="extra", source="detected: libs/extra has a project file"),
        Package(path="core", name="core", source="detected: core has a project file"),
    )


def test_configured_packages_have_their_own_tags(tmp_path: Path) -> None:
    """The repository's configuration names packages and their tags, and holds for those without one of their own."""
    files = {
        "tagship.toml": 'ci = ["ci.yml"]\ntests = {paths = ["t"]}\n[[package]]\npath = "a"\ntag = "a={version}"\n'
        '[[package]]\npath = "b"\n',
        "a/setup.py": "setup(name='a')",
        "b/pyproject.toml": "[project]\nname = 'b'\n[tool.tagship]\nci = ['b.yml']\n",
        "c/setup.py": "setup(name='c')",
    }
    git = repository(tmp_path, files, tags=["a=1.0"])
    top, a, b = (read(tmp_path / path, git) for path in (".", "a", "b"))
    source = "tagship.toml:3 package"
    assert top.packages == (Package(path="a", name="a", source=source), Package(path="b", name="b", source=source))
    assert [(m.tags.source, m.tests.value.paths, m.required_ci) for m in (a, b)] == [
        ("tagship.toml:3 tag", (), Found(value=(Check(workflow="ci.yml"),), source="tagship.toml:1 ci")),
        (
            "default: b-v{version}, no version tag yet",
            (),
            Found(value=(Check(workflow="b.yml"),), source="pyproject.toml:4 [tool.tagship].ci"),
        ),
    ]
    assert a.tags.value.prefix == "a="


def test_a_configured_package_must_exist(tmp_path: Path) -> None:
    """A configured package without a project file is an error with the place of the configuration."""
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, {"setup.py": "", "tagship.toml": '[[package]]\npath = "packages/gone"\n'})
    assert (caught.value.message, caught.value.where) == (
        "the configured package packages/gone holds no project file",
        "tagship.toml:1 package",
    )


@pytest.mark.parametrize(
    ("tags", "prefixes"),
    [
        (["one-v1.0", "one-v1.1", "root-v2.0"], ("root-v", "one-v", "two-v")),
        (["v1.0"], ("v", "v", "v")),
        (["one==1.0"], ("root-v", "one==", "two-v")),
        ([], ("v", "one-v", "two-v")),
    ],
)
def test_packages_never_take_the_tags_of_another(tmp_path: Path, tags: list[str], prefixes: tuple[str, ...]) -> None:
    """A package among several has its own prefix or the one that all share, a new one where neither exists."""
    files = {"setup.py": "setup(name='root')", "one/setup.py": "setup(name='one')", "two/setup.py": "setup(name='two')"}
    git = repository(tmp_path, files, tags=tags)
    assert tuple(read(tmp_path / path, git).tags.value.prefix for path in (".", "one", "two")) == prefixes


@pytest.mark.parametrize(
    ("address", "host", "slug"),
    [
        ("https://github.com/owner/name.git", "github.com", "owner/name"),
        ("https://made-up-user:made-up-password@github.com/owner/name", "github.com", "owner/name"),
        ("git@github.com:owner/name.git", "github.com", "owner/name"),
        ("ssh://git@github.example.com:2222/owner/na.me/", "github.example.com", "owner/na.me"),
        (
            "https://gitlab.com/group/sub/name.git",
            "gitlab.com",
            "unknown: the address of git remote origin is not one of owner/name",
        ),
        *(
            (
                f"https://github.com/{odd}",
                "github.com",
                "unknown: the address of git remote origin is not one of owner/name",
            )
            for odd in ("owner/na'me", "owner/..", "owner/name?x=y", "owner/${{ x }}", "owner/name#x", "öwner/name")
        ),
        ("../elsewhere", None, "unknown: the address of git remote origin names no server"),
        ("", None, "unknown: the repository has no remote"),
    ],
)
def test_the_repository_is_named_by_its_remote(tmp_path: Path, address: str, host: str | None, slug: str) -> None:
    """Server, owner and name come from any spelling of origin's address, whose credentials are never shown."""
    repo = project(tmp_path, {"setup.py": "setup(name='x')"}, remote=address).repository
    assert (repo.host.value, repo.slug.value or repo.slug.source) == (host, slug)
    assert "made-up" not in repr(repo)


def test_reading_asks_git_twice_and_changes_nothing(tmp_path: Path) -> None:
    """Two calls of git and no written file are all that reading a project takes."""
    children: list[int] = []
    git = repository(tmp_path, {"pyproject.toml": PYPROJECT, ".github/workflows/ci.yml": "on: push\njobs: {a: {}}\n"})
    counting = Git(Shell({"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, started=children.append), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    found = read(tmp_path, counting)
    describe(found)
    assert len(children) == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert git.text("status", "--porcelain") == ""


@pytest.mark.requirement("A1")
def test_the_default_branch_is_origins_head(tmp_path: Path) -> None:
    """A clone's origin/HEAD names the default branch, whatever is checked out and whatever else exists."""
    source = repository(tmp_path / "source", {"setup.py": "setup(name='x')"}, tags=["v1.0"])
    source.text("branch", "-m", "main", "trunk")
    source.text("branch", "main")
    clone = git_in(tmp_path / "clone")
    source.text("clone", "-q", str(source.root), str(clone.root))
    clone.text("checkout", "-q", "-b", "topic")
    repo = read(clone.root, clone).repository
    assert (repo.default_branch, repo.branch, repo.tags) == (
        Found(value="trunk", source="detected: origin/HEAD"),
        "topic",
        ("v1.0",),
    )


def test_default_branches_without_a_remote(tmp_path: Path) -> None:
    """Without a remote: the repository's own setting, else main or master, else the one checked out, else unknown."""
    git = repository(tmp_path, {"setup.py": "setup(name='x')"})
    seen = [read(tmp_path, git).repository.default_branch]
    git.text("branch", "next")
    git.text("config", "init.defaultBranch", "next")
    seen.append(read(tmp_path, git).repository.default_branch)
    git.text("config", "--unset", "init.defaultBranch")
    git.text("branch", "-m", "main", "topic")
    seen.append(read(tmp_path, git).repository.default_branch)
    fresh = git_in(write(tmp_path / "fresh", {"setup.py": "setup(name='x')"}))
    fresh.text("init", "-q")
    seen.append(read(fresh.root, fresh).repository.default_branch)
    assert seen == [
        Found(value="main", source="detected: the branch main exists"),
        Found(value="next", source="git config init.defaultBranch"),
        Found(value="topic", source="detected: the branch that is checked out"),
        Found(value=None, source="unknown: there is no branch"),
    ]


@pytest.mark.requirement("A1")
@pytest.mark.parametrize(
    ("tags", "prefix", "source"),
    [
        ([], "v", "default: v{version}, no version tag yet"),
        (["nightly"], "v", "default: v{version}, no version tag yet"),
        (["1.0", "1.1"], "", "detected: tags are spelt {version}"),
        (["v1.0", "v1.1", "docs-2"], "v", "detected: tags are spelt v{version}"),
        (["x-v1.0"], "x-v", "detected: tags are spelt x-v{version}"),
    ],
)
def test_the_tag_scheme_comes_from_the_history(tmp_path: Path, tags: list[str], prefix: str, source: str) -> None:
    """Tags are spelt as the repository spells them, v before the version where it has none."""
    found = project(tmp_path, {"setup.py": "setup(name='x')"}, tags=tags)
    assert found.tags == Found(value=TagScheme(prefix=prefix, known="detected" in source), source=source)


def test_included_groups_end(tmp_path: Path) -> None:
    """Dependency groups that include each other, or one that is missing, are read to their end."""
    text = (
        '[project]\nname = "x"\n[dependency-groups]\na = ["one", {include-group = "B_b"}]\n'
        'b-b = [{include-group = "a"}, "two"]\nc = [{include-group = "gone"}]\n'
    )
    found = project(tmp_path, {"pyproject.toml": text})
    assert found.groups.value == {"a": ("one", "two"), "b-b": ("one", "two"), "c": ()}


def test_a_package_outside_of_the_repository_is_refused(tmp_path: Path) -> None:
    """A folder that a link leads out of the repository is no package of it."""
    git = repository(tmp_path / "inside", {"setup.py": ""})
    outside = write(tmp_path / "outside", {"setup.py": ""})
    (git.root / "linked").symlink_to(outside)
    with pytest.raises(ProjectError, match="is not a folder of the repository"):
        read(git.root / "linked", git)


@pytest.mark.parametrize(
    ("files", "changelog"),
    [
        (["CHANGELOG.md", "docs/changelog.rst"], "CHANGELOG.md"),
        (["docs/history.rst"], "docs/history.rst"),
        (["CHANGES", "NEWS.md"], "CHANGES"),
        (["Release-Notes.rst"], "Release-Notes.rst"),
        (["changes.py"], None),
    ],
)
def test_changelogs_are_found_by_name(tmp_path: Path, files: list[str], changelog: str | None) -> None:
    """A changelog is a text file of a usual name, the root before the documentation."""
    assert project(tmp_path, {"setup.py": "", **dict.fromkeys(files, "")}).changelog.value == changelog


def test_describe_shows_every_value_with_its_source(tmp_path: Path) -> None:
    """The effective configuration lists label, value and source of everything, workflows and defaults included."""
    ci = "on: [push, pull_request]\njobs:\n  test:\n    runs-on: x\n"
    files = {
        "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n[tool.tagship]\nrelease-branches = ["main", "1.x"]\n',
        ".github/workflows/ci.yml": ci,
        ".github/workflows/odd.yml": "a: 1\na: 2\n",
    }
    found = project(tmp_path, files, tags=["v0.9"], remote="https://github.com/o/n")
    none = "default: none declared"
    no_build = "default: setuptools, because there is no [build-system] (PEP 518)"
    assert describe(found) == (
        ("name", "x", "pyproject.toml:2 [project].name"),
        ("package", ".", "default"),
        ("version", "1", "pyproject.toml:3 [project].version"),
        ("build backend", "setuptools.build_meta:__legacy__", no_build),
        ("requires-python", "", "unknown: no project file declares it"),
        ("extras", "", none),
        ("dependency groups", "", none),
        ("scripts", "", none),
        ("tests", "none", "detected: no test files"),
        ("tests need", "", "detected: no test files"),
        ("changelog", "", "unknown: no file is named like a changelog"),
        ("readme", "", "unknown: no file is named like a README"),
        ("licence files", "", "unknown: no file is named like a licence"),
        ("repository", "o/n", "git remote origin"),
        ("server", "github.com", "git remote origin"),
        ("default branch", "main", "detected: the branch main exists"),
        ("release branches", "main, 1.x", "pyproject.toml:5 [tool.tagship].release-branches"),
        ("tag", "v{version}", "detected: tags are spelt v{version}"),
        ("required ci", "ci.yml", "detected: ci.yml"),
        (
            "workflow ci.yml",
            ".github/workflows/ci.yml",
            "waited for: runs on pull requests and on pushes to the default branch",
        ),
        (
            "workflow .github/workflows/odd.yml:2",
            "invalid",
            "the key `a` is there already, in line 1",
        ),
        ("auth", "trusted-publishing", "default"),
        ("environments", "testpypi, pypi", "default"),
        ("import-names", "", "default: those in the wheel"),
        ("inline-ci", "", "default: the CI that ran before"),
        ("wheels", "", "default: where cibuildwheel is used"),
        ("skip-superseded", "no", "default"),
        ("docs", "", "default: they are not built"),
        ("allow-override", "no", "default"),
    )


@pytest.mark.parametrize(("tag", "prefix"), [("sdk==1.2", "sdk=="), ("space-sdk-v1.2", "space-sdk-v"), ("1.2", "")])
def test_tags_may_leave_out_what_all_packages_share(tmp_path: Path, tag: str, prefix: str) -> None:
    """A package among several is found by the end of its name in the tags, after its whole name."""
    member = '[project]\nname = "space-sdk"\nversion = "1.2"\n'
    git = repository(tmp_path, {"setup.py": "setup(name='space')", "libs/sdk/pyproject.toml": member}, tags=[tag])
    assert read(tmp_path / "libs" / "sdk", git).tags.value.prefix == prefix


def test_a_first_calendar_tag_has_the_zeros_of_the_declared_version(tmp_path: Path) -> None:
    """Where there is no tag yet, the version in the files shows how dates are spelt."""
    found = project(tmp_path, {"pyproject.toml": '[project]\nname = "a"\nversion = "2026.01.02"\n'})
    assert tag_for(Version("2026.1.2"), found.tags.value) == "v2026.01.02"
