"""One connection to the doors: HTTP/1.1 on a socket, first in the clear, after CONNECT inside TLS.

Werkzeug's own server closes each connection and writes unbuffered; this one keeps connections open, buffers
what it writes, streams bodies both ways, and sends the reason phrases that applications give it, which is where
PyPI puts its explanations. Framing follows RFC 9112.
"""

import contextlib
import io
import socket
import ssl
import sys
import time
from http.client import HTTPException, parse_headers
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from tagship.rehearsal.doors import exchanges as log
from tagship.rehearsal.doors.messages import LINE, Answer, Body, Request
from tagship.rehearsal.result import Exchange

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from tagship.rehearsal.doors.server import Doors

IDLE = 60.0
"""Seconds without a byte from the client, after which a connection is closed."""
HANDSHAKE = 10.0
"""Seconds a client may be silent during the TLS handshake."""
BUFFER = 64 * 1024

FAILED = "the embedded world failed"
"""Beginning of the reason phrase where an application raised an exception."""
SERVICE = "tagship.service"
"""Key of the WSGI environment under which an application may name the service that answers."""


class Connection:
    """A client on a socket, and the host it is talking to."""

    def __init__(self, sock: socket.socket, doors: "Doors") -> None:
        self._doors = doors
        self._host = ""
        """The host of the embedded world that this connection became; empty before CONNECT."""
        self._use(sock)

    def serve(self) -> None:
        """Answer requests until either side has had enough.

        Raises:
            OSError: the client left or was silent for too long; there is nobody to tell.
        """
        while (request := self._read()) is not None and self._answer(request):
            pass

    def finish(self) -> socket.socket:
        """Write what is left, and return the socket that was used last, to be closed."""
        with contextlib.suppress(OSError):
            self._out.close()
        self._in.close()
        return self._sock

    def _use(self, sock: socket.socket) -> None:
        sock.settimeout(IDLE)
        self._sock = sock
        self._in = sock.makefile("rb")
        self._out = sock.makefile("wb")

    def _read(self) -> Request | None:
        """The head of the next request; None where the client closed, or sent something else than HTTP."""
        line = self._in.readline(LINE)
        if line == b"\r\n":  # RFC 9112, section 2.2
            line = self._in.readline(LINE)
        if not line:
            return None
        words = line.decode("latin-1").split()
        if len(words) != 3 or words[2] not in ("HTTP/1.0", "HTTP/1.1"):
            self._refuse("400 Bad Request", "This is not a request of HTTP/1.1.")
            return None
        try:
            headers = parse_headers(self._in)
        except HTTPException:
            self._refuse("431 Request Header Fields Too Large", "Too many headers.")
            return None
        self._acknowledge()
        return Request(method=words[0], target=words[1], version=words[2], headers=headers, at=time.monotonic())

    def _acknowledge(self) -> None:
        """Tell the client at once that the head is here.

        urllib3 lets Nagle's algorithm on for proxies: it holds a body back until the head is acknowledged, and
        Linux acknowledges after 40 ms where nothing is to be answered yet (tcp(7), TCP_QUICKACK).
        """
        if hasattr(socket, "TCP_QUICKACK"):
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _answer(self, request: Request) -> bool:
        """Answer one request; whether the connection goes on."""
        try:
            parts = urlsplit(request.target)
            urlsplit(f"https://{request.target}")  # as the target of CONNECT is written down
        except ValueError:
            self._refuse("400 Bad Request", "This is no address.")
            return False
        if request.method == "CONNECT":
            return self._connect(request)
        if not parts.scheme:
            application = self._doors.application(self._host) if self._host else self._doors.loopback
        elif parts.netloc == f"127.0.0.1:{self._doors.port}":
            application, request.target = self._doors.loopback, parts._replace(scheme="", netloc="").geturl()
        elif self._doors.application(parts.hostname or "") is not None:
            secure = parts._replace(scheme="https").geturl()  # as the real hosts answer plain HTTP
            self._record(request, request.target, (301, "Moved Permanently"), "")
            self._head("301 Moved Permanently", [("Location", secure), ("Content-Length", "0")], keeps=False)
            return False
        else:
            application = None
        if application is None:
            self._refuse_host(request, request.target, parts.netloc)
            return False
        return self._run(application, request)

    def _connect(self, request: Request) -> bool:
        host, _, port = request.target.rpartition(":")
        if self._host or port != "443" or self._doors.application(host) is None:
            self._refuse_host(request, f"https://{host if port == '443' else request.target}", request.target)
            return False
        if self._doors.refuses(host.lower()):
            self._record(request, f"https://{host}/", (502, "connection refused"), log.service(host.lower(), "/"))
            self._refuse("502 Bad Gateway", f"{host} refuses connections.")
            return False
        self._out.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._out.flush()
        self._sock.settimeout(HANDSHAKE)
        self._host = host.lower()
        try:
            self._use(self._doors.tls(self._sock))
            self._in.peek(1)  # with TLS 1.3 a client says only now that it does not trust us
        except ssl.SSLEOFError:
            return False  # the client had second thoughts
        except ssl.SSLError as error:
            reason = f"TLS failed: {error.reason or 'unknown'}".replace("_", " ").lower()
            self._record(request, f"https://{host}/", (0, reason), "refused")
            return False
        return True

    def _run(self, application: "WSGIApplication", request: Request) -> bool:
        try:
            body = Body(self._in, self._out, request.headers)
        except ValueError:
            self._refuse("400 Bad Request", "Content-Length is not a number.")
            return False
        environ = self._environ(request, body)
        url = self._url(request)
        try:
            answer = Answer(application, environ)
        except ConnectionError:
            self._record(request, url, (0, "connection dropped"), str(environ.get(SERVICE, "")))
            raise
        except Exception as error:
            # a mistake of ours must be seen in the exchange log and by the client, not end a thread in silence
            words = f"{FAILED}: {type(error).__name__}: {error}"
            self._record(request, url, (500, words), str(environ.get(SERVICE, "")))
            self._refuse("500 Internal Server Error", words)
            return False
        with contextlib.closing(answer):
            code, _, reason = answer.status.partition(" ")
            self._record(request, url, (int(code), reason), str(environ.get(SERVICE, "")))
            keeps = self._send(answer, request)
        if body.awaited:
            return False  # nobody knows whether the client still sends the body
        while body.read(BUFFER):
            pass  # what the application left unread stands before the next request
        return keeps

    def _send(self, answer: Answer, request: Request) -> bool:
        """Send an answer; whether the connection can go on."""
        headers = list(answer.headers)
        names = {name.lower(): value for name, value in headers}
        bare = request.method == "HEAD" or answer.status[:3] in ("204", "304")
        keeps, chunked = request.keeps, False
        length = int(names["content-length"]) if "content-length" in names else answer.length
        if not bare and length is None:
            chunked = request.version == "HTTP/1.1"
            keeps = keeps and chunked
            headers += [("Transfer-Encoding", "chunked")] if chunked else []
        elif length is not None and "content-length" not in names and answer.status[:3] not in ("204", "304"):
            headers.append(("Content-Length", str(length)))
        keeps = keeps and names.get("connection", "").lower() != "close"
        self._head(answer.status, headers, keeps=keeps)
        sent = 0
        for data in answer.body if not bare else ():
            if not data:
                continue
            sent += len(data)
            self._out.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        self._out.write(b"0\r\n\r\n" if chunked else b"")
        self._out.flush()
        return keeps and (bare or chunked or sent == length)

    def _head(self, status: str, headers: list[tuple[str, str]], *, keeps: bool) -> None:
        """The status line and the headers; reason phrases are latin-1 on the wire, with `?` for the rest."""
        lines = [f"HTTP/1.1 {' '.join(status.splitlines())}", *(f"{name}: {value}" for name, value in headers)]
        if not keeps and not any(name.lower() == "connection" for name, _ in headers):
            lines.append("Connection: close")
        self._out.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        if not keeps:
            self._out.flush()

    def _refuse(self, status: str, words: str) -> None:
        data = f"{words}\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(data)))]
        self._head(status, headers, keeps=False)
        self._out.write(data)
        self._out.flush()

    def _refuse_host(self, request: Request, url: str, host: str) -> None:
        self._record(request, url, (403, "Forbidden"), "refused")
        self._refuse("403 Forbidden", f"{host} does not exist in this rehearsal: nothing leaves this machine.")

    def _record(self, request: Request, url: str, status: tuple[int, str], service: str) -> None:
        self._doors.record(
            Exchange(
                at=self._doors.since_start(request.at),
                seconds=round(time.monotonic() - request.at, 4),
                service=service or log.service(self._host, urlsplit(request.target).path),
                method=request.method,
                url=log.without_secrets(url),
                status=status[0],
                reason=status[1],
                client=request.client,
            )
        )

    def _url(self, request: Request) -> str:
        return (f"https://{self._host}" if self._host else self._doors.url) + request.target

    def _environ(self, request: Request, body: Body) -> "WSGIEnvironment":
        path, _, query = request.target.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": request.target,
            "REQUEST_URI": request.target,
            "SERVER_NAME": self._host or "127.0.0.1",
            "SERVER_PORT": "443" if self._host else str(self._doors.port),
            "SERVER_PROTOCOL": request.version,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self._host else "http",
            "wsgi.input": io.BufferedReader(body, BUFFER),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ
