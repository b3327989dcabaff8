"""The dependency door, against an index on loopback that plays the user's own."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from small_index import SimpleIndex, wheel

from tagship.rehearsal.doors import Doors, environment
from tagship.rehearsal.keeper.cache import DoorCache
from tagship.rehearsal.keeper.dependencies import Dependencies
from tagship.rehearsal.keeper.fetching import Fetcher
from tagship.rehearsal.keeper.handle import Keeper
from tagship.rehearsal.keeper.user_index import UserIndex, read

SAMPLE = wheel("sample-dep", "1.0")
PASSWORD = "made-up-" + "password"
BASIC = "Basic dXNlcjptYWRlLXVwLXBhc3N3b3Jk"


class Clock:
    """A clock that tests move."""

    now = 1_000_000.0


@contextmanager
def upstream(**switches) -> Iterator[tuple[SimpleIndex, str]]:
    """An index that the user might have, and the address of its simple API."""
    index = SimpleIndex({"sample-dep": [SAMPLE]}, files="", **switches)
    with Doors({}, index.both, lambda exchange: None) as server:
        index.files_url = server.url
        yield index, f"{server.url}/simple/"


def fetcher(tmp_path: Path, url: str, *, offline: bool = False, **environ: str) -> Fetcher:
    settings = read({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "UV_DEFAULT_INDEX": url} | environ)
    # this machine's own /etc files must not speak in these tests
    settings = UserIndex(
        indexes=tuple(i for i in settings.indexes if not i.startswith("file:///opt")),
        find_links=tuple(link for link in settings.find_links if link.startswith(str(tmp_path))),
        ca=None,
        netrc=settings.netrc,
        environ=settings.environ,
    )
    return Fetcher(settings, DoorCache(tmp_path / "door"), offline=offline, now=lambda: Clock.now)


def door_url(sha256: str = SAMPLE.sha256, filename: str = SAMPLE.filename) -> str:
    return f"https://files.pythonhosted.org/door/{sha256}/{filename}"


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_page_names_the_door_and_keeps_what_installers_read(tmp_path: Path) -> None:
    """Every file of a page has a door address, its digest, metadata digest, Python requirement and yank."""
    with upstream() as (_, url):
        data, words = fetcher(tmp_path, url).page("sample-dep")
    metadata = {"sha256": hashlib.sha256(SAMPLE.metadata).hexdigest()}
    assert words == ""
    assert json.loads(data or b"") == {
        "name": "sample-dep",
        "meta": {"api-version": "1.0"},
        "files": [
            {
                "filename": SAMPLE.filename,
                "url": door_url(),
                "hashes": {"sha256": SAMPLE.sha256},
                "requires-python": ">=3.8",
                "size": len(SAMPLE.data),
                "core-metadata": metadata,
                "dist-info-metadata": metadata,
            }
        ],
    }


@pytest.mark.parametrize("html", [False, True], ids=["json", "html"])
def test_files_and_their_metadata_come_checked_and_once(tmp_path: Path, html: bool) -> None:
    """The second ask for a file or its metadata, by the same or a later rehearsal, does not reach the index."""
    path = urlsplit(door_url()).path
    with upstream(html=html) as (index, url):
        for _ in range(2):
            door = fetcher(tmp_path, url)
            file, metadata = door.file(path)[0], door.file(f"{path}.metadata")[0]
            assert file is not None
            assert metadata is not None
            assert (file.read_bytes(), metadata.read_bytes()) == (SAMPLE.data, SAMPLE.metadata)
    assert [path for _, path, _ in index.requests] == [
        "/simple/sample-dep/",
        f"/packages/{SAMPLE.filename}",
        f"/packages/{SAMPLE.filename}.metadata",
    ]


def test_lock_files_may_name_the_index_own_path(tmp_path: Path) -> None:
    """A `/packages/…` path, as lock files hold it, finds the same file; another path to it does not."""
    with upstream() as (_, url):
        door = fetcher(tmp_path, url)
        found, _ = door.file(f"/packages/{SAMPLE.filename}")
        other, words = door.file(f"/packages/aa/{SAMPLE.filename}")
    assert found is not None
    assert found.read_bytes() == SAMPLE.data
    assert (other, words) == (None, f"{SAMPLE.filename}: not among the files of sample-dep")


@pytest.mark.parametrize(
    "path", ["/", "/door/../../etc/passwd", "/door/x/no-wheel.txt", "/else/x/sample_dep-1.0-py3-none-any.whl"]
)
def test_other_paths_are_nothing(tmp_path: Path, path: str) -> None:
    """What no page named is not a file, and nobody is asked for it."""
    with upstream() as (index, url):
        assert fetcher(tmp_path, url).file(path) == (None, "")
        assert fetcher(tmp_path, url).page("../etc") == (None, "")
    assert index.requests == []


def test_pages_are_revalidated_after_ten_minutes(tmp_path: Path) -> None:
    """A page is used for ten minutes without asking, and then asked for with its ETag."""
    statuses = []
    with upstream() as (index, url):
        for wait in (0, 599, 2, 0):
            Clock.now += wait
            assert fetcher(tmp_path, url).page("sample-dep")[0] is not None
            statuses.append([status for _, _, status in index.requests])
    assert statuses == [[200], [200], [200, 304], [200, 304]]


def test_a_stale_page_is_used_while_the_index_is_away(tmp_path: Path) -> None:
    """Without its index an old page still serves, and its age is said."""
    with upstream() as (_, url):
        fresh, _ = fetcher(tmp_path, url).page("sample-dep")
    Clock.now += 1200
    stale, words = fetcher(tmp_path, url).page("sample-dep")
    assert stale == fresh
    reason = "sample-dep: 127.0.0.1 could not be reached (NewConnectionError); its page of 20 minutes ago was used."
    assert words == reason


def test_offline_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    """Offline, the cache answers; what it lacks is named with the way to fill it, and the index is not asked."""
    path = urlsplit(door_url()).path
    fill = "Rehearse once without --offline while the index can be reached: that fills the door cache."
    missing = f"it is not in the door cache, and offline 127.0.0.1 is not asked. {fill}"
    with upstream() as (index, url):
        nothing = fetcher(tmp_path, url, offline=True).page("sample-dep")
        asked = len(index.requests)
        fetcher(tmp_path, url).page("sample-dep")
        page_only = fetcher(tmp_path, url, offline=True)
        page, file = page_only.page("sample-dep"), page_only.file(path)
        fetcher(tmp_path, url).file(path)
        both, words = fetcher(tmp_path, url, offline=True).file(path)
    assert (nothing, asked) == ((None, f"sample-dep: {missing}"), 0)
    assert (page[0] is not None, page[1]) == (True, "")
    assert file == (None, f"{SAMPLE.filename}: {missing}")
    assert (both is not None and both.read_bytes() == SAMPLE.data, words) == (True, "")


def test_other_bytes_than_published_are_refused(tmp_path: Path) -> None:
    """A file whose digest is not the published one is never handed out, and nothing of it stays."""
    with upstream(lies=True) as (_, url):
        file, words = fetcher(tmp_path, url).file(urlsplit(door_url()).path)
    assert file is None
    assert words.startswith(f"{SAMPLE.filename}: its sha256 is not the published one. ")
    assert [path.name for path in (tmp_path / "door").iterdir()] == ["pages"]


def test_a_damaged_cache_heals(tmp_path: Path) -> None:
    """A cached file of the wrong size is fetched again."""
    path = urlsplit(door_url()).path
    with upstream() as (_, url):
        first, _ = fetcher(tmp_path, url).file(path)
        assert first is not None
        first.write_bytes(b"cut")
        again, _ = fetcher(tmp_path, url).file(path)
    assert again is not None
    assert again.read_bytes() == SAMPLE.data


@pytest.mark.parametrize("html", [False, True], ids=["json", "html"])
def test_files_without_a_digest_are_pinned_on_arrival(tmp_path: Path, html: bool) -> None:
    """Where the index publishes no digest, the first arrival counts: later pages carry it, other bytes are refused."""
    path = urlsplit(door_url("unhashed")).path
    with upstream(hashes=False, html=html) as (index, url):
        before = json.loads(fetcher(tmp_path, url).page("sample-dep")[0] or b"")
        first, _ = fetcher(tmp_path, url).file(path)
        after = json.loads(fetcher(tmp_path, url).page("sample-dep")[0] or b"")
        assert first is not None
        first.unlink()
        index.lies = True
        second, words = fetcher(tmp_path, url).file(urlsplit(door_url()).path)
    assert [f["url"] for f in before["files"]] == [door_url("unhashed")]
    assert [(f["url"], f["hashes"]) for f in after["files"]] == [(door_url(), {"sha256": SAMPLE.sha256})]
    assert second is None
    assert "its sha256 is not the published one" in words


@pytest.mark.parametrize("where", ["address", "netrc"])
def test_credentials_are_used_and_left_nowhere(tmp_path: Path, where: str) -> None:
    """Credentials from the address or netrc open the index, and are in no page, word or cached byte."""
    path = urlsplit(door_url()).path
    with upstream(authorization=BASIC) as (index, url):
        refused = fetcher(tmp_path, url).page("sample-dep")
        if where == "netrc":
            (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login user password {PASSWORD}\n")
            (tmp_path / ".netrc").chmod(0o600)
        else:
            url = url.replace("//", f"//user:{PASSWORD}@")
        door = fetcher(tmp_path, url)
        page, file = door.page("sample-dep"), door.file(path)
        Clock.now += 10_000
    gone = fetcher(tmp_path, url).page("sample-dep")
    assert refused == (None, "sample-dep: 127.0.0.1 answered 401. Check the credentials of your index.")
    assert [status for _, _, status in index.requests] == [401, 200, 200]
    assert file[0] is not None
    written = everything_in(tmp_path / "door") + repr((page, file, gone)).encode()
    assert b"could not be reached" in written
    assert PASSWORD.encode() not in written
    assert BASIC.encode() not in written
    assert (tmp_path / "door").stat().st_mode & 0o777 == 0o700


def test_folders_and_file_indexes_are_asked_too(tmp_path: Path) -> None:
    """find-links folders and `file:` indexes add their files, offline too, and a wrong digest is refused."""
    links, index = tmp_path / "links", tmp_path / "simple"
    old, bad = wheel("sample-dep", "0.1"), wheel("sample-dep", "0.2")
    (index / "sample-dep").mkdir(parents=True)
    links.mkdir()
    (links / old.filename).write_bytes(old.data)
    (index / "sample-dep" / bad.filename).write_bytes(bad.data)
    page = f'<a href="{bad.filename}#sha256={SAMPLE.sha256}">{bad.filename}</a>'
    (index / "sample-dep/index.html").write_text(page)
    door = fetcher(tmp_path, index.as_uri(), offline=True, UV_FIND_LINKS=str(links))
    urls = [file["url"] for file in json.loads(door.page("sample-dep")[0] or b"")["files"]]
    found, _ = door.file(urlsplit(door_url("unhashed", old.filename)).path)
    refused, words = door.file(urlsplit(door_url(SAMPLE.sha256, bad.filename)).path)
    assert sorted(urls) == [door_url(SAMPLE.sha256, bad.filename), door_url("unhashed", old.filename)]
    assert found == links / old.filename
    assert (refused, "sha256 is not the published one" in words) == (None, True)


def test_the_user_proxy_is_used(tmp_path: Path) -> None:
    """An index elsewhere is asked through the user's proxy, whose refusal is an index that is away."""
    log = []
    with Doors({}, lambda environ, start: [], log.append) as proxy:
        door = fetcher(tmp_path, "http://index.example/simple/", HTTP_PROXY=proxy.url)
        assert door.page("sample-dep") == (
            None,
            "sample-dep: index.example answered 403. Check the credentials of your index.",
        )
        spared = fetcher(tmp_path, "http://index.invalid/simple/", HTTP_PROXY=proxy.url, NO_PROXY="x,.invalid")
        assert "could not be reached" in spared.page("sample-dep")[1]
    assert [e.url for e in log] == ["http://index.example/simple/sample-dep/"]


@pytest.mark.parametrize(
    ("environ", "files", "indexes"),
    [
        ({}, {}, ["https://pypi.org/simple/"]),
        ({"UV_DEFAULT_INDEX": "https://a/", "PIP_INDEX_URL": "https://b/"}, {}, ["https://a/"]),
        (
            {"UV_INDEX": "n=https://x/ https://y/", "UV_INDEX_URL": "https://a/"},
            {},
            ["https://x/", "https://y/", "https://a/"],
        ),
        ({"PIP_EXTRA_INDEX_URL": "https://x/"}, {}, ["https://x/", "https://pypi.org/simple/"]),
        (
            {},
            {"pip/pip.conf": "[install]\nindex_url = https://b/\nextra-index-url =\n  https://x/\n"},
            ["https://x/", "https://b/"],
        ),
        (
            {"UV_INDEX_MY_PLACE_USERNAME": "u", "UV_INDEX_MY_PLACE_PASSWORD": "made/up"},
            {
                "uv/uv.toml": '[[index]]\nname = "my-place"\nurl = "https://a/"\ndefault = true\n'
                '[[index]]\nurl = "https://x/"\n[[index]]\nurl = "https://e/"\nexplicit = true\n'
            },
            ["https://x/", "https://u:made%2Fup@a/"],
        ),
        ({"PIP_INDEX_URL": "https://b/"}, {"uv/uv.toml": 'index-url = "https://a/"\n'}, ["https://a/"]),
        ({"PIP_INDEX_URL": "https://b/"}, {"uv/uv.toml": "not toml"}, ["https://b/"]),
    ],
)
def test_the_user_index_is_found_where_uv_and_pip_find_it(
    tmp_path: Path, environ: dict[str, str], files: dict[str, str], indexes: list[str]
) -> None:
    """Variables go before files and uv before pip; extra indexes come first, the default last."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)} | environ)
    assert [url for url in found.indexes if not url.startswith("file:///opt")] == indexes


def test_what_killed_rehearsals_left_is_swept(tmp_path: Path) -> None:
    """Half-written files go once they are old; those of a rehearsal that runs now stay."""
    cache = DoorCache(tmp_path)
    for name, age in (("new-old", 90_000), ("new-now", 0), ("other", 90_000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (Clock.now - age, Clock.now - age))
    cache.sweep(Clock.now - 86_400)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new-now", "other"]


def test_two_rehearsals_may_fill_the_cache_at_once(tmp_path: Path) -> None:
    """Rehearsals that fetch the same file at the same time all get its bytes, and nothing half-written stays."""
    path = urlsplit(door_url()).path
    with upstream() as (_, url), ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda door: door.file(path)[0], [fetcher(tmp_path, url) for _ in range(8)]))
    assert {file.read_bytes() if file else b"" for file in files} == {SAMPLE.data}
    assert sorted(path.name for path in (tmp_path / "door").iterdir()) == ["files", "pages"]


def served_by(dependencies: Dependencies):
    """Two applications, as the embedded index serves other projects."""

    def pages(environ, start_response):
        data = dependencies.page(environ["PATH_INFO"].removeprefix("/simple/").strip("/"))
        kind = "application/vnd.pypi.simple.v1+json"
        start_response("200 OK" if data else "404 Not Found", [("Content-Type", kind)])
        return [data or b""]

    def files(environ, start_response):
        path = dependencies.file(environ["PATH_INFO"])
        start_response("200 OK" if path else "404 Not Found", [])
        return [path.read_bytes() if path else b""]

    return {"pypi.org": pages, "files.pythonhosted.org": files}


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_installers_get_other_projects_through_the_door(tmp_path: Path, client: str) -> None:
    """pip and uv at their default index install what only the user's private index has, via keeper and doors."""
    words = {
        "pip": ["pip", "install", "--no-cache-dir", "--disable-pip-version-check"],
        "uv": ["uv", "pip", "install", "--no-cache", "--no-config"],
    }[client]
    log = []
    with upstream(authorization=BASIC) as (index, url):
        user = {"HOME": str(tmp_path), "UV_DEFAULT_INDEX": url.replace("//", f"//user:{PASSWORD}@")}
        with Keeper(user, cache=tmp_path / "cache", scratch=tmp_path / "scratch") as keeper:
            dependencies = Dependencies(keeper.ask)
            apps = served_by(dependencies)
            with Doors(apps, apps["pypi.org"], log.append) as doors:
                variables = environment(doors, doors.ca_file(tmp_path / "ca.pem"))
                done = subprocess.run(
                    [sys.executable, "-m", *words, "--target", str(tmp_path / "target"), "sample-dep"],
                    env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | variables,
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                )
            assert dependencies.page("no-such-project") is None
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target/sample_dep.py").read_text() == "VERSION = '1.0'\n"
    assert dependencies.notes() == ()
    assert index.requests[0] == ("GET", "/simple/sample-dep/", 200)
    assert f"https://files.pythonhosted.org/door/{SAMPLE.sha256}/{SAMPLE.filename}" in {
        e.url.removesuffix(".metadata") for e in log
    }
    assert PASSWORD not in done.stdout + done.stderr + repr(log)


def test_what_is_known_about_missing_things_is_kept_for_the_report(tmp_path: Path) -> None:
    """A project that could not be asked for is None, with words that are once in the notes."""
    user = {"HOME": str(tmp_path), "UV_DEFAULT_INDEX": "http://index.invalid/simple/"}
    with Keeper(user, cache=tmp_path, scratch=tmp_path / "scratch", offline=True) as keeper:
        dependencies = Dependencies(keeper.ask)
        assert dependencies.page("sample-dep") is None
        assert dependencies.page("sample-dep") is None
    (note,) = dependencies.notes()
    assert "offline index.invalid is not asked" in note
