"""The pages that `init` writes for an adopter's people: what stands in them, where they go, and whose they are."""

import re
import shlex
from pathlib import Path, PurePosixPath

import pytest

from tagship.cli.app import COMMANDS, tagship
from tagship.setup.doctor import CHECKS
from tests.adopting import Adopter, Adopting
from tests.rehearsing import PYPROJECT, git

PAGES = ["docs/pypi-setup-guide.md", "docs/security-checklist.md", "docs/usage-guide.md"]
MEMBER = PYPROJECT.replace('name = "sample"', 'name = "sample-extra"')
TOKENS = {"pyproject.toml": PYPROJECT + '\n[tool.tagship]\nauth = "token"\n'}


def pages(there: Adopter) -> dict[str, str]:
    """The text of every Markdown page that tagship wrote, by its path."""
    found = {path: data.decode() for path, data in there.state().items() if path.endswith(".md")}
    return {path: text for path, text in found.items() if "As tagship wrote it" in text}


@pytest.mark.requirement("C5", "C6")
def test_the_pages_are_written_where_they_are_asked_for(adopting: Adopting) -> None:
    """With --docs three pages are written beside PUBLISHING.md, which leads to them; without, none, and no link."""
    there = adopting()
    assert there("init") == 0
    assert list(pages(there)) == ["PUBLISHING.md"]
    assert "docs/" not in there.text("PUBLISHING.md")
    before = there.state()
    assert there("init", "--docs") == 0
    assert there.made(before) == ["PUBLISHING.md", *PAGES]
    assert [f"({path})" in there.text("PUBLISHING.md") for path in PAGES] == [True] * 3
    assert there("sync", "--check") == 0


@pytest.mark.requirement("C6")
def test_publishing_says_all_that_a_maintainer_asks(adopting: Adopting) -> None:
    """PUBLISHING.md has the prerequisites, the ways to publish, the checklists, versions, verification and help."""
    there = adopting()
    there("init")
    text = there.text("PUBLISHING.md")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        *("Set up, once", "New here?", "Before a release", "Release", "Afterwards", "When something fails"),
        *("Good habits", "Resources"),
    ]
    assert "| you do | what happens |" in text
    assert "Version numbers follow [PEP 440]" in text
    assert len(text.splitlines()) < 150


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("auth", ["trusted-publishing", "token"])
def test_the_values_are_those_of_the_project(adopting: Adopting, auth: str) -> None:
    """Names, environments, tags, CI and the way to authorise are the project's own; the other way is absent."""
    settings = f'\n[tool.tagship]\nauth = "{auth}"\ntag = "r-{{version}}"\nenvironments = {{pypi = "live"}}\n'
    there = adopting({"pyproject.toml": PYPROJECT + settings})
    there("init", "--docs")
    text = "".join(pages(there).values())
    assert "only tags like `r-*.*.*` deploy to `live`" in text.lower()
    assert "git tag r-1.2.3" in text
    assert "once\nci.yml succeeded" in text
    assert ("PYPI_API_TOKEN" in text, "403: " in text) == (auth == "token",) * 2
    assert ("invalid-publisher" in text, "workflow_filename=publish.yml&environment=live" in text) == (
        (auth != "token",) * 2
    )
    assert "`pypi`" not in text


@pytest.mark.requirement("C5", "C6")
@pytest.mark.parametrize("files", [{}, TOKENS], ids=["trusted publishing", "tokens"])
def test_every_check_that_the_checklist_names_is_one_of_the_doctors(
    adopting: Adopting, files: dict[str, str | bytes | None]
) -> None:
    """Each item of the checklist names a check of the doctor, or says that only a person can confirm it."""
    there = adopting(files)
    there("init", "--docs")
    items = re.split(r"\n(?=- \[ \]|\n|#)", there.text(PAGES[1]))
    items = [item for item in items if item.startswith("- [ ]")]
    known = {check.id for check in CHECKS}
    named = {
        id for item in items for id in re.findall(r"`((?:ci|github|index|schedule|security|workflow)\.[\w-]+)`", item)
    }
    assert len(items) > 25
    assert named - known == set()
    assert len(named) > 25
    assert [item for item in items if "**You.**" not in item and not any(f"`{id}`" in item for id in known)] == []


@pytest.mark.requirement("C5")
def test_every_command_in_the_pages_is_one_of_ours(adopting: Adopting) -> None:
    """The pages name commands and options that exist, each as it would be typed."""
    there = adopting({"packages/extra/pyproject.toml": MEMBER, "packages/extra/README.md": "x\n"})
    git(there.root, "tag", "v1.0.0")
    assert there("init", "--docs", at="packages/extra") == 0
    assert there("init", "--docs", "--tools") == 0
    words = [
        shlex.split(found) for text in pages(there).values() for found in re.findall(r"tagship ([a-z][^`\n]*)", text)
    ]
    typed = {line[0]: set[str]() for line in words if line[0] in COMMANDS}
    for line in words:
        if line[0] in COMMANDS:
            typed[line[0]] |= {word.rstrip(".,;:") for word in line if word.startswith("--")}
    assert {"doctor", "explain", "rehearse", "release", "sync", "version"} <= typed.keys()
    for name, options in typed.items():
        command = tagship.get_command(None, name)  # type: ignore[arg-type]
        subcommands = list(getattr(command, "commands", {}).values())
        known = {opt for one in (command, *subcommands) if one for param in one.params for opt in param.opts}
        assert options - known == set(), name


@pytest.mark.requirement("C6")
def test_every_link_between_the_pages_leads_somewhere(adopting: Adopting) -> None:
    """Relative links of all pages, of the root and of a package further down, lead to files that are there."""
    there = adopting({"packages/extra/pyproject.toml": MEMBER, "packages/extra/README.md": "x\n"})
    assert there("init", "--docs", "--tools") == 0
    assert there("init", "--docs", "--tools", at="packages/extra") == 0
    found = pages(there)
    assert sorted(found) == sorted(
        f"{folder}{name}" for folder in ("", "packages/extra/") for name in ("PUBLISHING.md", *PAGES)
    )
    for path, text in found.items():
        links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
        assert links or path.endswith("security-checklist.md")
        assert [link for link in links if not (there.root / PurePosixPath(path).parent / link).is_file()] == [], path
    assert "tagship release minor --package packages/extra" in found["packages/extra/PUBLISHING.md"]
    assert "sample-extra" in found["docs/usage-guide.md"]


@pytest.mark.requirement("C6")
@pytest.mark.parametrize(
    ("files", "folder", "by"),
    [
        ({"docs/conf.py": "extensions = []\n"}, ".github/docs", "docs/conf.py"),
        ({"mkdocs.yml": "site_name: x\nplugins: !ENV [a, b]\n"}, ".github/docs", "mkdocs.yml"),
        ({"mkdocs.yml": "docs_dir: 'docs/' # here\n"}, ".github/docs", "mkdocs.yml"),
        ({"mkdocs.yml": "site_name: x\ndocs_dir: site\n"}, "docs", ""),
        ({"docs/source/conf.py": "extensions = []\n"}, "docs", ""),
        ({"mkdocs.yml": "site_name: x\n", "docs/usage-guide.md": "Ours.\n"}, ".github/docs", "mkdocs.yml"),
    ],
    ids=["sphinx", "mkdocs", "mkdocs says docs", "mkdocs elsewhere", "sphinx below", "a page of that name"],
)
def test_a_site_that_is_built_from_docs_stays_whole(
    adopting: Adopting, files: dict[str, str | bytes | None], folder: str, by: str
) -> None:
    """Where a site is built from docs, which may refuse pages that it does not list, they go elsewhere."""
    there = adopting(files)
    assert there("init", "--docs") == 0
    written = {PurePosixPath(path).parent.as_posix() for path in pages(there) if path != "PUBLISHING.md"}
    assert written == {folder}
    note = f"Note: The pages for maintainers are in .github/docs: {by} builds a site from docs, which may refuse them."
    assert (note in there.out) == bool(by)
    assert there("sync", "--check") == 0
    assert there("sync") == 0
    assert "Note" not in there.err


def test_a_folder_is_one_word_in_every_command(adopting: Adopting) -> None:
    """A folder that is called like a command stands quoted in the pages, so that pasting one runs nothing else."""
    folder = "packages/a $(touch owned)"
    there = adopting({f"{folder}/pyproject.toml": MEMBER, f"{folder}/README.md": "x\n"})
    assert there("init", "--docs", at=folder) == 0
    found = [(there.root / folder / name).read_text() for name in ("PUBLISHING.md", *PAGES)]
    lines = [line for text in found for line in text.splitlines() if "tagship" in line and "owned" in line]
    assert f"$ tagship release minor --package '{folder}'" in lines
    assert not [line for line in lines if "owned" in line.replace(f"'{folder}'", "").replace(f'"{folder}"', "")]


@pytest.mark.requirement("C6")
def test_a_page_belongs_to_who_edits_it(adopting: Adopting) -> None:
    """Pages follow the project until somebody changes a word; then they are theirs, and no drift."""
    there = adopting()
    there("init", "--docs")
    there.replace(PAGES[0], "A quarter of an hour.", "An hour.")
    (there.root / PAGES[2]).unlink()
    with (there.root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.tagship.environments]\npypi = "live"\n')
    ours = there.text(PAGES[0])
    assert there("sync", "--check") == 17
    assert [path in there.out for path in PAGES] == [False, True, False]
    assert there("sync") == 0
    assert "deploy to `live`" in there.text(PAGES[1])
    assert there.text(PAGES[0]) == ours
    assert not (there.root / PAGES[2]).exists()
    assert [f"({path})" in there.text("PUBLISHING.md") for path in PAGES] == [True, True, False]
    assert there("init", "--docs") == 0
    assert (there.root / PAGES[2]).exists()


@pytest.mark.requirement("C6")
def test_files_of_the_same_names_are_none_of_ours(adopting: Adopting) -> None:
    """What a project calls like one of ours, and wrote itself, is neither kept up to date nor linked; init shows it."""
    own = {
        PAGES[1]: "Ours.\n",
        "tools/bump_version.py": "print(1)\n",
        ".github/workflows/release-watch.yml": "on: push\n",
    }
    there = adopting(own)
    assert there("init") == 0
    assert there("sync", "--check") == 0
    assert "docs/" not in there.text("PUBLISHING.md")
    assert "release-watch" not in there.text("PUBLISHING.md")
    assert there("init", "--docs", "--tools", "--watchdog") == 17
    assert {path: there.text(path) for path in own} == own
    assert "  left alone      tools/bump_version.py\n" in there.out


def test_no_page_has_words_of_its_template(adopting: Adopting) -> None:
    """No page has a brace of its template, two empty lines in a row, or a space at the end of a line."""
    there = adopting({"packages/extra/pyproject.toml": MEMBER, "packages/extra/README.md": "x\n"})
    for words, at in ((("--docs",), "."), (("--tools",), "."), (("--docs", "--auth", "token"), "packages/extra")):
        assert there("init", *words, at=at) == 0
        for path, text in pages(there).items():
            assert not re.search(r"\{[{%]|\n\n\n|[ \t]\n|\n +\*\*", text), path
            assert all(len(line) < 420 for line in text.splitlines()), path
            assert Path(path).name in ("PUBLISHING.md", *(PurePosixPath(p).name for p in PAGES))
