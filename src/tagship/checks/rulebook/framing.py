"""A strict reading of a zip file, record by record, as PyPI does it to rule out files that readers disagree about.

The record layouts are those of APPNOTE.TXT 4.3 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), the
refusals those of warehouse/utils/zipfiles.py: https://docs.pypi.org/archives names the reasons.
"""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_FULL = 0xFFFFFFFF
_DATA_DESCRIPTOR = 0x08
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075


class NotAcceptedError(Exception):
    """The zip file is not one that PyPI takes; the text says why in PyPI's words."""


def problem_of(path: Path) -> str | None:
    """Why PyPI would refuse a zip file that Python can open, or None."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = {info.orig_filename: (info.compress_size, info.file_size) for info in archive.filelist}
        with path.open("rb") as stream:
            _Walk(stream, listed).run()
    except zipfile.BadZipFile as error:
        return str(error)
    except NotAcceptedError as error:
        return str(error)
    except (OSError, ValueError, OverflowError, IndexError):  # a place that no file has
        return "Malformed zip file"
    return None


class _Walk:
    """One pass over the records, from the first byte to the last."""

    def __init__(self, stream: BinaryIO, listed: dict[str, tuple[int, int]]) -> None:
        self._stream = stream
        self._listed = listed
        self._local: set[bytes] = set()
        self._central: set[bytes] = set()
        self._start: int | None = None
        self._end64: tuple[int, int] | None = None

    def run(self) -> None:
        records = {b"PK\x03\x04": self._local_file, b"PK\x01\x02": self._central_file}
        records |= {b"PK\x06\x06": self._end_64, b"PK\x06\x07": self._locator}
        while (signature := self._take(4)) != b"PK\x05\x06":
            if signature not in records:
                raise NotAcceptedError("Unknown record signature")
            records[signature]()
        self._end()
        if self._stream.read(1):
            raise NotAcceptedError("Trailing data")

    def _take(self, amount: int) -> bytes:
        data = self._stream.read(amount)
        if len(data) != amount:
            raise NotAcceptedError("Malformed zip file")
        return data

    def _name(self, size: int) -> bytes:
        name = self._take(size)
        if _has_control_characters(name):
            raise NotAcceptedError("Invalid character in filename")
        return name

    def _local_file(self) -> None:
        """4.3.7."""
        flags, method, packed, unpacked, name_size, extra_size = struct.unpack("<2xHH8xLLHH", self._take(26))
        name_and_extra = self._take(name_size + extra_size)
        name = name_and_extra[:name_size]
        if _has_control_characters(name):
            raise NotAcceptedError("Invalid character in filename")
        packed, unpacked = _real_sizes(name_and_extra[name_size:], (packed, unpacked), stored=method == 0)
        if flags & _DATA_DESCRIPTOR:
            raise NotAcceptedError("ZIP contains a data descriptor")
        try:
            listed = self._listed[name.decode()]
        except UnicodeDecodeError as error:
            raise NotAcceptedError("Filename not unicode") from error
        except KeyError as error:
            raise NotAcceptedError("Filename not in central directory") from error
        if listed[0] != packed:
            raise NotAcceptedError("Mis-matched data size")
        if listed[1] != unpacked:
            raise NotAcceptedError("Mis-matched file size")
        self._stream.seek(packed, 1)
        if name in self._local:
            raise NotAcceptedError("Duplicate filename in local headers")
        self._local.add(name)

    def _central_file(self) -> None:
        """4.3.12."""
        if self._start is None:
            self._start = self._stream.tell() - 4
        name_size, extra_size, comment_size = struct.unpack("<24xHHH12x", self._take(42))
        if comment_size:
            raise NotAcceptedError("Comment in central directory")
        name = self._name(name_size)
        self._take(extra_size)
        if name in self._central:
            raise NotAcceptedError("Duplicate filename in central directory")
        if name not in self._local:
            raise NotAcceptedError("Missing filename in local headers")
        self._central.add(name)

    def _end_64(self) -> None:
        """4.3.14."""
        size, here, records, offset = struct.unpack("<Q12xQQ8xQ", self._take(52))
        if here != records:
            raise NotAcceptedError("Malformed zip file")
        if size != 44:
            raise NotAcceptedError("ZIP64 extensible data not allowed")
        self._end64 = (records, offset)

    def _locator(self) -> None:
        """4.3.15."""
        self._take(16)

    def _end(self) -> None:
        """4.3.16; where there is a ZIP64 record, that one counts.

        A wrong size of the directory or a ZIP64 record without locator do not come so far: Python cannot open them.
        """
        start = self._stream.tell() - 4 if self._start is None else self._start
        here, records, offset, comment_size = struct.unpack("<4xHH4xLH", self._take(18))
        if here != records:
            raise NotAcceptedError("Malformed zip file")
        self._stream.seek(comment_size, 1)
        records, offset = self._end64 or (records, offset)
        if records != len(self._central):
            raise NotAcceptedError("Mismatched central directory records")
        if offset != start:
            raise NotAcceptedError("Mismatched central directory offset")


def _has_control_characters(name: bytes) -> bool:
    return any(byte < 0x20 or byte == 0x7F for byte in name)


def _extras(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The extra fields of a header (4.5.1)."""
    seen: set[int] = set()
    while data:
        if len(data) < 4:
            raise NotAcceptedError("Malformed zip file")
        kind, size = struct.unpack("<HH", data[:4])
        if size + 4 > len(data):
            raise NotAcceptedError("Malformed zip file")
        if kind in seen and kind in (_ZIP64, _UNICODE_PATH):
            raise NotAcceptedError("Invalid duplicate extra in local file")
        seen.add(kind)
        yield kind, data[4 : 4 + size]
        data = data[4 + size :]


def _real_sizes(extra: bytes, sizes: tuple[int, int], *, stored: bool) -> tuple[int, int]:
    """Packed and unpacked size: those of the header, or of its ZIP64 field (4.5.3)."""
    packed, unpacked = sizes
    for kind, data in _extras(extra):
        if kind == _UNICODE_PATH:
            if _has_control_characters(data[5:]):
                raise NotAcceptedError("Invalid character in filename")
            try:
                data[5:].decode()
            except UnicodeDecodeError as error:
                raise NotAcceptedError("Filename not valid UTF-8") from error
        elif kind == _ZIP64:
            if len(data) not in (0, 8, 16, 24, 28) or (not data and _FULL in sizes):
                raise NotAcceptedError("Malformed zip file")
            if len(data) == 8 and not stored:
                raise NotAcceptedError("Malformed zip file")
            if data:
                large = struct.unpack("<Q", data[:8])[0]
                unpacked = large if unpacked == _FULL else unpacked
                packed = large if len(data) == 8 else struct.unpack("<Q", data[8:16])[0]
    return packed, unpacked
