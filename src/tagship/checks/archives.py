"""Read a built wheel or sdist once, into a record that every check can look at.

The file may be hostile or merely broken: nothing in it is trusted, nothing is extracted, and no amount of
compression makes the reading unbounded. What could not be read is said (`Archive.problem`, `Archive.unscanned`),
never passed over.
"""

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import IO, Literal

from packaging.metadata import RawMetadata, parse_email

from tagship.checks.unpacking import CHUNK, FIELDS, Budget, Inflating, Unreadable, too_many_fields

MEMBERS = 100_000
PATH = 1024
"""Characters; macOS allows no more, and work grows with the square of it."""
TEXT = 4 << 20
"""Larger text files are not kept for reading."""
KEPT = 32 << 20
"""Text kept of one archive, so that a release of many wheels fits in memory."""

MemberKind = Literal["file", "directory", "link", "special"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of an archive."""

    name: str
    """As stored, with `/` between the parts; what cannot be printed is escaped."""
    kind: MemberKind
    size: int
    """Bytes, as the archive says."""
    target: str = ""
    """Where a link points."""
    sha256: bytes = b""
    """32 bytes; empty for what is no file and what was not read."""
    content: bytes | None = None
    """The bytes of a text file; None for binaries and for what was too large to keep."""

    @property
    def text(self) -> str:
        """The content as text, whatever its encoding; empty where there is none."""
        return (self.content or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A wheel or an sdist, read."""

    path: Path
    kind: Literal["sdist", "wheel"]
    members: tuple[Member, ...]
    files: Mapping[str, Member]
    """Files and links by path, as the user gets them: in an sdist below its top-level folder, in a wheel as
    installed (`purelib` and `platlib` of the `.data` folder are site-packages)."""
    dist_info: str = ""
    """The `.dist-info` folder of a wheel, or nothing."""
    metadata: RawMetadata
    """METADATA or PKG-INFO, as written; empty where there is none."""
    problem: str = ""
    """Why reading stopped before the end."""
    excessive: bool = False
    """Whether it stopped because going on would cost without limit."""
    unscanned: tuple[str, ...] = ()
    """Text files too large to look into."""

    @property
    def filename(self) -> str:
        """The name of the file on disk."""
        return self.path.name

    def text(self, path: str) -> str:
        """The text of a file; empty where there is no such file or no text."""
        member = self.files.get(path)
        return member.text if member else ""

    def code(self) -> tuple[str, ...]:
        """What Python can import or a type checker can read: sources, extension modules, stubs, by path."""
        return tuple(
            path
            for path in self.files
            if path.endswith((".py", ".so", ".pyd", ".pyi", ".pyc"))
            and not path.partition("/")[0].endswith((".dist-info", ".data"))
        )

    def below(self, name: str) -> str:
        """The path of a file in the wheel's `.dist-info` folder."""
        return f"{self.dist_info}/{name}"


def read(path: Path) -> Archive:
    """Read the file, at most 50 times its size (64 MiB are free), and never raise for what is in it.

    Raises:
        OSError: where the file itself cannot be opened.
    """
    members: list[Member] = []
    unscanned: list[str] = []
    meter = _Meter(path.stat().st_size, unscanned)
    problem, excessive = "", False
    walk = _walk_tar if path.name.endswith(".tar.gz") else _walk_zip
    with path.open("rb") as file:
        try:
            for member in walk(file, meter):
                if len(members) == MEMBERS:
                    raise Unreadable(f"it has more than {MEMBERS:,} members")
                if len(member.name) > PATH:
                    raise Unreadable(f"a path has more than {PATH:,} characters")
                members.append(member)
        except Exception as error:  # tarfile and zipfile answer hostile bytes with nearly any exception
            problem, excessive = _printable(str(error)) or type(error).__name__, isinstance(error, Unreadable)
    kind: Literal["sdist", "wheel"] = "wheel" if path.name.endswith(".whl") else "sdist"
    files = {_place(m.name, kind): m for m in members if m.kind in {"file", "link"}}
    dist_info = next((top for m in members if (top := m.name.partition("/")[0]).endswith(".dist-info")), "")
    described = files.get(f"{dist_info}/METADATA" if kind == "wheel" else "PKG-INFO")
    content = (described.content if described else None) or b""
    if too_many_fields(content):
        problem, excessive, content = f"its metadata has more than {FIELDS} fields", True, b""
    return Archive(
        path=path,
        kind=kind,
        members=tuple(members),
        files=files,
        dist_info=dist_info if kind == "wheel" else "",
        metadata=parse_email(content)[0],
        problem=problem,
        excessive=excessive,
        unscanned=tuple(unscanned),
    )


def _place(name: str, kind: Literal["sdist", "wheel"]) -> str:
    """Where a member ends up."""
    top, _, rest = name.partition("/")
    if kind == "sdist":
        return rest
    scheme, _, installed = rest.partition("/")
    return installed if top.endswith(".data") and scheme in {"purelib", "platlib"} else name


class _Meter(Budget):
    """Counts what is unpacked and what is kept."""

    def __init__(self, packed: int, unscanned: list[str]) -> None:
        super().__init__(packed)
        self._room = KEPT
        self._unscanned = unscanned

    def drain(self, stream: IO[bytes], name: str) -> tuple[bytes, bytes | None]:
        """Read a stream to its end; its digest, and its content where that is text of a reasonable size."""
        digest = hashlib.sha256()
        chunks: list[bytes] = []
        size = 0
        keep = True
        while chunk := stream.read(CHUNK):
            self.spend(len(chunk))
            digest.update(chunk)
            size += len(chunk)
            keep = keep and b"\0" not in chunk[:8192]
            if keep and size <= min(TEXT, self._room):
                chunks.append(chunk)
        if not keep:
            return digest.digest(), None
        if size > min(TEXT, self._room):
            self._unscanned.append(name)
            return digest.digest(), None
        self._room -= size
        return digest.digest(), b"".join(chunks)


def _printable(name: str) -> str:
    clean = name.removeprefix("./")
    return clean if clean.isprintable() else clean.encode("unicode_escape").decode("ascii")


def _walk_zip(file: IO[bytes], meter: _Meter) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            name = _printable(info.filename)
            if info.is_dir() or S_ISDIR(mode):
                yield Member(name=name.rstrip("/"), kind="directory", size=0)
                continue
            with archive.open(info) as stream:
                digest, content = meter.drain(stream, name)
            link = S_ISLNK(mode)
            yield Member(
                name=name,
                kind="link" if link else "file" if S_ISREG(mode) or not mode >> 12 else "special",
                size=info.file_size,
                target=_printable((content or b"").decode("utf-8", "replace")[:4096]) if link else "",
                sha256=digest,
                content=None if link else content,
            )


def _walk_tar(file: IO[bytes], meter: _Meter) -> Iterator[Member]:
    with Inflating(file, meter) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
        for info in archive:
            name = _printable(info.name)
            kind: MemberKind = "special"
            digest, content = b"", None
            if info.isdir():
                kind = "directory"
            elif info.issym() or info.islnk():
                kind = "link"
            elif info.isreg() and not info.issparse() and (data := archive.extractfile(info)):
                kind = "file"
                digest, content = meter.drain(data, name)
            target = _printable(info.linkname)
            yield Member(name=name, kind=kind, size=info.size, target=target, sha256=digest, content=content)
        # tarfile takes a damaged header for the end, and does not read on to gzip's own checksum.
        while not stream.last.strip(b"\0") and stream.read(CHUNK):
            pass
        if stream.last:
            raise tarfile.ReadError("a header is damaged, or something follows the end")
