"""How fast the embedded services are, by themselves: python benchmarks/servers.py.

Measured are the time until a whole world answers, and uploads one after another and two hundred at once, with readers
beside them. Machines are noisy: what counts is the ratio.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tagship.checks.rulebook import form_of  # noqa: E402
from tagship.rehearsal.run import Outside, backstage  # noqa: E402
from tagship.rehearsal.world import Embedded, Place, servers  # noqa: E402
from tagship.services.addresses import GITHUB_API, PYPI, TESTPYPI  # noqa: E402
from tagship.services.world import SystemClock  # noqa: E402
from tests.made_dists import good_wheel  # noqa: E402

AT_ONCE = 200


def started(place: Place, keeper: object) -> float:
    """Seconds from nothing until PyPI, TestPyPI and GitHub have answered."""
    begin = time.perf_counter()
    with servers(place, keeper) as embedded:
        pool = clients(embedded)
        for address in (f"{PYPI.web}/simple/", f"{TESTPYPI.web}/simple/", f"{GITHUB_API}/rate_limit"):
            assert pool.request("GET", address).status == 200
        return time.perf_counter() - begin


def clients(embedded: Embedded) -> urllib3.ProxyManager:
    """Connections through the doors."""
    agent = {"User-Agent": "benchmark"}
    return urllib3.ProxyManager(
        embedded.doors.url, ca_certs=str(embedded.ca), maxsize=AT_ONCE, retries=False, headers=agent, timeout=60
    )


def upload(pool: urllib3.ProxyManager, token: str, path: Path) -> None:
    """Upload as twine does."""
    fields: list[tuple[str, object]] = [(name, value) for name, values in form_of(path).items() for value in values]
    fields.append(("content", (path.name, path.read_bytes(), "application/octet-stream")))
    reply = pool.request(
        "POST", PYPI.upload, fields=fields, headers=urllib3.make_headers(basic_auth=f"__token__:{token}")
    )
    assert reply.status == 200, reply.reason


def uploads(embedded: Embedded, folder: Path) -> tuple[float, float, int]:
    """Seconds for an upload alone and for one of two hundred at once, and how many pages were read meanwhile."""
    pool, token = clients(embedded), embedded.pypi.state.token_for("alice")
    paths = [good_wheel(folder, "swp", f"1.{number}") for number in range(2 * AT_ONCE)]
    begin = time.perf_counter()
    for path in paths[:AT_ONCE]:
        upload(pool, token, path)
    alone = (time.perf_counter() - begin) / AT_ONCE
    over = threading.Event()

    def read() -> int:
        pages = 0
        while not over.is_set():
            assert pool.request("GET", f"{PYPI.web}/simple/swp/").status == 200
            pages += 1
        return pages

    with ThreadPoolExecutor(AT_ONCE + 4) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        begin = time.perf_counter()
        list(threads.map(lambda path: upload(pool, token, path), paths[AT_ONCE:]))
        together = (time.perf_counter() - begin) / AT_ONCE
        over.set()
        pages = sum(reader.result() for reader in readers)
    assert len(embedded.pypi.state.files("swp")) == len(paths)
    return alone, together, pages


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="tagship-bench-") as name:
        folder = Path(name)
        outside = Outside(path=ROOT, environ=dict(os.environ), cache=folder / "cache", clock=SystemClock())
        with backstage(outside, offline=True, enforce=False) as behind:
            place = Place(folder=behind.folder, cache=outside.cache, environ=outside.environ, clock=outside.clock)
            start = statistics.median(started(place, behind.keeper) for _ in range(9))
            with servers(place, behind.keeper) as embedded:
                alone, together, pages = uploads(embedded, folder)
    ratio = f"{together / alone:.2f} × alone; {pages} pages read meanwhile"
    print(f"the whole world starts       {start:8.3f} s   three services answered through TLS")
    print(f"an upload, alone             {alone:8.4f} s")
    print(f"an upload, of {AT_ONCE} at once    {together:8.4f} s   {ratio}")


if __name__ == "__main__":
    main()
