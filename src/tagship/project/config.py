"""The configuration: `[tool.tagship]` in `pyproject.toml`, or `tagship.toml` where there is no such table.

Every key has a detected or documented default, so that most projects need none. An unknown key is an error
that names the key that was probably meant. The descriptions below are the reference: the JSON schema for
editors is made from them.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tagship.errors import ProjectError
from tagship.model import Record
from tagship.project.pyproject import Pyproject, Table, TomlFile, read_toml
from tagship.shapes import shaped

Source = Literal["changelog", "fragments", "commits", "github"]
"""Where release notes can come from; without a configuration the first that says something, in this order."""


class Check(Record, frozen=True, kw_only=True):
    """One required piece of CI: a workflow by its file, or checks by name and app."""

    workflow: Annotated[str, Meta(description="File name of a workflow in .github/workflows: ci.yml.")] = ""
    names: Annotated[
        tuple[str, ...],
        Meta(
            description="Names of checks, one of which must succeed; any matrix suffix belongs to the name, and `*`"
            " stands for anything. With a workflow, only its own jobs are meant."
        ),
    ] = ()
    app: Annotated[
        str,
        Meta(
            description="Slug of the GitHub app that makes the check. Default: GitHub Actions, or a commit status,"
            " which names no app."
        ),
    ] = ""

    @property
    def label(self) -> str:
        """What people call it: `ci.yml`, `Security Scan or Security Audit`, `ci.yml: test`."""
        return ": ".join(filter(None, (self.workflow, " or ".join(self.names))))


class Suite(Record, frozen=True, kw_only=True):
    """How the project's tests run against the installed package."""

    runner: Annotated[Literal["pytest", "unittest", "none"], Meta(description="What runs the tests.")] = "pytest"
    group: Annotated[str, Meta(description="Dependency group that the tests need.")] = ""
    extra: Annotated[str, Meta(description="Extra of the package that the tests need.")] = ""
    requires: Annotated[tuple[str, ...], Meta(description="Further requirements (PEP 508).")] = ()
    files: Annotated[tuple[str, ...], Meta(description="Requirements files that the tests need.")] = ()
    paths: Annotated[tuple[str, ...], Meta(description="Test files or folders; empty: the runner looks.")] = ()
    args: Annotated[tuple[str, ...], Meta(description="Further arguments of the runner.")] = ()


class Documentation(Record, frozen=True, kw_only=True):
    """How the documentation is built, as a part of the tests."""

    command: Annotated[
        str, Meta(description="What builds it, in the folder of the package: python -m sphinx -W docs docs/_build.")
    ]
    group: Annotated[str, Meta(description="Dependency group that it needs.")] = ""
    extra: Annotated[str, Meta(description="Extra of the package that it needs.")] = ""
    requires: Annotated[tuple[str, ...], Meta(description="Further requirements (PEP 508).")] = ()
    files: Annotated[tuple[str, ...], Meta(description="Requirements files that it needs.")] = ()


class Environments(Record, frozen=True, kw_only=True):
    """Names of the GitHub environments that the publish jobs use."""

    testpypi: Annotated[str, Meta(description="Environment of the job that publishes to TestPyPI.")] = "testpypi"
    pypi: Annotated[str, Meta(description="Environment of the job that publishes to PyPI.")] = "pypi"


class PackageConfig(Record, frozen=True, kw_only=True):
    """One of several packages in the repository."""

    path: Annotated[str, Meta(description="Folder of the package, relative to the repository.")]
    tag: Annotated[str, Meta(description="Pattern of its tags, with {version}.")] = ""


class Copy(Record, frozen=True, kw_only=True):
    """A place that spells the version and that nobody would find: a badge, a manual page."""

    file: Annotated[str, Meta(description="The file, relative to the project.")]
    text: Annotated[str, Meta(description="The words around the version, with {version} in its place.")]


class Config(Record, frozen=True, kw_only=True, rename="kebab"):
    """[tool.tagship]"""

    ci: Annotated[
        tuple[str | tuple[str, ...] | Check, ...] | None,
        Meta(
            description="CI that must succeed before anything is published: a workflow file (ci.yml), the name of a"
            " check (Test Suite), a list of names one of which must succeed, or a table."
            " Default: the workflows that run on pull requests and on the default branch."
        ),
    ] = None
    inline_ci: Annotated[
        str,
        Meta(
            description="A workflow file with `workflow_call` (ci.yml) that the publishing run calls and waits for, in"
            " place of CI that ran before: nothing to look for, and every release tests once more."
        ),
    ] = ""
    wheels: Annotated[
        tuple[str, ...] | None,
        Meta(
            description="GitHub's runners on which cibuildwheel makes the platform wheels; an empty list for none."
            " Default: Linux, macOS and Windows where the project uses cibuildwheel, else none."
        ),
    ] = None
    tests: Annotated[Suite | None, Meta(description="How to run the tests. Default: detected.")] = None
    release_branches: Annotated[
        tuple[str, ...] | None,
        Meta(description="Branches whose commits may be released. Default: the default branch."),
    ] = None
    tag: Annotated[
        str | None,
        Meta(description="Pattern of release tags, with {version}. Default: as in the history, or v{version}."),
    ] = None
    auth: Annotated[Literal["trusted-publishing", "token"], Meta(description="How uploads are authorised.")] = (
        "trusted-publishing"
    )
    environments: Annotated[
        Environments, Meta(description="Names of the GitHub environments that the publish jobs use.")
    ] = Environments()
    package: Annotated[tuple[PackageConfig, ...], Meta(description="The packages, where there are several.")] = ()
    scripts: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="By command: the arguments with which it is tried; an empty list leaves it out."),
    ] = msgspec.field(default_factory=dict)
    import_names: Annotated[
        tuple[str, ...] | None,
        Meta(description="Modules that must be importable once installed. Default: those in the wheel."),
    ] = None
    skip_superseded: Annotated[
        bool,
        Meta(
            description="Whether the run of a push to a branch gives up waiting for CI once a newer commit is on the"
            " branch, whose own run publishes. Never for tags."
        ),
    ] = False
    notes: Annotated[
        Source | None,
        Meta(
            description="Where release notes come from: the changelog's section about the version, towncrier's"
            " fragments, the commits, or what GitHub writes from merged pull requests. Default: the first of these,"
            " in this order, that says something about the version."
        ),
    ] = None
    version_copies: Annotated[
        tuple[Copy, ...],
        Meta(description="Further places that `tagship version` keeps in step: a badge, a manual page."),
    ] = ()
    docs: Annotated[
        Documentation | None, Meta(description="How to build the documentation, as a test. Default: it is not built.")
    ] = None
    allow_override: Annotated[
        bool, Meta(description="Whether a dispatch with a written reason may publish without the required CI.")
    ] = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration and where it stands."""

    config: Config = Config()
    file: TomlFile | None = None
    table: str = ""
    """The table of the file that holds it; empty where that is the whole file."""
    values: Table = {}
    """As written."""

    def source(self, key: str) -> str | None:
        """The place of a key, as spelt in the file; None where the user did not set it."""
        return self.file.where(self.table, key) if self.file is not None and key in self.values else None


def load(root: Path, file: TomlFile | None, data: Pyproject) -> Settings:
    """Read the configuration of a project.

    Raises:
        ProjectError: an unknown key, a wrong type, contradicting values, or both files hold a configuration.
    """
    own, table = read_toml(root, "tagship.toml"), data.tool.tagship
    if own is not None and table is not None:
        raise ProjectError(
            "the configuration stands in two files",
            remedy="Move tagship.toml into [tool.tagship] of pyproject.toml, or the other way round.",
            where="tagship.toml",
        )
    if own is not None:
        return Settings(config=_convert(own.data, own, ""), file=own, values=own.data)
    if file is not None and table is not None:
        name = "tool.tagship"
        return Settings(config=_convert(table, file, name), file=file, table=name, values=table)
    return Settings()


def required(config: Config) -> tuple[Check, ...] | None:
    """The required CI in one shape; None where it is to be detected."""
    if config.ci is None:
        return None
    return tuple(
        entry if isinstance(entry, Check) else _check((entry,) if isinstance(entry, str) else entry)
        for entry in config.ci
    )


def _check(names: tuple[str, ...]) -> Check:
    if len(names) == 1 and names[0].endswith((".yml", ".yaml")):
        return Check(workflow=names[0].removeprefix(".github/workflows/"))
    return Check(names=names)


def schema() -> dict[str, object]:
    """The JSON schema of the configuration, for editors and validators."""
    return msgspec.json.schema(Config)


def _convert(data: Table, file: TomlFile, table: str) -> Config:
    try:
        config = shaped(data, Config)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        path = path.strip("`").removeprefix("$").removeprefix(".")
        where = file.where(table, re.split(r"[.\[]", path)[0]) + (f" ({path})" if "." in path or "[" in path else "")
        if unknown := re.search(r"unknown field `(.+)`", words):
            raise _unknown_key(unknown[1], path, file, table) from None
        raise ProjectError(
            f"the configuration was not understood: {words}",
            remedy="Correct the value; `tagship config --schema` describes every key.",
            where=where,
        ) from None
    wrong = _contradiction(config)
    if wrong is not None:
        key, message, remedy = wrong
        raise ProjectError(message, remedy=remedy, where=file.where(table, key))
    return config


def _contradiction(config: Config) -> tuple[str, str, str] | None:
    """A key whose value has the right type and cannot work: the key, what is wrong, what to do."""
    checks = required(config)
    if checks == ():
        message = "ci is empty, and nothing is published without a required check"
        return "ci", message, "Name what must succeed, or leave the key out to have it detected."
    if checks is not None and not all(check.workflow or any(check.names) for check in checks):
        return "ci", "an entry of ci names nothing", "Name a workflow file, or the name of a check."
    if config.inline_ci and not re.fullmatch(r"[A-Za-z0-9._-]+\.ya?ml", config.inline_ci):
        message = f"inline-ci names no workflow file: {config.inline_ci!r}"
        return "inline-ci", message, "Write the name of a file in .github/workflows: ci.yml."
    odd = next((runner for runner in config.wheels or () if not re.fullmatch(r"[A-Za-z0-9._-]+", runner)), None)
    if odd is not None:
        return "wheels", f"wheels names no runner: {odd!r}", 'Write labels of runners: wheels = ["ubuntu-24.04"].'
    if any(copy.text.count("{version}") != 1 for copy in config.version_copies):
        return "version-copies", "a text does not have {version} once", "Write it like badge/version-{version}-blue."
    if config.docs is not None and not config.docs.command.strip():
        return "docs", "docs has no command", 'Write what builds it: command = "python -m sphinx -W docs docs/_build".'
    for key, tag in (("tag", config.tag), *(("package", package.tag) for package in config.package)):
        if tag and (tag.count("{version}") != 1 or not tag.endswith("{version}")):
            message = f"the tag pattern {tag!r} does not end with {{version}}"
            return key, message, "Write it like v{version} or my-package-v{version}."
    return None


def _unknown_key(key: str, path: str, file: TomlFile, table: str) -> ProjectError:
    owner: type[msgspec.Struct] = Config
    for start, struct in (
        ("ci", Check),
        ("tests", Suite),
        ("docs", Documentation),
        ("environments", Environments),
        ("package", PackageConfig),
        ("version-copies", Copy),
    ):
        if re.match(rf"{start}\b", path):
            owner = struct
    import difflib

    known = [field.encode_name for field in msgspec.structs.fields(owner)]
    close = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
    inner = re.split(r"[.\[]", path)[0]
    own = ".".join(filter(None, (table, inner)))
    return ProjectError(
        f"the configuration has an unknown key: {key}" + (f" (did you mean {close[0]}?)" if close else ""),
        remedy=f"Known keys: {', '.join(known)}.",
        # an inline table has no line of its own
        where=file.where(own, key) if (own, key) in file.places else file.where(table, inner or key),
    )
