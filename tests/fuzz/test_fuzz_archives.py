"""Wheels and sdists of anybody's making: every reader of built files ends soon, with words, and writes nothing."""

import gzip
import io
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagship.checks import archives, run
from tagship.checks.rulebook import Upload, form_of, refusals
from tagship.services.addresses import PYPI
from tests.checks.distributions import context
from tests.made_dists import good_sdist, good_wheel

WHEEL, SDIST = "swp-1.0-py3-none-any.whl", "swp-1.0.tar.gz"
EXAMPLES = settings(max_examples=150)


def judged(data: bytes, name: str) -> list[str]:
    """What all readers say about a file: the checks' reader, twine's form, the rules of the index."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        archive = archives.read(path)
        assert all(member.name.isprintable() for member in archive.members)
        words = [
            refusal.reason for refusal in refusals(Upload(form=form_of(path), index=PYPI, path=path, filename=name))
        ]
        words += [finding.title for finding in run(context(path, tracked=frozenset({"pyproject.toml", "swp.py"})))]
        assert [found.name for found in Path(folder).iterdir()] == [name]
        return [archive.problem, *words]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with bytes changed, cut out, doubled or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        more = draw(st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, b"\0" * 8, b"PK\1\2", b"PK\3\4", b"PK\5\6"]))
        end = at + draw(st.sampled_from([0, 1, 2, 4, len(more), len(data)]))
        data[at:end] = more
        if not data:
            break
    return bytes(data)


def made(build: Callable[[Path], Path]) -> bytes:
    """The bytes of a good file."""
    with tempfile.TemporaryDirectory() as folder:
        return build(Path(folder)).read_bytes()


@EXAMPLES
@given(damaged(made(good_wheel)))
def test_damaged_wheels(data: bytes) -> None:
    """A wheel with any bytes changed is read to an end or a problem, and judged in words."""
    judged(data, WHEEL)


@EXAMPLES
@given(damaged(gzip.decompress(made(good_sdist))).map(lambda data: gzip.compress(data, 1)))
def test_damaged_tars(data: bytes) -> None:
    """So is an sdist whose tar is damaged inside a good gzip stream."""
    judged(data, SDIST)


@EXAMPLES
@given(damaged(made(good_sdist)))
def test_damaged_gzip(data: bytes) -> None:
    """So is one whose gzip stream is damaged."""
    judged(data, SDIST)


NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["../../escape", "/etc/passwd", "C:\\windows", "a/../../b", "", ".", "..", "a\0b", "a" * 5000, "\u202egnp.exe"]
    ),
    st.builds(lambda name: f"swp-1.0.dist-info/{name}", st.sampled_from(["METADATA", "WHEEL", "RECORD", "../RECORD"])),
)


@EXAMPLES
@given(st.lists(st.tuples(NAMES, st.binary(max_size=60)), max_size=6), st.booleans())
def test_odd_members_of_wheels(members: list[tuple[str, bytes]], packed: bool) -> None:
    """Members may have any name, twice too, and any content: nothing is unpacked, and every name can be shown."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo()
            info.filename = name  # the constructor would mend it
            if name not in archive.NameToInfo:
                archive.writestr(info, content)
    judged(data.getvalue(), WHEEL)


KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"Z")


@EXAMPLES
@given(st.lists(st.tuples(NAMES, st.sampled_from(KINDS), NAMES, st.binary(max_size=60)), max_size=6))
def test_odd_members_of_sdists(members: list[tuple[str, bytes, str, bytes]]) -> None:
    """Links, devices and names that lead outside are members like others; nothing is followed or made."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, target, content in members:
            info = tarfile.TarInfo(name.replace("\0", "?"))
            info.type, info.linkname = kind, target.replace("\0", "?")
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    judged(data.getvalue(), SDIST)


@EXAMPLES
@given(st.binary(max_size=400), st.sampled_from([WHEEL, SDIST, "swp-1.0.zip", "swp.whl"]))
def test_anything_under_the_name_of_a_distribution(data: bytes, name: str) -> None:
    """Bytes that are no archive at all are said to be none."""
    problem, *words = judged(data, name)
    assert problem
    assert words


TABLES = (
    "[build-system]",
    "backend-path = 3",
    "backend-path = [[], 1]",
    "build-backend = []",
    "build-system = 1",
    "requires = {}",
    "[[build-system]]",
    "x = " + "[" * 5000,
    "a." * 2000 + "b = 1",
)


@EXAMPLES
@given(st.lists(st.sampled_from(TABLES) | st.text(max_size=10), max_size=4).map("\n".join))
def test_odd_pyproject_of_sdists(text: str) -> None:
    """The checks read the pyproject.toml of an sdist, whatever is in it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in (("PKG-INFO", "Name: swp"), ("pyproject.toml", text)):
            info = tarfile.TarInfo(f"swp-1.0/{name}")
            info.size = len(content.encode("utf-8", "replace"))
            archive.addfile(info, io.BytesIO(content.encode("utf-8", "replace")))
    judged(data.getvalue(), SDIST)


def wheel_of_zeros() -> bytes:
    """A wheel whose RECORD is 256 MiB of nothing, in 256 KiB."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("METADATA", "WHEEL"):
            archive.writestr(f"swp-1.0.dist-info/{name}", "x")
        with archive.open("swp-1.0.dist-info/RECORD", "w", force_zip64=True) as record:
            for _ in range(256):
                record.write(bytes(1 << 20))
    return data.getvalue()


def wheel_of_many_fields() -> bytes:
    """A wheel whose METADATA has 200,000 different fields."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("swp-1.0.dist-info/METADATA", "".join(f"X{n}: y\n" for n in range(200_000)))
    return data.getvalue()


def sdist_of_zeros() -> bytes:
    """An sdist whose PKG-INFO is as large."""
    return _zeros(tarfile.REGTYPE, "swp-1.0/PKG-INFO")


def sdist_with_a_long_name() -> bytes:
    """An sdist whose first member has a name of 256 MiB."""
    return _zeros(tarfile.GNUTYPE_LONGNAME, "././@LongLink")


def sdist_with_long_attributes() -> bytes:
    """An sdist whose first header has 256 MiB of attributes."""
    return _zeros(tarfile.XHDTYPE, "./PaxHeaders/x")


def _zeros(kind: bytes, name: str) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, 256 << 20
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=1) as packed:
        packed.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(256):
            packed.write(bytes(1 << 20))
        packed.write(bytes(1024))
    return data.getvalue()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (wheel_of_zeros, WHEEL),
        (wheel_of_many_fields, WHEEL),
        (sdist_of_zeros, SDIST),
        (sdist_with_a_long_name, SDIST),
        (sdist_with_long_attributes, SDIST),
    ],
)
def test_bombs_cost_little(make: Callable[[], bytes], name: str) -> None:
    """A small file that unpacks to 256 MiB is refused within seconds, and no reader takes more than 80 MiB for it."""
    data = make()
    began = time.process_time()
    tracemalloc.start()
    try:
        problem, *words = judged(data, name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert problem
    assert words
    assert peak < 80 << 20
    assert time.process_time() - began < 10
