"""What people may write into the configuration, and what happens when they write something else."""

from pathlib import Path

import msgspec
import pytest
from repositories import write

from tagship.errors import ProjectError
from tagship.project.config import Check, Config, Environments, PackageConfig, Settings, Suite, load, required, schema
from tagship.project.pyproject import parse, read_toml

FULL = """\
ci = ["ci.yml", "Test Suite", ["Security Scan", "Security Audit"], {names = ["lint"], app = "other-ci"}]
release-branches = ["main", "1.x"]
tag = "my-app-v{version}"
auth = "token"
import-names = ["my_app"]
allow-override = true

[tests]
runner = "unittest"
args = ["discover"]

[environments]
pypi = "release"

[scripts]
my-app = ["--version"]
my-daemon = []

[[package]]
path = "packages/a"
tag = "a-v{version}"
"""


def settings(root: Path, files: dict[str, str]) -> Settings:
    """The configuration that these files hold."""
    file = read_toml(write(root, files), "pyproject.toml")
    return load(root, file, parse(file))


def test_every_key_is_understood(tmp_path: Path) -> None:
    """All keys of tagship.toml arrive as the records that stages read, each with its place."""
    found = settings(tmp_path, {"tagship.toml": FULL})
    assert found.config == Config(
        ci=(
            "ci.yml",
            "Test Suite",
            ("Security Scan", "Security Audit"),
            Check(names=("lint",), app="other-ci"),
        ),
        release_branches=("main", "1.x"),
        tag="my-app-v{version}",
        auth="token",
        import_names=("my_app",),
        allow_override=True,
        tests=Suite(runner="unittest", args=("discover",)),
        environments=Environments(pypi="release"),
        scripts={"my-app": ("--version",), "my-daemon": ()},
        package=(PackageConfig(path="packages/a", tag="a-v{version}"),),
    )
    assert required(found.config) == (
        Check(workflow="ci.yml"),
        Check(names=("Test Suite",)),
        Check(names=("Security Scan", "Security Audit")),
        Check(names=("lint",), app="other-ci"),
    )
    assert (found.source("release-branches"), found.source("tests"), found.source("notes")) == (
        "tagship.toml:2 release-branches",
        "tagship.toml:8 tests",
        None,
    )


def test_nothing_configured_is_all_defaults(tmp_path: Path) -> None:
    """Without any configuration every key has its default, and none claims a place."""
    found = settings(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n"})
    assert (found.config, required(found.config), found.source("auth")) == (Config(), None, None)


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            "relase-branches = []",
            "an unknown key: relase-branches (did you mean release-branches?)",
            ":2 [tool.tagship].relase-branches",
        ),
        (
            "release_branches = []",
            "an unknown key: release_branches (did you mean release-branches?)",
            ":2 [tool.tagship].release_branches",
        ),
        ("zzz = 1", "an unknown key: zzz", ":2 [tool.tagship].zzz"),
        (
            "[tool.tagship.tests]\npath = []",
            "an unknown key: path (did you mean paths?)",
            ":3 [tool.tagship.tests].path",
        ),
        ("ci = [{file = 'a.yml'}]", "an unknown key: file", ":2 [tool.tagship].ci"),
        ("[tool.tagship.environments]\nprod = 'x'", "an unknown key: prod", ":3 [tool.tagship.environments].prod"),
    ],
)
def test_unknown_keys_are_errors(tmp_path: Path, text: str, message: str, where: str) -> None:
    """A key that nobody reads is refused with its place and the key that was probably meant."""
    with pytest.raises(ProjectError) as caught:
        settings(tmp_path, {"pyproject.toml": f"[tool.tagship]\n{text}\n"})
    assert (caught.value.message, caught.value.where) == (
        f"the configuration has {message}",
        f"pyproject.toml{where}",
    )


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            "auth = 'password'",
            "the configuration was not understood: Invalid enum value 'password'",
            ":2 [tool.tagship].auth",
        ),
        (
            "allow-override = 'no'",
            "the configuration was not understood: Expected `bool`, got `str`",
            ":2 [tool.tagship].allow-override",
        ),
        ("ci = ['']", "an entry of ci names nothing", ":2 [tool.tagship].ci"),
        ("ci = []", "ci is empty, and nothing is published without a required check", ":2 [tool.tagship].ci"),
        ("ci = [[]]", "an entry of ci names nothing", ":2 [tool.tagship].ci"),
        ("ci = [{app = 'x'}]", "an entry of ci names nothing", ":2 [tool.tagship].ci"),
        ("tag = 'v1'", "the tag pattern 'v1' does not end with {version}", ":2 [tool.tagship].tag"),
        (
            "tag = '{version}-final'",
            "the tag pattern '{version}-final' does not end with {version}",
            ":2 [tool.tagship].tag",
        ),
        (
            "inline-ci = '../ci.yml'",
            "inline-ci names no workflow file: '../ci.yml'",
            ":2 [tool.tagship].inline-ci",
        ),
        ("wheels = ['ubuntu latest']", "wheels names no runner: 'ubuntu latest'", ":2 [tool.tagship].wheels"),
        (
            "package = [{path = 'a', tag = 'a'}]",
            "the tag pattern 'a' does not end with {version}",
            ":2 [tool.tagship].package",
        ),
    ],
)
def test_values_that_cannot_work_are_errors(tmp_path: Path, text: str, message: str, where: str) -> None:
    """A value of a wrong type, an empty requirement or a pattern without a version is refused with its place."""
    with pytest.raises(ProjectError) as caught:
        settings(tmp_path, {"pyproject.toml": f"[tool.tagship]\n{text}\n"})
    assert (caught.value.message, caught.value.where) == (message, f"pyproject.toml{where}")


def test_one_place_for_the_configuration(tmp_path: Path) -> None:
    """A configuration in both files is refused instead of merged."""
    with pytest.raises(ProjectError, match="stands in two files"):
        settings(tmp_path, {"pyproject.toml": "[tool.tagship]\n", "tagship.toml": ""})


def test_the_schema_names_every_key() -> None:
    """The JSON schema for editors has every key of the records, refuses others, and describes those of the top."""
    top = schema()["$defs"]["Config"]
    keys = {field.encode_name for field in msgspec.structs.fields(Config)}
    assert set(top["properties"]) == keys
    assert top["additionalProperties"] is False
    assert all(top["properties"][key].get("description") for key in keys - {"environments"})
