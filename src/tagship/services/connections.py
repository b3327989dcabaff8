"""The connections of one door for HTTP, so that all of them can be ended at once.

The time limit of a socket is for one read: a server that sends a byte now and then, of its TLS handshake, its headers
or its body, holds whoever asks without end. From outside a connection ends wherever it is read.
"""

import contextlib
import socket
import ssl
from threading import Event, RLock
from weakref import WeakKeyDictionary

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context


class Taken(ssl.SSLSocket):
    """A connection inside TLS, whichever side of it we are."""

    def getpeername(self) -> object:
        """The other side's address, which ssl asks for when it takes a socket over: where that side is gone by then,
        it raises and leaves the socket open (CPython 3.11, Lib/ssl.py, `SSLSocket._create`)."""
        try:
            return super().getpeername()
        except OSError as error:
            self.close()
            raise ConnectionResetError("the other side left before the handshake") from error


class Connections:
    """All that are open. Urllib3 makes them by the `pools`."""

    def __init__(self) -> None:
        self.ended = Event()
        """Set when they were ended; new ones are ended at once, too."""
        self.pools = _pools(self)
        """By the scheme of an address."""
        self._twins = WeakKeyDictionary[HTTPConnection, socket.socket]()
        self._lock = RLock()  # while it is held, the collector may close the connections of a pool that is gone

    def add(self, connection: HTTPConnection, sock: socket.socket) -> None:
        """Know an open connection by a twin of its socket, since TLS takes the socket itself apart."""
        with self._lock:
            self._twins[connection] = sock.dup()
            if self.ended.is_set():
                _end(self._twins[connection])

    def remove(self, connection: HTTPConnection) -> None:
        """Forget a connection that is closed."""
        with self._lock:
            twin = self._twins.pop(connection, None)
        if twin is not None:
            twin.close()

    def end(self) -> None:
        """End them all: whoever reads sees the end of what is sent."""
        with self._lock:
            self.ended.set()
            for twin in tuple(self._twins.values()):
                _end(twin)


def _end(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was first
        twin.shutdown(socket.SHUT_RDWR)


def _pools(connections: Connections) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            connections.add(self, sock)
            return sock

        def close(self) -> None:
            super().close()
            connections.remove(self)

    class Secure(Plain, HTTPSConnection):
        def connect(self) -> None:
            if self.ssl_context is None:  # as urllib3 makes it
                self.ssl_context = create_urllib3_context()
                self.ssl_context.sslsocket_class = Taken
                if not self.ca_certs:
                    self.ssl_context.load_default_certs()
            super().connect()

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
