"""Keys, tokens and private files inside what would be published.

A short list of formats, each with a literal that makes the search as fast as reading, and, where the format
has one, its own proof: the checksum of a GitHub token, the structure of a PyPI token or of a private key. What
fails its proof is a placeholder. What passes is an error; only among tests, documentation and examples less is
made of what is usual there and cannot be told from a live one: the keys that every TLS test needs, recorded
exchanges with tokens that lasted an hour. No finding quotes a value.
"""

import re
import zlib
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tagship.checks.archives import Archive
from tagship.checks.check import Check, CheckContext, Hit, few, is_sample
from tagship.model import Page, Severity

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MADE_UP = re.compile(rb"example|x{4}|0{6}|placeholder|dummy|fake|made.?up|secret|abcdef|123456", re.IGNORECASE)


def _pypi(token: bytes) -> bool:
    """A macaroon of version 2 with a location, an identifier and a signature of 32 bytes (libmacaroons, doc/format)."""
    body = token.removeprefix(b"pypi-").rstrip(b"=")
    try:
        data = urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    except Base64Error:
        return False
    at, seen = 1, set[int]()
    while at < len(data):
        kind = data[at]
        at += 1
        if kind == 0:  # the end of a section has no length
            continue
        length = shift = 0
        while at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                break
        at += length
        seen.add(kind)
    return data[:1] == b"\2" and seen >= {1, 2, 6} and at == len(data) and length == 32


def _github(token: bytes) -> bool:
    """The last six characters are the CRC-32 of the random part, in base 62 (GitHub's blog, 2021-04-05)."""
    body, checksum = token[4:-6], token[-6:]
    number, digits = zlib.crc32(body), bytearray()
    while number:
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return bytes(reversed(digits)).rjust(6, b"0") == checksum


def _key(block: bytes) -> bool:
    """What follows the header is DER (a sequence, 0x30), OpenSSH's or OpenPGP's own format, or encrypted."""
    lines = re.findall(rb"[A-Za-z0-9+/]{40,}", block.replace(rb"\n", b"\n"))
    if not lines:
        return False
    start = b64decode(lines[0][:40])
    return start[:1] in {b"\x30", b"\x94", b"\x95", b"\xc5"} or start[:11] == b"openssh-key" or b"ENCRYPTED" in block


def _random(token: bytes) -> bool:
    """Nothing in it says that it is made up, and its characters vary as those of a random value do."""
    return not _MADE_UP.search(token) and len(set(token)) >= 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one kind of secret looks."""

    name: str
    literals: tuple[bytes, ...]
    """One of them is in every such value: searching for it is much faster than for the pattern."""
    pattern: re.Pattern[bytes]
    genuine: Callable[[bytes], bool] = _random
    expected: bool = False
    """Whether made-up ones that look genuine are usual among tests and documentation."""


FORMATS = (
    Format(
        name="a PyPI token",
        literals=(b"pypi-Ag",),
        pattern=re.compile(rb"pypi-Ag[\w-]{60,1000}"),
        genuine=_pypi,
    ),
    Format(
        name="a GitHub token",
        literals=(b"ghp_", b"gho_", b"ghu_", b"ghr_"),
        pattern=re.compile(rb"\bgh[pour]_[A-Za-z0-9]{36,}\b"),
        genuine=_github,
    ),
    Format(  # valid for one hour only: recorded exchanges among tests carry expired ones
        name="a GitHub installation token",
        literals=(b"ghs_",),
        pattern=re.compile(rb"\bghs_[A-Za-z0-9]{36,}\b"),
        genuine=_github,
        expected=True,
    ),
    Format(
        name="a fine-grained GitHub token",
        literals=(b"github_pat_",),
        pattern=re.compile(rb"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b"),
        expected=True,
    ),
    Format(
        name="an AWS access key",
        literals=(b"AKIA", b"ASIA"),
        pattern=re.compile(rb"\bA[KS]IA[A-Z2-7]{16}\b"),
        expected=True,
    ),
    Format(
        name="an AWS secret key",
        literals=(b"aws_secret_access_key", b"AWS_SECRET_ACCESS_KEY"),
        pattern=re.compile(rb"(?i:aws_secret_access_key)['\"]?\s*[=:]\s*['\"]?[A-Za-z0-9/+]{40}\b"),
        genuine=lambda found: _random(found[-40:]),
        expected=True,
    ),
    Format(
        name="a Slack token",
        literals=(b"xox",),
        pattern=re.compile(rb"\bxox[abprs]-(?:\d{8,13}-){1,3}[A-Za-z0-9]{24,}\b"),
        expected=True,
    ),
    Format(
        name="a Slack webhook",
        literals=(b"hooks.slack.com/services/T",),
        pattern=re.compile(rb"hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{24}\b"),
        expected=True,
    ),
    Format(
        name="a Discord webhook",
        literals=(b"/api/webhooks/",),
        pattern=re.compile(rb"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,}"),
        expected=True,
    ),
    Format(
        name="a private key",
        literals=(b"PRIVATE KEY",),
        pattern=re.compile(
            rb"-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){64,16000}-----END "
        ),
        genuine=_key,
        expected=True,
    ),
)
PRIVATE = re.compile(
    r"(?:.*/)?(?:\.git(?:/.*)?|\.ssh/.+|\.gnupg/.+|\.aws/credentials|\.pypirc|[._]netrc|\.git-credentials|\.htpasswd"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|\.env(?:\.(?:local|prod|production|staging|development))?)"
)
"""Paths of files that hold credentials, or a repository with its whole history and its remotes."""


def _severity(archive: Archive, path: str) -> Severity:
    """How bad something is where it may be meant as an example."""
    described = path.endswith((".dist-info/METADATA", "PKG-INFO"))  # the README again, also in an .egg-info folder
    if not is_sample(path) and not described:
        return Severity.ERROR
    return Severity.WARNING if archive.kind == "wheel" else Severity.NOTE


def _found(content: bytes) -> Iterator[tuple[Format, int]]:
    """The kinds of secret that a text has, each with the line of the first one."""
    for form in FORMATS:
        if any(literal in content for literal in form.literals):
            first = next((match for match in form.pattern.finditer(content) if form.genuine(match[0])), None)
            if first:
                yield form, content.count(b"\n", 0, first.start()) + 1


def secrets(context: CheckContext) -> Iterator[Hit]:
    """One hit for each kind of secret in each file; what tests and documentation may carry is one hit an archive."""
    for archive in context.archives:
        expected: dict[tuple[Format, Severity], list[str]] = {}
        for path, member in archive.files.items():
            for form, line in _found(member.content or b""):
                place = f"{archive.filename}: {path}:{line}"
                severity = _severity(archive, path) if form.expected else Severity.ERROR
                if severity is Severity.ERROR:
                    yield Hit(where=place, title=f"{form.name} would be published")
                else:
                    expected.setdefault((form, severity), []).append(place)
        for (form, severity), places in expected.items():
            more = f", in {len(places)} files like this one" if len(places) > 1 else ""
            yield Hit(where=places[0], title=f"{form.name} would be published among examples{more}", severity=severity)


def private_files(context: CheckContext) -> Iterator[Hit]:
    """Files whose name says that they hold credentials; a whole `.git` folder is one hit."""
    for archive in context.archives:
        seen = set[str]()
        for path, member in archive.files.items():
            if not member.size or not PRIVATE.fullmatch(path):
                continue
            parts = PurePosixPath(path).parts
            name = "/".join(parts[: parts.index(".git") + 1]) if ".git" in parts else path
            if name not in seen:
                seen.add(name)
                where = f"{archive.filename}: {name}"
                yield Hit(
                    where=where,
                    title=f"{parts[-1] if name == path else '.git'} would be published",
                    severity=_severity(archive, path),
                )


def unscanned(context: CheckContext) -> Iterator[Hit]:
    """Text too large to look into: a check that was not made did not pass."""
    for archive in context.archives:
        if archive.unscanned:
            yield Hit(
                where=archive.filename,
                title=f"not searched for secrets, because of their size: {few(archive.unscanned)}",
            )


CHECKS = (
    Check(
        page=Page(
            code="TC40",
            title="A secret is inside a file that would be published",
            why="Everybody can download the file, and scanners find such values within minutes; deleting the release "
            "does not take the value back.",
            remedy="Revoke the value where it was issued, remove it from the repository's history, and build again. "
            "A made-up value for tests or documentation should say so, for example `pypi-made-up`.",
            source="GitHub secret scanning patterns; PyPI token format; libmacaroons format 2; RFC 7468",
        ),
        find=secrets,
    ),
    Check(
        page=Page(
            code="TC41",
            title="A private file is inside a file that would be published",
            why="Files of this name hold passwords or keys, and a `.git` folder holds the whole history and the "
            "addresses it was cloned from.",
            remedy="Exclude the file in the configuration of the build backend; if it held a real credential and was "
            "ever published, revoke that.",
            source="documentation of twine, curl, git, OpenSSH and dotenv on where credentials are kept",
        ),
        find=private_files,
    ),
    Check(
        page=Page(
            code="TC42",
            title="Not everything was searched for secrets",
            why="A text file larger than 4 MiB, or beyond 32 MiB of text in one archive, is not looked into.",
            remedy="Look at the files named, or leave them out of the distribution.",
            severity=Severity.NOTE,
            source="tagship",
        ),
        find=unscanned,
    ),
)
