"""Rules about the archive: is it the kind its name says, sound, and what a distribution has to look like.

warehouse/forklift/legacy.py:294-480. Everything here is refused as `Invalid distribution file. REASON`.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagship.checks.rulebook import framing
from tagship.checks.rulebook.members import Contents, forward_tar
from tagship.checks.rulebook.upload import Rule, Upload
from tagship.checks.unpacking import RATIO
from tagship.services.addresses import PYPI


def _archive(upload: Upload) -> Iterator[str]:
    if upload.path is not None:
        yield from (f"Invalid distribution file. {reason}" for reason in _reasons(upload, upload.path))


def _reasons(upload: Upload, path: Path) -> Iterator[str]:
    is_zip, is_tar = zipfile.is_zipfile(path), _is_tar(path)
    named_zip, named_tar = upload.filename.endswith((".zip", ".whl")), upload.filename.endswith(".tar.gz")
    if is_zip and is_tar:
        yield "File is both a zip and a tar file"
    elif named_zip and not is_zip:
        yield "File is not a zipfile"
    elif named_tar and not is_tar:
        yield "File is not a tarfile"
    elif upload.contents is None:
        if named_zip or named_tar:
            yield "None"
    elif named_zip:
        yield from _zip_reasons(upload, path, upload.contents)
    else:
        yield from _tar_reasons(upload, upload.contents)


def _is_tar(path: Path) -> bool:
    """Whether it is a tar file, packed with gzip or not at all; others are refused by their names."""
    for opened in (forward_tar(path), _plain_tar(path)):
        try:
            with opened:
                return True
        except Exception:  # noqa: S112  tarfile answers hostile bytes with nearly any exception
            continue
    return False


@contextmanager
def _plain_tar(path: Path) -> Iterator[None]:
    with tarfile.open(path, "r:"):
        yield


def _zip_reasons(upload: Upload, path: Path, contents: Contents) -> Iterator[str]:
    if contents.excessive:
        yield f"File exceeds compression ratio of {RATIO}"
        return
    if contents.odd_compression:
        yield "File does not use a supported compression type"
        return
    if upload.filename.endswith(".zip"):
        yield from _pkg_info(contents)
    else:
        name, _, rest = upload.filename.partition("-")
        version, dash, _ = rest.partition("-")
        if not dash:
            yield "Unable to parse name and version from wheel filename"
        elif (target := f"{name}-{version}.dist-info/WHEEL") not in contents.names:
            yield f"WHEEL not found at {target}"
    yield from _encrypted(contents)
    if problem := framing.problem_of(path):
        yield f"ZIP archive not accepted: {problem}. See {upload.index.docs}/archives for more information"


def _tar_reasons(upload: Upload, contents: Contents) -> Iterator[str]:
    if contents.sparse:
        page = f"{upload.index.docs}/archives"
        yield f"tar archive not accepted: Sparse members are not allowed. See {page} for more information"
    yield from _pkg_info(contents)
    yield from _encrypted(contents)


def _pkg_info(contents: Contents) -> Iterator[str]:
    if contents.top in ("", ".", "/"):
        yield "Incorrect number of top-level directories in sdist"
    elif (target := f"{contents.top}/PKG-INFO") not in contents.names:
        yield f"PKG-INFO not found at {target}"


def _encrypted(contents: Contents) -> Iterator[str]:
    if contents.encrypted_by:
        # The scanner's words name PyPI on TestPyPI too.
        page = f"{PYPI.web}/policy/acceptable-use-policy/"
        yield f"{contents.encrypted_by}-encrypted content is not allowed. See {page} for more information."


RULES = (Rule(id="archive", source="forklift/legacy.py:294, utils/zipfiles.py", find=_archive),)
