"""One thing against another: the wheel against the source, and the sdist against the files that git tracks.

Leaving files out is normal: tests, documentation, C sources, settings of tools. What is reported as a mistake
is what the package's own code asks for, and what the build itself needs.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator

from tagship import toml
from tagship.checks.archives import Archive
from tagship.checks.check import Check, CheckContext, Hit, few, is_sample
from tagship.model import Page, Severity

_QUOTED = re.compile(rb"[\"']([\w ./-]{1,100})[\"']")
_NOT_DATA = re.compile(
    r".*\.(?:py|pyc|pyx|pxd|pxi|c|cc|cpp|cxx|h|hh|hpp|hxx|rs|f|f90|go|zig|s|asm|o|obj|a|lib|in|am|toml|cfg|ini|build"
    r"|cmake|lock|orig|sh|bat|ps1|m4|po|pot|ts|map)"
    r"|(?:.*/)?(?:Makefile|BUILD|LICEN[CS]E.*|COPYING.*|README.*|CHANGE.*|AUTHORS.*|TODO.*|MANIFEST\.in)",
    re.IGNORECASE,
)
_MISSED = re.compile(
    r"(?:tests?|testing)/.*|readme(?:\.[a-z]+)?|(?:licen[cs]e|copying|notice|change|history|news|release[-_]?notes)[^/]*",
    re.IGNORECASE,
)
"""What those who repackage an sdist look for. That it lacks settings of tools, documentation and examples is usual."""


def _layout(wheel: Archive, source: Iterable[str]) -> str | None:
    """The folder of the source that holds what the wheel installs, by most matches: `src/`, or nothing.

    None where less than half of the wheel's code is found in one place, as with a package folder of another name.
    """
    code = set(wheel.code())
    votes: Counter[str] = Counter()
    for path in source:
        parts = path.split("/")
        votes.update("".join(f"{p}/" for p in parts[:n]) for n in range(len(parts)) if "/".join(parts[n:]) in code)
    prefix, count = votes.most_common(1)[0] if votes else ("", 0)
    return prefix if count * 2 > len([path for path in code if path.endswith(".py")]) else None


def _inside_package(path: str, wheel: Archive) -> bool:
    """Whether a regular package of the wheel encloses the path; a shared namespace encloses nothing."""
    folder = path.rpartition("/")[0]
    while folder and f"{folder}/__init__.py" not in wheel.files:
        folder = folder.rpartition("/")[0]
    return bool(folder)


def left_out(context: CheckContext) -> Iterator[Hit]:
    """Modules of an included package that the wheel lacks, and data that the package's code names."""
    source = {path for sdist in context.sdists for path in sdist.files} | (context.tracked or frozenset())
    for wheel in context.wheels:
        if (prefix := _layout(wheel, source)) is None:
            continue
        missing = [
            path
            for full in sorted(source)
            if full.startswith(prefix)
            and (path := full.removeprefix(prefix)) not in wheel.files
            and _inside_package(path, wheel)
            and not is_sample(path)
            and "/." not in path
        ]
        modules = [path for path in missing if path.endswith(".py")]
        if modules:
            yield Hit(where=wheel.filename, title=f"it lacks modules of its package: {few(modules)}")
        data = [path for path in missing if not _NOT_DATA.fullmatch(path)]
        if data and (wanted := _named(data, wheel)):
            yield Hit(where=wheel.filename, title=f"it lacks files that its code names: {few(wanted)}")


def _named(paths: list[str], wheel: Archive) -> list[str]:
    """Those whose name, or whose data folder, stands between quotes in the wheel's code."""
    code = wheel.code()
    homes = {path.rpartition("/")[0] for path in code}
    quoted: set[str] = set()
    for path in code:
        for text in _QUOTED.findall(wheel.files[path].content or b""):
            quoted.update(text.decode().split("/"))
    return [p for p in paths if p.endswith("py.typed") or not quoted.isdisjoint(_below(p, homes))]


def _below(path: str, homes: set[str]) -> list[str]:
    """The parts of a path below the last folder that holds code."""
    parts = path.split("/")
    depth = next((n for n in range(len(parts) - 1, 0, -1) if "/".join(parts[:n]) in homes), 0)
    return parts[depth:]


def _has(sdist: Archive, path: str) -> bool:
    """Whether the sdist has the file; a submodule or a link to a folder is one path for git."""
    return path in sdist.files or any(other.startswith(f"{path}/") for other in sdist.files)


def build_needs(context: CheckContext) -> Iterator[Hit]:
    """Tracked files without which the sdist does not build as the repository does."""
    for sdist in context.sdists:
        tracked = context.tracked or frozenset()
        needed = {"pyproject.toml"}
        try:
            build = toml.loads(sdist.text("pyproject.toml")).get("build-system", {})
        except tomllib.TOMLDecodeError:
            build = {}
        if isinstance(build, dict):
            if str(build.get("build-backend", "setuptools")).startswith("setuptools"):
                needed.add("setup.py")
            folders = build.get("backend-path")
            for folder in folders if isinstance(folders, list) else ():
                needed |= {p for p in tracked if p.startswith(f"{folder}/".removeprefix("./")) and p.endswith(".py")}
        for path in sorted(needed & tracked - sdist.files.keys()):
            yield Hit(where=sdist.filename, title=f"it lacks `{path}`, which its build needs")


def untold(context: CheckContext) -> Iterator[Hit]:
    """Tracked tests and documents that the sdist lacks."""
    for sdist in context.sdists:
        missing = [p for p in context.tracked or () if p not in sdist.files and _MISSED.fullmatch(p)]
        groups = Counter(path.partition("/")[0] for path in missing if not _has(sdist, path))
        if groups:
            names = [f"{name} ({count} files)" if count > 1 else name for name, count in sorted(groups.items())]
            yield Hit(where=sdist.filename, title=f"it leaves out {few(names, 6)}")


CHECKS = (
    Check(
        page=Page(
            code="TC20",
            title="A wheel lacks files of its package",
            why="The package works from a checkout and fails once installed, with ModuleNotFoundError or "
            "FileNotFoundError.",
            remedy="Include the files in the configuration of the build backend (for setuptools "
            "`[tool.setuptools.package-data]` and `packages.find`), or exclude them from the sdist as well.",
            severity=Severity.WARNING,
            source="check-wheel-contents W101, W102",
        ),
        find=left_out,
    ),
    Check(
        page=Page(
            code="TC21",
            title="An sdist lacks a file that its build needs",
            why="Who builds from the sdist, as pip does where no wheel fits, gets another package or a failure.",
            remedy="Include the file in the configuration of the build backend.",
            source="PEP 517, PEP 518",
        ),
        find=build_needs,
    ),
    Check(
        page=Page(
            code="TC22",
            title="An sdist leaves out tests or documents",
            why="Linux distributions build, test and document from the sdist; what it lacks they cannot use.",
            remedy="Nothing, where it is meant so; else include the files in the configuration of the build backend.",
            severity=Severity.NOTE,
            source="check-manifest",
        ),
        find=untold,
    ),
)
