"""Rules about source distributions: the name of PEP 625 and the licence files of PEP 639.

warehouse/forklift/legacy.py:1317-1423.
"""

from collections.abc import Iterator

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from tagship.checks.rulebook.upload import Rule, Upload


def _filename(upload: Upload) -> Iterator[str]:
    metadata = upload.metadata
    if metadata is None or upload.path is None or upload.value("filetype") != "sdist":
        return
    filename = upload.filename
    try:
        name: str = parse_sdist_filename(filename)[0]
    except InvalidSdistFilename:
        yield f"Invalid source distribution filename: {filename}"
        return
    expected = f"{upload.escaped_name}-{metadata.version}.tar.gz"
    if metadata.version.is_postrelease and filename.count("-") >= 2:
        # `name-1.0-1.tar.gz` is a post-release spelt with a hyphen: the name ends before the last but one.
        name = name if name == canonicalize_name(metadata.name) else filename.rsplit("-", 2)[0]
    if canonicalize_name(name) != canonicalize_name(metadata.name):
        yield f"Start filename for {metadata.name!r} with {upload.escaped_name!r}."
    elif filename != expected:
        yield f"Filename {filename!r} is invalid, should be {expected!r}."


def _licence_files(upload: Upload) -> Iterator[str]:
    metadata, contents = upload.metadata, upload.contents
    if metadata is None or contents is None or upload.value("filetype") != "sdist":
        return
    for file in metadata.license_files or ():
        target = f"{contents.top}/{file}"
        if target not in contents.names:
            yield f"License-File {file} does not exist in distribution file {upload.filename} at {target}"


RULES = (
    Rule(id="sdist.filename", source="forklift/legacy.py:1317, PEP 625", find=_filename),
    Rule(id="sdist.licence-files", source="forklift/legacy.py:1395, PEP 639", find=_licence_files),
)
