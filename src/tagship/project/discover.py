"""Reading a project as it is: everything tagship knows about a repository before it does anything to it.

No code of the project is run, nothing is written, and git is asked twice. Every value carries where it came
from; what cannot be known says why.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagship.errors import ProjectError
from tagship.project import declared, layout, repository, suite, version_sources
from tagship.project.config import Check, Config, Settings, Suite, load, required
from tagship.project.declared import Declared, Named
from tagship.project.found import Found, first, unknown
from tagship.project.pyproject import Pyproject, TomlFile, normalised, parse, read_toml
from tagship.project.repository import Repository
from tagship.project.setuptools_files import read_setup_cfg, read_setup_py
from tagship.project.version_literals import Written
from tagship.project.version_sources import VersionSource
from tagship.services.git import Git
from tagship.versions import TagScheme, detect_scheme

if TYPE_CHECKING:
    from tagship.project.ci import CI

PLAIN = ("", "v", "V", "release-", "release/", "rel-", "version-")
"""Tag prefixes that name no package, so that several may share them."""


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """What builds the project (PEP 517 and 518)."""

    name: Found[str]
    """`module` or `module:object`, as a frontend imports it."""
    path: tuple[str, ...]
    """Folders of an in-tree backend."""
    requires: Found[tuple[str, ...]]


class Project(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A project and the repository that holds it."""

    root: Path
    """The folder of the package: where its pyproject.toml, setup.cfg or setup.py lies."""
    package: str
    """That folder relative to the repository, with slashes; `.` for the usual case."""
    top: Path
    """The root of the repository."""
    settings: Settings
    name: Found[str | None]
    """As the project spells it."""
    backend: Backend
    version: VersionSource
    requires_python: Found[str | None]
    extras: Found[Named | None]
    groups: Found[Named | None]
    scripts: Found[Mapping[str, str] | None]
    """Console and graphical scripts: `module:function` by name."""
    tests: Found[Suite]
    changelog: Found[str | None]
    readme: Found[str | None]
    licences: Found[tuple[str, ...] | None]
    repository: Repository
    release_branches: Found[tuple[str, ...]]
    tags: Found[TagScheme]
    packages: tuple[layout.Package, ...]
    """Further packages below the repository's root."""

    @property
    def config(self) -> Config:
        """The configuration, defaults included."""
        return self.settings.config

    @property
    def normalised(self) -> str | None:
        """The name as indexes compare it (PEP 503); None where it is unknown."""
        return None if self.name.value is None else normalised(self.name.value)

    @cached_property
    def ci(self) -> "CI":
        """The repository's workflows; read when first asked for, since that costs more than all the rest."""
        from tagship.project import ci

        return ci.read(self.top, self.repository.default_branch.value)

    @cached_property
    def required_ci(self) -> Found[tuple[Check, ...]]:
        """The CI that a release waits for; empty where nothing was found, which is no success."""
        if self.config.inline_ci:
            called = (Check(workflow=self.config.inline_ci),)
            return Found(value=called, source=self.settings.source("inline-ci") or "default")
        if configured := required(self.config):
            return Found(value=configured, source=self.settings.source("ci") or "default")
        files = ", ".join(w.file for w in self.ci.workflows if w.required)
        return Found(value=self.ci.required, source=f"detected: {files}" if files else "detected: no workflow is CI")


def read(root: Path, git: Git) -> Project:
    """Read a project.

    Args:
        root: the folder of the package, in the repository.
        git: git at the root of the repository.

    Raises:
        ProjectError: no project file, one that cannot be parsed, or a wrong configuration.
    """
    file = read_toml(root, "pyproject.toml")
    data = parse(file)
    if not root.resolve().is_relative_to(git.root.resolve()):
        raise ProjectError(
            f"{root} is not a folder of the repository {git.root}",
            remedy="Name a folder inside the repository; a link that leads out of it does not count.",
            where=str(root),
        )
    package = root.resolve().relative_to(git.root.resolve()).as_posix()
    settings = _settings(git.root, package, load(root, file, data))
    packages = _packages(settings, root, data) if package == "." else ()
    if file is None and not packages and not any((root / name).is_file() for name in layout.PROJECT_FILES):
        raise ProjectError(
            f"there is no Python project in {root}",
            remedy="Name the folder that holds pyproject.toml, setup.cfg or setup.py, or write a pyproject.toml.",
            where=str(root),
        )
    cfg = read_setup_cfg(root)
    said = (*_declarations(file, data), *_setuptools(root, cfg))
    repo = repository.read(git)
    nothing: Found[Named | None] = Found(value={}, source="default: none declared")
    extras, groups = first(*(d.extras for d in said)) or nothing, first(*(d.groups for d in said)) or nothing
    version = version_sources.find(root)
    name = first(*(d.name for d in said)) or unknown("no project file declares a name")
    known = suite.Known(root=root, data=data, setup_cfg=cfg, groups=groups, extras=extras)
    return Project(
        root=root,
        package=package,
        top=git.root,
        settings=settings,
        name=name,
        backend=_backend(file, data),
        version=version,
        requires_python=first(*(d.requires_python for d in said)) or unknown("no project file declares it"),
        extras=extras,
        groups=groups,
        scripts=first(*(d.scripts for d in said)) or Found(value={}, source="default: none declared"),
        tests=_tests(settings, known),
        changelog=layout.changelog(root),
        readme=first(*(d.readme for d in said)) or layout.readme(root),
        licences=layout.licences(root, first(*(d.licences for d in said))),
        repository=repo,
        release_branches=_release_branches(settings, repo),
        tags=_tags(
            settings, repo, _spelt(name, version), member=package != ".", shared=package != "." or bool(packages)
        ),
        packages=packages,
    )


def _declarations(file: TomlFile | None, data: Pyproject) -> Iterator[Declared]:
    if file is None:
        return
    yield declared.from_project(file, data)
    yield declared.from_tools(file, data)
    if data.tool.poetry is not None:
        yield declared.from_poetry(file, data.tool.poetry)
    if data.tool.flit is not None:
        yield declared.from_flit(file, data.tool.flit)


def _setuptools(root: Path, cfg: Mapping[str, Mapping[str, str]]) -> Iterator[Declared]:
    yield declared.from_setup_cfg(cfg)
    if call := read_setup_py(root):
        yield declared.from_setup_py(call)


def _backend(file: TomlFile | None, data: Pyproject) -> Backend:
    system, legacy = data.build_system, "setuptools.build_meta:__legacy__"
    if file is None or system is None:
        why = "default: setuptools, because there is no [build-system] (PEP 518)"
        requires = Found(value=("setuptools>=40.8.0",), source=why)
        return Backend(name=Found(value=legacy, source=why), path=(), requires=requires)
    source = file.where("build-system", "build-backend") if system.build_backend else "default: PEP 517"
    return Backend(
        name=Found(value=system.build_backend or legacy, source=source),
        path=system.backend_path,
        requires=Found(value=system.requires, source=file.where("build-system", "requires")),
    )


def _tests(settings: Settings, known: suite.Known) -> Found[Suite]:
    if settings.config.tests is not None:
        where = settings.source("tests") or "default"
        return Found(value=suite.complete(settings.config.tests, known, where), source=where)
    return suite.detect(known)


def _release_branches(settings: Settings, repo: Repository) -> Found[tuple[str, ...]]:
    if settings.config.release_branches is not None:
        return Found(value=settings.config.release_branches, source=settings.source("release-branches") or "default")
    branch = repo.default_branch
    return Found(value=() if branch.value is None else (branch.value,), source=branch.source)


def _settings(top: Path, package: str, own: Settings) -> Settings:
    """The package's own configuration, or the repository's with what that says about this package."""
    if package == "." or own.file is not None:
        return own
    file = read_toml(top, "pyproject.toml")
    shared = load(top, file, parse(file))
    entry = next((entry for entry in shared.config.package if entry.path.rstrip("/") == package), None)
    values = {key: value for key, value in shared.values.items() if key not in ("tests", "scripts", "import-names")}
    if entry and entry.tag:
        values["tag"] = entry.tag
    config = msgspec.structs.replace(
        shared.config, tests=None, scripts={}, import_names=None, tag=(entry.tag or None) if entry else None
    )
    return Settings(config=config, file=shared.file, table=shared.table, values=values)


def _packages(settings: Settings, root: Path, data: Pyproject) -> tuple[layout.Package, ...]:
    configured, source = settings.config.package, settings.source("package") or "default"
    for entry in configured:
        if not any((root / entry.path / name).is_file() for name in layout.PROJECT_FILES):
            raise ProjectError(
                f"the configured package {entry.path} holds no project file",
                remedy="Correct its path, relative to the repository, or take it out.",
                where=source,
            )
    if not configured:
        return layout.packages(root, data)
    paths = (entry.path.rstrip("/") for entry in configured)
    return tuple(layout.Package(path=path, name=layout.name(root / path), source=source) for path in paths)


class _Spelt(msgspec.Struct, frozen=True, kw_only=True):
    """How a project writes its name, and its version where that is a literal: `2026.01.02` shows leading zeros."""

    name: str | None
    version: str


def _spelt(name: Found[str | None], version: VersionSource) -> _Spelt:
    return _Spelt(name=name.value, version=version.raw if isinstance(version, Written) else "")


def _tags(settings: Settings, repo: Repository, own: _Spelt, *, member: bool, shared: bool) -> Found[TagScheme]:
    """The spelling of tags: configured, or that of the newest version tags.

    Where packages share the repository, one's own prefix comes first, then a plain one that all of them share,
    never that of another package.
    """
    declared = own.version
    if settings.config.tag is not None:
        scheme = detect_scheme(repo.tags, prefix=settings.config.tag.removesuffix("{version}"), declared=declared)
        return Found(value=scheme, source=settings.source("tag") or "default")
    prefix = _own_prefix(repo.tags, own.name) if shared and own.name else None
    scheme = detect_scheme(repo.tags, prefix=prefix, declared=declared)
    if shared and own.name and prefix is None and (scheme.prefix not in PLAIN if scheme.known else member):
        scheme = detect_scheme(repo.tags, prefix=f"{own.name}-v", declared=declared)
    spelt = f"{scheme.prefix}{{version}}"
    source = f"detected: tags are spelt {spelt}" if scheme.known else f"default: {spelt}, no version tag yet"
    return Found(value=scheme, source=source)


def _own_prefix(tags: tuple[str, ...], name: str) -> str | None:
    """The prefix of the tags of one package among several, as its newest tag spells it; None where it has none.

    Where no tag has the whole name, the part that the packages of the repository do not share: `sdk==1.2` for
    langgraph-sdk.
    """
    plain = normalised(name)
    rest = plain.partition("-")[2]
    whole = _prefix_of(tags, {name, plain, plain.replace("-", "_"), name.replace("-", "_")})
    if whole is not None or not rest:
        return whole
    return _prefix_of(tags, {rest, rest.replace("-", "_"), rest.replace("-", "")})


def _prefix_of(tags: tuple[str, ...], spelt: set[str]) -> str | None:
    ends = ("-v", "/v", "@v", "_v", "==", "-", "/", "@", "_")
    prefixes = [f"{n}{end}" for n in spelt for end in ends]
    own = (p for tag in tags for p in prefixes if tag.startswith(p) and tag[len(p) :][:1].isdigit())
    return next(own, None)
