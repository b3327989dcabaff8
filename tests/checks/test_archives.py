"""Reading archives: whole records of honest ones, an answer within bounds to hostile ones."""

import io
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tagship.checks import archives, read, run
from tagship.checks.archives import Member
from tests.checks.distributions import INFO, METADATA, SDIST_NAME, WHEEL_NAME, context, finding, gz, sdist, tar, wheel


def test_sdist_is_read_whole(tmp_path: Path) -> None:
    """Paths are below the top-level folder, links and folders are told apart, binaries are not kept."""
    link = tarfile.TarInfo("wheelhouse-1.0/README")
    link.type, link.linkname = tarfile.SYMTYPE, "README.md"
    folder = tarfile.TarInfo("wheelhouse-1.0/")
    folder.type = tarfile.DIRTYPE
    members = [
        (folder, b""),
        (tarfile.TarInfo("wheelhouse-1.0/README.md"), b"# A"),
        (link, b""),
        (tarfile.TarInfo("wheelhouse-1.0/logo.png"), b"\x89PNG\0"),
    ]
    archive = read(tar(tmp_path / SDIST_NAME, members))
    readme, logo = archive.files["README.md"], archive.files["logo.png"]
    assert archive.members == (
        Member(name="wheelhouse-1.0", kind="directory", size=0),
        Member(name="wheelhouse-1.0/README.md", kind="file", size=3, sha256=readme.sha256, content=b"# A"),
        Member(name="wheelhouse-1.0/README", kind="link", size=0, target="README.md"),
        Member(name="wheelhouse-1.0/logo.png", kind="file", size=5, sha256=logo.sha256),
    )
    assert list(archive.files) == ["README.md", "README", "logo.png"]
    assert (archive.kind, archive.problem, archive.unscanned, archive.metadata) == ("sdist", "", (), {})


def test_wheel_is_read_as_installed(tmp_path: Path) -> None:
    """Files in `purelib` and `platlib` are where installers put them, other schemes stay apart."""
    data = "wheelhouse-1.0.data"
    changes = {f"{data}/purelib/a.py": b"", f"{data}/platlib/b.so": b"\0", f"{data}/scripts/c.py": b""}
    archive = read(wheel(tmp_path, changes))
    assert archive.code() == ("wheelhouse/__init__.py", "wheelhouse/cli.py", "a.py", "b.so")
    assert (archive.dist_info, archive.metadata.get("name"), archive.text("nowhere")) == (INFO, "wheelhouse", "")


def bomb_zip(path: Path) -> Path:
    """128 KiB that unpack to 128 MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(128 << 20))
    return path


def bomb_tar(path: Path) -> Path:
    """As many bytes in one member of a tar."""
    return tar(path, [(tarfile.TarInfo("wheelhouse-1.0/bomb"), bytes(128 << 20))])


def skipped_bomb(path: Path) -> Path:
    """A device that claims a large body, which is skipped and never asked for."""
    info = tarfile.TarInfo("wheelhouse-1.0/sparse")
    info.size, info.type = 128 << 20, tarfile.GNUTYPE_SPARSE
    return gz(path, info.tobuf(tarfile.GNU_FORMAT) + bytes(128 << 20))


def long_name(path: Path) -> Path:
    """A member whose name is 32 MiB long."""
    info = tarfile.TarInfo("././@LongLink")
    info.size, info.type = 32 << 20, tarfile.GNUTYPE_LONGNAME
    return gz(path, info.tobuf(tarfile.GNU_FORMAT) + b"a" * info.size + bytes(1024))


@pytest.mark.parametrize(
    ("make", "name", "problem"),
    [
        (bomb_zip, WHEEL_NAME, "it unpacks to more than 50 times its size"),
        (bomb_tar, SDIST_NAME, "it unpacks to more than 50 times its size"),
        (skipped_bomb, SDIST_NAME, "it unpacks to more than 50 times its size"),
        (long_name, SDIST_NAME, "a header is larger than 1 MiB"),
    ],
)
def test_bombs_are_bounded(tmp_path: Path, make, name: str, problem: str) -> None:
    """A bomb is an error that says so, costs little memory, and the rule book is not sent into it."""
    path = make(tmp_path / name)
    tracemalloc.start()
    found = run(context(path, tracked=None))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[0] == finding("TC01", name, f"it cannot be read: {problem}")
    assert not [f for f in found if f.code >= "TC50"]
    assert peak < 100 << 20


def test_many_members(tmp_path: Path) -> None:
    """More members than any honest archive has are not all read."""
    header = tarfile.TarInfo("wheelhouse-1.0/a").tobuf()
    archive = read(gz(tmp_path / SDIST_NAME, header * (archives.MEMBERS + 2)))
    assert (archive.problem, archive.excessive) == ("it has more than 100,000 members", True)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"a/" * 600: b""}, "a path has more than 1,024 characters"),
        (
            {"PKG-INFO": b"".join(b"X-%d: y\n" % n for n in range(50_000))},
            "its metadata has more than 100 fields",
        ),
    ],
    ids=["deep path", "many fields"],
)
def test_square_growth_is_avoided(tmp_path: Path, changes: dict[str, bytes], problem: str) -> None:
    """What would make the work grow with its square is refused before it does."""
    found = run(context(sdist(tmp_path, changes), tracked=None))
    assert found[0] == finding("TC01", SDIST_NAME, f"it cannot be read: {problem}")
    assert not [f for f in found if f.code >= "TC50"]


def test_long_field(tmp_path: Path) -> None:
    """A field that goes on for hundreds of lines, as a licence's text does, is one field."""
    text = "License: text\n" + "".join(f"        Paragraph {n}: words\n" for n in range(500))
    path = sdist(tmp_path, metadata=METADATA.replace("License-Expression: MIT\n", text))
    assert run(context(path)) == ()


def test_large_text_is_named(tmp_path: Path) -> None:
    """Text too large to keep is not silently taken for clean."""
    path = sdist(tmp_path, {"words.txt": b"word\n" * (1 << 20)})
    assert run(context(path)) == (
        finding("TC42", SDIST_NAME, "not searched for secrets, because of their size: wheelhouse-1.0/words.txt"),
    )


def spoiled(data: bytes) -> dict[str, bytes]:
    """Broken variants of a file, by how it was broken."""
    middle = len(data) // 2
    return {
        "empty": b"",
        "text": b"this is no archive\n" * 40,
        "cut": data[:middle],
        "flipped": data[:middle] + bytes(255 - b for b in data[middle : middle + 64]) + data[middle + 64 :],
    }


@pytest.mark.parametrize("how", ["empty", "text", "cut", "flipped"])
@pytest.mark.parametrize("make", [wheel, sdist])
def test_broken_files_are_findings(tmp_path: Path, make, how: str) -> None:
    """Whatever was done to a file, the answer is an error with a reason and never an exception."""
    path = make(tmp_path)
    path.write_bytes(spoiled(path.read_bytes())[how])
    first, *_ = run(context(path, tracked=None))
    assert (first.code, first.where) == ("TC01", path.name)
    assert len(first.title) > len("it cannot be read: ")


def test_encrypted_member(tmp_path: Path) -> None:
    """A member that needs a password is a finding."""
    path = wheel(tmp_path)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(signature) + offset, 1)
    path.write_bytes(data)
    assert "password required" in read(path).problem


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(b"bell\x07", "bell\\x07"), (b"caf\xe9", "caf\\udce9"), ("café".encode(), "café"), (b"two\nlines", "two\\nlines")],
)
def test_names_are_printable(tmp_path: Path, stored: bytes, shown: str) -> None:
    """A name that would upset a terminal or cannot be encoded as JSON is escaped, and a readable one stays."""
    info = tarfile.TarInfo("wheelhouse-1.0/" + stored.decode("utf-8", "surrogateescape"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(info)
    assert list(read(gz(tmp_path / SDIST_NAME, buffer.getvalue())).files) == [shown]
