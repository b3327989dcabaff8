"""The strict reading of zip files, by files of which single records were changed."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tagship.checks.rulebook.framing import problem_of

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def plain(folder: Path, extra: bytes = b"") -> bytes:
    """A zip file of one member, `a.txt`."""
    member = zipfile.ZipInfo("a.txt")
    member.extra = extra
    with zipfile.ZipFile(folder / "plain.zip", "w") as archive:
        archive.writestr(member, b"made up")
    return (folder / "plain.zip").read_bytes()


def at(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Other bytes behind the start of the first record of a kind."""
    start = data.index(signature) + offset
    return data[:start] + value + data[start + len(value) :]


def with_second_entry(data: bytes, name: bytes) -> bytes:
    """One more entry in the central directory, for the same data."""
    start, end = data.index(CENTRAL), data.index(END)
    entry = data[start:end].replace(b"a.txt", name)
    longer = data[:end] + entry + data[end:]
    counted = at(longer, END, 8, struct.pack("<HH", 2, 2))
    return at(counted, END, 12, struct.pack("<L", 2 * len(entry)))


def with_end_64(data: bytes, size: int = 44, here: int = 1, locator: bool = True) -> bytes:
    """The same with ZIP64's end records."""
    start, end = data.index(CENTRAL), data.index(END)
    numbers = (size, 45, 45, 0, 0, here, 1, end - start, start)
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", *numbers)
    pointer = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    return data[:end] + record + (pointer if locator else b"") + data[end:]


ZIP64 = struct.pack("<HHQQ", 1, 16, 7, 7)
CASES: list[tuple[str, Callable[[bytes], bytes], str | None]] = [
    ("as written", lambda data: data, None),
    ("packed size", lambda data: at(data, LOCAL, 18, struct.pack("<L", 8)), "Mis-matched data size"),
    ("unpacked size", lambda data: at(data, LOCAL, 22, struct.pack("<L", 8)), "Mis-matched file size"),
    ("name not UTF-8", lambda data: at(data, LOCAL, 30, b"\xff"), "Filename not unicode"),
    ("second entry", lambda data: with_second_entry(data, b"a.txt"), "Duplicate filename in central directory"),
    ("entry without data", lambda data: with_second_entry(data, b"b.txt"), "Missing filename in local headers"),
    ("offset", lambda data: at(data, END, 16, struct.pack("<L", 1)), "Mismatched central directory offset"),
    ("two counts", lambda data: at(data, END, 8, struct.pack("<H", 2)), "Malformed zip file"),
    ("end of ZIP64", with_end_64, None),
    ("extensible data", lambda data: with_end_64(data, size=45), "ZIP64 extensible data not allowed"),
    ("two counts of ZIP64", lambda data: with_end_64(data, here=2), "Malformed zip file"),
    ("no locator", lambda data: with_end_64(data, locator=False), "Bad magic number for central directory"),
    ("not a zip file", lambda data: b"made up", "File is not a zip file"),
]


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_records(tmp_path: Path, change: Callable[[bytes], bytes], expected: str | None) -> None:
    """A zip file whose records contradict each other is refused with the record that does."""
    (tmp_path / "changed.zip").write_bytes(change(plain(tmp_path)))
    assert problem_of(tmp_path / "changed.zip") == expected


EXTRAS = [
    ("unknown kind", struct.pack("<HHB", 0x9999, 1, 0), None),
    ("cut off", struct.pack("<HH", 0x9999, 9), "Malformed zip file"),
    ("ZIP64 sizes", ZIP64, None),
    ("ZIP64 twice", ZIP64 * 2, "Invalid duplicate extra in local file"),
    ("ZIP64 of odd length", struct.pack("<HHL", 1, 4, 0), "Malformed zip file"),
    ("other name", struct.pack("<HHBL", 0x7075, 9, 1, 0) + b"b\xff.t", "Filename not valid UTF-8"),
    ("name with control characters", struct.pack("<HHBL", 0x7075, 9, 1, 0) + b"b\n.t", "Invalid character in filename"),
]


@pytest.mark.parametrize(("extra", "expected"), [row[1:] for row in EXTRAS], ids=[row[0] for row in EXTRAS])
def test_extra_fields(tmp_path: Path, extra: bytes, expected: str | None) -> None:
    """Extra fields of a local header that could mean another name or size are refused."""
    data = plain(tmp_path)
    start = data.index(LOCAL) + 35
    longer = data[:start] + extra + data[start:]
    sized = at(longer, LOCAL, 28, struct.pack("<H", len(extra)))
    moved = at(sized, END, 16, struct.pack("<L", sized.index(CENTRAL)))
    (tmp_path / "changed.zip").write_bytes(moved)
    assert problem_of(tmp_path / "changed.zip") == expected
