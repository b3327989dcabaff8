"""The running tagship as a wheel: what the lock of a tagship that is on no index names, and what a rehearsal serves.

The same code gives the same bytes on every machine, so that the digest in a lock that one process wrote holds for the
file that another one serves: entries sorted, one date, one mode, nothing compressed (zlib and its successors differ).
Format: https://packaging.python.org/specifications/binary-distribution-format/
"""

import base64
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

import tagship
from tagship import __version__
from tagship.errors import ToolFailed
from tagship.shapes import shaped

FILENAME = f"tagship-{__version__}-py3-none-any.whl"
_INFO = f"tagship-{__version__}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: tagship\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_KEPT = ("METADATA", "entry_points.txt")
"""What an installed tagship knows about itself; the rest of its .dist-info is about the installation."""


class _Project(msgspec.Struct, rename="kebab"):
    name: str = ""
    requires_python: str = ""
    dependencies: list[str] = []
    optional_dependencies: dict[str, list[str]] = {}
    scripts: dict[str, str] = {}


class _Pyproject(msgspec.Struct):
    project: _Project = msgspec.field(default_factory=_Project)


@cache
def from_index() -> bool:
    """Whether an index served the running tagship: not a checkout, and not installed from a file or an address.

    Source: https://packaging.python.org/specifications/direct-url/
    """
    if _of_sources() is not None:
        return False
    try:
        return distribution("tagship").read_text("direct_url.json") is None
    except PackageNotFoundError:
        return False


def requirements() -> tuple[str, ...]:
    """What tagship itself needs, without extras.

    Raises:
        ToolFailed: as `build`.
    """
    lines = (_of_sources() or _installed())["METADATA"].partition("\n\n")[0].splitlines()
    needed = (line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: "))
    return tuple(line for line in needed if "extra ==" not in line)


@cache
def build() -> bytes:
    """The wheel.

    Raises:
        ToolFailed: tagship is neither installed nor run from its sources, so that nobody knows what it needs.
    """
    package = Path(tagship.__file__).parent
    files = {f"tagship/{path.relative_to(package).as_posix()}": path.read_bytes() for path in _sources(package)}
    about = _of_sources() or _installed()
    files |= {f"{_INFO}/{name}": text.encode() for name, text in {**about, "WHEEL": _WHEEL}.items()}
    record = "".join(f"{name},{_digest(files[name])},{len(files[name])}\n" for name in sorted(files))
    files[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files, key=lambda name: (name.startswith(_INFO), name)):
            entry = zipfile.ZipInfo(name)  # dated 1980, the first day that a zip file knows
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return out.getvalue()


def _sources(package: Path) -> Iterator[Path]:
    return (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _digest(data: bytes) -> str:
    return f"sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')}"


def _installed() -> Mapping[str, str]:
    """The metadata of the installation."""
    try:
        found = {name: distribution("tagship").read_text(name) for name in _KEPT}
    except PackageNotFoundError:
        raise ToolFailed(
            "The running tagship cannot be packed: it was not installed by an installer",
            remedy="Install it: uv tool install tagship, or pip install tagship.",
        ) from None
    return {name: text for name, text in found.items() if text is not None}


def _of_sources() -> Mapping[str, str] | None:
    """Metadata from the pyproject.toml of a checkout, which knows better than an editable installation of last year."""
    file = Path(tagship.__file__).parent.parent.parent / "pyproject.toml"
    if not file.is_file():
        return None
    project = shaped(tomllib.loads(file.read_text(encoding="utf-8")), _Pyproject).project
    if project.name != "tagship":
        return None
    lines = ["Metadata-Version: 2.4", "Name: tagship", f"Version: {__version__}"]
    lines += [f"Requires-Python: {project.requires_python}"] if project.requires_python else []
    lines += [f"Requires-Dist: {Requirement(line)}" for line in project.dependencies]
    for extra, needed in sorted(project.optional_dependencies.items()):
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_within(Requirement(line), extra)}" for line in needed]
    scripts = "".join(f"{name} = {where}\n" for name, where in sorted(project.scripts.items()))
    return {"METADATA": "\n".join(lines) + "\n", "entry_points.txt": f"[console_scripts]\n{scripts}"}


def _within(requirement: Requirement, extra: str) -> str:
    marker = f"({requirement.marker}) and " if requirement.marker else ""
    requirement.marker = None
    apart = " ;" if requirement.url else ";"  # an address ends with a space (PEP 508)
    return f'{requirement}{apart} {marker}extra == "{extra}"'
