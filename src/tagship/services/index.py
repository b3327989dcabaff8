"""The door to a package index: what it serves, and uploads by twine.

Reading uses the simple API in JSON (PEP 691), which is what installers see. Uploading runs twine, unmodified and
at the index's own address. The status of an upload is never evidence: PyPI answers 200 to a file that was there.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from tagship.errors import Refused, Unreachable
from tagship.services.addresses import IndexAddresses
from tagship.services.http import Http
from tagship.services.secret import Secret
from tagship.services.shell import Output, Shell

T = TypeVar("T")
SLOWEST = 50_000
"""Bytes a second of the slowest connection that uploads are waited for."""
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


class IndexFile(msgspec.Struct, frozen=True):
    """One file as the simple API shows it."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    size: int = 0
    """Bytes (PEP 700); 0 where the index does not say."""
    yanked: bool | str = False
    """Whether installers pass it over, or why (PEP 592)."""

    @property
    def sha256(self) -> str:
        """64 hex digits, or nothing where the index does not say."""
        return self.hashes.get("sha256", "")


class _Status(msgspec.Struct, frozen=True):
    status: str = "active"


class IndexPage(msgspec.Struct, frozen=True, rename="kebab"):
    """A project as the simple API shows it (PEP 691, 700, 792)."""

    name: str
    files: tuple[IndexFile, ...] = ()
    versions: tuple[str, ...] = ()
    project_status: _Status = _Status()

    def others(self, version: str, known: Collection[str]) -> tuple[str, ...]:
        """The files of a version that are not among those known; odd names, as of long ago, belong to no version."""
        names = (file.filename for file in self.files if file.filename not in known)
        return tuple(name for name in names if version_in(name) == Version(version))

    def file(self, filename: str) -> IndexFile | None:
        """The file of that name, or None."""
        return next((file for file in self.files if file.filename == filename), None)


def version_in(filename: str) -> Version | None:
    """The version that a file's name says; None for odd names, as of long ago."""
    try:
        wheel = filename.endswith(".whl")
        return parse_wheel_filename(filename)[1] if wheel else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def newest(versions: Iterable[Version]) -> Version | None:
    """What an installer takes by itself: the newest final version, a pre-release where there is nothing else."""
    return max(versions, key=lambda version: (not version.is_prerelease, version), default=None)


class Index:
    """One package index."""

    def __init__(self, addresses: IndexAddresses, http: Http) -> None:
        self.addresses = addresses
        self._http = http

    def page_url(self, project: str) -> str:
        """The project's page in the simple API."""
        return f"{self.addresses.simple}{canonicalize_name(project)}/"

    def page(self, project: str) -> IndexPage | None:
        """What installers see of a project now; None where the index does not know it.

        Raises:
            Unreachable: the index does not answer, or answers with 5xx after several attempts.
            Refused: the index answers with something else.
        """
        return self.read(self.page_url(project), IndexPage, SIMPLE_JSON)

    def read(self, url: str, kind: type[T], accept: str = "application/json") -> T | None:
        """One of the index's answers as it is now; None where there is none.

        Raises:
            Unreachable: the index does not answer, or answers with 5xx after several attempts.
            Refused: the index answers with something else.
        """
        reply = self._http.request("GET", url, headers={"Accept": accept, "Cache-Control": "max-age=0"})
        if reply.status == 404:
            return None
        name, what = self.addresses.name, url.removeprefix(self.addresses.web)
        if reply.status == 429 or reply.status >= 500:
            raise Unreachable(
                f"{name} could not be asked for {what}: {reply.status} {reply.reason}",
                remedy="Wait a few minutes and run the same command again; nothing was changed.",
            )
        if not reply.ok:
            raise Refused(
                f"{name} did not show {what}: {reply.status} {reply.reason}", remedy=f"Open {url} in a browser."
            )
        return reply.json(kind)

    def hands_out(self, url: str) -> bool:
        """Whether a file can be downloaded now."""
        try:
            return self._http.request("HEAD", url).ok
        except Unreachable:
            return False

    def upload(self, shell: Shell, files: Sequence[Path], token: Secret, *, limit: float) -> Output:
        """Run twine; the caller looks at the index afterwards, whatever twine says.

        twine itself waits without end: it gets so many seconds, and more by the size of the files.
        twine's own configuration file is not read, so that nothing but this token can be used. It is the twine that
        was installed beside tagship, wherever that is; what lies beside the files is not imported (`-P`).
        """
        return shell.run(
            (
                *(sys.executable, "-P", "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar"),
                *("--config-file", os.devnull, "--repository-url", self.addresses.upload),
                *(file.name for file in files),
            ),
            cwd=files[0].parent,
            extra={"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token, "NO_COLOR": "1", "COLUMNS": "400"},
            timeout=limit + sum(file.stat().st_size for file in files) / SLOWEST,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """How an index answered an upload that it did not take."""

    status: int
    """HTTP status."""
    words: str
    """The index's own, on one line."""


def refusal(output: Output) -> Refusal | None:
    """The index's answer out of what twine printed, or None where there is none.

    twine prints `HTTPError: 400 Bad Request from ADDRESS` and the reason behind it, wrapped at the width of the
    terminal (twine/__main__.py, twine/utils.py `check_status_code`).
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.stdout + "\n" + output.stderr)
    found = re.search(r"^\s*(?:ERROR\s+)?HTTPError: (\d{3}) (.*? from \S+|.*)", text, re.MULTILINE)
    if found is None:
        return None
    following = [" ".join(line.split()) for line in text[found.end() :].splitlines() if line.strip()]
    return Refusal(status=int(found[1]), words=following[0] if following else f"{found[1]} {found[2]}")
