"""The door for HTTP, against a server that fails: what is asked again, when, and what is never sent twice."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from urllib3.connection import HTTPConnection

from tagship.errors import UnknownOutcome, Unreachable
from tagship.services.connections import Connections
from tagship.services.http import WAITS, Http, Patience, wait
from tagship.services.reading import begin

WHOLE = b"the whole answer"


@dataclass
class Server:
    """What a server is to answer, one after another, the last one for ever; and what it was asked."""

    address: str = ""
    answers: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    state: Server

    def do_GET(self) -> None:
        """Send the next answer as it is, then hang up."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.state.asked.append(self.command)
        answers = self.state.answers
        self.wfile.write(answers.pop(0) if len(answers) > 1 else answers[0])
        self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    state = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.address = f"http://127.0.0.1:{listening.server_port}/"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield state
    listening.shutdown()
    listening.server_close()


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer as it goes over the wire; `length` is what it says of its body."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.requirement("E5")
def test_a_read_that_is_cut_off_is_asked_again(server: Server) -> None:
    """An answer that ends in the middle of its body is no answer: the question is put once more."""
    server.answers = [answer("200 OK", WHOLE[:5], length=len(WHOLE)), answer("200 OK", WHOLE)]
    reply = Http(proxy=None, ca=None, agent="test").request("GET", server.address)
    assert (reply.body, server.asked) == (WHOLE, ["GET", "GET"])


@pytest.mark.requirement("E5")
def test_a_busy_service_is_asked_again_when_it_says(server: Server) -> None:
    """Between two attempts passes what Retry-After asks for, else half a second, doubled each time."""
    slept: list[float] = []
    server.answers = [answer("429 Slow down", b"", "Retry-After: 7"), answer("503 Down"), answer("200 OK", WHOLE)]
    http = Http(proxy=None, ca=None, agent="test", patience=Patience(sleep=slept.append))
    assert (http.request("GET", server.address).body, slept) == (WHOLE, [7.0, WAITS[1]])


@pytest.mark.requirement("E5")
@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [
        (200, "", None),
        (404, "7", None),
        (None, "", WAITS[0]),
        (503, "", WAITS[0]),
        (503, "3", 3),
        (429, "nonsense", WAITS[0]),
        (429, "Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (429, "3600", None),
    ],
)
def test_how_long_a_read_waits(status: int | None, asked: str, seconds: float | None) -> None:
    """What was answered is not asked again, and who asks for an hour is not waited for."""
    assert wait(0, status, asked) == seconds


@pytest.mark.requirement("E5")
def test_a_read_is_given_up_after_five_attempts(server: Server) -> None:
    """A service that never answers whole is unreachable, and was asked five times in seven and a half seconds."""
    slept: list[float] = []
    server.answers = [answer("200 OK", b"", length=1)]
    http = Http(proxy=None, ca=None, agent="test", patience=Patience(sleep=slept.append))
    with pytest.raises(Unreachable):
        http.request("GET", server.address)
    assert (len(server.asked), slept) == (5, list(WAITS))


@pytest.mark.requirement("E5")
def test_nobody_sleeps_beyond_the_time_that_all_requests_have(server: Server) -> None:
    """Who waits before another attempt wakes up when the time for all requests is over."""
    server.answers = [answer("503 Down", b"", "Retry-After: 50")]
    http = Http(proxy=None, ca=None, agent="test")
    for seconds in (0.5, 20):  # a machine may be so busy that nothing is sent at first
        began = time.monotonic()
        with http.within(seconds), pytest.raises(Unreachable, match=f"all requests together took {seconds:g} seconds"):
            http.request("GET", server.address)
        if server.asked:
            break
    assert (server.asked, time.monotonic() - began < seconds + 25) == (["GET"], True)


class _Collecting(socket.socket):
    """A socket in whose use garbage is collected, as it is at any time where there is enough of it."""

    def dup(self) -> socket.socket:
        gc.collect()
        return super().dup()


def test_a_pool_may_be_collected_while_a_connection_is_made(server: Server) -> None:
    """Connections of a pool that nobody has any more are closed in whatever moment, and nobody waits for himself."""
    connections, parts = Connections(), urlsplit(server.address)
    server.answers = [answer("200 OK", WHOLE).replace(b"Connection: close\r\n", b"")]
    pool = connections.pools["http"](str(parts.hostname), parts.port)
    assert pool.request("GET", "/").data == WHOLE
    pool.headers["itself"] = pool
    del pool
    kept = HTTPConnection("127.0.0.1")
    with _Collecting() as sock:
        adding = threading.Thread(target=connections.add, args=(kept, sock), daemon=True)
        adding.start()
        adding.join(60)
        assert not adding.is_alive()
        connections.remove(kept)


@pytest.mark.requirement("E5")
def test_who_leaves_with_an_error_leaves_no_thread_behind() -> None:
    """What asks a silent service is over as soon as nobody waits for its answer, and later requests are sent again."""
    http = Http(proxy=None, ca=None, agent="test", patience=Patience(again=()))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(KeyboardInterrupt), http.within(50):
            asked = [begin(lambda: http.request("GET", address)) for _ in range(3)]
            waiting = [silent.accept()[0] for _ in asked]
            raise KeyboardInterrupt
        for thread in asked:
            thread.join(60)
        assert [thread.is_alive() for thread in asked] == [False] * 3
        for thread in asked:
            with pytest.raises(Unreachable):
                thread.result()
        again = begin(lambda: http.request("GET", address))
        waiting.append(silent.accept()[0])
        waiting[-1].sendall(answer("200 OK", WHOLE))
        assert again.result().body == WHOLE
        for sock in waiting:
            sock.close()


@pytest.mark.requirement("E5", "A14")
def test_a_write_is_sent_once(server: Server) -> None:
    """A write whose answer is cut off has an unknown outcome, and it is not sent again."""
    server.answers = [answer("200 OK", b"", length=1)]
    with pytest.raises(UnknownOutcome):
        Http(proxy=None, ca=None, agent="test").request("POST", server.address, body=b"{}")
    assert server.asked == ["POST"]
