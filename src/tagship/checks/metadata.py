"""What METADATA and PKG-INFO say: in agreement with the plan, with each other, and complete enough for readers.

What PyPI refuses is the rule book's business; these are the things that it lets pass.
"""

from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from tagship.checks.archives import Archive
from tagship.checks.check import Check, CheckContext, Hit, few
from tagship.model import Page, Severity

_PYTHON = "Programming Language :: Python :: "


def _spoken(archive: Archive) -> str:
    """The name of the metadata file, for people."""
    return f"{archive.filename}: {'METADATA' if archive.kind == 'wheel' else 'PKG-INFO'}"


def _named(archive: Archive) -> tuple[str, str] | None:
    """Name (normalised) and version that the file's name says; None where it cannot be parsed."""
    try:
        if archive.kind == "wheel":
            name, version, *_ = parse_wheel_filename(archive.filename)
        else:
            name, version = parse_sdist_filename(archive.filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return name, str(version)


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def versions(context: CheckContext) -> Iterator[Hit]:
    """Versions other than the plan's, in a file's name or in its metadata."""
    planned = _normal(context.version)
    for archive in context.archives:
        named = _named(archive)
        said = archive.metadata.get("version")
        for where, version in ((archive.filename, named and named[1]), (_spoken(archive), said)):
            if version is not None and _normal(version) != planned:
                yield Hit(where=where, title=f"the version is {version}, the plan says {planned}")


def names(context: CheckContext) -> Iterator[Hit]:
    """Names other than the plan's, in a file's name or in its metadata."""
    planned = canonicalize_name(context.project)
    for archive in context.archives:
        named = _named(archive)
        said = archive.metadata.get("name")
        for where, name in ((archive.filename, named and named[0]), (_spoken(archive), said)):
            if name is not None and canonicalize_name(name) != planned:
                yield Hit(where=where, title=f"the name is {name}, the plan says {context.project}")


def description(context: CheckContext) -> Iterator[Hit]:
    """Metadata without a description, or without saying how it is written."""
    for archive in context.archives:
        text = archive.metadata.get("description", "").strip()
        if not text or text == "UNKNOWN":
            yield Hit(where=_spoken(archive), title="there is no description, the page on the index will be empty")
        elif not archive.metadata.get("description_content_type"):
            yield Hit(
                where=_spoken(archive),
                title="the description does not say its format and is taken for reStructuredText",
            )


def licence(context: CheckContext) -> Iterator[Hit]:
    """Metadata that says nothing about the licence."""
    for archive in context.archives:
        said = archive.metadata
        stated = said.get("license_expression") or said.get("license", "").replace("UNKNOWN", "")
        if not stated and not any(c.startswith("License ::") for c in said.get("classifiers", [])):
            yield Hit(where=_spoken(archive), title="no licence is stated")


def pythons(context: CheckContext) -> Iterator[Hit]:
    """`Requires-Python` that is absent, or excludes a version that a classifier promises."""
    for archive in context.archives:
        required = archive.metadata.get("requires_python", "")
        if not required:
            yield Hit(where=_spoken(archive), title="no Requires-Python: installers offer it to every Python")
            continue
        try:
            allowed = SpecifierSet(required)
        except InvalidSpecifier:
            continue  # PyPI refuses those, in its own words
        promised = (c.removeprefix(_PYTHON) for c in archive.metadata.get("classifiers", []) if c.startswith(_PYTHON))
        # A late patch release: `>=3.8.1` allows what `3.8` promises.
        excluded = [v for v in promised if v.count(".") == 1 and v[0].isdigit() and f"{v}.99" not in allowed]
        if excluded:
            title = f"Requires-Python {required} excludes what classifiers promise: {few(excluded)}"
            yield Hit(where=_spoken(archive), title=title)


def _requirements(archive: Archive) -> set[str]:
    """The requirements, each in one spelling."""
    return {_requirement(text) for text in archive.metadata.get("requires_dist", [])}


def _requirement(text: str) -> str:
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return text
    parsed.name = canonicalize_name(parsed.name)
    parsed.extras = {canonicalize_name(extra) for extra in parsed.extras}
    return str(parsed)


def disagreement(context: CheckContext) -> Iterator[Hit]:
    """Files of one release that require different things; an sdist may leave a field open as `Dynamic`."""
    if not context.wheels:
        return
    first = context.wheels[0]
    for other in context.archives:
        dynamic = {field.lower() for field in other.metadata.get("dynamic", [])}
        vague = other.kind == "sdist" and other.metadata.get("metadata_version", "1.0") < "2.2"
        if other is first or vague:
            continue
        if "requires-dist" not in dynamic and (differing := _requirements(other) ^ _requirements(first)):
            title = f"it requires other things than {first.filename}: {few(sorted(differing))}"
            yield Hit(where=_spoken(other), title=title)
        mine, theirs = (a.metadata.get("requires_python", "") for a in (other, first))
        if "requires-python" not in dynamic and _same(mine) != _same(theirs):
            yield Hit(where=_spoken(other), title=f"Requires-Python is `{mine}`, in {first.filename} `{theirs}`")


def _same(specifiers: str) -> Iterable[str]:
    return sorted(part.strip() for part in specifiers.split(","))


CHECKS = (
    Check(
        page=Page(
            code="TC30",
            title="A built file has another version than the plan",
            why="Users who ask for the version would get something else, and a version on an index cannot be replaced.",
            remedy="Make the declared version agree with the tag, commit, and tag again.",
            source="PEP 440; core metadata specification",
        ),
        find=versions,
    ),
    Check(
        page=Page(
            code="TC31",
            title="A built file has another name than the plan",
            why="It would be uploaded to another project.",
            remedy="Remove files of other projects from the output folder, or correct `name` in `[project]`.",
            source="PEP 503; core metadata specification",
        ),
        find=names,
    ),
    Check(
        page=Page(
            code="TC32",
            title="The description is missing or does not say its format",
            why="The project's page stays empty, or shows Markdown as if it were reStructuredText; "
            "`twine check --strict` fails.",
            remedy='Set `readme = "README.md"` in `[project]`; the build backend derives the format. In setup.py, set '
            "`long_description_content_type`.",
            severity=Severity.WARNING,
            source="twine check; core metadata specification",
        ),
        find=description,
    ),
    Check(
        page=Page(
            code="TC33",
            title="The metadata states no licence",
            why="Companies' tools treat a package without one as forbidden.",
            remedy='Set `license = "MIT"`, or the SPDX expression that applies, in `[project]`.',
            severity=Severity.WARNING,
            source="PEP 639",
        ),
        find=licence,
    ),
    Check(
        page=Page(
            code="TC34",
            title="Requires-Python is missing or disagrees with the classifiers",
            why="Installers go by Requires-Python alone; people and badges go by the classifiers.",
            remedy="Set `requires-python` in `[project]` to what is tested, and list the same versions as classifiers.",
            severity=Severity.NOTE,
            source="core metadata specification",
        ),
        find=pythons,
    ),
    Check(
        page=Page(
            code="TC35",
            title="Files of one release require different things",
            why="Resolvers read the requirements of one file and take them for those of all; what is installed then "
            "depends on which file was read.",
            remedy="Express differences by environment markers, or declare the field as dynamic.",
            severity=Severity.WARNING,
            source="PEP 643; documentation of uv and Poetry on resolution",
        ),
        find=disagreement,
    ),
)
