"""Which files of a project's folder are its README, changelog and licences, and where further packages lie."""

import fnmatch
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from tagship.errors import UsageError
from tagship.model import Record
from tagship.project.found import Found, unknown
from tagship.project.pyproject import Pyproject, parse, read_toml, table, text, texts
from tagship.project.setuptools_files import read_setup_cfg, read_setup_py

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
LICENCES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
"""What build backends look for where nothing is declared (PEP 639)."""
_CHANGELOG = re.compile(r"(change[-_]?s?|change[-_]?logs?|history|news|releases?|release[-_]notes|whatsnew)", re.I)
_README = re.compile(r"readme", re.I)
_TEXT = ("", ".md", ".rst", ".txt", ".markdown", ".adoc")
_USUAL = ("packages/*", "libs/*", "projects/*", "python/*", "src/*", "*")
_ASIDE = {"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "node_modules", "fixtures", "templates"}


NAME_ONE = "Name one of them: --package {}"


class Package(Record, frozen=True, kw_only=True):
    """One package of a repository that holds several."""

    path: str
    """Folder, relative to the repository."""
    name: str | None
    """None where it takes code to know it."""
    source: str


def insist_on_one(name: str | None, packages: Sequence[Package], *, undone: str, remedy: str) -> None:
    """A command is about one package: where the root is none, and others lie below it, one of them has to be named.

    Args:
        name: that of the project in the root.
        undone: what did not happen: `Nothing was written`.
        remedy: with `{}` where the folder of a package belongs.

    Raises:
        UsageError: the packages lie below the root.
    """
    if name is None and packages:
        paths = [package.path for package in packages]
        raise UsageError(
            f"{undone}: the packages lie below the root of the repository: {', '.join(paths)}",
            remedy=remedy.format(shlex.quote(paths[0])),
        )


def changelog(root: Path) -> Found[str | None]:
    """The changelog, in the root or in its docs folder."""
    return _named(root, _CHANGELOG, ("", "docs", "doc", "docs/source"), "no file is named like a changelog")


def readme(root: Path) -> Found[str | None]:
    """The README of the root."""
    return _named(root, _README, ("",), "no file is named like a README")


def _named(root: Path, stem: re.Pattern[str], folders: tuple[str, ...], missing: str) -> Found[str | None]:
    for folder in folders:
        for path in sorted(
            _files(root / folder),
            key=lambda p: (_TEXT.index(p.suffix.lower()) if p.suffix.lower() in _TEXT else 9, p.name),
        ):
            if stem.fullmatch(path.stem) and path.suffix.lower() in _TEXT:
                file = path.relative_to(root).as_posix()
                return Found(value=file, source=f"detected: {file}")
    return unknown(missing)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def licences(root: Path, declared: Found[tuple[str, ...] | None] | None) -> Found[tuple[str, ...] | None]:
    """The licence files that the declared patterns find, or those that build backends take by themselves."""
    if declared is not None and declared.value is not None:
        files = sorted({p.relative_to(root).as_posix() for g in declared.value for p in _glob(root, g) if p.is_file()})
        return Found(value=tuple(files), source=declared.source)
    names = sorted(p.name for p in _files(root) if any(fnmatch.fnmatchcase(p.name.upper(), n) for n in LICENCES))
    if not names:
        return unknown("no file is named like a licence")
    return Found(value=tuple(names), source=f"detected: {names[0]}")


def _glob(root: Path, pattern: str) -> Iterable[Path]:
    try:
        return list(root.glob(pattern))
    except (ValueError, NotImplementedError, IndexError):  # absolute or empty: no backend accepts it either
        return []


def packages(root: Path, data: Pyproject) -> tuple[Package, ...]:
    """The packages below a repository's root, the root itself left out.

    Declared as a workspace by uv or hatch, else found where they usually lie: `packages/*`, `libs/*`,
    `projects/*`, `python/*`, `src/*`, or straight below the root.
    """
    uv, hatch = table(data.tool.uv, "workspace"), table(data.tool.hatch, "workspace")
    patterns, out, source = texts(uv, "members"), texts(uv, "exclude"), "pyproject.toml [tool.uv.workspace]"
    if not patterns:
        patterns, source = texts(hatch, "members"), "pyproject.toml [tool.hatch.workspace]"
    if not patterns:
        patterns, source = _USUAL, ""
    found: dict[str, Package] = {}
    for pattern in patterns:
        for folder in sorted(_glob(root, pattern)):
            path = folder.relative_to(root).as_posix()
            if path == "." or folder.name.startswith(".") or any(fnmatch.fnmatchcase(path, o) for o in out):
                continue
            if (not source and _ASIDE & {*path.split("/")}) or not any((folder / f).is_file() for f in PROJECT_FILES):
                continue
            named = name(folder)
            if named is not None or source:
                found[path] = Package(path=path, name=named, source=source or f"detected: {path} has a project file")
    return tuple(found.values())


def name(folder: Path) -> str | None:
    """The name that a folder's project files declare literally."""
    data = parse(read_toml(folder, "pyproject.toml"))
    if data.project is not None and data.project.name:
        return data.project.name
    if poetry := text(data.tool.poetry or {}, "name"):
        return poetry
    if written := read_setup_cfg(folder).get("metadata", {}).get("name"):
        return written
    call = read_setup_py(folder)
    literal = call.literals.get("name") if call else None
    return literal if isinstance(literal, str) else None
