"""What the dependency door keeps between rehearsals, below `<cache>/door/`.

Pages of projects by index, files by their sha256, and pins: the sha256 of files whose index publishes none, as
they were when they first arrived. Everything is written under another name and renamed, so rehearsals that run
at the same time may share it. It belongs to the user alone (mode 0700), and addresses in it have no user names
or passwords.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec

from tagship.errors import Refused
from tagship.rehearsal.keeper.simple_page import File
from tagship.shapes import read_json

_SHA256 = re.compile(r"[0-9a-f]{64}")


class StoredPage(msgspec.Struct, kw_only=True):
    """A project's page as one index gave it."""

    fetched: float
    """Seconds since 1970."""
    etag: str
    files: list[File] | None
    """None where the index said that there is no such project."""


class DoorCache:
    """The folder and what is in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sweep(self, before: float) -> None:
        """Remove what rehearsals left half written, where that is older than a time since 1970."""
        for path in self._folder.glob("new-*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def page(self, index: str, name: str) -> StoredPage | None:
        """The page of a project; None where there is none that can be read."""
        try:
            return read_json(self._page(index, name).read_bytes(), StoredPage)
        except (OSError, msgspec.DecodeError):
            return None

    def keep_page(self, index: str, name: str, page: StoredPage) -> None:
        """Replace the page of a project."""
        self._write(self._page(index, name), msgspec.json.encode(page))

    def pin(self, url: str) -> str:
        """The sha256 that was kept for an address; empty where none was."""
        try:
            return self._pin(url).read_text()
        except OSError:
            return ""

    def file(self, sha256: str, size: int | None) -> Path | None:
        """The file with these bytes, or None. A file of unknown size is hashed again: it may be cut short.

        Raises:
            Refused: this is no sha256, so it cannot become a path.
        """
        if not _SHA256.fullmatch(sha256):
            raise Refused("the index publishes a sha256 that is none", remedy="Report it to the index.")
        path = self._folder / "files" / sha256[:2] / sha256
        if not path.exists():
            return None
        if path.stat().st_size == size if size is not None else digest(path, "sha256") == sha256:
            return path
        return None

    def add(self, url: str, chunks: Iterable[bytes], published: Mapping[str, str]) -> Path:
        """Take in a file; its address is pinned where no sha256 is published.

        Raises:
            Refused: its bytes are not the published ones; nothing is kept.
        """
        hashers = {name: hashlib.new(name) for name in published if name in hashlib.algorithms_available}
        hashers.setdefault("sha256", hashlib.sha256())
        with self._new() as (file, path):
            for chunk in chunks:
                file.write(chunk)
                for hasher in hashers.values():
                    hasher.update(chunk)
            file.flush()
            os.fsync(file.fileno())
            for name, value in published.items():
                if name in hashers and hashers[name].hexdigest() != value:
                    raise other_bytes(name)
            sha256 = hashers["sha256"].hexdigest()
            final = self._folder / "files" / sha256[:2] / sha256
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)
        if "sha256" not in published:
            self._write(self._pin(url), sha256.encode())
        return final

    def _page(self, index: str, name: str) -> Path:
        return self._folder / "pages" / _key(index) / f"{name}.json"

    def _pin(self, url: str) -> Path:
        return self._folder / "pins" / _key(url)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._new() as (file, new):
            file.write(data)
            file.flush()
            new.replace(path)

    @contextlib.contextmanager
    def _new(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A file under a name of its own, gone at the end unless it was renamed."""
        handle, name = tempfile.mkstemp(dir=self._folder, prefix="new-")
        try:
            with open(handle, "wb") as file:  # noqa: PTH123  a descriptor, not a path
                yield file, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)


def check(path: Path, published: Mapping[str, str]) -> None:
    """Compare a local file with the digests that are published for it.

    Raises:
        Refused: one differs.
    """
    for name, value in published.items():
        if name in hashlib.algorithms_available and digest(path, name) != value:
            raise other_bytes(name)


def digest(path: Path, algorithm: str) -> str:
    """The hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def other_bytes(algorithm: str) -> Refused:
    """The refusal of a file that is not what its index published."""
    return Refused(
        f"its {algorithm} is not the published one",
        remedy="Do not use it; ask who runs the index, or whoever stands between you and it.",
    )


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]
