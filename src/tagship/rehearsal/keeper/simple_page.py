"""Pages of the simple API (PEP 503, 691, 714, 700): read as JSON or HTML, written as JSON with the door's addresses."""

import hashlib
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
from packaging.utils import canonicalize_name

from tagship.services import addresses
from tagship.shapes import read_json

UNHASHED = "unhashed"
"""Stands for the sha256 in the door's address of a file whose index publishes none."""


class File(msgspec.Struct, kw_only=True, rename="kebab", omit_defaults=True):
    """One file of a project, as PEP 691 spells it. Keys that installers do not read are dropped."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = None
    size: int | None = None
    upload_time: str | None = None
    yanked: bool | str = False
    core_metadata: bool | dict[str, str] | None = None
    dist_info_metadata: bool | dict[str, str] | None = None
    """The older spelling of `core-metadata` (PEP 714)."""

    @property
    def metadata(self) -> bool | dict[str, str]:
        """What is known about `<url>.metadata`: False where there is none, else its hashes or True."""
        value = self.core_metadata if self.core_metadata is not None else self.dist_info_metadata
        return value if value is not None else False


class Page(msgspec.Struct, kw_only=True):
    """The files of a project."""

    files: list[File]


class _Answer(msgspec.Struct, kw_only=True):
    name: str
    files: list[File]
    meta: dict[str, str] = msgspec.field(default_factory=lambda: {"api-version": "1.0"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A file that a client asks for."""

    project: str
    """Normalised."""
    filename: str
    sha256: str
    """64 hex digits; empty where the address does not say."""
    path: str
    metadata: bool
    """Whether the file's metadata (PEP 658) is wanted instead of the file."""


def project_of(filename: str) -> str | None:
    """The normalised project in a file's name; None for what no installer would take."""
    if filename.endswith(".whl"):
        return canonicalize_name(filename.partition("-")[0]) if filename.count("-") in (4, 5) else None
    stem = next((filename.removesuffix(end) for end in (".tar.gz", ".zip") if filename.endswith(end)), "")
    name, dash, _ = stem.rpartition("-")
    return canonicalize_name(name) if dash else None


def from_json(data: bytes, base: str) -> Page:
    """Read PEP 691 JSON; `base` is the address it came from.

    Raises:
        msgspec.DecodeError: this is no such page.
    """
    try:
        page = read_json(data, Page)
    except RecursionError as error:
        raise msgspec.DecodeError(str(error)) from error
    for file in page.files:
        file.url = _joined(base, file.url)
    return Page(files=[file for file in page.files if file.url])


def from_html(text: str, base: str) -> Page:
    """Read an HTML page (PEP 503), or any page with links to files."""
    reader = _Anchors(base)
    reader.feed(text)
    return Page(files=reader.files)


class _Anchors(HTMLParser):
    """Collects the links of a page."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one link."""
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            self.base = _joined(self.base, values["href"]) or self.base
        if tag != "a" or not values.get("href"):
            return
        url, _, fragment = _joined(self.base, values["href"]).partition("#")
        if not url:
            return
        metadata = values.get("data-core-metadata", values.get("data-dist-info-metadata"))
        self.files.append(
            File(
                filename=unquote(urlsplit(url).path.rpartition("/")[2]),
                url=url,
                hashes=_digest(fragment),
                requires_python=values.get("data-requires-python"),
                yanked=values.get("data-yanked") or "data-yanked" in values,
                core_metadata=(_digest(metadata) or True) if metadata else None,
            )
        )


def _joined(base: str, link: str) -> str:
    """The address of a link; empty where it is none."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _digest(text: str) -> dict[str, str]:
    name, _, value = text.partition("=")
    return {name: value} if name in hashlib.algorithms_available and value else {}


def answer(project: str, page: Page) -> bytes:
    """The page for clients inside the rehearsal: every address is one of the door's, on the host of PyPI's files."""
    files = []
    for file in page.files:
        if project_of(file.filename) != project:
            continue
        url = f"{addresses.PYPI.files}/door/{file.hashes.get('sha256', UNHASHED)}/{file.filename}"
        metadata = file.metadata
        files.append(msgspec.structs.replace(file, url=url, core_metadata=metadata, dist_info_metadata=metadata))
    return msgspec.json.encode(_Answer(name=project, files=files))


def wanted(path: str) -> Wanted | None:
    """What a path on PyPI's file host asks for: the door's own addresses, and PyPI's, which lock files hold."""
    parts = unquote(path).strip("/").split("/")
    filename = parts[-1].removesuffix(".metadata")
    project = project_of(filename)
    door = parts[0] == "door" and len(parts) == 3
    if project is None or not (door or parts[0] == "packages"):
        return None
    return Wanted(
        project=project,
        filename=filename,
        sha256=parts[1] if door and parts[1] != UNHASHED else "",
        path="" if door else "/" + "/".join([*parts[:-1], filename]),
        metadata=parts[-1].endswith(".metadata"),
    )
