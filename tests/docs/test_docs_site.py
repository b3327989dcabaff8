"""The documentation site: it is built without a warning, has every page, leads nowhere that is not there, and loads
nothing from elsewhere."""

import functools
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tagship.cli.pages import pages as code_pages
from tagship.errors import AUDIT_ERRORS, AUDIT_NOTHING, AUDIT_WARNINGS, BUG, ERRORS, INTERRUPTED, UNDECIDED
from tests.docs.blocks import DOCS, ROOT
from tests.docs.browser import Browser, browser

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "use": "href"}
"""Elements that make a browser fetch something, and where they say what."""
PHONE, DESK = 390, 1280


class Page(HTMLParser):
    """What a page of the site links to, loads, and can be linked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down one element."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.add(found.get("id", ""))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found and found.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(found[LOADED[tag]])


@dataclass(frozen=True, kw_only=True)
class Built:
    """The built site, and how building it ended."""

    folder: Path
    said: str
    code: int


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the site as `make site` does."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = (sys.executable, str(ROOT / "scripts" / "documentation.py"), str(folder))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Built(folder=folder, said=done.stdout + done.stderr, code=done.returncode)


@pytest.fixture
def site(built: Built) -> Path:
    """The folder of the site."""
    return built.folder


@pytest.fixture
def pages(site: Path) -> dict[str, Page]:
    """The pages of the site by their paths, without the one for addresses that do not exist."""
    found = {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert found
    return found


def test_it_is_built_without_a_warning(built: Built) -> None:
    """The generator finds nothing to complain about: every page and every place that a link names is there."""
    assert "Warning" not in built.said
    assert built.code == 0


def _in_navigation(entry: object) -> Iterator[str]:
    match entry:
        case str(path):
            yield path
        case list(entries):
            for inner in entries:
                yield from _in_navigation(inner)
        case dict(named):
            for inner in named.values():
                yield from _in_navigation(inner)


def test_every_page_is_in_the_navigation(pages: dict[str, Page]) -> None:
    """The navigation has each page of `docs/` once, and the site has them all."""
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    named = sorted(_in_navigation(config["project"]["nav"]))
    assert named == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert sorted(pages) == [f"{page.removesuffix('.md')}.html" for page in named]


def test_troubleshooting_leaves_out_no_error_and_no_exit_code(pages: dict[str, Page]) -> None:
    """The page of troubleshooting leads to every error; every exit code is listed, every code has its place."""
    codes = {f"codes.html#{error.code.lower()}" for error in ERRORS}
    assert codes - {*pages["troubleshooting.html"].links} == set()
    assert {known.lower() for known in code_pages()} - pages["codes.html"].anchors == set()
    listed = {int(row) for row in re.findall(r"^\| (\d+) \|", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)}
    others = {0, UNDECIDED, AUDIT_WARNINGS, AUDIT_ERRORS, AUDIT_NOTHING, INTERRUPTED, BUG}
    assert {error.exit_code for error in ERRORS} | others <= listed


def test_every_link_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    """Links inside the site find their page or file, and the place in it; links to the repository find the file."""
    broken = []
    for name, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme:
                continue
            target = (site / name).parent / unquote(address.path) if address.path else site / name
            path = target.resolve().relative_to(site).as_posix()
            there = pages[path].anchors if path in pages else {""}
            if not target.exists() or unquote(address.fragment) not in there | {"__skip"}:
                broken.append(f"{name}: {link}")
        for link in page.links:
            file = re.fullmatch(r"https://github\.com/tagship/tagship/(?:blob|tree)/main/([^#]+).*", link)
            if file is not None and not (ROOT / file[1]).exists():
                broken.append(f"{name}: {link}")
    assert broken == []


def test_links_to_the_outside_are_well_formed(pages: dict[str, Page]) -> None:
    """Links that leave the site are whole addresses of web pages, encrypted ones; nobody asks them here."""
    outside = {link for page in pages.values() for link in page.links if urlsplit(link).scheme}
    for link in sorted(outside):
        print(link)
    wrong = [link for link in outside if not re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+(?:[/?#][^\s<>\"]*)?", link)]
    assert outside != set()
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    """Every script, style, picture and font is a file of the site."""
    loads = {(name, link) for name, page in pages.items() for link in page.loads}
    assert [link for _, link in loads if urlsplit(link).scheme or link.startswith("//")] == []
    assert [(name, link) for name, link in loads if not ((site / name).parent / urlsplit(link).path).is_file()] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)|@import[^;]*", styles) == []


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site on loopback."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that has no network."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    with browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.tool("chromium")
@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_a_browser_without_a_network_shows_every_page(
    tab: Browser, address: str, pages: dict[str, Page], width: int, scheme: str
) -> None:
    """No console error, no request that fails, and nothing sticks out at the side, on a phone as on a desk."""
    wide = []
    for name in pages:
        tab.open(f"{address}/{name}", width=width, scheme=scheme)
        width_of_page = tab.evaluate("document.documentElement.scrollWidth")
        if not isinstance(width_of_page, int) or width_of_page > width:
            wide.append(name)
    assert tab.wrong == []
    assert wide == []
    schemes = tab.evaluate(
        "[getComputedStyle(document.body).backgroundColor, matchMedia('(prefers-color-scheme: dark)').matches]"
    )
    assert isinstance(schemes, list)
    light = sum(map(int, re.findall(r"\d+", schemes[0])[:3])) > 3 * 128
    assert (light, schemes[1]) == (scheme == "light", scheme == "dark")


@pytest.mark.tool("chromium")
def test_the_search_finds_the_page_of_a_code(tab: Browser, address: str) -> None:
    """Whoever types a code into the search is led to its place on the page of codes."""
    tab.open(f"{address}/index.html")
    root = "[...document.querySelectorAll('*')].find(found => found.shadowRoot?.querySelector('input'))?.shadowRoot"
    tab.evaluate("document.querySelector('.md-search__button').click()")
    tab.wait(f"{root}?.activeElement?.tagName == 'INPUT'")
    tab.send("Input.insertText", text="TE05")
    found = tab.wait(
        f"[...{root}.querySelectorAll('li a')].map(link => link.href).filter(link => link.includes('codes'))"
    )
    assert isinstance(found, list)
    assert found[0].startswith(f"{address}/codes.html?h=te05#te05") or "#te05" in found[0]
    assert tab.wrong == []
