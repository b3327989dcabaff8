"""The door for HTTP: which way a request goes, and what is said where it cannot be made."""

import contextlib
import gc
import select
import socket
import struct
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import urllib3

from tagship.errors import UnknownOutcome, Unreachable, UsageError
from tagship.services.connections import Connections
from tagship.services.http import Http, Patience

TOKEN = "ghs_madeUpForThisTest123"
"""No token of anybody."""
AWAY = "http://service.invalid/page"


class _Proxy(BaseHTTPRequestHandler):
    """Answers every request itself, with the address that was asked for."""

    logins: list[str | None]

    def do_GET(self) -> None:
        """Answer."""
        self.logins.append(self.headers["Proxy-Authorization"])
        body = f"by the proxy: {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[SimpleNamespace]:
    """A proxy on loopback: `at`, its host and port, and `logins`, what was shown to it."""
    logins: list[str | None] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Proxy,), {"logins": logins}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(at=f"127.0.0.1:{server.server_port}", logins=logins)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_proxy_may_be_named_without_a_scheme(scheme: str, proxy: SimpleNamespace) -> None:
    """`host:port` is an HTTP proxy, as for curl."""
    http = Http(proxy=f"{scheme}{proxy.at}", ca=None, agent="test")
    assert http.request("GET", AWAY).body == f"by the proxy: {AWAY}".encode()
    assert proxy.logins == [None]


def test_a_proxy_is_given_its_login(proxy: SimpleNamespace) -> None:
    """User and password of the proxy's address are sent to it, decoded."""
    Http(proxy=f"http://somebody:made%20up@{proxy.at}", ca=None, agent="test").request("GET", AWAY)
    assert proxy.logins == ["Basic c29tZWJvZHk6bWFkZSB1cA=="]


@pytest.mark.parametrize(
    ("bypass", "by_proxy"),
    [
        ("", True),
        ("other.invalid", True),
        ("ervice.invalid", True),
        (",,", True),
        ("127.0.0.2", False),
        ("other.invalid, 127.0.0.2", False),
        ("0.0.2", False),
        (".0.2", False),
        ("*", False),
    ],
)
def test_some_hosts_are_asked_without_the_proxy(bypass: str, by_proxy: bool, proxy: SimpleNamespace) -> None:
    """Hosts and whole domains in the list are reached directly, everything else through the proxy."""
    host = "service.invalid" if "invalid" in bypass and "127" not in bypass else "127.0.0.2"
    server = ThreadingHTTPServer(("127.0.0.2", 0), type("Handler", (_Proxy,), {"logins": []}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    http = Http(proxy=proxy.at, ca=None, agent="test", bypass=bypass)
    http.request("GET", f"http://{host}:{server.server_port}/")
    assert bool(proxy.logins) is by_proxy
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("given", ["socks5://somebody:made-up-word@proxy:1080", "http://", "http://[made-up-word"])
def test_a_proxy_that_is_none_is_a_usage_error(given: str) -> None:
    """An address that is no HTTP proxy is refused and not shown, for it may hold a password."""
    with pytest.raises(UsageError) as caught:
        Http(proxy=given, ca=None, agent="test")
    said = "Nothing was sent: the address of the proxy cannot be used"
    assert (caught.value.message, caught.value.where) == (said, "HTTPS_PROXY")
    assert (caught.value.__suppress_context__, "made-up-word" in str(caught.value)) == (True, False)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("bad", ["\n", "\u2026"])
def test_a_header_that_cannot_be_sent_is_not_shown(method: str, bad: str, proxy: SimpleNamespace) -> None:
    """A header value that HTTP does not allow is a usage error without the value, and nothing was sent."""
    http = Http(proxy=None, ca=None, agent="test")
    with pytest.raises(UsageError) as caught:
        http.request(method, f"http://{proxy.at}/a?b=c", headers={"Authorization": f"Bearer {TOKEN}{bad}x"})
    said = f"Nothing was sent: {method} http://{proxy.at}/a has an address or a header that HTTP forbids"
    assert (caught.value.message, caught.value.__suppress_context__, proxy.logins) == (said, True, [])


def test_an_address_that_is_none_is_a_usage_error() -> None:
    """What cannot be an address is refused in words."""
    http = Http(proxy=None, ca=None, agent="test")
    for address in ("http://[made-up/", "nothing at all", f"http://{'a' * 70}.invalid/"):
        with pytest.raises(UsageError, match="has an address or a header that HTTP forbids"):
            http.request("GET", address)


@pytest.mark.parametrize(("lasting", "waits"), [(False, [0.5, 0.5]), (True, [0.5])])
def test_a_host_that_is_gone_need_not_be_asked_again(lasting: bool, waits: list[float]) -> None:
    """Where somebody waits, what could not be reached once is not tried again; else each request tries for itself."""
    slept: list[float] = []
    patience = Patience(again=(0.5,), lasting=lasting, sleep=slept.append)
    http = Http(proxy=None, ca=None, agent="test", patience=patience)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as bound:
        nobody = f"http://127.0.0.1:{bound.getsockname()[1]}"
    said = []
    for path in ("/one", "/two"):
        with pytest.raises(Unreachable) as error:
            http.request("GET", f"{nobody}{path}")
        said.append(error.value.message)
    assert said == ["127.0.0.1 could not be reached: [Errno 111] Connection refused"] * 2
    assert slept == waits


DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"a"),
    "body without a length": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"a"),
    "handshake": (b"\x16\x03\x03\x40\x00\x02", b"\x00"),
}
"""What a server sends at once, and what it then sends again and again."""


@contextlib.contextmanager
def dripping(kind: str) -> Iterator[tuple[str, list[bytes]]]:
    """A server on loopback whose answers never end; its host and port, and what it was asked."""
    first, drop = DRIPS[kind]
    over, asked = threading.Event(), list[bytes]()

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            asked.append(client.recv(65536))
            client.sendall(first)
            while not over.wait(0.02):
                client.sendall(drop)

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", asked
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("kind", DRIPS)
def test_an_answer_that_never_ends_is_waited_for_as_long_as_was_said(kind: str) -> None:
    """A byte now and then keeps nobody waiting: a read, a write and what comes after them end with the time given."""
    slept: list[float] = []
    http = Http(proxy=None, ca=None, agent="test", patience=Patience(sleep=slept.append))
    with dripping(kind) as (host, asked):
        address = f"http{'s' if kind == 'handshake' else ''}://{host}/"
        with http.within(0.3):
            for _ in range(2):
                with pytest.raises(Unreachable) as late:
                    http.request("GET", address)
                assert late.value.message == (
                    f"{host} is not waited for any longer: all requests together took 0.3 seconds"
                )
        if kind != "handshake":
            for seconds in (0.3, 30):  # a machine may be so busy that nothing is sent at first
                with http.within(seconds), pytest.raises((UnknownOutcome, Unreachable), match=" any longer") as lost:
                    http.request("POST", address, body=b"{}")
                if any(words.startswith(b"POST") for words in asked):
                    break
            assert (lost.type, lost.value.message) == (
                UnknownOutcome,
                f"{host} is not waited for any longer: all requests together took {seconds:g} seconds",
            )
        assert slept == []


def test_after_its_time_a_door_is_open_again(proxy: SimpleNamespace) -> None:
    """A limit ends with its block, whether it was reached or not, and so does the thread that keeps it."""
    http = Http(proxy=proxy.at, ca=None, agent="test")
    with http.within(0.01):
        for timer in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
            timer.join(60)
        with pytest.raises(Unreachable, match="is not waited for any longer"):
            http.request("GET", AWAY)
    with http.within(60):
        assert http.request("GET", AWAY).ok
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert http.request("GET", AWAY).ok
    assert len(proxy.logins) == 2


def test_a_server_that_resets_before_the_handshake_leaves_no_socket() -> None:
    """A connection that is reset before it becomes TLS is closed at once, not when somebody collects it."""
    connections = Connections()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        class Reset(connections.pools["https"].ConnectionCls):  # type: ignore[misc, name-defined]
            def _new_conn(self) -> socket.socket:
                sock: socket.socket = super()._new_conn()
                accepted, _ = listener.accept()
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                accepted.close()
                gone = select.poll()
                gone.register(sock, 0)
                assert gone.poll(60_000)
                return sock

        pool = connections.pools["https"]("127.0.0.1", listener.getsockname()[1], retries=False)
        pool.ConnectionCls = Reset
        with warnings.catch_warnings(record=True) as unclosed:
            warnings.simplefilter("always")
            with pytest.raises(urllib3.exceptions.ProtocolError):
                pool.request("GET", "/")
            pool.close()
            gc.collect()
    assert [str(warning.message) for warning in unclosed] == []
