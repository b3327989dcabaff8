"""Files in an adopter's repository: what is wanted against what is there, decided before anything is written.

A generated file ends with a line that has the digest of the rest, the commits of pinned actions left out. Where the
digest fits, the file is as tagship wrote it and may be replaced; where it does not, somebody edited it, and their work
is shown next to ours and left alone.
"""

import difflib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tagship.errors import ProjectError
from tagship.workflow import drift

Action = Literal["create", "update", "keep", "differs"]
"""`differs`: it does something else and is somebody's own, which stays."""
_STAMP = re.compile(r"\n(?:# |<!-- )As tagship wrote it, pinned commits aside: sha256 ([0-9a-f]{64})(?: -->)?\s*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file: what is there, what is wanted, and what of it matters."""

    path: str
    """In the repository, with slashes."""
    there: str | None
    """With line feeds as line ends; None where there is no such file."""
    wanted: str
    why: tuple[str, ...] = ()
    """What differs in a way that matters, a line each; empty where the file that is there is good."""
    ours: bool = True
    """Whether what is there may be replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What is to be done with a file."""

    action: Action
    file: File


def decide(files: Iterable[File], *, force: bool = False) -> tuple[Edit, ...]:
    """What to do with each file.

    Args:
        force: replace what somebody edited.
    """
    return tuple(Edit(action=_action(file, force=force), file=file) for file in files)


def _action(file: File, *, force: bool) -> Action:
    if file.there is None:
        return "create"
    if not file.why:
        return "keep"
    return "update" if file.ours or force else "differs"


def stamped(text: str, comment: str = "# {}") -> str:
    """A text with its digest as the last line.

    Args:
        comment: how the format writes a comment.
    """
    return f"{text}\n{comment.format(f'As tagship wrote it, pinned commits aside: sha256 {_digest(text)}')}\n"


def is_stamped(text: str) -> bool:
    """Whether a text comes from `stamped`, edited or not."""
    return _STAMP.search(text) is not None


def is_as_written(text: str) -> bool:
    """Whether a text is what `stamped` made, but for moved pins and line ends."""
    found = _STAMP.search(text)
    return found is not None and _digest(text[: found.start()]) == found[1]


def _digest(text: str) -> str:
    return hashlib.sha256(drift.without_pins(text).encode()).hexdigest()


def read(root: Path, path: str) -> str | None:
    """A file of the repository, with line feeds as line ends; None where there is none.

    Raises:
        ProjectError: it is not UTF-8, or no file of the repository.
    """
    whole = _inside(root, path)
    try:
        return whole.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise ProjectError(
            f"Nothing was written: {path} cannot be read: {why}", remedy="Look at the file.", where=path
        ) from error


def for_people(root: Path, path: str, text: str) -> File:
    """A file that is read by people, and theirs as soon as they change a word of it.

    Raises:
        ProjectError: as `read`.
    """
    there = read(root, path)
    stale = there not in (None, text) and is_as_written(there or "")
    return File(path=path, there=there, wanted=text, why=("it is out of date",) if stale else ())


def write(root: Path, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Write what is to be created and updated, each file whole or not at all, and return the paths.

    The line ends and the mode of a file that is there stay.

    Raises:
        ProjectError: a file cannot be written; what was written before is named.
    """
    done: list[str] = []
    for edit in edits:
        if edit.action not in ("create", "update"):
            continue
        path = edit.file.path
        try:
            _replace(_inside(root, path), edit.file.wanted)
        except OSError as error:
            before = f"; written before: {', '.join(done)}" if done else ""
            raise ProjectError(
                f"{path} was not written: {error.strerror or error}{before}",
                remedy="Make it writable, and run the same command again.",
                where=path,
            ) from error
        done.append(path)
    return tuple(done)


def _inside(root: Path, path: str) -> Path:
    """The file, where no link leads out of the repository."""
    whole = root / path
    if not whole.resolve().is_relative_to(root.resolve()):
        raise ProjectError(
            f"Nothing was written: {path} is a link that leads out of the repository",
            remedy="Make it a file of the repository.",
            where=path,
        )
    return whole


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.read_bytes() if path.is_file() else b""
    if there and not path.stat().st_mode & 0o200:  # a rename would not ask
        raise PermissionError(errno.EACCES, "it is read-only")
    mark = b"\xef\xbb\xbf" if there.startswith(b"\xef\xbb\xbf") else b""
    data = mark + (text.replace("\n", "\r\n") if b"\r\n" in there else text).encode()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        aside.chmod(path.stat().st_mode & 0o777 if there else 0o644)
        aside.replace(path.resolve())
    finally:
        aside.unlink(missing_ok=True)


def diff(file: File) -> str:
    """What would change, as a unified diff; the new file where there is none."""
    old = (file.there or "").splitlines(keepends=True)
    new = file.wanted.splitlines(keepends=True)
    before = f"a/{file.path}" if file.there is not None else "/dev/null"
    lines = difflib.unified_diff(old, new, before, f"b/{file.path}")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
