"""The one door for HTTP.

Reads are retried by urllib3, which knows Retry-After; writes never are. A write whose answer was lost is an
`UnknownOutcome`: the caller looks again instead of sending again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
)

from tagship.errors import Refused, UnknownOutcome, Unreachable

T = TypeVar("T")

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer that are read; more is an error, not a full memory."""
READS = frozenset({"GET", "HEAD"})
RETRY = urllib3.Retry(
    total=4,
    backoff_factor=0.5,
    backoff_max=20,
    backoff_jitter=0.3,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=READS,
    respect_retry_after_header=True,
    retry_after_max=60,
    raise_on_status=False,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer, whatever its status."""

    method: str
    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self, kind: type[T]) -> T:
        """The body as a record.

        Raises:
            Refused: the service sent something else than its documentation says.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(
                f"{self.method} {self.url} got an answer that cannot be used: {error}",
                remedy="Try again in a minute; if it stays, the service is in trouble or behind a broken proxy.",
            ) from error


class Http:
    """Connections, kept open and shared by all stages.

    Args:
        proxy: address of an HTTP proxy for everything but loopback, or None.
        ca: a file of certificates to trust instead of the system's.
        agent: the User-Agent.
    """

    def __init__(self, *, proxy: str | None, ca: Path | None, agent: str) -> None:
        certificates = str(ca) if ca is not None else None
        timeout = urllib3.Timeout(connect=15, read=60)
        self._direct = urllib3.PoolManager(ca_certs=certificates, timeout=timeout, maxsize=8)
        self._pool = (
            urllib3.ProxyManager(proxy, ca_certs=certificates, timeout=timeout, maxsize=8) if proxy else self._direct
        )
        self._agent = agent

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Send one request; redirects are followed for reads only.

        Raises:
            Unreachable: nothing was sent, or a read got no answer.
            UnknownOutcome: something was sent, and no answer came.
        """
        local = url.startswith(("http://127.0.0.1", "http://localhost"))
        read = method in READS
        try:
            reply = (self._direct if local else self._pool).request(
                method,
                url,
                headers={"User-Agent": self._agent} | dict(headers or {}),
                body=body,
                redirect=read,
                retries=RETRY if read else False,
                preload_content=False,
            )
            try:
                data = reply.read(BODY_LIMIT + 1)
            finally:
                reply.release_conn()
        except HTTPError as error:
            raise _no_answer(method, url, error, sent=not read and not _never_sent(error)) from error
        if len(data) > BODY_LIMIT:
            raise Refused(
                f"{method} {url} sent more than {BODY_LIMIT // 2**20} MiB",
                remedy="This is not an answer of that service; look at the address with a browser.",
            )
        return Reply(
            method=method,
            url=url,
            status=reply.status,
            reason=reply.reason or "",
            headers={name.lower(): value for name, value in reply.headers.items()},
            body=data,
        )


def _never_sent(error: HTTPError) -> bool:
    """Whether the connection itself failed; a proxy error may also mean that the answer was lost on its way."""
    reason: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


def _no_answer(method: str, url: str, error: HTTPError, *, sent: bool) -> Unreachable | UnknownOutcome:
    host = urllib3.util.parse_url(url).host or url
    if sent:
        return UnknownOutcome(
            f"{method} {url} was sent and no answer came ({type(error).__name__})",
            remedy="Run the same command again: it looks at what is there before it sends anything.",
        )
    return Unreachable(
        f"{host} could not be reached: {_short(error)}",
        remedy="Check the connection and any proxy, then run the same command again; nothing was changed.",
    )


def _short(error: HTTPError) -> str:
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    return str(reason).rsplit(": ", 1)[-1] or type(reason).__name__
