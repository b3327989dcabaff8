"""The running tagship on the embedded PyPI, so that the locks of a tagship that no index has yet hold in a rehearsal.

It stands in the place of what the user's own index has under that version. Where tagship itself is released, the
embedded index hides it, like every file of a version that is to come.
"""

import hashlib
import threading
from functools import cached_property
from pathlib import Path

import msgspec

from tagship import __version__
from tagship.rehearsal.index.simple import Link, Meta, OtherProjects, Page
from tagship.services.addresses import PYPI
from tagship.shapes import read_json
from tagship.workflow import own_wheel

PROJECT = "tagship"


class WithOwnWheel:
    """Other projects, and the running tagship among them. The wheel is packed when somebody asks for the project.

    Args:
        others: answers for all the rest.
        folder: where the wheel is put, private to the rehearsal.
    """

    def __init__(self, others: OtherProjects, folder: Path) -> None:
        self._others = others
        self._folder = folder
        self._lock = threading.Lock()

    @cached_property
    def _wheel(self) -> tuple[Path, Link]:
        data = own_wheel.build()
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / own_wheel.FILENAME
        path.write_bytes(data)
        url = f"{PYPI.files}/door/{digest}/{path.name}"
        return path, Link(filename=path.name, url=url, hashes={"sha256": digest}, size=len(data))

    def page(self, name: str) -> bytes | None:
        """As of the others; tagship's has the running one, unless that came from an index itself."""
        page = self._others.page(name)
        if name != PROJECT or own_wheel.from_index():
            return page
        with self._lock:
            link = self._wheel[1]
        known = read_json(page, Page) if page is not None else Page(meta=Meta(), name=PROJECT)
        same = (f"{PROJECT}-{__version__}-", f"{PROJECT}-{__version__}.tar")
        rest = tuple(file for file in known.files if not file.filename.startswith(same))
        return msgspec.json.encode(msgspec.structs.replace(known, files=(*rest, link)))

    def file(self, path: str) -> Path | None:
        """As of the others, or the wheel."""
        if own_wheel.from_index() or not path.endswith(f"/{own_wheel.FILENAME}"):
            return self._others.file(path)
        with self._lock:
            wheel, link = self._wheel
        return wheel if link.url == f"{PYPI.files}{path}" else self._others.file(path)
