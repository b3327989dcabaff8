"""Rules about wheels: name, platforms, version, and what `.dist-info` has to hold.

warehouse/forklift/legacy.py:1424-1628.
A RECORD that does not match the wheel is only mailed to the owners, so it is no refusal.
"""

import configparser
import csv
import re
from collections.abc import Iterator

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tagship.checks.rulebook.members import Contents
from tagship.checks.rulebook.upload import Rule, Upload

_PLATFORMS = frozenset(
    {"any", "win32", "win_arm64", "win_amd64", "win_ia64", "linux_armv6l", "linux_armv7l"}
    | {f"manylinux{year}_{arch}" for year in ("1", "2010", "2014") for arch in ("x86_64", "i686")}
    | {f"manylinux2014_{arch}" for arch in ("aarch64", "armv7l", "ppc64", "ppc64le", "s390x")}
)
_MAC = "ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2"
_LINUX = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_PLATFORM_PATTERN = re.compile(
    rf"""macosx_10_\d+_({_MAC})
    | macosx_(11|12|13|14|15|26)_0_({_MAC})
    | manylinux_\d+_\d+_({_LINUX}|ppc64)
    | musllinux_\d+_\d+_({_LINUX})
    | ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)
    | android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)
    | pyemscripten_\d+_\d+_wasm32.*""",
    re.VERBOSE,
)
_SCRIPT_NAME = re.compile(r"[\w.-]+")
_LONGEST_FILENAME = 255
"""Bytes a file system takes; PyPI stores the metadata beside the file with `.metadata` added."""


def accepts_platform(tag: str) -> bool:
    """Whether PyPI takes wheels for a platform tag (warehouse/forklift/legacy.py:117-229)."""
    return tag in _PLATFORMS or _PLATFORM_PATTERN.fullmatch(tag) is not None


def _is_wheel(upload: Upload) -> bool:
    return upload.path is not None and upload.filename.endswith(".whl")


def _filename(upload: Upload) -> Iterator[str]:
    metadata = upload.metadata
    if metadata is None or not _is_wheel(upload):
        return
    try:
        name, version, _, tags = parse_wheel_filename(upload.filename)
    except InvalidWheelFilename as error:
        yield str(error)
        return
    for platform in sorted({tag.platform for tag in tags}):
        if not accepts_platform(platform):
            yield f"Binary wheel '{upload.filename}' has an unsupported platform tag '{platform}'."
    written = upload.filename.partition("-")[0]
    if name != canonicalize_name(metadata.name):
        yield f"Start filename for {metadata.name!r} with {upload.escaped_name!r}."
    elif written != upload.escaped_name:
        yield (
            f"Filename {upload.filename!r} should contain the normalized project name "
            f"{upload.escaped_name!r}, not {written!r}."
        )
    if version != metadata.version:
        yield f"Version in filename should be {str(metadata.version)!r} not {str(version)!r}."


def _opened(upload: Upload) -> tuple[Contents, str] | None:
    """The contents of the wheel and its `.dist-info/`; None where there is no such wheel."""
    contents = upload.contents
    if (
        contents is None
        or contents.odd_compression
        or contents.excessive
        or not _is_wheel(upload)
        or upload.filename.count("-") < 2
    ):
        return None
    name, version, _ = upload.filename.split("-", 2)
    return contents, f"{name}-{version}.dist-info/"


def _licence_files(upload: Upload) -> Iterator[str]:
    opened = _opened(upload)
    if opened is None or upload.metadata is None:
        return
    contents, info = opened
    for file in upload.metadata.license_files or ():
        target = f"{info}licenses/{file}"
        if target not in contents.names:
            yield f"License-File {file} does not exist in distribution file {upload.filename} at {target}"


def _record(upload: Upload) -> Iterator[str]:
    if opened := _opened(upload):
        contents, info = opened
        try:
            for _ in csv.reader(contents.texts[f"{info}RECORD"].decode().splitlines()):
                pass
        except (KeyError, UnicodeDecodeError, csv.Error):
            yield f"Wheel '{upload.filename}' does not contain the required RECORD file: {info}RECORD"


def _entry_points(upload: Upload) -> Iterator[str]:
    if opened := _opened(upload):
        contents, info = opened
        text = contents.texts.get(f"{info}entry_points.txt")
        if text is not None and not _good_entry_points(text):
            yield f"Wheel '{upload.filename}' has invalid entry points defined in the entry_points.txt file"


def _good_entry_points(text: bytes) -> bool:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
    try:
        parser.read_string(text.decode())
        names = [name for kind in ("console_scripts", "gui_scripts") if kind in parser for name in parser[kind]]
    except (UnicodeDecodeError, configparser.Error):
        return False
    return all(_SCRIPT_NAME.fullmatch(name) for name in names)


def _metadata(upload: Upload) -> Iterator[str]:
    if opened := _opened(upload):
        contents, info = opened
        if f"{info}METADATA" not in contents.names:
            yield f"Wheel '{upload.filename}' does not contain the required METADATA file: {info}METADATA"
        if len(f"{upload.filename}.metadata".encode()) > _LONGEST_FILENAME:
            yield f"Filename is too long: '{upload.filename}'"


RULES = (
    Rule(id="wheel.filename", source="forklift/legacy.py:1424", find=_filename),
    Rule(id="wheel.licence-files", source="forklift/legacy.py:1512, PEP 639", find=_licence_files),
    Rule(id="wheel.record", source="forklift/legacy.py:1540, utils/wheel.py", find=_record),
    Rule(id="wheel.entry-points", source="forklift/legacy.py:1566, utils/wheel.py", find=_entry_points),
    Rule(id="wheel.metadata", source="forklift/legacy.py:1582", find=_metadata),
)
