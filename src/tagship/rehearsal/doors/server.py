"""The doors of the embedded world: one loopback server that is proxy, TLS end and web server at once.

A client that was told to use it as its proxy asks `CONNECT pypi.org:443`; for a host of the embedded world the
same socket then becomes that host, with a certificate of the rehearsal's own authority, and requests go to the
WSGI application registered for it. Every other host is refused with 403, and that is recorded. Requests to the
server's own address go to the loopback application. So unmodified clients work at their real default addresses,
and nothing they do can leave the machine.

Applications may set `environ["tagship.service"]` to say which service answered, and may raise `ConnectionError`, at any
point, to have the connection dropped as a broken network would.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tagship.rehearsal.doors.certificates import Certificates, issue
from tagship.rehearsal.doors.connection import Connection
from tagship.rehearsal.result import Exchange

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BACKLOG = 1024
CERTIFICATE_WAIT = 30.0
"""Seconds a connection waits for the certificates, which are made while the server already listens."""
ENDING = 1.0
"""Seconds that all threads of the doors together may take to end; none should need it, for they are cut."""


class Doors:
    """The server; a context manager. It listens as soon as it is entered.

    Args:
        hosts: the application for each host name that exists in the embedded world.
        loopback: the application for requests to the server's own address.
        record: told of every request that was answered or refused; called from many threads.
    """

    def __init__(
        self,
        hosts: "Mapping[str, WSGIApplication]",
        loopback: "WSGIApplication",
        record: Callable[[Exchange], None],
    ) -> None:
        self.hosts = hosts
        self.loopback = loopback
        self.record = record
        self.refuses: Callable[[str], bool] = lambda host: False
        """Whether a host is down at this moment: asked for every connection to it."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]
        self._start = time.monotonic()
        self.closing = threading.Event()
        """Set when the doors close: no application need answer any more."""
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        """Held to change what is open: the number of a socket that is closed may be another's at once."""
        self._threads: list[threading.Thread] = []
        self._issued: Certificates | None = None
        self._context: ssl.SSLContext | None = None
        self._trusted = threading.Event()
        self._issuer = threading.Thread(target=self._issue, name="certificates", daemon=True)
        self._acceptor = threading.Thread(target=self._accept, name="doors", daemon=True)

    @property
    def url(self) -> str:
        """Address of the proxy, and of the loopback application; no final slash."""
        return f"http://127.0.0.1:{self.port}"

    def ca_file(self, path: Path) -> Path:
        """Write the authority's certificate for clients to trust; from then on TLS is answered.

        The folder of `path` also holds the server's key, for the instant in which OpenSSL reads it.
        """
        self._issuer.join()
        if self._issued is None:
            raise RuntimeError("the rehearsal's certificates could not be made")  # the thread said why
        path.write_bytes(self._issued.authority)
        self._context = self._issued.context(path.parent)
        self._trusted.set()
        return path

    def tls(self, sock: socket.socket) -> ssl.SSLSocket:
        """Be the server of a TLS handshake on an accepted socket, within the socket's time-out."""
        if not self._trusted.wait(CERTIFICATE_WAIT) or self._context is None:
            raise ConnectionError("no certificates yet")
        with self._lock:
            if self.closing.is_set():
                raise ConnectionError("the doors are closed")
            wrapped = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            self._open.discard(sock)
            self._open.add(wrapped)
        try:
            wrapped.do_handshake()
        except OSError:
            self._forget(wrapped)
            raise
        return wrapped

    def application(self, host: str) -> "WSGIApplication | None":
        """What answers for a host, or None for a host that must be refused."""
        return self.hosts.get(host.lower())

    def since_start(self, moment: float) -> float:
        """Seconds between the making of the doors and a reading of the monotonic clock."""
        return round(moment - self._start, 4)

    def __enter__(self) -> Self:
        self._issuer.start()
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop: no new connection is taken, the open ones are cut, and their threads end."""
        self.closing.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass  # wakes the acceptor, on every system
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    # that of an SSLSocket takes its TLS away, under the hands of the thread that reads
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._trusted.set()
        self._issuer.join()
        until = time.monotonic() + ENDING
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _issue(self) -> None:
        self._issued = issue(["127.0.0.1", "localhost", *self.hosts])

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # out of file descriptors, or reset before it was taken
                if self.closing.wait(0.01):
                    return
                continue
            if self.closing.is_set():
                sock.close()
                return
            with self._lock:
                self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), name="door", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system gives no more threads; the client may come again
                self._forget(sock)
                continue
            self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock, self)
        try:
            with contextlib.suppress(OSError, KeyboardInterrupt):  # the client went away, or we are closing
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.serve()
        finally:
            self._forget(connection.finish())

    def _forget(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)
            sock.close()


def environment(doors: Doors, ca: Path) -> dict[str, str]:
    """The variables that make every client use the doors and trust their authority, and nothing else."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), doors.url)
    proxies["NO_PROXY"] = "127.0.0.1,localhost"
    trust = (
        "SSL_CERT_FILE",  # OpenSSL, uv, gh
        "REQUESTS_CA_BUNDLE",
        "PIP_CERT",
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "NODE_EXTRA_CA_CERTS",
        "CARGO_HTTP_CAINFO",
    )
    return {
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
        **dict.fromkeys(trust, str(ca)),
        "NODE_USE_ENV_PROXY": "1",  # Node.js 24 ignores the proxies without it
    }
