"""The one way out: GETs from the user's own index, with the user's credentials, proxies and certificates.

Nothing that is raised here names more of an address than its host, because addresses may hold passwords.
"""

import netrc
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import create_urllib3_context

from tagship.errors import Unreachable
from tagship.rehearsal.keeper.user_index import UserIndex, without_user
from tagship.services.http import spared

RETRY = urllib3.Retry(
    total=3, connect=1, backoff_factor=0.3, status_forcelist=(429, 502, 503, 504), raise_on_status=False
)
TIMEOUT = urllib3.Timeout(connect=10, read=60)


class Web:
    """Connections to the user's index and to where it keeps its files."""

    def __init__(self, index: UserIndex) -> None:
        self._index = index
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        self._down: set[str] = set()
        self._users = {p.netloc.rpartition("@")[2]: p.netloc.rpartition("@")[0] for p in map(urlsplit, index.indexes)}
        """`user:password` for each host and port of an index, percent-encoded; empty where it has none."""
        try:
            self._netrc: netrc.netrc | None = netrc.netrc(index.netrc)
        except (OSError, netrc.NetrcParseError):
            self._netrc = None

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send a GET and give the answer, whatever its status, to be read inside the block.

        Raises:
            Unreachable: there was no answer, or it broke off. That host is not asked again.
        """
        host = urlsplit(url).hostname or ""
        if host in self._down:
            raise _away(host, "it did not answer before")
        try:
            reply = self._pool(url).request(
                "GET",
                without_user(url),
                headers={"User-Agent": "tagship"} | self._authorization(url) | dict(headers),
                retries=RETRY,
                preload_content=False,
            )
            try:
                yield reply
            finally:
                reply.drain_conn()
                reply.release_conn()
        except HTTPError as error:
            self._down.add(host)
            reason = getattr(error, "reason", None) or error
            raise _away(host, type(reason).__name__) from None

    def _authorization(self, url: str) -> dict[str, str]:
        """Credentials in the address, else of the index on the same host, else of netrc."""
        parts = urlsplit(url)
        user, _, address = parts.netloc.rpartition("@")
        name, _, password = map(unquote, (user or self._users.get(address, "")).partition(":"))
        found = self._netrc.authenticators(parts.hostname or "") if self._netrc and not name else None
        if found:
            name, password = found[0], found[2] or ""
        if not name:
            return {}
        return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy(url)
        with self._lock:
            if proxy not in self._pools:
                context = create_urllib3_context()
                if self._index.ca:
                    context.load_verify_locations(self._index.ca)
                else:
                    context.load_default_certs()
                parts = urlsplit(proxy)
                login = unquote(parts.netloc.rpartition("@")[0])
                self._pools[proxy] = (
                    urllib3.ProxyManager(
                        without_user(proxy),
                        proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if login else None,
                        ssl_context=context,
                        timeout=TIMEOUT,
                        maxsize=16,
                    )
                    if proxy
                    else urllib3.PoolManager(ssl_context=context, timeout=TIMEOUT, maxsize=16)
                )
            return self._pools[proxy]

    def _proxy(self, url: str) -> str:
        environ = self._index.environ
        if spared(url, environ.get("no_proxy") or environ.get("NO_PROXY", "")):
            return ""
        names = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
        proxy = next((environ[n] for name in names for n in (name, name.upper()) if environ.get(n)), "")
        return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _away(host: str, reason: str) -> Unreachable:
    return Unreachable(
        f"{host} could not be reached ({reason})",
        remedy="Check the connection; what the door cache holds can be rehearsed without it.",
    )
