"""What every test gets: a scrubbed environment, and an index on loopback with the build backends of the lock."""

import hashlib
import itertools
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.contract", "tests.rehearsing", "tests.adopting"]

HOMES = itertools.count()
AMBIENT = ("GITHUB_", "ACTIONS_", "RUNNER_", "TWINE_", "PIP_", "UV_", "GIT_", "GH_", "TAGSHIP_", "PYTEST_ADDOPTS")
"""Beginnings of the variables that no test may depend on."""
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", STEADY)
settings.register_profile("steady", STEADY, derandomize=True)
settings.load_profile("steady")  # the same examples in every run; `make test-random` draws others
KEPT = ("TAGSHIP_WHEELHOUSE", "TAGSHIP_UPDATE_GOLDEN", "GIT_SSL_CAINFO")


@pytest.fixture(autouse=True)
def _scrubbed(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable of the machine, of CI or of the user reaches a test; the home is an empty folder."""
    for name in os.environ:
        if name.startswith(AMBIENT) and name not in KEPT:
            monkeypatch.delenv(name)
    for name, folder in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")):  # tool chains lie in the real home
        monkeypatch.setenv(name, os.environ.get(name) or str(Path.home() / folder))
    home = tmp_path_factory.mktemp(f"home{next(HOMES)}", numbered=False)  # without a look at thousands of others
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The folder with the wheels of requirements/wheelhouse.txt; `make` fills it."""
    named = os.environ.get("TAGSHIP_WHEELHOUSE")
    folder = Path(named) if named else Path(__file__).parent.parent / ".cache" / "wheelhouse"
    if not any(folder.glob("*.whl")):
        pytest.skip("there is no wheelhouse: run `make .cache/wheelhouse/ready`")
    return folder


class _Simple(BaseHTTPRequestHandler):
    """A folder of wheels as a simple index (PEP 503)."""

    protocol_version = "HTTP/1.1"
    folder: Path
    digests: dict[str, str]

    def do_GET(self) -> None:
        """Serve a page or a file."""
        parts = self.path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2:
            names = [n for n in self.digests if n.split("-")[0].lower().replace("_", "-") == parts[1]]
            links = "".join(f'<a href="/files/{n}#sha256={self.digests[n]}">{n}</a>\n' for n in names)
            self._send(200 if names else 404, f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")
        elif parts[0] == "files" and parts[-1] in self.digests:
            self._send(200, (self.folder / parts[-1]).read_bytes(), "application/octet-stream")
        else:
            self._send(404, b"", "text/plain")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        """Answer without the body; uv asks so for files."""
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def upstream(wheelhouse: Path) -> Iterator[str]:
    """The address of an index on loopback that has what is in the wheelhouse: the user's own index in the tests."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in wheelhouse.glob("*.whl")}
    yield from serving(wheelhouse, digests)


def serving(folder: Path, digests: dict[str, str]) -> Iterator[str]:
    """Serve a folder of wheels, of which the digests are known, and yield the address of the index."""
    handler = type("Handler", (_Simple,), {"folder": folder, "digests": digests})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tagship's cache, shared by the tests of one process; what is kept in it, by those of all processes."""
    return cache_of(tmp_path_factory, "cache")


def cache_of(factory: pytest.TempPathFactory, name: str) -> Path:
    """A cache whose lasting parts are made once in a run, whatever the number of its processes.

    Rehearsals under way are not shared: tests look at what one of their own leaves.
    """
    folder, base = factory.mktemp(name), factory.getbasetemp()
    lasting = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"lasting-{name}"
    for part in ("uv", "door"):
        (lasting / part).mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(lasting / part)
    return folder


@pytest.fixture
def kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands in processes of their own use that cache as well: build backends and pytest are installed already."""
    monkeypatch.setenv("TAGSHIP_CACHE_DIR", str(cache))
    return cache
