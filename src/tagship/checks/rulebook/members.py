"""What a built file has inside: read in one pass, so that every rule can ask without opening it again."""

import os.path
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tagship.checks.unpacking import RATIO, UNPACKED_FREE, Budget, Inflating

TEXT = 16 << 20
"""Bytes of a text that is read; no honest METADATA or RECORD is larger."""

_INFO_FILES = frozenset({"WHEEL", "RECORD", "METADATA", "entry_points.txt"})
_SCANNED_SUFFIXES = (".py", ".pye")
_SCANNED_SIZE = 5 * 1024**2
_ARMOR = b"__py" + b"armor_"  # in one piece it would be found in this very file, and PyPI would refuse tagship
_PYARMOR = (
    _ARMOR + b"_(__name__, __file__,",
    *(_ARMOR + b"%s__" % end for end in (b"enter", b"exit", b"assert", b"bcc")),
)
_SOURCEDEFENDER = tuple(b"---%s PYE FILE---" % end for end in (b"BEGIN", b"END"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The members of an archive, and what the rules want to know of them."""

    names: tuple[str, ...]
    unpacked: int
    """Bytes of all members together."""
    odd_compression: bool = False
    excessive: bool = False
    """Whether it unpacks to more than PyPI takes; then nothing of it was read."""
    sparse: bool = False
    encrypted_by: str = ""
    """The source encrypter whose marks were found in a Python file."""
    texts: Mapping[str, bytes]
    """Content of the files of the wheel's `.dist-info` folders that rules read, by member name."""

    @property
    def top(self) -> str:
        """The one folder that everything is in, or something empty."""
        try:
            return os.path.commonpath(self.names) if self.names else ""
        except ValueError:  # absolute and relative names side by side
            return ""


def contents_of(path: Path, filename: str) -> Contents | None:
    """Read an archive whose name ends in .whl, .zip or .tar.gz; None where it is broken or has another name.

    It may be hostile: nothing is extracted, and no amount of compression makes the reading unbounded.
    """
    try:
        if filename.endswith((".whl", ".zip")):
            with zipfile.ZipFile(path) as archive:
                return _zip_contents(archive, path.stat().st_size)
        if filename.endswith(".tar.gz"):
            with forward_tar(path) as tar:
                return _tar_contents(tar)
    except Exception:  # noqa: S110  tarfile and zipfile answer hostile bytes with nearly any exception
        pass
    return None


@contextmanager
def forward_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """An open .tar.gz whose members can be read in the order of the stream.

    Raises:
        Exception: of nearly any kind, for bytes that are no such file.
    """
    with (
        path.open("rb") as file,
        Inflating(file, Budget(path.stat().st_size)) as stream,
        tarfile.open(fileobj=stream, mode="r:") as tar,
    ):
        yield tar


def _zip_contents(archive: zipfile.ZipFile, packed: int) -> Contents:
    members = archive.infolist()
    unpacked = sum(m.file_size for m in members)
    odd = any(m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for m in members)
    excessive = unpacked > UNPACKED_FREE and unpacked / packed > RATIO
    readable = [] if odd or excessive else [m for m in members if not m.is_dir()]
    found = (_mark(archive.read(m)) for m in readable if _scanned(m.filename, m.file_size))
    return Contents(
        names=tuple(m.filename for m in members),
        unpacked=unpacked,
        odd_compression=odd,
        excessive=excessive,
        encrypted_by=next(filter(None, found), ""),
        texts={m.filename: archive.read(m) for m in readable if _is_info(m.filename) and m.file_size <= TEXT},
    )


def _tar_contents(tar: tarfile.TarFile) -> Contents:
    names: list[str] = []
    unpacked, sparse, mark = 0, False, ""
    for member in tar:  # in the order of the stream: going back would unpack it again
        names.append(member.name)
        unpacked += member.size
        sparse = sparse or member.issparse()
        if not mark and member.isfile() and _scanned(member.name, member.size):
            file = tar.extractfile(member)
            mark = _mark(file.read()) if file else ""
    return Contents(names=tuple(names), unpacked=unpacked, sparse=sparse, encrypted_by=mark, texts={})


def _is_info(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder.endswith(".dist-info") and file in _INFO_FILES


def _scanned(name: str, size: int) -> bool:
    return size <= _SCANNED_SIZE and name.lower().endswith(_SCANNED_SUFFIXES)


def _mark(data: bytes) -> str:
    """PyPI's scanner rules, which are plain strings (warehouse/utils/scanner_rules/*.yar)."""
    if any(mark in data for mark in _PYARMOR):
        return "PyArmor"
    return "SourceDefender" if all(mark in data for mark in _SOURCEDEFENDER) else ""
