"""The section of a changelog that is about one version, from changelogs as people write them."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from tagship.project.discover import Project
from tagship.versions import parse

_UNDERLINE = re.compile(r"([=\-~^#*+\"'`.:_])\1{2,}\s*")
_VERSION = re.compile(  # `1.0 beta 2` is one, and `1.0 a new beginning` is 1.0
    r"\d+(?:\.\d+)+(?:[-._]?(?:alpha|beta|preview|pre|post|dev|rc|a|b|c)[-._]?\d*| (?:alpha|beta|rc) ?\d+)*",
    re.IGNORECASE,
)
COMING = re.compile(
    r"\b(?:unreleased|not yet released|upcoming|next (?:release|version)|to be released)\b", re.IGNORECASE
)
"""What a heading, or the line under it, calls a version that is still to come."""
_BESIDE = re.compile(r"\b(?:since|from|after|before|than|until|with) v?$", re.IGNORECASE)
"""Before a version that a heading only mentions: `Bug fixes since 4.0rc4`."""
PLAIN = "plain"
"""The kind of a heading that is a line without any mark."""
_LINE = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}\s+)?(?:[a-z][\w.-]*\s+)?(?:version\s+|release\s+)?v?"
    rf"{_VERSION.pattern}"
    r"(?:[\s:,()\[\]/–—.-]|\b(?:re|unre|not yet re)leased\b|\bon\b|\d++(?:st|nd|rd|th)?"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*+)*",
    re.IGNORECASE,
)
"""A version with a name, a date and nothing else: `2025-04-24  unidecode 1.4.0`, `Version 1.0 released 2026-01-02`."""
ENOUGH = 2_000_000
"""Characters of a changelog that are read; the newest versions come first."""


def section(project: Project, version: str) -> str | None:
    """What the project's changelog says about a version, without the heading; None where it says nothing."""
    return find(text_of(project), version)


def unreleased(project: Project) -> str | None:
    """What it says about the next version, under a heading such as `Unreleased`; None where it says nothing."""
    lines = text_of(project).splitlines()
    found = headings(lines)
    heading = coming(found)
    return None if heading is None else text_under(heading, found, lines) or None


def text_of(project: Project) -> str:
    """The changelog itself; empty where there is none."""
    if project.changelog.value is None:
        return ""
    return (project.root / project.changelog.value).read_text(encoding="utf-8-sig", errors="replace")[:ENOUGH]


def find(text: str, version: str) -> str | None:
    """The lines between a version's heading and the next heading of the same kind.

    Headings are Markdown's `#` and underlined ones, or reStructuredText's underlined (and overlined) titles.
    """
    wanted, lines = parse(version), text.splitlines()
    found = headings(lines)
    own = (heading for heading in found if wanted is not None and heading.version == wanted)
    return next((text_under(heading, found, lines) or None for heading in own), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading; lines count from 0."""

    line: int
    """Its first line: that above the title, where it is overlined."""
    body: int
    """The first line after it."""
    kind: str
    """`##`, or the character that under- or overlines it: what has the same kind is on the same level."""
    title: str

    @property
    def version(self) -> Version | None:
        """The version it is about."""
        return version_in(self.title)

    @property
    def coming(self) -> bool:
        """Whether it is about what is not released yet."""
        return bool(COMING.search(self.title))


def version_in(title: str) -> Version | None:
    """The version that a heading names."""
    return parse(spelt_in(title).replace(" ", ""))


def spelt_in(title: str) -> str:
    """That version as the heading spells it; empty where it names none. A link's target names another's as well."""
    title = re.sub(r"\]\(\S*\)", "]", title)
    found = _VERSION.search(title)
    return found[0] if found and not _BESIDE.search(title[: found.start()]) else ""


def coming(found: Sequence[Heading]) -> Heading | None:
    """The first heading about what is not released: where it names a version, one above all that are."""
    last = max((h.version for h in found if h.version and not h.coming), default=None)
    return next((h for h in found if h.coming and (h.version is None or last is None or h.version > last)), None)


def end_of(heading: Heading, headings: Sequence[Heading], lines: Sequence[str]) -> int:
    """The line after a heading's section: where the next one of its level, or above it, begins."""
    level = heading.kind
    later = (h.line for h in headings if h.line > heading.line and (h.kind == level or _higher(h.kind, level)))
    return next(later, len(lines))


def text_under(heading: Heading, found: Sequence[Heading], lines: Sequence[str]) -> str:
    """The text of a heading's section; empty where it has none."""
    body = "\n".join(lines[heading.body : end_of(heading, found, lines)])
    body = (textwrap.dedent(body) if heading.kind == PLAIN else body).strip()
    if not body:  # its parts have headings of its own level: `## 1.1.1`, then `## Fixed`
        later = (h for h in found if h.line > heading.line)
        ends = (h.line for h in later if h.version or h.coming or _higher(h.kind, heading.kind))
        body = "\n".join(lines[heading.body : next(ends, len(lines))]).strip()
    return body


def headings(lines: Sequence[str]) -> tuple[Heading, ...]:
    """All headings of a text, what stands in fenced blocks left out.

    Where none of them names a version, the lines that are nothing but a version's name and date are headings as well.
    """
    found: list[Heading] = []
    fenced = False
    for number, line in enumerate(lines):
        if line.startswith("```"):
            fenced = not fenced
            continue  # three backticks are an underline as well
        if fenced:
            continue
        if marker := re.match(r"(#{1,6})\s+(.+)", line):
            found.append(Heading(line=number, body=number + 1, kind=marker[1], title=marker[2].rstrip()))
        elif (
            number
            and _UNDERLINE.fullmatch(line)
            and (title := lines[number - 1].strip())
            and not _UNDERLINE.fullmatch(title)
            and len(line.strip()) >= min(len(title), 3)
        ):
            over = number >= 2 and lines[number - 2].strip() == line.strip()
            first, kind = number - (2 if over else 1), line[0] + ("o" if over else "")
            found.append(Heading(line=first, body=number + 1, kind=kind, title=title))
    return tuple(found) if any(heading.version for heading in found) else (*found, *_plain(lines))


def _plain(lines: Sequence[str]) -> Iterator[Heading]:
    for number, line in enumerate(lines):
        above = lines[number - 1].strip() if number else ""
        if not above and len(line) <= 100 and (_LINE.fullmatch(line) or COMING.fullmatch(line.strip(" :"))):
            yield Heading(line=number, body=number + 1, kind=PLAIN, title=line.strip())


def _higher(kind: str, level: str) -> bool:
    """Whether a Markdown heading is above another; other kinds have no order of their own."""
    return kind.startswith("#") and level.startswith("#") and len(kind) < len(level)
