"""The versions that a project's lock file has, whichever tool wrote it."""

import tomllib
from collections import Counter
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tagship import toml
from tagship.shapes import shaped

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")


class _Package(msgspec.Struct):
    name: str = ""
    version: str = ""
    source: dict[str, object] = msgspec.field(default_factory=dict)
    resolution_markers: list[str] = msgspec.field(default_factory=list, name="resolution-markers")
    """uv's: the environments for which a package has this version, where it has several."""


class _Lock(msgspec.Struct):
    package: list[_Package] = msgspec.field(default_factory=list)


def pinned(*folders: Path, without: str | None = None) -> tuple[str, ...]:
    """The locked packages as constraints, from the first lock that is there; empty where there is none.

    Left out are packages that do not come from an index, those that the lock has in several versions without
    saying for which environments, and the project itself, of which `without` is the normalised name.
    """
    file = next((folder / name for folder in folders for name in LOCKS if (folder / name).is_file()), None)
    if file is None:
        return ()
    try:
        lock = shaped(toml.loads(file.read_text(encoding="utf-8")), _Lock)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError):
        return ()  # its own tool will say what is wrong with it
    usable = [p for p in lock.package if (not p.source or "registry" in p.source) and _ok(p.version)]
    often = Counter(package.name for package in usable)
    return tuple(
        f"{package.name}=={package.version}" + (f" ; {_either(package)}" if often[package.name] > 1 else "")
        for package in usable
        if canonicalize_name(package.name) != without and (often[package.name] == 1 or package.resolution_markers)
    )


def _either(package: _Package) -> str:
    return " or ".join(f"({marker})" for marker in package.resolution_markers)


def _ok(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
