"""Other places that spell a project's version and say the same today: they are kept in step with its source.

Only places of which the format says that they hold the project's own version are looked at: keys of known
tables, names like `__version__` at the top of its modules, lock files. Nothing is searched by value.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec
from packaging.version import Version

from tagship.errors import ProjectError
from tagship.project.config import Copy
from tagship.project.pyproject import Table, normalised, project_name, read_toml, table, text
from tagship.project.version_literals import (
    Written,
    in_cfg,
    in_meson,
    in_pattern,
    in_python,
    in_toml,
    read,
    unclear,
)
from tagship.project.version_setuptools import in_setup_py

_KEYS = (
    ("project", "version"),
    ("tool", "poetry", "version"),
    ("tool", "commitizen", "version"),
    ("tool", "bumpversion", "current_version"),
    ("tool", "bumpver", "current_version"),
    ("tool", "tbump", "version", "current"),
)
_FOLDERS = (".", "src", "lib", "python")
_NOT_OURS = {"test", "tests", "doc", "docs", "example", "examples", "benchmarks", "scripts", "tools", "vendor"}
_MODULES = ("__init__.py", "_version.py", "version.py", "__version__.py", "__about__.py", "_about.py", "about.py")
_CONF = ("docs/conf.py", "doc/conf.py", "docs/source/conf.py", "doc/source/conf.py")
SHORT = "short version"
"""The kind of Sphinx's `version` where that is the first two numbers, as it asks for.

Source: https://www.sphinx-doc.org/en/master/usage/configuration.html#confval-version
"""
SEMVER = ("Cargo.toml", "Cargo.lock", "package.json")
"""Files whose format asks for SemVer."""
_JSON = re.compile(r'"(?:\\.|[^"\\])*"|\S')
_NAMES = re.compile(rb"^(__version__|VERSION|version|release)[ \t]*[:=]", re.MULTILINE)


def copies(root: Path, source: Written) -> tuple[Written, ...]:
    """All other literals that spell the source's version, in the order of their files and places."""
    return tuple(copy for copy in _others(root, source) if copy.kind == SHORT or _same(copy, source))


def strays(root: Path, source: Written) -> tuple[Written, ...]:
    """The literals in the same kind of places that say another version today: nobody keeps them in step.

    Manifests of other package managers are none: what is built of them may have versions of its own.
    """
    apart = (copy for copy in _others(root, source) if copy.kind != SHORT and not _same(copy, source))
    return tuple(copy for copy in apart if not copy.file.endswith(SEMVER))


def _same(copy: Written, source: Written) -> bool:
    return Version(copy.version) == Version(source.version)


def short(version: Version) -> str:
    """`1.2` for 1.2.3."""
    return ".".join(map(str, (*version.release, 0)[:2]))


def configured(root: Path, places: Iterable[Copy], source: Written) -> Iterator[Written]:
    """The places that the project names itself.

    Raises:
        ProjectError: one does not say the source's version, neither as that spells it nor normalised.
    """
    for place in places:
        text = read(root, place.file)
        before, _, after = place.text.partition("{version}")
        spellings = "|".join(re.escape(spelt) for spelt in (source.raw, source.version))
        found = list(re.finditer(rf"{re.escape(before)}({spellings}){re.escape(after)}", text.text))
        if not found:
            raise ProjectError(
                f"{place.file} does not say {place.text.replace('{version}', source.raw)!r}",
                remedy="Correct version-copies in the configuration, or the file.",
                where=place.file,
            )
        yield from (text.written("version-copies", match.start(1), match.end(1)) for match in found)


def _others(root: Path, source: Written) -> Iterator[Written]:
    found: dict[tuple[str, int], Written] = {}
    for locate in _candidates(root):
        with contextlib.suppress(ProjectError):  # nothing there that could be a copy
            copy = locate()
            first = PurePosixPath(copy.file).name == "conf.py" and copy.kind == "version" and copy.raw != source.raw
            if first and copy.raw == short(Version(source.version)):
                copy = msgspec.structs.replace(copy, kind=SHORT)
            found[copy.file, copy.start] = copy
    found.pop((source.file, source.start), None)
    return (found[place] for place in sorted(found))


def in_cargo(root: Path, manifest: str) -> Written:
    """`[package].version` of a Cargo.toml, or what it inherits from its workspace inside the project.

    Source: https://doc.rust-lang.org/cargo/reference/workspaces.html#the-package-table
    """
    package = _table(root, manifest, "package")
    if table(package, "version").get("workspace") is not True:
        return in_toml(root, manifest, "package", "version")
    for folder in PurePosixPath(manifest).parents:
        workspace = (folder / "Cargo.toml").as_posix()
        if _table(root, workspace, "workspace", "package"):
            return in_toml(root, workspace, "workspace", "package", "version")
    raise unclear("the Cargo workspace that declares it is not in the project", manifest)


def semver(version: str) -> str:
    """A PEP 440 version as Cargo demands it, which maturin turns back: `1.2.0rc1.dev5` is `1.2.0-rc.1.dev.5`.

    Raises:
        ProjectError: SemVer (https://semver.org) has no such version: an epoch, or more than three numbers.
    """
    found = Version(version)
    if found.epoch or found.local or len(found.release) > 3:
        raise ProjectError(
            f"the version was not set: {version} cannot be spelt in Cargo.toml",
            remedy="Use a version of at most three numbers without an epoch, as Cargo demands.",
        )
    numbers = ".".join(map(str, (*found.release, 0, 0)[:3]))
    pre = [*map(str, found.pre or ())]
    pre += [] if found.post is None else ["post", str(found.post)]
    pre += [] if found.dev is None else ["dev", str(found.dev)]
    return f"{numbers}-{'.'.join(pre)}" if pre else numbers


def _candidates(root: Path) -> Iterator[Callable[[], Written]]:
    data = _table(root, "pyproject.toml")
    manifest = text(table(data, "tool", "maturin"), "manifest-path") or "Cargo.toml"
    for keys in _KEYS:
        if text(table(data, *keys[:-1]), keys[-1]):
            yield partial(in_toml, root, "pyproject.toml", *keys)
    yield partial(in_cargo, root, manifest)
    yield partial(in_meson, root)
    yield partial(in_cfg, root, "setup.cfg", "metadata", "version")
    for file in (".bumpversion.cfg", "setup.cfg"):
        yield partial(in_cfg, root, file, "bumpversion", "current_version")
    yield partial(in_setup_py, root)
    yield partial(in_pattern, root, "CITATION.cff", r"^version: *[\"']?([^\s\"']+)", group=1, kind="CITATION.cff")
    yield partial(in_package_json, root)
    yield partial(_locked, root, "uv.lock", normalised(project_name(data)))
    yield lambda: _locked(root, "Cargo.lock", text(_table(root, manifest, "package"), "name") or "")
    for file in _modules(root):
        for found in _NAMES.findall((root / file).read_bytes()):
            yield partial(in_python, root, file, found.decode(), hops=1)


def _table(root: Path, file: str, *keys: str) -> Table:
    """A table of a TOML file; empty where there is none."""
    found = read_toml(root, file)
    return table(found.data if found else None, *keys)


def _locked(root: Path, file: str, name: str) -> Written:
    """The project's own entry in a lock file, which uv and Cargo write in one form only."""
    own = r'(?!source = \{ (?:registry|git|url)|source = ")'  # not another package of the same name
    entry = rf'^\[\[package\]\]\nname = "{re.escape(name)}"\nversion = "([^"]+)"\n{own}'
    return in_pattern(root, file, entry, group=1, kind=file)


def in_package_json(root: Path, file: str = "package.json") -> Written:
    """The member `version` of the outermost object (https://docs.npmjs.com/cli/configuring-npm/package-json)."""
    source, depth, key = read(root, file), 0, False
    for token in _JSON.finditer(source.text):
        word = token[0]
        depth += (word in "{[") - (word in "}]")
        if key and word.startswith('"'):
            return source.written("package.json", token.start() + 1, token.end() - 1)
        key = depth == 1 and (word == '"version"' or (key and word == ":"))
    raise unclear(f"{file} has no version", file)


def _modules(root: Path) -> Iterator[str]:
    """Modules in which a project spells its version: its own, at the top or one level down, and Sphinx's."""
    for base in _FOLDERS:
        for path in sorted((root / base).glob("*")):
            if path.name in _NOT_OURS or path.name.startswith("."):
                continue
            candidates = [path / name for name in _MODULES] if (path / "__init__.py").is_file() else [path]
            own = (file for file in candidates if file.suffix == ".py" and file.is_file() and file.name != "setup.py")
            yield from (file.relative_to(root).as_posix() for file in own)
    yield from (file for file in _CONF if (root / file).is_file())
