"""HTTP/1.1 messages as the doors see them: the request and its body, and what a WSGI application answers.

Framing follows RFC 9112, the application's side PEP 3333.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPMessage
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo, WriteableBuffer
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LINE = 64 * 1024
"""Longest line of a request, in bytes."""


class Body(io.RawIOBase):
    """A request body, ending where the request says: after Content-Length bytes or after the last chunk."""

    def __init__(self, stream: io.BufferedReader, out: io.BufferedWriter, headers: HTTPMessage) -> None:
        self._stream = stream
        self._out = out
        self._more = headers.get("Transfer-Encoding", "").lower() == "chunked"
        """Whether another chunk follows."""
        self._left = 0 if self._more else int(headers.get("Content-Length") or 0)
        """Bytes left in the body, or in the current chunk."""
        if self._left < 0:
            raise ValueError("a length below zero")
        self._between = b""
        self.awaited = headers.get("Expect", "").lower() == "100-continue"
        """Whether the client waits for a word before it sends the body."""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read some bytes; 0 at the end of the body.

        Raises:
            ConnectionError: the client left, or what it sent is not chunked.
        """
        if self.awaited:
            self.awaited = False
            self._out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._out.flush()
        if self._more and not self._left:
            self._next_chunk()
        if not self._left:
            return 0
        view = memoryview(buffer)
        count = self._stream.readinto1(view[: self._left])
        if not count:
            raise ConnectionError("the client left in the middle of a body")
        self._left -= count
        return count

    def _next_chunk(self) -> None:
        try:
            if self._stream.read(len(self._between)) != self._between:
                raise ValueError
            self._between = b"\r\n"
            self._left = int(self._stream.readline(1024).partition(b";")[0], 16)
            if self._left < 0:
                raise ValueError
        except ValueError:
            self._left, self._more = 0, False
            raise ConnectionError("a chunk has no size") from None
        if not self._left:
            self._more = False
            while self._stream.readline(LINE).strip():
                pass  # trailers


@dataclass(kw_only=True, slots=True)
class Request:
    """One request, its head read."""

    method: str
    target: str
    version: str
    headers: HTTPMessage
    at: float
    """Reading of the monotonic clock."""

    @property
    def keeps(self) -> bool:
        """Whether the client wants the connection kept."""
        return self.version == "HTTP/1.1" and self.headers.get("Connection", "").lower() != "close"

    @property
    def client(self) -> str:
        """The first product of the User-Agent."""
        return (self.headers.get("User-Agent", "").split() or [""])[0]


class Answer:
    """What an application answers: the two halves of WSGI (PEP 3333), put together."""

    def __init__(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            self.status, self.headers = status, headers
            return written.append

        self._result = application(environ, start_response)
        iterator = iter(self._result)
        first = next(iterator, b"")  # generators call start_response only now
        known = isinstance(self._result, list | tuple) and len(self._result) <= 1
        self.length: int | None = len(first) if known and not written else None
        """Bytes of the body, where known without a Content-Length."""
        self.body: Iterable[bytes] = chain(written, (first,), iterator)

    def close(self) -> None:
        """Let the application clean up."""
        close = getattr(self._result, "close", None)
        if callable(close):
            close()
