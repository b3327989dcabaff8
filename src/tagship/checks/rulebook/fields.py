"""Core metadata as upload form fields, and back.

The upload form spells metadata fields as `packaging.metadata.RawMetadata` does, with the exceptions of
`_SINGULAR` (https://docs.pypi.org/api/upload/#core-metadata and warehouse/forklift/metadata.py).
"""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_type_hints

from packaging.metadata import RawMetadata, parse_email

from tagship.checks.rulebook.members import TEXT, forward_tar
from tagship.checks.unpacking import too_many_fields
from tagship.shapes import shaped

Form = Mapping[str, tuple[str, ...]]
"""Form fields with all their values, in the order sent."""

_SINGULAR = {
    "platforms": "platform",
    "supported_platforms": "supported_platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}
_PLURALS = {**_SINGULAR, "classifiers": "classifier", "project_urls": "project_url"}
_TYPES = get_type_hints(RawMetadata)
_RAW_NAMES = {_SINGULAR.get(name, name): name for name in _TYPES}
METADATA_FIELDS = tuple(_PLURALS.get(name, name).replace("_", "-") for name in _TYPES)
"""The fields as a METADATA file spells them, in lower case."""
_STRINGS = frozenset(name for name, kind in _TYPES.items() if kind is str)


def metadata_of_form(form: Form) -> tuple[RawMetadata, tuple[str, ...]]:
    """The metadata in a form, and the names of form fields whose values make no sense."""
    raw: dict[str, str | list[str] | dict[str, str]] = {}
    senseless: list[str] = []
    for field, name in _RAW_NAMES.items():
        values = form.get(field, ())
        if values in ((), ("",)):
            continue
        if name == "project_urls":
            urls = _project_urls(values)
            if len(urls) == len(values):
                raw[name] = urls
            else:
                senseless.append(field)
        elif name == "keywords" and len(values) == 1:
            raw[name] = [word.strip() for word in values[0].split(",")]
        elif name in _STRINGS or name == "keywords":
            if len(values) == 1:
                raw[name] = values[0]
            else:
                senseless.append(field)
        else:
            raw[name] = list(values)
    return shaped(raw, RawMetadata), tuple(senseless)


def _project_urls(values: Iterable[str]) -> dict[str, str]:
    """`Label, URL` pairs; fewer than given where a label comes twice."""
    pairs = (value.partition(",") for value in values)
    return {label.strip(): url.strip() for label, _, url in pairs}


def form_of(path: Path) -> Form:
    """The form that twine sends for a built distribution: metadata from the file, kind and digests.

    A file without metadata, or one that is no archive, gives a form without metadata fields: the rules say the rest.
    """
    wheel = path.suffix == ".whl"
    sums = digests(path)
    form: dict[str, tuple[str, ...]] = {
        ":action": ("file_upload",),
        "protocol_version": ("1",),
        "filetype": ("bdist_wheel" if wheel else "sdist",),
        "pyversion": (_python_tag(path.name) if wheel else "source",),
        "sha256_digest": (sums["sha256_digest"],),
        "blake2_256_digest": (sums["blake2_256_digest"],),
    }
    metadata = _wheel_metadata(path) if wheel else _sdist_metadata(path)
    raw, _ = parse_email(b"" if too_many_fields(metadata) else metadata)
    given: Mapping[str, object] = {**raw}
    for field, name in _RAW_NAMES.items():
        match given.get(name):
            case str() as text:
                form[field] = (text,)
            case list() as words if name == "keywords":
                form[field] = (", ".join(words),)
            case list() as texts:
                form[field] = tuple(texts)
            case dict() as urls:
                form[field] = tuple(f"{label}, {url}" for label, url in urls.items())
            case _:
                pass
    return form


def digests(path: Path) -> dict[str, str]:
    """Hex digests of a file by the name of their form field."""
    md5, sha256, blake2 = hashlib.md5(usedforsecurity=False), hashlib.sha256(), hashlib.blake2b(digest_size=32)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            md5.update(block)
            sha256.update(block)
            blake2.update(block)
    return {
        "md5_digest": md5.hexdigest(),
        "sha256_digest": sha256.hexdigest(),
        "blake2_256_digest": blake2.hexdigest(),
    }


def _python_tag(filename: str) -> str:
    parts = filename.removesuffix(".whl").rsplit("-", 3)
    return parts[1] if len(parts) == 4 else ""


def _wheel_metadata(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1), "")
            return archive.read(name) if name and archive.getinfo(name).file_size <= TEXT else b""
    except Exception:  # zipfile answers hostile bytes with nearly any exception
        return b""


def _sdist_metadata(path: Path) -> bytes:
    """PKG-INFO of the top folder: members come in order, so the rest is not unpacked once it is found."""
    try:
        with forward_tar(path) as archive:
            for member in archive:
                if member.name.endswith("/PKG-INFO") and member.name.count("/") == 1:
                    file = archive.extractfile(member)
                    return file.read() if file and member.size <= TEXT else b""
    except Exception:  # noqa: S110  so does tarfile
        pass
    return b""
