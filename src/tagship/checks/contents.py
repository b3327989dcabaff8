"""What is inside one wheel or one sdist: what should not be there, what is missing, and what breaks when installed."""

import configparser
import csv
import posixpath
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from tagship.checks.archives import Archive, Member
from tagship.checks.check import Check, CheckContext, Hit, few
from tagship.model import Page, Severity

LITTER = re.compile(
    r"(?:.*/)?(?:__pycache__|\.(?:hg|svn|bzr|venv|tox|nox|eggs|idea|vscode|mypy_cache|ruff_cache|pytest_cache|hypothesis"
    r"|ipynb_checkpoints)|__MACOSX|node_modules|htmlcov)/.+"
    r"|(?:.*/)?(?:\.DS_Store|\._[^/]+|Thumbs\.db|desktop\.ini|\.coverage(?:\.[^/]+)?|coverage\.xml|[^/]+\.(?:sw[op]|orig|rej)"
    r"|[^/]+~|pip-log\.txt)"
)
ORIGINALS = frozenset({"pyproject.toml.orig", "Cargo.toml.orig"})
"""What uv and cargo keep beside the file that they rewrite for an sdist."""
GENERIC = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "script", "scripts"}
    | {"src", "build", "dist", "ci", "setup", "conftest", "noxfile"}
)
LICENCE = re.compile(r"(?:[^/]*licen[cs]e|copying|copyright|notice)[^/]*(?:/.*)?", re.IGNORECASE)
README = re.compile(r"(?:readme|description)(?:\.[^/]*)?", re.IGNORECASE)
WINDOWS = re.compile(
    r"(?:.*/)?(?:[^/]*[<>:\"|?*\\][^/]*|[^/]*[. ]|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.[^/]*)?)(?:/.*)?", re.IGNORECASE
)


def unreadable(context: CheckContext) -> Iterator[Hit]:
    """Archives that could not be read to their end."""
    for archive in context.archives:
        if archive.problem:
            yield Hit(where=archive.filename, title=f"it cannot be read: {archive.problem}")


def unsafe(context: CheckContext) -> Iterator[Hit]:
    """Members that installers refuse to unpack, or would unpack as something else."""
    for archive in context.archives:
        for member in archive.members:
            if reason := _unsafe(archive, member):
                yield Hit(where=f"{archive.filename}: {member.name}", title=reason)


def _unsafe(archive: Archive, member: Member) -> str:
    if _outside(member.name):
        return "its path leaves the folder that it is unpacked into"
    if member.kind == "special":
        return "it is neither a file, a folder nor a link"
    if member.kind == "link":
        beside = posixpath.join(posixpath.dirname(member.name), member.target)
        if archive.kind == "wheel":
            return "it is a link, which installers of wheels write as a text file"
        if _outside(member.target) and _outside(beside):
            return "it links to something outside of the archive"
    return ""


def _outside(path: str) -> bool:
    normal = posixpath.normpath(path)
    return normal.startswith("/") or normal.partition("/")[0] == ".." or re.match("[A-Za-z]:", normal) is not None


def litter(context: CheckContext) -> Iterator[Hit]:
    """Files that tools and editors leave behind."""
    for archive in context.archives:
        found = [p for p in archive.files if LITTER.fullmatch(p) and p.rpartition("/")[2] not in ORIGINALS]
        if found:
            yield Hit(where=f"{archive.filename}: {found[0]}", title=f"it contains leftovers: {few(found)}")


def empty(context: CheckContext) -> Iterator[Hit]:
    """Wheels that install nothing, unless all they are for is their dependencies."""
    own = canonicalize_name(context.project).replace("-", "_")
    source = (*(context.tracked or ()), *(path for sdist in context.sdists for path in sdist.files))
    for wheel in context.wheels:
        if wheel.problem or any(not path.startswith(f"{wheel.dist_info}/") for path in wheel.files):
            continue
        if not wheel.metadata.get("requires_dist") or any(f"/{p}".endswith(f"/{own}/__init__.py") for p in source):
            yield Hit(where=wheel.filename, title="it contains no code")


def generic_names(context: CheckContext) -> Iterator[Hit]:
    """Packages and modules that land in site-packages under a name that belongs to nobody."""
    for wheel in context.wheels:
        top = {path.partition("/")[0].partition(".")[0] for path in wheel.code()}
        for name in sorted((top & GENERIC) - {canonicalize_name(context.project)}):
            yield Hit(where=wheel.filename, title=f"it installs a top-level `{name}` into site-packages")


def untyped(context: CheckContext) -> Iterator[Hit]:
    """Wheels that say `Typing :: Typed` without the marker that type checkers look for."""
    for wheel in context.wheels:
        if "Typing :: Typed" not in wheel.metadata.get("classifiers", []):
            continue
        stubs_only = all(path.partition("/")[0].endswith("-stubs") for path in wheel.code())
        if not stubs_only and not any(path.endswith("/py.typed") for path in wheel.files):
            yield Hit(where=wheel.filename, title="it says that it is typed and has no `py.typed`")


def licence(context: CheckContext) -> Iterator[Hit]:
    """Files without the text of a licence."""
    for archive in context.archives:
        home = f"{archive.dist_info}/" if archive.kind == "wheel" else ""
        here = (path.removeprefix(home) for path in archive.files if path.startswith(home))
        if not any(map(LICENCE.fullmatch, here)):
            yield Hit(where=archive.filename, title="it contains no licence file")


def readme(context: CheckContext) -> Iterator[Hit]:
    """Sdists without a README."""
    for sdist in context.sdists:
        if not any(README.fullmatch(path) for path in sdist.files):
            yield Hit(where=sdist.filename, title="it contains no README")


def record(context: CheckContext) -> Iterator[Hit]:
    """Wheels whose RECORD does not list exactly the files that are there, with their digests."""
    for wheel in context.wheels:
        listed = _listed(wheel.text(wheel.below("RECORD")))
        if not listed or wheel.problem:
            continue
        exempt = {wheel.below(name) for name in ("RECORD", "RECORD.jws", "RECORD.p7s")}
        there = {m.name: m for m in wheel.members if m.kind != "directory" and m.name not in exempt}
        wrong = [f"{name} is not listed" for name in there if name not in listed]
        wrong += [f"{name} is not there" for name in listed if name not in there and name not in exempt]
        for name, member in there.items():
            method, _, digest = listed.get(name, "").partition("=")
            if method == "sha256" and digest != urlsafe_b64encode(member.sha256).rstrip(b"=").decode():
                wrong.append(f"{name} has another digest")
        if wrong:
            yield Hit(where=f"{wheel.filename}: {wheel.below('RECORD')}", title=f"RECORD is wrong: {few(wrong)}")


def _listed(text: str) -> dict[str, str]:
    """The digests in a RECORD by path."""
    try:
        return {row[0]: row[1] for row in csv.reader(text.splitlines()) if len(row) > 1}
    except csv.Error:
        return {}


def case_collisions(context: CheckContext) -> Iterator[Hit]:
    """Paths that are one and the same on macOS and Windows."""
    for archive in context.archives:
        seen: dict[str, str] = {}
        for path in archive.files:
            other = seen.setdefault(path.casefold(), path)
            if other != path:
                yield Hit(where=f"{archive.filename}: {path}", title=f"it differs from `{other}` only by case")


def windows_names(context: CheckContext) -> Iterator[Hit]:
    """Paths that cannot exist on Windows."""
    for archive in context.archives:
        if found := [path for path in archive.files if WINDOWS.fullmatch(path)]:
            title = f"it has names that Windows does not allow: {few(found)}"
            yield Hit(where=f"{archive.filename}: {found[0]}", title=title)


def entry_points(context: CheckContext) -> Iterator[Hit]:
    """Commands and plugins that name a module which is not there.

    A module of a package that is not in the wheel at all may come from a dependency, where there is one.
    """
    for wheel in context.wheels:
        parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
        try:
            parser.read_string(wheel.text(wheel.below("entry_points.txt")))
        except configparser.Error:
            continue  # PyPI refuses those, in its own words
        modules = _modules(wheel)
        for group in parser.sections():
            for name, value in parser.items(group):
                module = re.split(r"[:\[]", value)[0].strip().replace(".", "/")
                foreign = module.partition("/")[0] not in modules and wheel.metadata.get("requires_dist")
                if module not in modules and not foreign:
                    script = group in {"console_scripts", "gui_scripts"}
                    yield Hit(
                        where=f"{wheel.filename}: {wheel.below('entry_points.txt')}",
                        title=f"`{name}` in [{group}] names a module that is not in the wheel: {value}",
                        severity=None if script else Severity.WARNING,
                    )


def _modules(wheel: Archive) -> set[str]:
    """Everything importable, packages and namespaces included, with `/` between the parts."""
    found = set[str]()
    for path in wheel.code():
        folder, _, file = path.rpartition("/")
        found.add(f"{folder}/{file.partition('.')[0]}".lstrip("/"))
        while folder:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


CHECKS = (
    Check(
        page=Page(
            code="TC01",
            title="A built file cannot be read",
            why="Installers and PyPI will stop at the same place.",
            remedy="Build again; if it stays, look for what the build backend or a later step does to the file.",
            source="PyPI's limits for archives; RFC 1952; the tar and zip formats",
        ),
        find=unreadable,
    ),
    Check(
        page=Page(
            code="TC02",
            title="An archive has members that cannot be unpacked safely",
            why="Installers refuse devices, and paths and links that leave their folder; wheels cannot carry links.",
            remedy="Replace the link by the file itself, or exclude it in the configuration of the build backend.",
            source="PEP 706 (the `data` filter); PEP 427",
        ),
        find=unsafe,
    ),
    Check(
        page=Page(
            code="TC10",
            title="An archive contains leftovers of tools",
            why="Caches, coverage data and editor files make the download larger, differ from build to build and may "
            "show paths of the machine they come from.",
            remedy="Remove the files, or exclude them in the configuration of the build backend.",
            severity=Severity.WARNING,
            source="check-wheel-contents W001, W002; gitignore templates",
        ),
        find=litter,
    ),
    Check(
        page=Page(
            code="TC11",
            title="A wheel contains no code",
            why="It installs without an error and nothing can be imported: the build backend did not find the package.",
            remedy="Tell the build backend where the package is (for hatchling `packages`, for setuptools "
            "`[tool.setuptools.packages.find] where`), then build and look into the wheel.",
            source="check-wheel-contents W007, W008",
        ),
        find=empty,
    ),
    Check(
        page=Page(
            code="TC12",
            title="A wheel installs a package with a name that belongs to nobody",
            why="`tests` or `docs` directly in site-packages overwrites, or is overwritten by, that of other projects.",
            remedy="Exclude the folder from the wheel, or move it below the package.",
            severity=Severity.WARNING,
            source="check-wheel-contents W009, W010",
        ),
        find=generic_names,
    ),
    Check(
        page=Page(
            code="TC13",
            title="A typed package lacks `py.typed`",
            why="Without the marker type checkers ignore the annotations, whatever the classifier says.",
            remedy="Add an empty `py.typed` to the package and see that the build backend includes it.",
            severity=Severity.WARNING,
            source="PEP 561",
        ),
        find=untyped,
    ),
    Check(
        page=Page(
            code="TC14",
            title="An archive has no licence file",
            why="Most licences demand that their text goes with every copy, and without one nobody may use the code.",
            remedy="Add a LICENSE file and name it in `license-files` of `[project]`.",
            severity=Severity.WARNING,
            source="PEP 639",
        ),
        find=licence,
    ),
    Check(
        page=Page(
            code="TC15",
            title="An sdist has no README",
            why="Who unpacks the source, for example for a distribution, finds no description.",
            remedy="Add a README and name it in `readme` of `[project]`.",
            severity=Severity.NOTE,
            source="packaging.python.org, source distribution format",
        ),
        find=readme,
    ),
    Check(
        page=Page(
            code="TC16",
            title="RECORD does not describe the wheel",
            why="PyPI writes an e-mail about it and may refuse such wheels later; strict installers refuse them now, "
            "and files that are not listed stay behind when the package is removed.",
            remedy="Do not change a wheel after it was built; `wheel pack` writes RECORD anew.",
            severity=Severity.WARNING,
            source="PEP 427; PyPI blog, 2025-08-07",
        ),
        find=record,
    ),
    Check(
        page=Page(
            code="TC17",
            title="Two paths differ only by case",
            why="On macOS and Windows one overwrites the other.",
            remedy="Rename one of them.",
            severity=Severity.WARNING,
            source="documentation of APFS and NTFS",
        ),
        find=case_collisions,
    ),
    Check(
        page=Page(
            code="TC18",
            title="A path cannot exist on Windows",
            why="Unpacking fails there, and with it the installation.",
            remedy="Rename the file, or exclude it in the configuration of the build backend.",
            severity=Severity.WARNING,
            source="learn.microsoft.com, Naming Files, Paths, and Namespaces",
        ),
        find=windows_names,
    ),
    Check(
        page=Page(
            code="TC19",
            title="An entry point names a module that is not in the wheel",
            why="The command, or the plugin, fails with ModuleNotFoundError as soon as it is used.",
            remedy="Correct the name in `[project.scripts]` or `[project.entry-points]`, or include the module.",
            source="packaging.python.org, entry points specification",
        ),
        find=entry_points,
    ),
)
