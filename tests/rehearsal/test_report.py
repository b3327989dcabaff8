"""The HTML report: parsed, attacked, overfilled, and looked at by a browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from tagship.cli.render import of_verdict
from tagship.model import to_json
from tagship.rehearsal.report import MOST_REQUESTS, html
from tagship.rehearsal.result import Rehearsal
from tests.samples import READY, REFUSED, STAGES, UNDECIDED, entry, exchange

VOID = {"meta", "path", "circle", "input", "br"}
HOSTILE = "<script>alert(1)</script>\"' onload=x {{ 7 * 7 }} `<img src=x>` \x1b[2J\u202e\ud800"
EMPTY = Rehearsal(
    tagship="0.1.0",
    repository=".",
    scenario="push",
    verdict="refused",
    headline="There is no plan.",
    exit_code=3,
    manifest=msgspec.structs.replace(READY.manifest, plan=None, dists=(), log=()),
    stages=(),
)


class Page(HTMLParser):
    """The document: elements with attributes, the text by element, and whether every element was closed."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(document)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element is closed."""
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember text by the element that holds it."""
        if self._open and data.strip():
            self.texts.setdefault(self._open[-1], []).append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it occurs."""
        return [value for _, attributes in self.elements if (value := attributes.get(attribute))]


def attacked(value: object, tail: str) -> object:
    """The same JSON with a tail at every free text; words with a fixed meaning stay."""
    if isinstance(value, dict):
        return {key: attacked(item, tail) for key, item in value.items()}
    if isinstance(value, list):
        return [attacked(item, tail) for item in value]
    fixed = (
        "push ready refused undecided done failed skipped ok pending problem unknown note warning error pypi testpypi"
        " trusted-publishing token"
    )
    return value if not isinstance(value, str) or value in f"{fixed} wheel sdist".split() else value + tail


def with_tails(rehearsal: Rehearsal, tail: str) -> Rehearsal:
    """The rehearsal with a tail at every text that a project or a service chooses."""
    return msgspec.convert(attacked(msgspec.json.decode(to_json(rehearsal)), tail), Rehearsal)


def test_the_folder_one_is_in_has_no_name() -> None:
    """The repository is shown as it was named, and not at all where it is the folder that one is in."""
    assert [".," in html(rehearsal) for rehearsal in (EMPTY, READY)] == [False, False]
    assert f"{READY.scenario}, {READY.repository}, 20" in html(READY)


@pytest.mark.parametrize(
    "rehearsal", [READY, REFUSED, UNDECIDED, EMPTY], ids=["ready", "refused", "undecided", "empty"]
)
def test_the_document_is_sound(rehearsal: Rehearsal) -> None:
    """Elements nest, ids are unique, references resolve, headings do not skip a level, images have a name."""
    page = Page(html(rehearsal))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    labels = {name for value in page.values("aria-labelledby") for name in value.split()}
    anchors = {href[1:] for href in page.values("href") if href.startswith("#")}
    assert labels | anchors <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in page.all("svg"))
    assert page.all("html") == [{"lang": "en"}]


@pytest.mark.parametrize("rehearsal", [READY, REFUSED, UNDECIDED], ids=lambda r: r.verdict)
def test_everything_is_in_it(rehearsal: Rehearsal) -> None:
    """Verdict, stages, facts, findings, remedies, files, digests, requests, assumptions, limits, environment."""
    text = " ".join(" ".join(data.split()) for data in re.split(r"<[^>]+>", html(rehearsal)) if data.strip())
    text = re.sub(r"\s+([.,:])", r"\1", text).replace("&#39;", "'").replace("&#34;", '"')
    log = rehearsal.manifest.log
    wanted = [
        rehearsal.headline,
        *rehearsal.stages,
        *(said for one in log for said in one.said),
        *(fact.title for one in log for fact in one.facts),
        *(fact.title for fact in rehearsal.enforced),
        *(part for f in rehearsal.manifest.findings() for part in (f.title, f.where, f.why, f.remedy, f.code)),
        *(part for dist in rehearsal.manifest.dists for part in (dist.filename, dist.sha256)),
        *(part for e in rehearsal.exchanges for part in (e.url, f"{e.status} {e.reason}", e.client)),
        *(part for one in rehearsal.assumptions for part in (one.name, one.value, one.change)),
        *rehearsal.not_rehearsed,
        *(part for pair in rehearsal.environment for part in pair),
    ]
    plain = re.sub(r"\s+", "", text)
    assert [one for one in wanted if re.sub(r"[\s`]+", "", one) not in plain] == []


def test_stages_side_by_side_are_seen() -> None:
    """The bars of gate and build begin at the same place and have the widths of their times."""
    bars = re.findall(r"<b style=\"left:min\(([\d.]+)%, 100% - 4px\);width:([\d.]+)%\"", html(READY))
    assert bars[1:3] == [("1.709", "26.496"), ("1.709", "20.598")]
    assert len(bars) == len(STAGES)


def test_nothing_is_loaded_from_anywhere() -> None:
    """Only links name addresses, a policy forbids every request, and nothing refers to another file."""
    document = html(REFUSED)
    page = Page(document)
    assert [(tag, a) for tag, a in page.elements if "src" in a or ("href" in a and tag != "a")] == []
    assert "url(" not in document and "@import" not in document and "fetch(" not in document
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in page.all("meta")


def test_hostile_text_stays_text() -> None:
    """With every text hostile the page has the same elements, no event handler, and can be saved as UTF-8."""
    document = html(with_tails(REFUSED, HOSTILE))
    page = Page(document)
    assert len(page.all("script")) == 1
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in Page(html(REFUSED)).elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in document
    assert not set("\x1b\u202e\ud800") & set(document)
    assert document.encode().decode() == document


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x"])
def test_only_web_addresses_are_links(url: str) -> None:
    """Another kind of address is shown and cannot be followed."""
    log = (entry("publish", 1, 1, links=(("Here", url),)),)
    document = html(msgspec.structs.replace(READY, manifest=msgspec.structs.replace(READY.manifest, log=log)))
    assert url in document
    assert url not in Page(document).values("href")


def test_a_stage_that_ran_again_replaces_what_it_said() -> None:
    """After a second run of a stage its earlier failure is neither a finding nor a reason for the verdict."""
    again = entry("check", 9.0, 1.0, "All is well now")
    manifest = msgspec.structs.replace(REFUSED.manifest, log=(*REFUSED.manifest.log, again))
    rerun = msgspec.structs.replace(REFUSED, manifest=manifest)
    assert [one.stage for one in rerun.entries] == ["plan", "gate", "build", "test", "check"]
    document = html(rerun)
    assert "All is well now" in document
    assert "TC12" not in document
    assert "TC12" not in "".join(line.text + line.tail for line in of_verdict(rerun, ""))


def test_equal_requests_share_a_row() -> None:
    """Two uploads in a row are one row with a count."""
    assert '<span class="soft">2 times</span>' in html(READY)


def test_large_rehearsals_stay_readable() -> None:
    """Of 20,000 different requests 400 rows are shown, refusals first of all, and of 3,000 facts 200."""
    many = tuple(exchange(n / 10, "index", "GET", f"https://pypi.org/simple/p{n}/") for n in range(20_000))
    refused = exchange(2001.0, "refused", "CONNECT", "https://late.example:443", status=403, reason="Forbidden")
    facts = REFUSED.manifest.log[-1].facts * 750
    log = (entry("check", 0.0, 2000.0, facts=facts),)
    manifest = msgspec.structs.replace(READY.manifest, log=log)
    document = html(msgspec.structs.replace(READY, exchanges=(*many, refused), manifest=manifest))
    assert document.count("<tr class=") == MOST_REQUESTS
    assert "https://late.example:443" in document
    assert "19,601 more rows are left out" in document
    assert document.count("… and 2800 more") == 1
    assert len(document) < 600_000


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast_is_aa(theme: int) -> None:
    """Every colour of text has a contrast of at least 4.5 to everything it is written on, in both themes."""
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", html(READY))
    colours = {name: pair[theme] for name, *pair in found}
    for text in ("ink", "soft", "good", "bad", "warn", "link"):
        for ground in ("paper", "card"):
            high, low = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


PROBE = """<script>
for (const one of document.querySelectorAll("details")) one.open = true;
const tooWide = root.scrollWidth - root.clientWidth;
console.log(`probe ${getComputedStyle(document.body).backgroundColor} ${innerWidth} ${tooWide}`);
document.getElementById("theme").click();
console.log(`probe ${getComputedStyle(document.body).backgroundColor}`);
field.value = "upload"; field.oninput();
console.log(`probe ${document.querySelectorAll("#log tbody tr:not([hidden])").length}`);
</script>"""
FRAME = '<!doctype html><iframe src="report.html" style="width:360px;height:900px;border:0"></iframe>'
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--dump-dom",
)


def console(page: Path, *flags: str) -> list[str]:
    """What a browser writes to the console of a page: our probes, and its own complaints."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    profile = page.parent / "profile"
    command = [chromium, *FLAGS, *flags, f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    return re.findall(r"CONSOLE[:\d()]*\] \"(.*?)\", source", done.stderr)


@pytest.mark.tool("chromium")
@pytest.mark.parametrize(("dark", "tail"), [(False, ""), (True, ""), (False, "x" * 300)], ids=["light", "dark", "long"])
def test_a_browser_shows_it_on_a_phone(tmp_path: Path, dark: bool, tail: str) -> None:
    """In both themes, with all unfolded and with long words, nothing is wider than 360 px; the theme can be
    changed, the filter works, and no error is logged."""
    (tmp_path / "report.html").write_text(html(with_tails(READY, tail)).replace("</body>", f"{PROBE}</body>"))
    (tmp_path / "phone.html").write_text(FRAME)
    colours = ["rgb(247, 246, 243)", "rgb(19, 21, 25)"]
    first, second = reversed(colours) if dark else colours
    seen = console(tmp_path / "phone.html", f"--blink-settings=preferredColorScheme={0 if dark else 1}")
    assert seen == [f"probe {first} 360 0", f"probe {second}", "probe 1"]


@pytest.mark.tool("chromium")
def test_a_browser_would_tell(tmp_path: Path) -> None:
    """An error in a script and a request that the policy forbids are both seen by the test above."""
    broken = '<img src="https://example.com/x.png"><script>nothing.here</script></body>'
    page = tmp_path / "report.html"
    page.write_text(html(READY).replace("</body>", broken))
    text = " ".join(console(page))
    assert "Content Security Policy" in text
    assert "nothing is not defined" in text
