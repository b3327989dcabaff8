"""Versions and the tags that name them: how a project spells its tags, what a tag says, what comes next.

Versions are PEP 440 (https://packaging.python.org/en/latest/specifications/version-specifiers/), read and
ordered by `packaging`. Tags are a prefix and a version, spelt canonically or as the project's own history
spells them. Nothing here reads or runs anything; no string crashes it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from packaging.version import InvalidVersion, Version

from tagship.model import Record

RECENT = 20
"""How many of the newest version tags say how a project spells them."""
_LONGEST = 128
"""Characters. Git allows longer refs, and Python refuses to read numbers of more than 4300 digits."""
_SAFE = re.compile(r"[A-Za-z0-9._/@=+-]*")
"""Prefixes that need no quoting, neither in a shell nor in a workflow's tag pattern."""
_NUMBER = re.compile(r"(?<![0-9.])[0-9]")
_RELEASE = re.compile(r"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*")
_PADDED = re.compile(r"\.0[0-9]")
_PRE = re.compile(r"[0-9](?P<before>[-_.]?)(?:alpha|beta|rc|a|b)(?P<between>[-_.]?)[0-9]+$")
_WORDS = {"a": "alpha", "b": "beta", "rc": "rc"}


class TagScheme(Record, frozen=True, kw_only=True):
    """How a project spells its tags. The defaults are what a project without tags gets."""

    prefix: str = "v"
    known: bool = False
    """Whether existing tags say so; otherwise the prefix is the default or somebody's configuration."""
    widths: tuple[int, ...] = ()
    """Calendar versions with leading zeros: the digits of each number, 0 where it is not padded; else empty."""
    before: str = ""
    """What stands before the word of a pre-release: `-` in `1.0.0-alpha.1`."""
    between: str = ""
    """What stands between that word and its number: `.` in `1.0.0-alpha.1`."""


class TagVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that names a release."""

    tag: str
    version: Version


class TagRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that must not be released, why, and how it should be spelt: the likeliest first, or nothing."""

    tag: str
    why: str
    suggestions: tuple[str, ...] = ()

    @property
    def remedy(self) -> str:
        """What to do, as an instruction."""
        if not self.suggestions:
            return "Tag the commit with a prefix and a PEP 440 version, for example v1.2.3 or v1.2.3rc1."
        return f"Delete the tag and use {' or '.join(self.suggestions)}."


def parse(spelt: str) -> Version | None:
    """A PEP 440 version in any spelling; None where it is none or longer than any sensible one."""
    try:
        return Version(spelt) if len(spelt) <= _LONGEST else None
    except InvalidVersion:
        return None


def detect_scheme(tags: Sequence[str], *, prefix: str | None = None, declared: str = "") -> TagScheme:
    """How a project spells its tags, by the majority of its recent ones.

    Args:
        tags: newest first, as `git for-each-ref --sort=-creatordate` lists them; other tags do not matter.
        prefix: the configured one, for example of one package among several; only its own tags then count.
        declared: the version as the project's file spells it, which shows leading zeros as well as a tag does.

    """
    pairs = (pair for tag in tags if (pair := _split(tag)) and prefix in (None, pair[0]))
    recent = tuple(islice(pairs, RECENT))
    if recent and prefix is None:
        prefix = Counter(found for found, _ in recent).most_common(1)[0][0]  # the newer one wins a tie
    spellings = [spelt for found, spelt in recent if found == prefix]
    pre = next((match for spelt in spellings if (match := _PRE.search(spelt))), None)
    return TagScheme(
        prefix="v" if prefix is None else prefix,
        known=bool(recent),
        widths=_widths([*spellings, declared]),
        before=pre["before"] if pre else "",
        between=pre["between"] if pre else "",
    )


def tag_for(version: Version, scheme: TagScheme) -> str:
    """The tag that names a version, as the project spells its tags."""
    return scheme.prefix + _spell(version, scheme)


def parse_tag(tag: str, scheme: TagScheme) -> TagVersion | TagRefused:
    """What a tag says.

    Accepted is the prefix with a public PEP 440 version, neither local nor development, spelt canonically or as
    the project's history spells it. `v1.2.3-evil` and `v01.2.3` match GitHub's pattern `v*.*.*` and are refused.
    """
    spelt = tag.removeprefix(scheme.prefix)
    version = parse(spelt)
    if not tag.startswith(scheme.prefix):
        why = f"it does not begin with {scheme.prefix!r}, as this project's tags do"
        spelt = (_split(tag, dotted=False) or ("", ""))[1]
    elif version is None:
        why = f"{spelt[:_LONGEST]!r} is not a PEP 440 version"
    elif version.local is not None:
        why = f"{spelt!r} has a local part, which package indexes refuse"
    elif version.is_devrelease:
        why = f"{spelt!r} is a development version, which is not made from a tag"
    elif not _is_spelt(spelt, version, scheme):
        why = f"{spelt!r} is not how the version {version} is spelt"
    else:
        return TagVersion(tag=tag, version=version)
    return TagRefused(tag=tag, why=why, suggestions=_suggest(spelt, scheme))


def released(tags: Iterable[str], scheme: TagScheme) -> tuple[TagVersion, ...]:
    """The tags that name a release, by version, the lowest first; all others are left out.

    Of those that name the same, `v4.2` and `v4.2.0`, the shorter come first: they are moved by some to what follows.
    """
    parsed = (parse_tag(tag, scheme) for tag in tags)
    known = (tag for tag in parsed if isinstance(tag, TagVersion))
    return tuple(sorted(known, key=lambda tag: (tag.version, tag.tag.count("."))))


def next_patch(version: Version) -> Version:
    """The smallest usual final release after a version.

    `1.2` gives `1.2.1`, `1.2.3.4` gives `1.2.3.5`, a pre-release its final release, a post-release the next
    patch. Calendar versions move on by one in their last number. The epoch stays.
    """
    numbers = list(version.release) + [0] * (3 - len(version.release))
    if not version.is_prerelease:
        numbers[-1] += 1
    return _version(version.epoch, numbers if not version.is_prerelease else version.release)


PARTS = ("major", "minor", "patch", "pre", "a", "b", "rc", "post", "dev", "stable")
"""What `bump` can raise. `pre` is the number of the pre-release there is, `stable` the release it leads to."""


def bump(version: Version, part: str) -> Version:
    """One step from a version, with the arithmetic of `uv version --bump`; a local part falls away.

    The result may be lower (`a` after a final release) or the same (`pre` without a pre-release, `stable` after a
    final one): the caller decides about the whole way, since `minor` and then `a` is higher again.
    """
    word, number = version.pre or ("", 0)
    pre = f"{word}{number}" if word else ""
    post = f".post{version.post}" if version.post is not None else ""
    numbers = list(version.release)
    match part:
        case "major" | "minor" | "patch":
            at = ("major", "minor", "patch").index(part)
            numbers += [0] * (at + 1 - len(numbers))
            numbers[at:] = [numbers[at] + 1, *([0] * (len(numbers) - at - 1))]
            suffix = ""
        case "pre":
            suffix = f"{word}{number + 1}" if word else post
        case "a" | "b" | "rc":
            suffix = f"{part}{number + 1 if word == part else 1}"
        case "post":
            suffix = f"{pre}.post{1 if version.post is None else version.post + 1}"
        case "dev":
            suffix = f"{pre}{post}.dev{1 if version.dev is None else version.dev + 1}"
        case _:
            suffix = ""
    return _version(version.epoch, numbers, suffix)


def development(declared: Version | None, releases: Iterable[Version], count: int) -> Version:
    """The version of an untagged commit, `BASE.devN`: public, unique to the commit, newer than every release.

    BASE is the declared version where that is still to come. Otherwise it is what follows the highest release:
    the next number after a pre-release (`1.0.0rc2.devN`, because `1.0.0.devN` sorts before `1.0.0rc1`), the next
    patch after anything else. Where nothing is declared nor released, `0.1.0`.

    Args:
        declared: the version in the project's files; None where its tags are the only source.
        releases: every version that has a tag; development and local versions among them do not matter.
        count: how many commits lead to the commit: it only grows, and a re-run sees the same.

    """
    last = max((v for v in releases if not v.is_devrelease and v.local is None), default=None)
    for base in _bases(declared, last):
        version = Version(f"{base}.dev{count}")
        if last is None or version > last:
            return version
    raise AssertionError("the next number or patch sorts after the last release")


def _bases(declared: Version | None, last: Version | None) -> Iterator[Version]:
    if declared is not None:
        yield _version(declared.epoch, declared.release, _suffix(declared))
    if last is None:
        yield Version("0.1.0")
    elif last.pre is not None:
        word, number = last.pre
        yield _version(last.epoch, last.release, f"{word}{number + 1}")
    else:
        yield next_patch(last)


def _version(epoch: int, numbers: Iterable[int], suffix: str = "") -> Version:
    return Version(f"{epoch}!{'.'.join(map(str, numbers))}{suffix}")


def _suffix(version: Version) -> str:
    """Pre- and post-release parts, canonically."""
    pre = "".join(map(str, version.pre)) if version.pre else ""
    return pre + (f".post{version.post}" if version.post is not None else "")


def _split(tag: str, *, dotted: bool = True) -> tuple[str, str] | None:
    """Prefix and version of a tag; `v1` and the like, which move, count only where no dots are asked for."""
    for match in _NUMBER.finditer(tag[:_LONGEST]):
        prefix, spelt = tag[: match.start()], tag[match.start() :]
        if not _SAFE.fullmatch(prefix):
            return None
        if parse(spelt) and (not dotted or "." in spelt):
            return prefix, spelt
    return None


def _spell(version: Version, scheme: TagScheme, words: Mapping[str, str] = _WORDS) -> str:
    widths = (*scheme.widths, *([0] * len(version.release)))
    numbers = ".".join(str(n).zfill(width) for n, width in zip(version.release, widths, strict=False))
    text = f"{version.epoch}!{numbers}" if version.epoch else numbers
    if version.pre is None or not (scheme.before or scheme.between):
        return text + _suffix(version)
    word, number = version.pre
    post = f".post{version.post}" if version.post is not None else ""
    return f"{text}{scheme.before}{words.get(word, word)}{scheme.between}{number}{post}"


def _is_spelt(spelt: str, version: Version, scheme: TagScheme) -> bool:
    if spelt in (str(version), _spell(version, scheme), _spell(version, scheme, words={})):
        return True
    # zeros in another number than history happens to show: 2024.04.12 is all there is, and now 2024.11.03
    unpadded = re.sub(r"\.0(?=[0-9])", ".", spelt)
    return bool(scheme.widths) and unpadded == str(version)


def _suggest(spelt: str, scheme: TagScheme) -> tuple[str, ...]:
    """The nearest tags that would be accepted."""
    if version := parse(spelt):
        return (tag_for(_version(version.epoch, version.release, _suffix(version)), scheme),)
    match = _RELEASE.match(spelt)
    version = parse(match[0]) if match else None
    if version is None:
        return ()
    candidate = _version(version.epoch, version.release, "rc1")
    return tag_for(version, scheme), tag_for(candidate, scheme)


def _widths(spellings: Sequence[str]) -> tuple[int, ...]:
    """The digits of each padded number, over all spellings; empty where none has a leading zero."""
    widths: dict[int, int] = {}
    for spelt in spellings:
        match = _RELEASE.match(spelt)
        if match and _PADDED.search(match[0]):
            numbers = match[0].split(".")
            widths |= {at: len(n) for at, n in enumerate(numbers) if at and len(n) > 1 and n.startswith("0")}
    return tuple(widths.get(at, 0) for at in range(max(widths) + 1)) if widths else ()
