"""Changing and judging a changelog: the unreleased section becomes that of a version, and what is out of order is
named. The form is the file's own: its kind of headings, its dates, its links (https://keepachangelog.com/en/1.1.0/)."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from tagship.errors import ProjectError
from tagship.project import changelog
from tagship.project.changelog import PLAIN, Heading, end_of, headings, spelt_in, text_under

_MONTH, _DAY = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*", r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    r"\d{4}([-/])\d{2}\1\d{2}|\d{1,2}\.\d{1,2}\.\d{4}"
    rf"|{_MONTH} {_DAY},? \d{{4}}|{_DAY}(?: of)? {_MONTH},? \d{{4}}|{_MONTH},? \d{{4}}"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_LINK = re.compile(r"^\[(?P<label>[^\]]+)\]:\s*(?P<address>\S+)", re.MULTILINE)
_COMPARE = re.compile(r"(?P<before>.*/compare/)(?P<start>.+?)(?P<dots>\.{2,3})(?P<end>[^/]+)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """Something in a changelog that is out of order."""

    line: int
    """The first is 1."""
    text: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The version that an unreleased section becomes."""

    version: Version
    spelt: str
    tag: str
    date: datetime.date


def read(root: Path, file: str | None) -> str:
    """The whole changelog, line ends as they are.

    Raises:
        ProjectError: there is none, or it is not UTF-8.
    """
    if file is None:
        raise ProjectError(
            "there is no changelog", remedy="Begin one: a file CHANGELOG.md with a heading `## [Unreleased]`."
        )
    try:
        return (root / file).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{file} was not read: byte {error.start} is not UTF-8", remedy="Save the file as UTF-8.", where=file
        ) from None


def cut(text: str, release: Release) -> str:
    """The changelog with what was unreleased under the version's heading, and an empty unreleased section above.

    Raises:
        ProjectError: nothing is unreleased, it is empty, or the version has a section already.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    raw = text.splitlines(keepends=True)
    lines = [line.rstrip("\r\n") for line in raw]
    found = headings(lines)
    own = next((heading for heading in found if heading.version == release.version), None)
    coming = own or changelog.coming(found)
    if coming is None:
        raise ProjectError(
            "nothing was changed: the changelog has no section about what is not released",
            remedy="Collect changes under a heading such as `## [Unreleased]`.",
        )
    named = _named if coming.version else _unnamed
    first, last, new = named(coming, found, lines, release)
    return _linked("".join((*raw[:first], *(f"{line}{end}" for line in new), *raw[last:])), release, end)


def _unnamed(
    coming: Heading, found: Sequence[Heading], lines: Sequence[str], release: Release
) -> tuple[int, int, list[str]]:
    """Which lines are replaced, from the first up to the last, and by what: none, and a new heading."""
    _something(coming, found, lines)
    there = list(lines[coming.line : coming.body])
    again = [_compared(line, release.tag, None) for line in there]
    new = ["", *_heading(coming, found, release)]
    return (coming.body, coming.body, new) if again == there else (coming.line, coming.body, [*again, *new])


def _named(
    own: Heading, found: Sequence[Heading], lines: Sequence[str], release: Release
) -> tuple[int, int, list[str]]:
    """The same for a section that names its version already, and says above or in its first line that it is to come.

    Raises:
        ProjectError: it does not say so, or is empty.
    """
    body = range(own.body, end_of(own, found, lines))
    first = next((at for at in body if lines[at].strip()), own.body)
    inside = first in body and lines[first].strip("* ").lower() == "unreleased"
    if not own.coming and not inside:
        raise ProjectError(
            f"nothing was changed: the changelog has a section about {release.version} already",
            remedy="Move the unreleased entries into it by hand, or choose another version.",
        )
    if not inside:
        _something(own, found, lines)
        return own.line, own.body, _heading(own, found, release)
    older = (line for h in found if h.line > own.line and h.kind == own.kind for line in lines[h.body : h.body + 3])
    like = next((line for line in older if _DATE.search(line)), f"Released {release.date}")
    return first, first + 1, [_DATE.sub(lambda old: _dated(release.date, old[0]), like)]


def _something(heading: Heading, found: Sequence[Heading], lines: Sequence[str]) -> None:
    body = lines[heading.body : end_of(heading, found, lines)]
    if not any(line.strip() and not _LINK.match(line) for line in body):
        raise ProjectError(
            "nothing was changed: the section about what is not released is empty",
            remedy="Write down what changed; `tagship notes --from commits` collects it.",
        )


def check(text: str) -> Iterator[Remark]:
    """What is out of order: sections twice, in a wrong order, empty, with a date that is none, or links to nothing."""
    lines = text.splitlines()
    found = headings(lines)
    versions = [(heading, heading.version) for heading in found if heading.version is not None and not heading.coming]
    level = versions[0][0].kind if versions else ""
    seen: dict[Version, int] = {}
    lowest: dict[int, Version] = {}
    """By first number: releases of an older line may stand among those of a newer one, by their date."""
    for heading, version in versions:
        if heading.kind != level or version is None:
            continue  # a version that is only mentioned further down
        line = heading.line + 1
        if version in seen:
            yield Remark(line=line, text=f"{version} has two sections", remedy=f"Join it with line {seen[version]}.")
        elif version > (below := lowest.get(version.release[0], version)):
            yield Remark(line=line, text=f"{version} stands below {below}", remedy="Put the newest version first.")
        seen.setdefault(version, line)
        lowest[version.release[0]] = min(version, lowest.get(version.release[0], version))
        if not text_under(heading, found, lines):
            yield Remark(line=line, text=f"the section about {version} is empty", remedy="Say what changed.")
        if (date := _ISO.search(heading.title)) and not _is_date(date[0]):
            yield Remark(line=line, text=f"{date[0]} is no date", remedy="Write it as 2026-01-31.")
    coming = changelog.coming(found)
    if coming is None and not seen:
        remedy = "Give each version a heading, and what is to come one like `## [Unreleased]`."
        yield Remark(line=1, text="no section is about a version, so that nothing was looked at", remedy=remedy)
    if coming is not None and seen and coming.line + 1 > min(seen.values()):
        remedy = "Put what is not released first."
        yield Remark(line=coming.line + 1, text="the unreleased section stands below a released one", remedy=remedy)
    labels = {match["label"].lower() for match in _LINK.finditer(text)}
    for heading, _ in versions if labels else ():
        bracketed = re.match(r"\[([^\]]+)\](?!\()", heading.title)
        if bracketed and bracketed[1].lower() not in labels:
            remedy = f"Add a line [{bracketed[1]}]: with its address at the end."
            yield Remark(line=heading.line + 1, text=f"[{bracketed[1]}] has no link", remedy=remedy)


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _heading(coming: Heading, found: Sequence[Heading], release: Release) -> list[str]:
    """The new heading, made after the newest one that names a version, else after the unreleased one."""
    like = next((h for h in found if h.version is not None and not h.coming and h.kind == coming.kind), None)
    if like is not None:
        title = like.title.replace(spelt_in(like.title), release.spelt, 1)
        title = _compared(title, None, release.tag)
        head, spelt, rest = title.partition(release.spelt)
        if _DATE.search(title):
            title = _DATE.sub(lambda old: _dated(release.date, old[0]), title, count=1)
        elif any(map(str.isdigit, head + rest)):
            title = f"{spelt} ({release.date})"  # a date in a form of its own would stay that of the other version
    else:
        bracketed = "[" in coming.title
        title = f"[{release.spelt}] - {release.date}" if bracketed else f"{release.spelt} ({release.date})"
    if coming.kind.startswith("#"):
        return [f"{coming.kind} {title}"]
    if coming.kind == PLAIN:
        return [title]
    under = coming.kind[0] * max(len(title), 3)
    return [*([under] if coming.kind.endswith("o") else []), title, under]


def _compared(title: str, start: str | None, end: str | None) -> str:
    """A heading whose link compares with another tag: from that on, or from its own last one to that."""
    link = re.search(r"\]\((\S+)\)", title)
    if link is None:
        return title
    compared = _COMPARE.match(link[1])
    if compared is None:  # that of the other version
        return title if start else title.replace(link[0], "]")
    first, last = (start, compared["end"]) if start else (compared["end"], end)
    return title.replace(link[1], f"{compared['before']}{first}{compared['dots']}{last}")


def _dated(date: datetime.date, like: str) -> str:
    """A date in the form of another."""
    month = re.search(_MONTH, like)
    if month is None:
        return date.strftime("%d.%m.%Y" if "." in like else f"%Y{like[4]}%m{like[4]}%d")
    last = 0 if date.day in (11, 12, 13) else date.day % 10
    ordinal = {1: "st", 2: "nd", 3: "rd"}.get(last, "th") if re.search(r"\d(?:st|nd|rd|th)", like) else ""
    like = like.replace(month[0], date.strftime("%B" if len(month[0]) > 3 else "%b"))
    like = re.sub(rf"\b{_DAY}\b", f"{date.day}{ordinal}", like)
    return re.sub(r"\b\d{4}\b", f"{date.year:04}", like)


def _linked(text: str, release: Release, end: str) -> str:
    """The links at the end brought up to date: unreleased is compared with the new tag, the version with its last."""
    for match in _LINK.finditer(text):
        compared = _COMPARE.match(match["address"])
        if compared is None or not re.search("unreleased", match["label"], re.IGNORECASE):
            continue
        start, dots, head = compared["start"], compared["dots"], compared["end"]
        base = compared["before"]
        lines = (
            f"[{match['label']}]: {base}{release.tag}{dots}{head}",
            f"[{release.spelt}]: {base}{start}{dots}{release.tag}",
        )
        return text[: match.start()] + end.join(lines) + text[match.end() :]
    return text
