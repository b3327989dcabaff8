"""Other projects, inside the rehearsal: the side of the dependency door that asks the keeper.

The embedded index answers with these pages and files for every project that is not released. The keeper's
process does the asking outside, with the user's credentials, which never come here.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tagship.model import Record


class Ask(Record, frozen=True, kw_only=True):
    """A question to the keeper."""

    what: Literal["page", "file"]
    name: str
    """The normalised name of a project, or a path on PyPI's file host."""


NO_PAGE = msgspec.Raw(b"null")


class Told(Record, frozen=True, kw_only=True):
    """The keeper's answer."""

    page: msgspec.Raw = NO_PAGE
    path: str | None = None
    words: str = ""
    """What the reader of the report should know: why there is nothing, or that it is stale."""


class Dependencies:
    """Pages and files of other projects.

    Args:
        ask: puts a question to the keeper; called from many threads.
    """

    def __init__(self, ask: Callable[[Ask], Told]) -> None:
        self._ask = ask
        self._notes: dict[str, str] = {}
        self._gone: set[str] = set()
        """What could not be given, of that which has a note."""
        self._lock = threading.Lock()

    def page(self, name: str) -> bytes | None:
        """A project's page as PEP 691 JSON, its files at `<PyPI's file host>/door/<sha256>/<filename>`.

        None where there is no such project; `notes` has words where it could not be asked for.
        """
        page = self._told(Ask(what="page", name=name)).page
        return bytes(page) if page != NO_PAGE else None

    def file(self, path: str) -> Path | None:
        """The bytes behind a path on PyPI's file host, checked; None where there are none.

        Args:
            path: `/door/<sha256>/<filename>` as in pages, or `/packages/…/<filename>` as in lock files, either
                with `.metadata` behind it.
        """
        found = self._told(Ask(what="file", name=path)).path
        return Path(found) if found is not None else None

    def absent(self, said: str) -> tuple[str, str]:
        """Why something that an installer's words name is not there, and what to do; empty where that is not known."""
        with self._lock:
            words = [w for key, w in self._notes.items() if key in self._gone and key.rpartition("/")[2] in said]
        return words[0].partition(". ")[::2] if words else ("", "")

    def notes(self) -> tuple[str, ...]:
        """Everything that was missing or stale, for the report, each once."""
        with self._lock:
            return tuple(dict.fromkeys(self._notes.values()))

    def _told(self, ask: Ask) -> Told:
        told = self._ask(ask)
        if told.words:
            with self._lock:
                self._notes[ask.name] = told.words
                if told.page == NO_PAGE and told.path is None:
                    self._gone.add(ask.name)
        return told
