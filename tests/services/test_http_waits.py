"""The door for HTTP, against a server that fails: what is asked again, when, and what is never sent twice."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tagship.services.http import Http

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

    do_POST = do_GET

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
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.requirement("E5")
@pytest.mark.xfail(strict=True, reason="only what fails before the answer's body is asked again")
def test_a_read_that_is_cut_off_is_asked_again(server: Server) -> None:
    """An answer that ends in the middle of its body is no answer: the question is put once more."""
    server.answers = [answer("200 OK", WHOLE[:5], length=len(WHOLE)), answer("200 OK", WHOLE)]
    reply = Http(proxy=None, ca=None, agent="test").request("GET", server.address)
    assert (reply.body, server.asked) == (WHOLE, ["GET", "GET"])
