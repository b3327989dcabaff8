"""Refusals of what is inside a file, each of a distribution that is good but for one thing."""

import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from made_dists import good_sdist, good_wheel, metadata, sdist, wheel, wheel_files, without
from made_uploads import ARCHIVES, INVALID, NOT_A_WHEEL, POLICY, WHEEL, reasons, upload_of

from tagship.checks.rulebook import Limits, Upload, form_of
from tagship.services.addresses import PYPI, TESTPYPI


def packed(files: Mapping[str, str | bytes], **options: int) -> Callable[[Path], Path]:
    """A wheel with these members, written with options of zipfile."""

    def make(tmp: Path) -> Path:
        path = tmp / WHEEL
        with zipfile.ZipFile(path, "w", **options) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return make


def bomb(tmp: Path) -> Path:
    """A wheel with 65 MiB of nothing."""
    return packed({**wheel_files(), "swp/zeros": bytes(65 * 1024**2)}, compression=zipfile.ZIP_DEFLATED)(tmp)


def streamed(tmp: Path) -> Path:
    """A wheel written to a pipe, where sizes come after the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, content in wheel_files().items():
            archive.writestr(name, content)
    (tmp / WHEEL).write_bytes(pipe.getvalue())
    return tmp / WHEEL


def edited(edit: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A good wheel with a data file whose bytes were changed."""

    def make(tmp: Path) -> Path:
        path = wheel(tmp, {**wheel_files(), "swp/data.txt": "made up"})
        path.write_bytes(edit(path.read_bytes()))
        return path

    return make


def twice(tmp: Path) -> Path:
    """A wheel with a member twice."""
    path = good_wheel(tmp)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("swp/__init__.py"), "")
    return path


def commented(tmp: Path) -> Path:
    """A wheel with a comment on a member."""
    path = good_wheel(tmp)
    with zipfile.ZipFile(path, "a") as archive:
        member = zipfile.ZipInfo("swp/noted.py")
        member.comment = b"a note"
        archive.writestr(member, "")
    return path


def zip64(tmp: Path) -> Path:
    """A wheel with ZIP64 sizes in a local header, as streaming writers make them."""
    path = good_wheel(tmp)
    with (
        zipfile.ZipFile(path, "a") as archive,
        archive.open(zipfile.ZipInfo("swp/big.py"), "w", force_zip64=True) as out,
    ):
        out.write(b"x = 1\n")
    return path


def framing(problem: str) -> list[str]:
    """The refusal of a zip file that readers could disagree about."""
    return [f"{INVALID} ZIP archive not accepted: {problem}. {ARCHIVES}"]


def _end_with_other_size(data: bytes) -> bytes:
    end = data.rindex(b"PK\x05\x06")
    return data[: end + 8] + struct.pack("<HH", 9, 9) + data[end + 12 :]


GOOD = wheel_files()
INFO = "swp-1.0.dist-info"
CONTENTS: list[tuple[str, Callable[[Path], Path], list[str]]] = [
    ("ZIP64 header", zip64, []),
    ("bomb", bomb, [f"{INVALID} File exceeds compression ratio of 50"]),
    (
        "bzip2",
        packed(GOOD, compression=zipfile.ZIP_BZIP2),
        [f"{INVALID} File does not use a supported compression type"],
    ),
    ("no WHEEL", packed(without(GOOD, "WHEEL")), [f"{INVALID} WHEEL not found at {INFO}/WHEEL"]),
    (
        "no METADATA",
        packed(without(GOOD, "METADATA")),
        [f"{NOT_A_WHEEL} does not contain the required METADATA file: {INFO}/METADATA"],
    ),
    (
        "RECORD is not text",
        packed({**GOOD, f"{INFO}/RECORD": b"\xff"}),
        [f"{NOT_A_WHEEL} does not contain the required RECORD file: {INFO}/RECORD"],
    ),
    ("RECORD does not match", packed({**GOOD, "swp/more.py": ""}), []),
    *(
        (
            f"entry points {number}",
            packed({**GOOD, f"{INFO}/entry_points.txt": text}),
            [f"{NOT_A_WHEEL} has invalid entry points defined in the entry_points.txt file"],
        )
        for number, text in enumerate(
            (b"\xff", "no section = 1", "[console_scripts]\n../../evil = a:b\n", "[gui_scripts]\na b = c\n")
        )
    ),
    (
        "entry points",
        packed({**GOOD, f"{INFO}/entry_points.txt": "[console_scripts]\nMy.tool-x = a:b\n[other]\na b = c\n"}),
        [],
    ),
    (
        "PyArmor",
        packed({**GOOD, "swp/a.py": "__py" + "armor_enter__()"}),
        [f"{INVALID} PyArmor-encrypted content is not allowed. {POLICY}"],
    ),
    ("data descriptor", streamed, framing("ZIP contains a data descriptor")),
    ("member twice", twice, framing("Duplicate filename in local headers")),
    ("member comment", commented, framing("Comment in central directory")),
    ("archive comment", edited(lambda data: data[:-2] + struct.pack("<H", 2) + b"hi"), []),
    ("trailing data", edited(lambda data: data + b"hi"), framing("Trailing data")),
    ("count", edited(_end_with_other_size), framing("Mismatched central directory records")),
    (
        "local header differs",
        edited(lambda data: data.replace(b"swp/data.txt", b"swp/DATA.txt", 1)),
        framing("Filename not in central directory"),
    ),
    (
        "control character",
        edited(lambda data: data.replace(b"swp/data.txt", b"swp/\x01ata.txt")),
        framing("Invalid character in filename"),
    ),
    ("something in front", edited(lambda data: b"#!/bin/sh\n" + data), framing("Unknown record signature")),
]


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in CONTENTS], ids=[row[0] for row in CONTENTS])
def test_wheel_contents(tmp_path: Path, make: Callable[[Path], Path], expected: list[str]) -> None:
    """A wheel that is not what it should be inside is refused for it, and for nothing else."""
    path = make(tmp_path)
    fields = form_of(good_wheel(_folder(tmp_path)))
    form = {**form_of(path), **{name: fields[name] for name in ("name", "version", "metadata_version")}}
    assert reasons(Upload(form=form, index=PYPI, path=path, filename=path.name)) == expected


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "good"
    folder.mkdir(exist_ok=True)
    return folder


def test_encrypted_module_is_found_past_other_members(tmp_path: Path) -> None:
    """SourceDefender's two marks are found in a .pye file, one mark alone is not."""
    marks = "\n".join(f"---{end} PYE FILE---" for end in ("BEGIN", "END"))  # whole, PyPI would refuse our sdist
    assert reasons(upload_of(wheel(tmp_path, {**GOOD, "swp/b.py": marks[:20], "swp/c.pye": marks}))) == [
        f"{INVALID} SourceDefender-encrypted content is not allowed. "
        "See https://pypi.org/policy/acceptable-use-policy/ for more information."
    ]


def broken_tar(tmp: Path) -> Path:
    """An sdist cut off in the middle."""
    noise = random.Random(1).randbytes(200_000).hex()
    path = sdist(tmp, {"swp-1.0/PKG-INFO": metadata(), "swp-1.0/noise.txt": noise})
    path.write_bytes(path.read_bytes()[:50_000])
    return path


def sparse(tmp: Path) -> Path:
    """An sdist with a sparse member, as GNU tar writes with --sparse."""
    path = good_sdist(tmp)
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, headers in (("PKG-INFO", {}), ("hole.bin", {"GNU.sparse.size": "1", "GNU.sparse.map": "0,1"})):
            member = tarfile.TarInfo(f"swp-1.0/{name}")
            member.pax_headers = headers
            data = metadata().encode() if name == "PKG-INFO" else b"x"
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


PKG_INFO = {"swp-1.0/PKG-INFO": metadata()}
SDISTS: list[tuple[str, Callable[[Path], Path], list[str]]] = [
    (
        "not a tar file",
        lambda tmp: good_wheel(tmp).rename(tmp / "swp-1.0.tar.gz"),
        [f"{INVALID} File is not a tarfile"],
    ),
    ("cut of", broken_tar, [f"{INVALID} None"]),
    (
        "two folders",
        lambda tmp: sdist(tmp, {**PKG_INFO, "tests/a.py": ""}),
        [f"{INVALID} Incorrect number of top-level directories in sdist"],
    ),
    (
        "sparse",
        sparse,
        [f"{INVALID} tar archive not accepted: Sparse members are not allowed. {ARCHIVES}"],
    ),
    (
        "PyArmor",
        lambda tmp: sdist(tmp, {**PKG_INFO, "swp-1.0/a.py": "__py" + "armor_exit__"}),
        [f"{INVALID} PyArmor-encrypted content is not allowed. {POLICY}"],
    ),
]


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in SDISTS], ids=[row[0] for row in SDISTS])
def test_sdist_contents(tmp_path: Path, make: Callable[[Path], Path], expected: list[str]) -> None:
    """An sdist that is not what it should be inside is refused for it, and for nothing else."""
    path = make(tmp_path)
    form = {**form_of(path), "name": ("swp",), "version": ("1.0",), "metadata_version": ("2.4",)}
    assert reasons(Upload(form=form, index=PYPI, path=path, filename=path.name)) == expected


def test_wheel_that_is_no_zip(tmp_path: Path) -> None:
    """Text under a wheel's name is refused as no zip file; metadata fields are then the client's."""
    path = tmp_path / WHEEL
    path.write_text("made up")
    fields = {"name": "swp", "version": "1.0", "metadata_version": "2.4"}
    assert reasons(upload_of(path, **fields)) == [f"{INVALID} File is not a zipfile"]


@pytest.mark.parametrize(
    ("make", "where"),
    [(good_wheel, f"{INFO}/licenses/legal/LICENSE"), (good_sdist, "swp-1.0/legal/LICENSE")],
)
def test_licence_files(tmp_path: Path, make: Callable[..., Path], where: str) -> None:
    """A licence file that the metadata promises has to be where PEP 639 puts it."""
    path = make(tmp_path, "swp", "1.0", "License-File: legal/LICENSE")
    expected = f"License-File legal/LICENSE does not exist in distribution file {path.name} at {where}"
    assert reasons(upload_of(path)) == [expected]


def test_long_file_name(tmp_path: Path) -> None:
    """A file name to which `.metadata` cannot be added is too long."""
    tag = ".".join(f"py{n}" for n in range(300, 338))
    name = f"swp-1.0-{tag}-none-any.whl"
    path = wheel(tmp_path, GOOD, name)
    assert (len(name) <= 255, reasons(upload_of(path))) == (True, [f"Filename is too long: '{name}'"])


def test_sizes(tmp_path: Path) -> None:
    """The limit that is reached first while reading is named first."""
    upload = upload_of(good_wheel(tmp_path))
    limited = Upload(
        form=upload.form,
        index=TESTPYPI,
        path=upload.path,
        filename=WHEEL,
        limits=Limits(file=20, project=1000, used=990),
    )
    docs = "See https://docs.pypi.org/project-management/storage-limits#requesting-a"
    assert reasons(limited) == [
        f"Project size too large. Limit for project 'swp' total size is 0 GB. {docs}-project-size-limit-increase",
        f"File too large. Limit for project 'swp' is 0 MB. {docs}-file-size-limit-increase for more information.",
    ]


def test_image(tmp_path: Path) -> None:
    """A file sent as an image is no distribution."""
    upload = upload_of(good_wheel(tmp_path))
    sent = Upload(form=upload.form, index=PYPI, path=upload.path, filename=WHEEL, content_type="image/png")
    assert reasons(sent) == ["Invalid distribution file."]


def test_zip_and_tar_at_once(tmp_path: Path) -> None:
    """A file that opens as zip and as tar is refused, whichever it is named after."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    path = wheel(tmp_path, GOOD)
    path.write_bytes(tar.getvalue() + path.read_bytes())
    assert reasons(upload_of(path)) == [f"{INVALID} File is both a zip and a tar file"]


def test_wheel_name_without_tags(tmp_path: Path) -> None:
    """A wheel's name has to have name, version and tags before anything inside can be looked for."""
    assert reasons(upload_of(wheel(tmp_path, GOOD), filename="swp-1.0.whl")) == [
        f"{INVALID} Unable to parse name and version from wheel filename",
        "Invalid wheel filename (wrong number of parts): 'swp-1.0'",
    ]
