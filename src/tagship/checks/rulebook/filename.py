"""Rules about the sent file as such: its name, type, size and digests. warehouse/forklift/legacy.py:243, 1117-1202."""

import re
from collections.abc import Iterator

from tagship.checks.rulebook.upload import GIB, MIB, Rule, Upload

_EXTENSION = re.compile(r".+?(\.(?:tar\.gz|zip|whl))", re.IGNORECASE)
_EXTENSIONS = {"sdist": (".zip", ".tar.gz"), "bdist_wheel": (".whl",)}
_PEP_527 = "https://www.python.org/dev/peps/pep-0527"


def _characters(upload: Upload) -> Iterator[str]:
    if any(ord(char) < 32 or ord(char) == 127 for char in upload.filename):
        yield (
            "Cannot upload a file with non-printable characters (ordinals 0-31) "
            "or the DEL character (ordinal 127) in the name."
        )
    if "/" in upload.filename or "\\" in upload.filename:
        yield "Cannot upload a file with '/' or '\\' in the name."


def _extension(upload: Upload) -> Iterator[str]:
    filetype = upload.value("filetype")
    if upload.path is None or filetype not in _EXTENSIONS:
        return
    match = _EXTENSION.fullmatch(upload.filename)
    if match is None:
        yield (
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. "
            f"See {_PEP_527} and https://peps.python.org/pep-0715/ for more information"
        )
    elif match[1] not in _EXTENSIONS[filetype]:
        yield (
            f"Invalid file extension: Extension {match[1]} is invalid for filetype {filetype}. "
            f"See {_PEP_527} for more information."
        )


def _content_type(upload: Upload) -> Iterator[str]:
    if upload.path and (not upload.content_type or upload.content_type.startswith("image/")):
        yield "Invalid distribution file."


def _size(upload: Upload) -> Iterator[str]:
    """PyPI counts while it reads, so the limit that is reached first is the one it names."""
    limits, name = upload.limits, upload.value("name")
    size = upload.path.stat().st_size if upload.path else 0
    docs = f"{upload.index.docs}/project-management/storage-limits#requesting-a"
    too_large = (
        f"File too large. Limit for project {name!r} is {limits.file // MIB} MB. "
        f"See {docs}-file-size-limit-increase for more information."
    )
    too_much = (
        f"Project size too large. Limit for project {name!r} total size is {limits.project // GIB} GB. "
        f"See {docs}-project-size-limit-increase"
    )
    room = limits.project - limits.used
    for limit, reason in sorted(((limits.file, too_large), (room, too_much)), key=lambda pair: pair[0]):
        if size > limit:
            yield reason


def _digests(upload: Upload) -> Iterator[str]:
    given = {name: upload.value(name).lower() for name in upload.hashes if upload.value(name)}
    if any(upload.hashes[name] != digest for name, digest in given.items()):
        yield "The digest supplied does not match a digest calculated from the uploaded file."


RULES = (
    Rule(id="filename.characters", source="forklift/legacy.py:245", find=_characters),
    Rule(id="filename.extension", source="forklift/legacy.py:268", find=_extension),
    Rule(id="file.content-type", source="forklift/legacy.py:1119", find=_content_type),
    Rule(id="file.size", source="forklift/legacy.py:1149, constants.py", find=_size),
    Rule(id="file.digests", source="forklift/legacy.py:1181", find=_digests),
)
