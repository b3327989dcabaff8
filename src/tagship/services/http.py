"""The one door for HTTP.

Reads are sent again where they get no whole answer, after what the server asks for by Retry-After; writes never are. A
write whose answer was lost is an `UnknownOutcome`: the caller looks again instead of sending again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
)

from tagship.errors import Refused, UnknownOutcome, Unreachable, UsageError
from tagship.services.connections import Connections
from tagship.services.reading import over
from tagship.shapes import read_json

T = TypeVar("T")

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer that are read; more is an error, not a full memory."""
PART = 2**16
"""Bytes of an answer that are read at once."""
READS = frozenset({"GET", "HEAD"})
REDIRECTS = urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5)
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses of a service that is busy or down, not of an answer."""
ENDING = 1.0
"""Seconds that threads may take to end whose connections were ended: one may be looking for a host's address."""
WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a read is sent for the second time, the third, …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a service may take."""

    connect: float = 15.0
    """Seconds until there is a connection."""
    answer: float = 60.0
    """Seconds without a byte of an answer."""
    sleep: Callable[[float], object] | None = None
    """How time between two attempts passes; None: as usual, until nobody waits for the answer any more."""
    again: tuple[float, ...] = WAITS
    """Seconds before a read is sent for the second time, the third, …"""
    longest: float = 60.0
    """Seconds of a Retry-After that are waited; a service that asks for more is not waited for."""
    lasting: bool = False
    """Whether a host that could not be reached is not asked again: where somebody waits, once is enough."""


def wait(attempt: int, status: int | None, asked: str = "", patience: Patience = Patience()) -> float | None:
    """Seconds before a read is sent again; None where it is not.

    Args:
        attempt: how often it was sent again already.
        status: of the answer; None where there was no whole one.
        asked: its header Retry-After, in seconds or as a date (RFC 9110, 10.2.3).
        patience: the seconds where the service does not say, and how many are too many.
    """
    limited = status == 403 and asked != ""  # GitHub's secondary limits; a refusal for good names no time
    if attempt >= len(patience.again) or (status is not None and status not in AGAIN and not limited):
        return None
    try:
        suggested = urllib3.Retry().parse_retry_after(asked) if asked else None
    except (InvalidHeader, ValueError, OverflowError):
        suggested = None
    if suggested is None:
        return patience.again[attempt]
    return suggested if suggested <= patience.longest else None


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
            return read_json(self.body, kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(
                f"{self.method} {self.url} got an answer that cannot be used: {error}",
                remedy="Try again in a minute; if it stays, the service is in trouble or behind a broken proxy.",
            ) from error


class Http:
    """Connections, kept open and shared by all stages.

    Args:
        proxy: address of an HTTP proxy for everything but loopback, `http://` if no scheme is given, or None.
        ca: a file of certificates to trust instead of the system's.
        agent: the User-Agent.
        bypass: hosts and domains that are asked without the proxy, with commas between; `*` for all.
        patience: how long services may take.

    Raises:
        UsageError: the proxy's address is none.
    """

    def __init__(
        self,
        *,
        proxy: str | None,
        ca: Path | None,
        agent: str,
        bypass: str = "",
        patience: Patience = Patience(),
    ) -> None:
        certificates = str(ca) if ca is not None else None
        timeout = urllib3.Timeout(connect=patience.connect, read=patience.answer)
        self._direct = urllib3.PoolManager(ca_certs=certificates, timeout=timeout, maxsize=8)
        self._pool = self._direct
        if proxy:
            address, login = _proxy(proxy)
            self._pool = urllib3.ProxyManager(
                address, proxy_headers=login, ca_certs=certificates, timeout=timeout, maxsize=8
            )
        self._connections = Connections()
        self._direct.pool_classes_by_scheme = self._pool.pool_classes_by_scheme = self._connections.pools
        self._limit = 0.0
        self._agent = agent
        self._patience = patience
        self._gone: dict[str, Unreachable] = {}
        self.sleep = patience.sleep or self._connections.ended.wait
        """Let time pass before something is tried again."""
        self._bypass = f"127.0.0.1,localhost,{bypass}"

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give all requests in here so many seconds together: after that none is waited for, and none is sent.

        What was sent and changes something is an `UnknownOutcome` then, everything else `Unreachable`. Where this is
        left by an exception, Ctrl-C above all, nobody waits any more either, and what was begun is over.
        """
        self._limit = seconds
        timer = Timer(seconds, self._connections.end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except BaseException:
            self._connections.end()
            raise
        finally:
            timer.cancel()
            timer.join()  # a thread that is still ending may crash an interpreter that ends as well
            if over(ENDING):
                self._connections.ended.clear()

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Send one request; a read without a whole answer is sent again, and redirects are followed for reads only.

        Raises:
            Unreachable: nothing was sent, or a read got no answer.
            UnknownOutcome: something was sent, and no answer came.
            UsageError: the address or a header cannot be sent.
        """
        patience, host = self._patience, url.partition("://")[2].partition("/")[0]
        if host in self._gone:
            raise self._gone[host]
        for attempt in range(len(patience.again) + 1):
            seconds: float | None
            self._in_time(host)
            try:
                reply = self._once(method, url, headers or {}, body)
                seconds = wait(attempt, reply.status, reply.headers.get("retry-after", ""), patience)
            except UnknownOutcome:
                self._in_time(host, method)
                raise
            except Unreachable as error:
                self._in_time(host)
                seconds = wait(attempt, None, patience=patience)
                if seconds is None or method not in READS:
                    if patience.lasting:
                        self._gone[host] = error
                    raise
            if seconds is None or method not in READS:
                break
            self.sleep(seconds)
        self._in_time(host, method)  # without a length, the end of a connection looks like that of an answer
        return reply

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        read = method in READS
        try:
            reply = self._pool_for(url).request(
                method,
                url,
                headers={"User-Agent": self._agent} | dict(headers),
                body=body,
                redirect=read,
                retries=REDIRECTS if read else False,
                preload_content=False,
            )
            data = bytearray()
            try:
                while len(data) <= BODY_LIMIT and not self._connections.ended.is_set() and (part := reply.read1(PART)):
                    data += part
            finally:
                reply.release_conn()
        except ValueError:  # it repeats the header, and that may be a token
            raise UsageError(
                f"Nothing was sent: {method} {url.partition('?')[0]} has an address or a header that HTTP forbids",
                remedy="Look for a line feed or a letter beyond ASCII in the tokens and addresses of the environment.",
            ) from None
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
            body=bytes(data),
        )

    def _in_time(self, host: str, sent: str = "GET") -> None:
        if not self._connections.ended.is_set():
            return
        words = f"{host} is not waited for any longer: all requests together took {self._limit:g} seconds"
        remedy = "Run the same command again; where it stays, look at the connection and at what stands between."
        raise Unreachable(words, remedy=remedy) if sent in READS else UnknownOutcome(words, remedy=remedy)

    def _pool_for(self, url: str) -> urllib3.PoolManager:
        return self._direct if spared(url, self._bypass) else self._pool


def spared(url: str, bypass: str) -> bool:
    """Whether NO_PROXY names the host of an address, with its port or without, or a domain above it."""
    parts, names = urlsplit(url), bypass.lower().replace(",", " ").split()
    hosts = (parts.hostname or "", parts.netloc.rpartition("@")[2].lower())
    return "*" in names or any(f".{host}".endswith(f".{name.lstrip('.')}") for name in names for host in hosts)


def _proxy(given: str) -> tuple[str, dict[str, str]]:
    """The address of a proxy and the header that logs in to it; curl, uv and pip take a bare `host:port`, too."""
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        urllib3.util.parse_url(address)
    except ValueError:
        raise UsageError(
            "Nothing was sent: the address of the proxy cannot be used",  # it may hold a password
            remedy="Set HTTPS_PROXY like http://proxy.example:3128; only HTTP proxies are supported.",
            where="HTTPS_PROXY",
        ) from None
    login = unquote(parts.netloc.rpartition("@")[0])
    return address, urllib3.util.make_headers(proxy_basic_auth=login) if login else {}


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
    reason: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(reason, ProtocolError) and len(reason.args) > 1:  # its words, and the error of the library below
        return f"{reason.args[0]}"
    return str(reason).rsplit(": ", 1)[-1] or type(reason).__name__
