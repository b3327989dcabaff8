"""Unpacking an sdist: what a hostile or broken one cannot do."""

import io
import tarfile
from pathlib import Path

import pytest

from tagship.errors import BuildFailed
from tagship.stages.backend import _inside, unpack


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "evil",
    [
        member("top/../../evil"),
        member("top/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("top/link", tarfile.LNKTYPE, "../../evil"),
        member("top/device", tarfile.CHRTYPE),
    ],
    ids=["dots", "symlink", "link", "device"],
)
def test_nothing_is_written_outside(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    """Members that would leave the destination are refused, by Python's own filter and by ours for older Pythons."""
    sdist = tmp_path / "top-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        archive.addfile(member("top/file"), io.BytesIO())
        archive.addfile(evil)
    with pytest.raises(BuildFailed, match="cannot be unpacked"):
        unpack(sdist, tmp_path / "out", 0)
    with tarfile.open(sdist) as archive, pytest.raises(tarfile.ReadError, match="outside the destination"):
        _inside(archive)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", sdist.name]
