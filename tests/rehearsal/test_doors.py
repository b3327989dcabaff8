"""The doors, asked by clients that nobody wrote for them."""

import contextlib
import gc
import http.client
import json
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
import urllib3
from small_index import SimpleIndex, wheel

from tagship.rehearsal.doors import Doors, environment
from tagship.rehearsal.doors.exchanges import service, without_secrets
from tagship.rehearsal.result import Exchange

PROJECT = "sample-of-the-doors"


def echo(environ, start_response):
    """Answer with what was asked; the path chooses the manner."""
    path = environ["PATH_INFO"]
    if path == "/reason":
        start_response("400 The name 'caf\u00e9 \u2603' isn't allowed.", [("Content-Length", "0")])
        return []
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (bytes([n]) * 70_000 for n in range(40))
    if path == "/drop":
        raise ConnectionResetError
    if path == "/bug":
        raise KeyError("a mistake")
    if path == "/ignored":
        start_response("403 Forbidden", [("Content-Length", "2")])
        return [b"no"]
    body = environ["wsgi.input"].read()
    data = json.dumps(
        {
            "host": environ["HTTP_HOST"],
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "query": environ["QUERY_STRING"],
            "scheme": environ["wsgi.url_scheme"],
            "body": len(body),
        }
    ).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]


@dataclass
class Opened:
    """Doors that are open, what went through them, and how children are told."""

    doors: Doors
    ca: Path
    log: list[Exchange] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.ca.parent)} | environment(self.doors, self.ca)

    def pool(self) -> urllib3.ProxyManager:
        return urllib3.ProxyManager(self.doors.url, ca_certs=str(self.ca), retries=False)

    def seen(self) -> list[tuple[str, str, str, int, str, str]]:
        return [(e.service, e.method, e.url, e.status, e.reason, e.client.partition("/")[0]) for e in self.log]


@contextmanager
def opened(folder: Path, **hosts: Callable) -> Iterator[Opened]:
    log: list[Exchange] = []
    names = {name.replace("_", "."): application for name, application in hosts.items()}
    with Doors(names, echo, log.append) as doors:
        yield Opened(doors=doors, ca=doors.ca_file(folder / "ca.pem"), log=log)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path, pypi_org=echo, api_github_com=echo) as it:
        yield it


def raw(world: Opened, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", world.doors.port), timeout=60) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_a_known_host_is_served_at_its_real_address(world: Opened) -> None:
    """A client that uses the proxy and trusts the authority gets the application of the host it asked."""
    with world.pool() as pool:
        reply = pool.request("GET", "https://api.github.com/repos/o/r?per_page=1", headers={"User-Agent": "probe/1 x"})
    assert reply.json() == {
        "host": "api.github.com",
        "method": "GET",
        "path": "/repos/o/r",
        "query": "per_page=1",
        "scheme": "https",
        "body": 0,
    }
    assert world.seen() == [("github", "GET", "https://api.github.com/repos/o/r?per_page=1", 200, "OK", "probe")]
    assert world.log[0].client == "probe/1"
    assert 0 < world.log[0].at < 60
    assert 0 <= world.log[0].seconds < 60


def test_every_other_host_is_refused_by_name(world: Opened) -> None:
    """CONNECT and plain requests to an unknown host, or to another port of a known one, get 403 and are recorded."""
    connect = raw(world, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nUser-Agent: a/1\r\n\r\n")
    port = raw(world, b"CONNECT pypi.org:22 HTTP/1.1\r\nHost: pypi.org:22\r\n\r\n")
    plain = raw(
        world, b"GET http://u:made-up@evil.example/x?access_token=made-up HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    )
    for reply, name in ((connect, b"evil.example:443"), (port, b"pypi.org:22"), (plain, b"evil.example")):
        head, _, body = reply.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert name + b" does not exist in this rehearsal" in body
    assert world.seen() == [
        ("refused", "CONNECT", "https://evil.example", 403, "Forbidden", "a"),
        ("refused", "CONNECT", "https://pypi.org:22", 403, "Forbidden", ""),
        ("refused", "GET", "http://evil.example/x?access_token=***", 403, "Forbidden", ""),
    ]


def test_a_host_asked_in_the_clear_points_to_https(world: Opened) -> None:
    """Plain HTTP to a known host is redirected, as PyPI and GitHub do."""
    reply = raw(world, b"GET http://pypi.org/simple/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://pypi.org/simple/\r\n")


def test_the_own_address_is_the_loopback_application(world: Opened) -> None:
    """Requests to the server's own address, also in absolute form, reach the loopback application."""
    direct = urllib3.request("GET", f"{world.doors.url}/token?audience=pypi", retries=False)
    absolute = raw(world, f"GET {world.doors.url}/token HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    assert (direct.json()["path"], direct.json()["scheme"]) == ("/token", "http")
    assert json.loads(absolute.partition(b"\r\n\r\n")[2])["path"] == "/token"
    assert [e.service for e in world.log] == ["actions", "actions"]


def test_reason_phrases_travel_as_the_application_gives_them(world: Opened) -> None:
    """A reason phrase arrives in latin-1, with a question mark for what latin-1 lacks."""
    with world.pool() as pool:
        reply = pool.request("GET", "https://pypi.org/reason")
    assert (reply.status, reply.reason) == (400, "The name 'caf\u00e9 ?' isn't allowed.")


def test_bodies_of_every_framing_arrive_whole(world: Opened) -> None:
    """Content-Length, chunked and Expect: 100-continue bodies reach the application byte for byte in number."""
    with world.pool() as pool:
        url = "https://pypi.org/legacy/"
        sizes = [
            pool.request("POST", url, body=b"x" * 300_000).json()["body"],
            pool.request("POST", url, body=iter([b"a" * 100_000, b"b" * 5]), chunked=True).json()["body"],
            pool.request("POST", url, body=b"").json()["body"],
        ]
    with socket.create_connection(("127.0.0.1", world.doors.port), timeout=60) as sock:
        sock.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"1234")
        reply = http.client.HTTPResponse(sock)
        reply.begin()
        sizes.append(json.loads(reply.read())["body"])
    assert sizes == [300_000, 100_005, 0, 4]


def test_one_connection_carries_many_requests(world: Opened) -> None:
    """Connections are kept, after HEAD, streams and bodies that the application did not read, too."""
    with world.pool() as pool:
        head = pool.request("HEAD", "https://pypi.org/simple/")
        stream = pool.request("GET", "https://pypi.org/stream")
        ignored = pool.request("POST", "https://pypi.org/ignored", body=b"z" * 3_000_000)
        last = pool.request("GET", "https://pypi.org/last")
        connections = pool.connection_from_url("https://pypi.org/").num_connections
    assert head.data == b""
    assert int(head.headers["Content-Length"]) > 0
    assert stream.data == b"".join(bytes([n]) * 70_000 for n in range(40))
    assert (ignored.status, ignored.data) == (403, b"no")
    assert last.json()["path"] == "/last"
    assert connections == 1


def test_an_application_can_drop_the_connection(world: Opened) -> None:
    """ConnectionError in an application is a connection that breaks without an answer."""
    with world.pool() as pool, pytest.raises(urllib3.exceptions.HTTPError, match="without response"):
        pool.request("GET", "https://pypi.org/drop")
    assert world.seen()[0][3:5] == (0, "connection dropped")


def test_a_mistake_of_the_embedded_world_is_visible(world: Opened) -> None:
    """An exception in an application is a 500 that names it, for the client and in the log."""
    with world.pool() as pool:
        reply = pool.request("GET", "https://pypi.org/bug")
    assert (reply.status, reply.data) == (500, b"the embedded world failed: KeyError: 'a mistake'\n")
    assert world.seen()[0][3:5] == (500, "the embedded world failed: KeyError: 'a mistake'")


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"CONNECT [:443 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(200)) + b"\r\n",
    ],
)
def test_what_is_not_http_is_refused(world: Opened, head: bytes) -> None:
    """Something else than HTTP/1.1 gets a 4xx and a closed connection, and the next client is served."""
    assert raw(world, head).startswith(b"HTTP/1.1 4")
    assert urllib3.request("GET", f"{world.doors.url}/next").status == 200


def test_a_chunk_of_less_than_nothing_ends_the_connection(world: Opened) -> None:
    """A body in chunks with a size below zero gets no answer, and nobody waits for more of it."""
    with socket.create_connection(("127.0.0.1", world.doors.port), timeout=60) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello")
        assert sock.recv(100) == b""


def test_a_client_that_resets_before_the_handshake_leaves_no_socket(world: Opened) -> None:
    """A connection that is reset before it becomes TLS is closed at once, not when somebody collects it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    reset = select.poll()
    reset.register(accepted, 0)
    assert reset.poll(10_000)
    with warnings.catch_warnings(record=True) as unclosed:
        warnings.simplefilter("always")
        with pytest.raises(ConnectionResetError, match="left before the handshake"):
            world.doors.tls(accepted)
        gc.collect()
    assert [str(warning.message) for warning in unclosed] == []


def test_a_client_for_whom_there_is_no_thread_may_come_again(world: Opened) -> None:
    """Where the system gives no more threads a connection is closed, and the doors stay open for the next."""
    usual = threading.stack_size(2**46)  # bytes, which no machine has
    try:
        with socket.create_connection(("127.0.0.1", world.doors.port), timeout=60) as sock:
            assert sock.recv(1) == b""
    finally:
        threading.stack_size(usual)
    assert urllib3.request("GET", f"{world.doors.url}/next").status == 200


def test_a_silent_client_blocks_nobody(world: Opened) -> None:
    """While clients say nothing, before or within the TLS handshake, others are answered at once."""
    silent = [socket.create_connection(("127.0.0.1", world.doors.port)) for _ in range(10)]
    for sock in silent[:5]:
        sock.sendall(b"CONNECT pypi.org:443 HTTP/1.1\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
    with world.pool() as pool:  # whose answer comes while all of them are still there
        assert pool.request("GET", "https://pypi.org/", timeout=60).status == 200
    for sock in silent:
        sock.close()


def test_a_client_that_does_not_trust_the_authority_is_in_the_log(world: Opened) -> None:
    """A client with other certificates fails, and the log says why."""
    with (
        urllib3.ProxyManager(world.doors.url, ssl_context=ssl.create_default_context(), retries=False) as pool,
        pytest.raises(urllib3.exceptions.SSLError),
    ):
        pool.request("GET", "https://pypi.org/")
    deadline = time.monotonic() + 60
    while not world.log and time.monotonic() < deadline:
        time.sleep(0.01)
    ours = ("refused", "CONNECT", "https://pypi.org/", 0, "tls failed: tlsv1 alert unknown ca", "")
    assert world.seen() == [ours]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("https://u:made-up@pypi.org/a%20b?x=1#y", "https://pypi.org/a%20b?x=1"),
        (
            "https://x/y?sig=made-up&se=2026&X-Amz-Signature=made-up&page=2",
            "https://x/y?sig=***&se=2026&X-Amz-Signature=***&page=2",
        ),
        ("https://x/y?author=me&design=1&empty=", "https://x/y?author=me&design=1&empty="),
        (f"https://x/y?head_sha={'ab' * 20}&state={'made-up' * 6}", f"https://x/y?head_sha={'ab' * 20}&state=***"),
    ],
)
def test_addresses_are_written_down_without_secrets(asked: str, written: str) -> None:
    """Users, passwords, fragments and query values that look like secrets are not in the log; the rest is."""
    assert without_secrets(asked) == written


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("upload.pypi.org", "/legacy/", "index"),
        ("pypi.python.org", "/pypi/x/json", "index"),
        ("files.pythonhosted.org", "/door/ab/x.whl", "dependencies"),
        ("uploads.github.com", "/repos/o/r/releases/1/assets", "github"),
        ("", "/token", "actions"),
    ],
)
def test_every_address_belongs_to_a_service(host: str, path: str, name: str) -> None:
    """The log names the service of an address where its application does not."""
    assert service(host, path) == name


def test_two_hundred_clients_at_once_are_served(world: Opened) -> None:
    """Two hundred connections that are open at the same time all get their answer over TLS."""
    together = threading.Barrier(200)
    answers: list[int] = []

    def one() -> None:
        sock = socket.create_connection(("127.0.0.1", world.doors.port), timeout=60)
        together.wait(60)
        sock.sendall(b"CONNECT pypi.org:443 HTTP/1.1\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
        with context.wrap_socket(sock, server_hostname="pypi.org") as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
            reply = http.client.HTTPResponse(tls)
            reply.begin()
            reply.read()
            answers.append(reply.status)

    context = ssl.create_default_context(cafile=str(world.ca))
    threads = [threading.Thread(target=one) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 200


def test_closing_cuts_what_is_open(tmp_path: Path) -> None:
    """Leaving the doors ends idle connections at once, and nothing listens afterwards."""
    with opened(tmp_path, pypi_org=echo) as it:
        idle = socket.create_connection(("127.0.0.1", it.doors.port), timeout=60)
    assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", it.doors.port), timeout=60)
    idle.close()


def test_closing_ends_every_thread(tmp_path: Path) -> None:
    """Whatever the clients do, in the clear, in a handshake, inside TLS or in an application, all threads are over."""

    def waiting(environ, start_response):
        reached.set()
        it.doors.closing.wait(60)
        raise ConnectionResetError

    before, reached = set(threading.enumerate()), threading.Event()
    with contextlib.ExitStack() as clients, opened(tmp_path, pypi_org=echo, github_com=waiting) as it:
        context = ssl.create_default_context(cafile=str(it.ca))
        for host in ("", "", "pypi.org", "pypi.org", "github.com"):
            sock = clients.enter_context(socket.create_connection(("127.0.0.1", it.doors.port), timeout=60))
            if host:
                sock.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
                assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
        clients.enter_context(context.wrap_socket(sock, server_hostname="github.com")).sendall(
            b"GET / HTTP/1.1\r\n\r\n"
        )
        assert reached.wait(60)
    assert set(threading.enumerate()) - before == set()


def test_requests_needs_nothing_but_the_variables(world: Opened) -> None:
    """requests, told by environment variables only, gets known hosts and is refused the others."""
    script = (
        "import requests, sys\n"
        "print(requests.get('https://pypi.org/simple/').json()['path'])\n"
        "try: requests.get('https://example.org/')\n"
        "except requests.exceptions.ProxyError: print('refused')\n"
        "print(requests.get(sys.argv[1]).json()['path'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"{world.doors.url}/token"],
        env=world.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["/simple/", "refused", "/token"]
    assert requests.__version__ in world.log[0].client


def test_curl_needs_nothing_but_the_variables(world: Opened) -> None:
    """curl, told by environment variables only, gets known hosts and is refused the others with status 403."""
    known = subprocess.run(
        ["curl", "-sS", "https://api.github.com/rate_limit"], env=world.variables, capture_output=True, check=True
    )
    unknown = subprocess.run(["curl", "-sS", "https://example.org/"], env=world.variables, capture_output=True)
    assert json.loads(known.stdout)["host"] == "api.github.com"
    assert unknown.returncode != 0
    assert b"403" in unknown.stderr


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_installers_work_at_the_default_addresses(tmp_path: Path, client: str) -> None:
    """pip and uv, unmodified and at their default index, install a wheel that exists only behind the doors."""
    index = SimpleIndex({PROJECT: [wheel(PROJECT, "1.0")]}, files="https://files.pythonhosted.org")
    target = tmp_path / "target"
    words = {
        "pip": ["pip", "install", "--no-cache-dir", "--disable-pip-version-check"],
        "uv": ["uv", "pip", "install", "--no-cache", "--no-config"],
    }[client]
    with opened(tmp_path, pypi_org=index.pages, files_pythonhosted_org=index.files) as it:
        done = subprocess.run(
            [sys.executable, "-m", *words, "--target", str(target), PROJECT],
            env=it.variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert (target / "sample_of_the_doors.py").read_text() == "VERSION = '1.0'\n"
    assert {(e.service, e.status, e.client.partition("/")[0]) for e in it.log} == {("index", 200, client)}


def test_without_doors_there_is_no_way(world: Opened) -> None:
    """The variables name the doors for every scheme and spelling, and loopback alone is exempt."""
    ca, url = str(world.ca), world.doors.url
    assert environment(world.doors, world.ca) == {
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE"), ca),
        **dict.fromkeys(("GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO"), ca),
        "NODE_USE_ENV_PROXY": "1",
    }
