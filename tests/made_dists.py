"""Built distributions made by hand, so that a test can spoil exactly one thing about them."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


def metadata(*lines: str, name: str = "swp", version: str = "1.0") -> str:
    """The text of a METADATA or PKG-INFO file with further header lines."""
    return "\n".join(("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines, "", ""))


def wheel_files(name: str = "swp", version: str = "1.0", *lines: str) -> dict[str, str]:
    """The members of a good wheel."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    files = {
        f"{name.replace('-', '_')}/__init__.py": "",
        f"{info}/METADATA": metadata(*lines, name=name, version=version),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    return {**files, f"{info}/RECORD": record}


def wheel(folder: Path, files: Mapping[str, str | bytes], filename: str = "swp-1.0-py3-none-any.whl") -> Path:
    """Write a wheel; member dates are fixed, so equal members give equal bytes."""
    path = folder / filename
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


def good_wheel(folder: Path, name: str = "swp", version: str = "1.0", *lines: str) -> Path:
    """A wheel that nobody refuses."""
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return wheel(folder, wheel_files(name, version, *lines), filename)


def sdist(folder: Path, files: Mapping[str, str], filename: str = "swp-1.0.tar.gz") -> Path:
    """Write a source distribution."""
    path = folder / filename
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
    return path


def good_sdist(folder: Path, name: str = "swp", version: str = "1.0", *lines: str) -> Path:
    """A source distribution that nobody refuses."""
    top = f"{name.replace('-', '_')}-{version}"
    files = {f"{top}/PKG-INFO": metadata(*lines, name=name, version=version), f"{top}/swp.py": ""}
    return sdist(folder, files, f"{top}.tar.gz")


def without(files: Mapping[str, str], *endings: str) -> dict[str, str]:
    """The members whose names do not end so."""
    return {name: content for name, content in files.items() if not name.endswith(tuple(endings))}
