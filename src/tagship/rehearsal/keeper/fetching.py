"""The dependency door's own side: other projects' pages and files, from the cache or the user's index.

Pages are fresh for ten minutes, then revalidated, and used stale while their index is away, which is said. Files
are checked against what the index published before anyone sees them.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import msgspec
from packaging.utils import InvalidName, canonicalize_name

from tagship.errors import Refused, TagshipError, Unreachable
from tagship.rehearsal.keeper import simple_page
from tagship.rehearsal.keeper.cache import DoorCache, StoredPage, check
from tagship.rehearsal.keeper.simple_page import File, Page
from tagship.rehearsal.keeper.user_index import UserIndex, without_user

if TYPE_CHECKING:
    from tagship.rehearsal.keeper.web import Web

FRESH = 600.0
"""Seconds for which a page is used without asking: what PyPI's own pages allow (`max-age=600`)."""
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


class Fetcher:
    """The door.

    Args:
        index: the user's settings.
        cache: what is kept.
        offline: use nothing but the cache and local folders.
        now: seconds since 1970.
    """

    def __init__(self, index: UserIndex, cache: DoorCache, *, offline: bool, now: Callable[[], float]) -> None:
        self._index = index
        self._cache = cache
        self._offline = offline
        self._now = now
        self._locks: dict[str, threading.Lock] = {}
        self._pages: dict[str, tuple[Page, str]] = {}

    def page(self, name: str) -> tuple[bytes | None, str]:
        """A project's page, PEP 691 JSON with the door's addresses, and what the reader should know about it.

        None where no index has the project, or none could be asked: the words say which.
        """
        page, words = self._page(name)
        return (simple_page.answer(name, page) if page.files else None), words

    def file(self, path: str) -> tuple[Path | None, str]:
        """A file that a page named, or its metadata, and what the reader should know about it.

        Args:
            path: the path on PyPI's file host: `/door/<sha256>/<filename>` or `/packages/…/<filename>`, with
                `.metadata` behind it for the metadata alone.
        """
        wanted = simple_page.wanted(path)
        if wanted is None:
            return None, ""
        page, words = self._page(wanted.project)
        for file in page.files:
            if (
                file.filename == wanted.filename
                and (not wanted.sha256 or file.hashes.get("sha256") == wanted.sha256)
                and (not wanted.path or urlsplit(file.url).path == quote(wanted.path))
            ):
                break
        else:
            return None, words or f"{wanted.filename}: not among the files of {wanted.project}"
        if wanted.metadata and not file.metadata:
            return None, ""
        try:
            if wanted.metadata:
                return self._content(f"{file.url}.metadata", file.metadata, None), ""
            return self._content(file.url, file.hashes, file.size), ""
        except TagshipError as error:
            return None, f"{wanted.filename}: {error}. {error.remedy}"

    def _page(self, name: str) -> tuple[Page, str]:
        """The union of what all indexes and folders have, as pip sees it; one view for the whole rehearsal."""
        try:
            canonicalize_name(name, validate=True)
        except InvalidName:
            return Page(files=[]), ""
        with self._lock(f"page {name}"):
            if name not in self._pages:
                files = list(self._links(name))
                words: list[str] = []
                for root in self._index.indexes:
                    try:
                        files += self._index_page(root, name, words)
                    except TagshipError as error:
                        words.append(f"{name}: {error}. {error.remedy}")
                first = {file.filename: file for file in reversed(files)}
                self._pages[name] = Page(files=[self._pinned(file) for file in first.values()]), " ".join(words)
            return self._pages[name]

    def _links(self, name: str) -> Iterator[File]:
        for link in self._index.find_links:
            folder = _local(link) if link.startswith("file:") else Path(link)
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if simple_page.project_of(path.name) == name:
                    yield File(filename=path.name, url=path.absolute().as_uri(), size=path.stat().st_size)

    def _index_page(self, root: str, name: str, words: list[str]) -> list[File]:
        url = f"{root.rstrip('/')}/{name}/"
        if root.startswith("file:"):
            local = _local(url) / "index.html"
            return simple_page.from_html(local.read_text(encoding="utf-8"), url).files if local.exists() else []
        index = without_user(root)
        stored = self._cache.page(index, name)
        if stored is None or (not self._offline and not 0 <= self._now() - stored.fetched < FRESH):
            try:
                stored = self._ask(url, stored)
                self._cache.keep_page(index, name, stored)
            except Unreachable as error:
                if stored is None:
                    raise
                age = (self._now() - stored.fetched) / 60
                words.append(f"{name}: {error}; its page of {age:.0f} minutes ago was used.")
        return stored.files or []

    def _ask(self, url: str, stored: StoredPage | None) -> StoredPage:
        headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip"}
        if stored is not None and stored.etag:
            headers["If-None-Match"] = stored.etag
        with self._may_ask(url).get(url, headers) as reply:
            data = reply.read()
        if reply.status == 304 and stored is not None:
            return StoredPage(fetched=self._now(), etag=stored.etag, files=stored.files)
        if reply.status in (404, 410):
            return StoredPage(fetched=self._now(), etag="", files=None)
        if reply.status != 200:
            raise _refused(url, reply.status)
        base = without_user(url)
        try:
            json = "json" in reply.headers.get("Content-Type", "")
            page = simple_page.from_json(data, base) if json else simple_page.from_html(data.decode(), base)
        except (msgspec.DecodeError, UnicodeDecodeError):
            words = f"{urlsplit(url).hostname} sent something that is no page of a simple index"
            raise Refused(words, remedy="Open its address in a browser.") from None
        for file in page.files:
            file.url = without_user(file.url)
        return StoredPage(fetched=self._now(), etag=reply.headers.get("ETag", ""), files=page.files)

    def _content(self, url: str, hashes: Mapping[str, str] | bool, size: int | None) -> Path:
        """The checked bytes of an address, downloaded unless they are here.

        Raises:
            Refused: the index served other bytes than it published, or said no.
            Unreachable: it gave no answer, or must not be asked.
        """
        published = dict(hashes) if isinstance(hashes, Mapping) else {}
        if url.startswith("file:"):
            check(_local(url), published)
            return _local(url)
        with self._lock(url):
            if pin := "sha256" not in published and self._cache.pin(url):
                published["sha256"] = pin
            sha256 = published.get("sha256")
            if sha256 is not None and (kept := self._cache.file(sha256, size)) is not None:
                return kept
            with self._may_ask(url).get(url, {"Accept-Encoding": "identity"}) as reply:
                if reply.status != 200:
                    raise _refused(url, reply.status)
                return self._cache.add(url, reply.stream(1024 * 1024), published)

    def _pinned(self, file: File) -> File:
        pin = "sha256" not in file.hashes and self._cache.pin(file.url)
        return msgspec.structs.replace(file, hashes=file.hashes | {"sha256": pin}) if pin else file

    def _may_ask(self, url: str) -> "Web":
        if self._offline:
            raise Unreachable(
                f"it is not in the door cache, and offline {urlsplit(url).hostname} is not asked",
                remedy="Rehearse once without --offline while the index can be reached: that fills the door cache.",
            )
        return self._web

    @cached_property
    def _web(self) -> "Web":
        from tagship.rehearsal.keeper.web import Web  # its imports cost more than a rehearsal from the cache

        return Web(self._index)

    def _lock(self, key: str) -> threading.Lock:
        return self._locks.setdefault(key, threading.Lock())


def _local(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _refused(url: str, status: int) -> Refused:
    login = "Check the credentials of your index." if status in (401, 403) else "Try again later."
    return Refused(f"{urlsplit(url).hostname} answered {status}", remedy=login)
