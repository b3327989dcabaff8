"""Wheels and sdists made in code: one sound release, and ways to spoil it."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tagship.checks import CheckContext, catalogue, read
from tagship.model import Finding, Severity
from tagship.services.addresses import PYPI

Files = Mapping[str, bytes | None]
"""Content by path; None takes a file of the sound release away."""

METADATA = """\
Metadata-Version: 2.4
Name: wheelhouse
Version: 1.0
Summary: A sample
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
Classifier: Programming Language :: Python :: 3.11
Classifier: Typing :: Typed
Requires-Dist: click>=8
Description-Content-Type: text/markdown

# A sample
"""
WHEEL_NAME = "wheelhouse-1.0-py3-none-any.whl"
SDIST_NAME = "wheelhouse-1.0.tar.gz"
INFO = "wheelhouse-1.0.dist-info"
CODE: dict[str, bytes] = {
    "wheelhouse/__init__.py": b'"""A sample."""\n',
    "wheelhouse/cli.py": b"def main(): ...\n",
    "wheelhouse/py.typed": b"",
}
TRACKED = frozenset({"pyproject.toml", "LICENSE", "README.md", ".gitignore", *(f"src/{path}" for path in CODE)})


def merged(base: Mapping[str, bytes], changes: Files) -> dict[str, bytes]:
    """The sound files with the changes made."""
    return {path: data for path, data in {**base, **changes}.items() if data is not None}


def record(files: Mapping[str, bytes]) -> bytes:
    """A RECORD that tells the truth."""
    lines = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{INFO}/RECORD,,\n"]).encode()


def wheel(folder: Path, changes: Files | None = None, *, name: str = WHEEL_NAME, metadata: str = METADATA) -> Path:
    """The sound wheel with the changes made; RECORD describes the result unless the changes bring one."""
    sound = {
        **CODE,
        f"{INFO}/METADATA": metadata.encode(),
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: sample\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{INFO}/entry_points.txt": b"[console_scripts]\nwheelhouse = wheelhouse.cli:main\n",
        f"{INFO}/licenses/LICENSE": b"The MIT License\n",
    }
    files = merged(sound, changes or {})
    files.setdefault(f"{INFO}/RECORD", record(files))
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in files.items():
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return path


def sdist(folder: Path, changes: Files | None = None, *, name: str = SDIST_NAME, metadata: str = METADATA) -> Path:
    """The sound sdist with the changes made."""
    sound = {
        **{f"src/{path}": data for path, data in CODE.items()},
        "pyproject.toml": b'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
        "LICENSE": b"The MIT License\n",
        "README.md": b"# A sample\n",
        "PKG-INFO": metadata.encode(),
    }
    members = [(tarfile.TarInfo(f"wheelhouse-1.0/{path}"), data) for path, data in merged(sound, changes or {}).items()]
    return tar(folder / name, members)


def tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """A .tar.gz of any members."""
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def gz(path: Path, data: bytes) -> Path:
    """Any bytes behind a gzip header."""
    path.write_bytes(gzip.compress(data, 9))
    return path


def context(*paths: Path, tracked: frozenset[str] | None = TRACKED) -> CheckContext:
    """The plan to release wheelhouse 1.0 to PyPI, and the files that were built for it."""
    archives = tuple(read(path) for path in paths)
    return CheckContext(archives=archives, project="wheelhouse", version="1.0", tracked=tracked, index=PYPI)


def finding(code: str, where: str, title: str, severity: Severity | None = None) -> Finding:
    """The finding of a check, with the words of its page."""
    page = next(page for page in catalogue() if page.code == code)
    return Finding(
        code=code,
        title=title,
        where=where,
        why=page.why,
        remedy=page.remedy,
        severity=severity or page.severity,
    )
