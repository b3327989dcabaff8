"""The section of a changelog that is about one version, from changelogs as people write them."""

import re
from collections.abc import Callable

from tagship.project.discover import Project
from tagship.versions import parse

_UNDERLINE = re.compile(r"([=\-~^#*+\"'`.:_])\1{2,}\s*")
_VERSION = re.compile(r"\d+(?:\.\d+)+(?:[-._]?(?:a|b|c|rc|alpha|beta|pre|post|dev)[-._]?\d*)*", re.IGNORECASE)
_COMING = re.compile(
    r"\b(?:unreleased|not yet released|upcoming|next (?:release|version)|to be released)\b", re.IGNORECASE
)
ENOUGH = 2_000_000
"""Characters of a changelog that are read; the newest versions come first."""


def section(project: Project, version: str) -> str | None:
    """What the project's changelog says about a version, without the heading; None where it says nothing."""
    return find(_read(project), version)


def unreleased(project: Project) -> str | None:
    """What it says about the next version, under a heading such as `Unreleased`; None where it says nothing."""
    return _body(_read(project), lambda title: bool(_COMING.search(title)))


def _read(project: Project) -> str:
    if project.changelog.value is None:
        return ""
    return (project.root / project.changelog.value).read_text(encoding="utf-8-sig", errors="replace")[:ENOUGH]


def find(text: str, version: str) -> str | None:
    """The lines between a version's heading and the next heading of the same kind.

    Headings are Markdown's `#` and underlined ones, or reStructuredText's underlined (and overlined) titles.
    """
    wanted = parse(version)
    return _body(text, lambda title: (found := _VERSION.search(title)) is not None and parse(found[0]) == wanted)


def _body(text: str, wanted: Callable[[str], bool]) -> str | None:
    lines = text.splitlines()
    headings = list(_headings(lines))
    for start, body, level, title in headings:
        if not wanted(title):
            continue
        later = (at for at, _, kind, _ in headings if at > start and (kind == level or _higher(kind, level)))
        end = next(later, len(lines))
        return "\n".join(lines[body:end]).strip() or None
    return None


def _headings(lines: list[str]) -> list[tuple[int, int, str, str]]:
    """First line, first line of the body, kind and title of every heading."""
    found: list[tuple[int, int, str, str]] = []
    fenced = False
    for number, line in enumerate(lines):
        if line.startswith("```"):
            fenced = not fenced
            continue  # three backticks are an underline as well
        if fenced:
            continue
        if marker := re.match(r"(#{1,6})\s+(.+)", line):
            found.append((number, number + 1, marker[1], marker[2]))
        elif (
            number
            and _UNDERLINE.fullmatch(line)
            and (title := lines[number - 1].strip())
            and not _UNDERLINE.fullmatch(title)
            and len(line.strip()) >= min(len(title), 3)
        ):
            over = number >= 2 and lines[number - 2].strip() == line.strip()
            found.append((number - (2 if over else 1), number + 1, line[0] + ("o" if over else ""), title))
    return found


def _higher(kind: str, level: str) -> bool:
    """Whether a Markdown heading is above another; other kinds have no order of their own."""
    return kind.startswith("#") and level.startswith("#") and len(kind) < len(level)
