"""The documentation is true: it is made from the code, its links lead somewhere, its commands exist."""

import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tagship.cli.app import ALIASES, COMMANDS, tagship
from tagship.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")})
IDS = [
    f"{group}{number}"
    for group, last in {"A": 14, "B": 7, "C": 6, "D": 9, "E": 5}.items()
    for number in range(1, last + 1)
]


def name(path: Path) -> str:
    """How a page is called in the output of the tests."""
    return path.relative_to(ROOT).as_posix()


def test_reference_pages_are_those_of_the_code() -> None:
    """`docs/generate.py --check` finds no page that differs from the code it describes."""
    command = (sys.executable, str(ROOT / "docs" / "generate.py"), "--check")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def rows() -> dict[str, str]:
    """The last cell of each row of the page of requirements, by id."""
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    return {row[1]: row[2] for row in re.finditer(r"^\| ([A-E]\d+) \|.*\| ([^|]*) \|$", text, re.MULTILINE)}


def test_every_requirement_is_listed_once() -> None:
    """The page of requirements has every id, in order."""
    assert list(rows()) == IDS


@pytest.mark.parametrize("item", IDS)
def test_a_requirement_is_shown_by_tests_or_not_built_yet(item: str) -> None:
    """Every item names tests that carry its id, or says that it is not built yet, and never both."""
    shown = rows()[item]
    files = re.findall(r"\]\(\.\./(tests/[^)]+)\)", shown)
    marked = [path for path in (ROOT / "tests").rglob("test_*.py") if _marks(path, item)]
    assert ("not built yet" in shown) is not bool(files)
    assert sorted(files) == sorted(path.relative_to(ROOT).as_posix() for path in marked)


def _marks(path: Path, item: str) -> bool:
    found = re.findall(r"mark\.requirement\(([^)]*)\)", path.read_text(encoding="utf-8"))
    return any(f'"{item}"' in arguments for arguments in found)


def anchors(path: Path) -> set[str]:
    """The places of a page that a link can name: headings as GitHub spells them, and anchors."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    spelt = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return spelt | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of this repository finds the file, and the heading where it names one."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def commands(page: Path) -> Iterator[list[str]]:
    """The calls of tagship in a page: those after a prompt, and those in the text."""
    text = page.read_text(encoding="utf-8")
    calls = re.findall(r"^\$ (?:\.venv/bin/)?tagship (.+)$", text, re.MULTILINE)
    calls += re.findall(r"`(?:\.venv/bin/)?tagship ([a-z-]+(?: [^`]*)?)`", text)
    for call in calls:
        yield shlex.split(call)


@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))], ids=name)
def test_commands_in_the_documentation_exist(page: Path) -> None:
    """Every call of tagship in the documentation names a command that there is, with options that it has."""
    for first, *words in commands(page):
        if first.startswith("--"):
            continue  # of no command: `tagship --version`
        first = ALIASES.get(first, first)
        assert first in COMMANDS
        command = tagship.get_command(click.Context(tagship), first)
        if isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.get_command(click.Context(command), words[0])
        assert command is not None
        known = {spelling for parameter in command.params for spelling in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_in_the_documentation_exist(page: Path) -> None:
    """Every `make` target that the documentation names stands in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"^\$ make ([a-z -]+?)\s*(?:#|$)", text, re.MULTILINE) + re.findall(r"`make ([a-z -]+)`", text)
    assert {target for words in named for target in words.split()} <= targets


def test_the_picture_stands_alone() -> None:
    """The picture shows every stage and the verdict, and loads nothing from anywhere."""
    text = (ROOT / "docs" / "rehearsal.svg").read_text(encoding="utf-8")
    words = "".join(ET.fromstring(text).itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert [stage.name for stage in STAGES if stage.name not in words] == []
    assert "Ready  pocket-calendar 1.4.0 would be released on PyPI" in words
    assert re.findall(r"url\((?!#)|href=|@import|<script|<image", text) == []


def test_the_changelog_is_one_that_we_read_ourselves() -> None:
    """The changelog has an unreleased section, as Keep a Changelog asks, with something in it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert "- `tagship rehearse`" in section[1]
