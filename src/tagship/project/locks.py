"""The versions that a project's lock file has, whichever tool wrote it."""

import tomllib
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")


class _Package(msgspec.Struct):
    name: str = ""
    version: str = ""
    source: dict[str, object] = msgspec.field(default_factory=dict)


class _Lock(msgspec.Struct):
    package: list[_Package] = msgspec.field(default_factory=list)


def pinned(*folders: Path, without: str | None = None) -> tuple[str, ...]:
    """The locked packages as `name==version`, from the first lock that is there; empty where there is none.

    Left out are packages that do not come from an index, those that the lock has in several versions for different
    environments, and the project itself, of which `without` is the normalised name.
    """
    file = next((folder / name for folder in folders for name in LOCKS if (folder / name).is_file()), None)
    if file is None:
        return ()
    try:
        lock = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _Lock)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError):
        return ()  # its own tool will say what is wrong with it
    versions: dict[str, set[str]] = {}
    for package in lock.package:
        indexed = not package.source or "registry" in package.source
        if indexed and canonicalize_name(package.name) != without:
            versions.setdefault(package.name, set()).add(package.version)
    return tuple(f"{name}=={found.pop()}" for name, found in versions.items() if len(found) == 1 and _ok(*found))


def _ok(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
