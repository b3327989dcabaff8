"""Changing a version in files: which literals get which text, the difference that makes, and writing all or nothing.

The plan is made in memory and touches only the spans of the literals, byte by byte. Writing goes by way of complete
new files beside the old ones and a journal: whoever is killed in between finds the change whole at the next command.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from errno import EACCES
from pathlib import Path

import msgspec
from packaging.version import Version

from tagship.errors import ProjectError, ToolFailed
from tagship.model import Record
from tagship.project.config import Copy
from tagship.project.version_copies import SEMVER, SHORT, configured, copies, semver, short, strays
from tagship.project.version_literals import Written
from tagship.shapes import read_json
from tagship.versions import detect_scheme, tag_for

JOURNAL = "tagship-version.json"


class Edit(Record, frozen=True, kw_only=True):
    """One literal that was replaced."""

    kind: str
    file: str
    line: int
    before: str
    """Empty where the whole file was written anew."""
    after: str


class _Pending(Record, frozen=True, kw_only=True):
    """The journal: one for all packages of a repository."""

    root: str
    """The folder that the files are relative to."""
    files: dict[str, tuple[str, str]]
    """By the file that will be replaced: the new one, and the sha256 of the old one."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What setting a version would do."""

    edits: tuple[Edit, ...] = ()
    contents: Mapping[str, bytes] = {}
    """The whole new contents of every file that changes, by its path relative to the project."""
    strays: tuple[Written, ...] = ()
    """Copies that say another version already, and are left alone."""


def change(root: Path, source: Written, version: Version, places: Iterable[Copy] = ()) -> Change:
    """What setting a version in its source, and in the copies that agree with that today, would do.

    Args:
        places: copies that the configuration names.

    Raises:
        ProjectError: a file's format has no spelling for it, or a configured place does not say the version.
    """
    found = {(c.file, c.start): c for c in (source, *copies(root, source), *configured(root, places, source))}
    edits, contents = plan(root, tuple(found.values()), lambda like: spelt(version, like))
    return Change(edits=edits, contents=contents, strays=strays(root, source))


def spelt(version: Version, like: Written) -> str:
    """A version as a literal's file spells its own: with its leading zeros, in SemVer where the format asks for it.

    Raises:
        ProjectError: the file's format has no spelling for it.
    """
    if like.file.endswith(SEMVER):
        return semver(str(version))
    if like.kind == SHORT:
        return short(version)
    prefix = like.raw[: len(like.raw) - len(like.raw.lstrip("vV"))]
    dev = f".dev{version.dev}" if version.dev is not None else ""
    return tag_for(version, detect_scheme((like.raw,), prefix=prefix)) + dev


def plan(
    root: Path, literals: Sequence[Written], text_of: Callable[[Written], str]
) -> tuple[tuple[Edit, ...], Mapping[str, bytes]]:
    """What every literal becomes, and the whole new contents of each file.

    Raises:
        ProjectError: a file is not as it was when the literals were found.
    """
    contents = {literal.file: (root / literal.file).read_bytes() for literal in literals}
    edits: dict[Written, Edit] = {}
    for literal in sorted(literals, key=lambda literal: literal.start, reverse=True):  # so that spans stay true
        after, data = text_of(literal), contents[literal.file]
        if data[literal.start : literal.end] != literal.raw.encode():
            raise ProjectError(
                f"the version was not set: {literal.file} has changed since it was read",
                remedy="Read the version's source again, from the same checkout.",
                where=f"{literal.file}:{literal.line}",
            )
        contents[literal.file] = data[: literal.start] + after.encode() + data[literal.end :]
        edits[literal] = Edit(kind=literal.kind, file=literal.file, line=literal.line, before=literal.raw, after=after)
    return tuple(edits[literal] for literal in literals), contents


def diff(root: Path, contents: Mapping[str, bytes]) -> str:
    """The change as `git diff` would show it, without context that says nothing; bytes that are no UTF-8 are kept."""
    import difflib

    parts: list[str] = []
    for file, data in contents.items():
        old, new = (
            content.decode("utf-8", "surrogateescape").splitlines(keepends=True)
            for content in ((root / file).read_bytes(), data)
        )
        parts += difflib.unified_diff(old, new, f"a/{file}", f"b/{file}", n=1)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in parts)


def write(root: Path, contents: Mapping[str, bytes], journal: Path) -> None:
    """Replace all files, or none.

    Args:
        root: what the names in `contents` are relative to.
        journal: where it is kept which files are being replaced; best inside of `.git`.

    Raises:
        ProjectError: a file cannot be replaced; all are as they were.
    """
    pending = {file: _beside(file) for file in contents}
    try:
        for file, data in contents.items():
            aside, target = root / pending[file], root / file
            if not os.access(target, os.W_OK):  # a rename would not ask
                raise PermissionError(EACCES, os.strerror(EACCES), str(target))
            aside.write_bytes(data)
            shutil.copymode(target, aside)
        journal.parent.mkdir(parents=True, exist_ok=True)
        ready = journal.with_suffix(".new")
        ready.write_bytes(msgspec.json.encode(_pending(root, pending)))
        ready.replace(journal)
    except OSError as error:
        for aside in (root / name for name in pending.values()):
            if aside.is_file():
                aside.unlink()
        raise ProjectError(
            f"the version was not changed: {error.filename or journal}: {error.strerror}",
            remedy="Make the file and its folder writable, and run the same command again.",
        ) from None
    finish(journal)


def _pending(root: Path, pending: Mapping[str, str]) -> _Pending:
    return _Pending(root=str(root.absolute()), files={f: (new, _digest(root / f)) for f, new in pending.items()})


def _digest(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def finish(journal: Path) -> tuple[str, ...]:
    """Complete a change that was interrupted after it had been written down: the files that were replaced.

    Raises:
        ToolFailed: the journal cannot be read, or a file was edited since.
    """
    try:
        found = read_json(journal.read_bytes(), _Pending)
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError) as error:
        raise ToolFailed(
            f"a change of version was interrupted, and {journal} cannot be read: {error}",
            remedy="Compare the files with git diff, put them right, and remove that file.",
        ) from None
    root, done = Path(found.root), list[str]()
    for file, (aside, before) in found.files.items():
        if (root / aside).is_file() and (root / file).is_file() and _digest(root / file) != before:
            raise ToolFailed(
                f"a change of version was interrupted, and not finished: {file} was edited since",
                remedy=f"Put {root / file} right by hand, from {root / aside}; then remove that file.",
                where=str(root / file),
            )
    for file, (aside, _) in found.files.items():
        with contextlib.suppress(FileNotFoundError):  # replaced before the interruption
            (root / aside).replace((root / file).resolve())  # a link stays a link
            done.append(file)
    journal.unlink()
    return tuple(done)


def _beside(file: str) -> str:
    path = Path(file)
    return path.with_name(f".{path.name}.tagship").as_posix()
