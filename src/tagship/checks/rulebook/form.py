"""Rules about the form: protocol, required fields, digests. warehouse/forklift/forms.py and legacy.py."""

import re
from collections.abc import Iterator

from tagship.checks.rulebook.upload import Rule, Upload
from tagship.services.addresses import CORE_METADATA

PROJECT_NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])", re.IGNORECASE | re.ASCII)
"""What a project may be called (warehouse/utils/project.py:38)."""
_HEX_64 = re.compile(r"[A-F0-9]{64}", re.IGNORECASE)
_FILE_TYPES = ("sdist", "bdist_wheel")


def _protocol(upload: Upload) -> Iterator[str]:
    if "protocol_version" in upload.form and upload.value("protocol_version") != "1":
        yield "Unknown protocol version."


def _fields(upload: Upload) -> Iterator[str]:
    """Single fields first, the name before all others; combinations only where each field is good."""
    blake2, sha256 = _digest(upload, "blake2_256_digest", "BLAKE2"), _digest(upload, "sha256_digest", "SHA256")
    yield from [*_name(upload), *blake2, *_filetype(upload), *sha256] or _combinations(upload)


def _name(upload: Upload) -> Iterator[str]:
    name = upload.value("name")
    if not name:
        problem = "This field is required."
    elif not PROJECT_NAME.fullmatch(name):
        problem = "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
    else:
        return
    shown = f"{name[:30]}...{name[-30:]}" if len(name) > 60 else name
    yield f"{shown!r} is an invalid value for Name. Error: {problem} See {CORE_METADATA} for more information."


def _filetype(upload: Upload) -> Iterator[str]:
    filetype = upload.value("filetype")
    if not filetype:
        yield "Invalid value for filetype. Error: This field is required."
    elif filetype not in _FILE_TYPES:
        yield "Invalid value for filetype. Error: Use a known file type."


def _digest(upload: Upload, field: str, kind: str) -> Iterator[str]:
    digest = upload.value(field)
    if digest and not _HEX_64.fullmatch(digest):
        yield f"Invalid value for {field}. Error: Use a valid, hex-encoded, {kind} message digest."


def _combinations(upload: Upload) -> Iterator[str]:
    sdist, version = upload.value("filetype") == "sdist", upload.value("pyversion")
    if not sdist and not version:
        yield "Invalid value for pyversion. Error: Python version is required for binary distribution uploads."
    if sdist and version not in ("", "source"):
        yield "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist."
    if not any(upload.value(f"{digest}_digest") for digest in ("md5", "sha256", "blake2_256")):
        yield "Error: Include at least one message digest."


def _file_present(upload: Upload) -> Iterator[str]:
    if upload.path is None:
        yield "Upload payload does not have a file."


PROTOCOL_RULES = (
    Rule(id="form.protocol", source="forklift/legacy.py:652", find=_protocol),
    Rule(id="form.fields", source="forklift/forms.py, legacy.py:659", find=_fields),
)
PRESENCE_RULES = (Rule(id="form.file", source="forklift/legacy.py:742", find=_file_present),)
