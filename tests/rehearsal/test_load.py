"""Two hundred uploads at once, with readers beside them: no error, nothing lost, nothing kept in memory."""

import gc
import hashlib
import json
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from tagship.checks.rulebook import form_of
from tagship.rehearsal.doors import Doors
from tagship.rehearsal.identity import IdentityService, Issuer
from tagship.rehearsal.index import EmbeddedIndex
from tagship.services.addresses import PYPI
from tests.made_dists import good_wheel

UPLOADS, READERS = 200, 8
PAGE = f"{PYPI.web}/simple/swp/"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[EmbeddedIndex, urllib3.ProxyManager]]:
    """PyPI behind the doors, and connections to it, as many as are wanted."""
    issuer = Issuer()
    index = EmbeddedIndex(PYPI, time.time, issuer)
    with Doors(dict.fromkeys(index.hosts, index), IdentityService(issuer, time.time), lambda _: None) as doors:
        ca = str(doors.ca_file(tmp_path / "ca.pem"))
        pool = urllib3.ProxyManager(doors.url, ca_certs=ca, maxsize=UPLOADS, retries=False, timeout=60)
        yield index, pool
        pool.clear()
    index.close()


def upload(pool: urllib3.ProxyManager, token: str, path: Path) -> int:
    """Upload as twine does; the status."""
    fields: list[tuple[str, object]] = [(name, value) for name, values in form_of(path).items() for value in values]
    fields.append(("content", (path.name, path.read_bytes(), "application/octet-stream")))
    headers = urllib3.make_headers(basic_auth=f"__token__:{token}")
    return pool.request("POST", PYPI.upload, fields=fields, headers=headers, redirect=False).status


def read(pool: urllib3.ProxyManager, over: threading.Event, seen: list[int]) -> Counter[str]:
    """Ask for the page until all is over, and for the newest file on it; what was wrong, counted."""
    wrong: Counter[str] = Counter()
    while not over.is_set():
        reply = pool.request("GET", PAGE, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
        files = json.loads(reply.data)["files"] if reply.status == 200 else []
        wrong["page"] += reply.status not in (200, 404)
        wrong["fewer files than before"] += len(files) < (seen[-1] if seen else 0)
        if files:
            seen.append(len(files))
            got = pool.request("GET", files[-1]["url"])
            wrong["file"] += hashlib.sha256(got.data).hexdigest() != files[-1]["hashes"]["sha256"]
    return +wrong


@pytest.mark.slow
def test_two_hundred_uploads_at_once(served: tuple[EmbeddedIndex, urllib3.ProxyManager], tmp_path: Path) -> None:
    """Each of two rounds keeps every file, readers see whole files and never fewer, and the second costs no memory."""
    index, pool = served
    token = index.state.token_for("alice")
    paths = [good_wheel(tmp_path, "swp", f"1.{number}") for number in range(2 * UPLOADS)]
    memory = []
    tracemalloc.start()
    for round_ in (paths[:UPLOADS], paths[UPLOADS:]):
        over, together = threading.Event(), threading.Barrier(UPLOADS)
        with ThreadPoolExecutor(UPLOADS + READERS) as threads:
            readers = [threads.submit(read, pool, over, []) for _ in range(READERS)]

            def send(path: Path, together: threading.Barrier = together) -> int:
                together.wait()
                return upload(pool, token, path)

            statuses = Counter(threads.map(send, round_))
            over.set()
            assert [reader.result() for reader in readers] == [Counter()] * READERS
        assert statuses == {200: UPLOADS}
        gc.collect()
        memory.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    kept = {file.filename: file.sha256 for file in index.state.files("swp")}
    assert kept == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert memory[1] - memory[0] < UPLOADS * 20_000, "an upload leaves its record, not its bytes"
