"""Where the commands of the documentation run. Each setting is a function that is named in a page,
`<!-- run in: example -->`, and puts a reader in front of a shell; blocks run there until the page names another one.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagship.project.discover import read
from tagship.rehearsal.index import EmbeddedIndex, Publisher
from tagship.services.git import Git
from tests.cli.calling import IMPORTED
from tests.docs.blocks import ROOT
from tests.docs.town import Town, town

Rows = list[list[str]]
DEFAULT = "example"
SETTINGS_OF_GIT = """\
[user]
\tname = A reader
\temail = reader@example.invalid
[credential "https://github.com"]
\thelper = "!f() { echo username=reader; echo password=$GH_TOKEN; }; f"
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a setting is made from."""

    cache: Path
    """Tagship's own, shared by the pages."""
    upstream: str
    """The index that has everything else: build backends, and what tagship needs."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A shell to type in."""

    town: Town
    folder: Path
    """Where it begins."""
    actions: Mapping[str, Callable[[Rows], None]] = field(default_factory=dict)
    """What is done in the browser, with what the page tells the reader to type."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the reader has set besides."""

    def environ(self) -> dict[str, str]:
        """The variables of the shell, in which `tagship` is a command."""
        home = self.town.home
        programs = home / ".local" / "bin"
        tools = str(Path(sys.executable).parent)
        inner = self.town.environ()
        return inner | {
            "PATH": f"{programs}:{tools}:{inner['PATH']}",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "PAGER": "cat",
            "GH_PAGER": "cat",
            "GH_PROMPT_DISABLED": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "UV_NO_PROGRESS": "1",
            "PIP_PROGRESS_BAR": "off",
            **self.variables,
        }


@contextlib.contextmanager
def _opened(means: Means) -> Iterator[Town]:
    """A world, and a home with git's settings and the tested tagship in it."""
    with tempfile.TemporaryDirectory(prefix="") as folder:  # short, as a home is: paths are shown
        yield from _at(Path(folder) / "you", means)


def _at(home: Path, means: Means) -> Iterator[Town]:
    programs = home / ".local" / "bin"
    programs.mkdir(parents=True)
    (home / ".cache").mkdir()
    (home / ".cache" / "tagship").symlink_to(means.cache)
    (home / ".gitconfig").write_text(SETTINGS_OF_GIT)
    launcher = programs / "tagship"
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH="{IMPORTED}" exec "{sys.executable}" -m tagship "$@"\n')
    launcher.chmod(0o755)
    with town(home, means.cache, os.environ | {"UV_DEFAULT_INDEX": means.upstream}) as opened:
        yield opened


def _run(opened: Town, folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, env=os.environ | opened.environ(), check=True, capture_output=True)


@contextlib.contextmanager
def example(means: Means) -> Iterator[Place]:
    """A clone of `examples/small`, whose repository, publishers and CI are as a rehearsal assumes them."""
    with _opened(means) as opened:
        yield Place(town=opened, folder=_cloned(opened))


def _cloned(opened: Town, prepare: Callable[[Path], None] = lambda folder: None) -> Path:
    """The example in the reader's home, on the embedded GitHub as well."""
    folder = opened.home / "small"
    subprocess.run((sys.executable, str(ROOT / "scripts" / "example.py"), "small", str(folder)), check=True)
    prepare(folder)
    opened.create("example-owner/small", folder)
    opened.fit(read(folder, Git(opened.embedded.shell, folder)))
    _run(opened, folder, "git", "fetch", "--quiet", "origin")
    _run(opened, folder, "git", "branch", "--quiet", "--set-upstream-to", "origin/main")
    return folder


@contextlib.contextmanager
def adopted(means: Means) -> Iterator[Place]:
    """The example after `tagship init`, committed and pushed."""
    with _opened(means) as opened:
        yield Place(town=opened, folder=_adopted(opened))


def _adopted(opened: Town) -> Path:
    def prepare(folder: Path) -> None:
        _run(opened, folder, str(opened.home / ".local" / "bin" / "tagship"), "init")
        _run(opened, folder, "git", "add", "--all")
        _run(opened, folder, "git", "commit", "--quiet", "--message", "Publish with tagship")

    return _cloned(opened, prepare)


@contextlib.contextmanager
def released(means: Means) -> Iterator[Place]:
    """The example some time after its release 1.4.0: there are commits since, and the changelog tells of them."""
    with _opened(means) as opened:
        folder = _adopted(opened)
        _run(opened, folder, "git", "tag", "v1.4.0")
        _run(opened, folder, "git", "push", "--quiet", "origin", "v1.4.0")
        opened.look()
        changelog = folder / "CHANGELOG.md"
        text = changelog.read_text()
        assert "\n## " in text
        entry = "\n## Unreleased\n\n- The number of the week is shown.\n\n## "
        changelog.write_text(text.replace("\n## ", entry, 1))
        _run(opened, folder, "git", "commit", "--quiet", "--all", "--message", "feat: show the number of the week")
        _run(opened, folder, "git", "push", "--quiet")
        opened.look()
        yield Place(town=opened, folder=folder)


@contextlib.contextmanager
def by_hand(means: Means) -> Iterator[Place]:
    """The example, made-up API tokens of the project in files of the reader's home, and uv's cache as it is on a
    machine where somebody builds every day."""
    with example(means) as place:
        for name, index in (("pypi", place.town.embedded.pypi), ("testpypi", place.town.embedded.testpypi)):
            token = index.state.token_for("maintainer", ["pocket-calendar"])
            (place.town.home / f"{name}-token").write_text(f"{token}\n")
        yield replace(place, variables={"UV_CACHE_DIR": str(means.cache / "uv")})


@contextlib.contextmanager
def examples(means: Means) -> Iterator[Place]:
    """A folder with everything that lies in `examples`, and the script that makes repositories of them."""
    with _opened(means) as opened:
        for part in ("examples", "scripts"):
            shutil.copytree(ROOT / part, opened.home / "tagship" / part, ignore=shutil.ignore_patterns("__pycache__"))
        yield Place(town=opened, folder=opened.home / "tagship")


@contextlib.contextmanager
def fresh(means: Means) -> Iterator[Place]:
    """An empty folder, and a GitHub, a PyPI and a TestPyPI on which the reader has nothing but accounts."""
    with _opened(means) as opened:
        (opened.home / ".local" / "bin" / "tagship").unlink()

        def repository(rows: Rows) -> None:
            typed = {row[0]: row[1] for row in rows}
            opened.create(f"{typed['Owner']}/{typed['Repository name']}")

        def publishers(rows: Rows) -> None:
            heads, *typed = rows
            indexes = {"TestPyPI": opened.embedded.testpypi, "PyPI": opened.embedded.pypi}
            for column, head in enumerate(heads[1:], start=1):
                _pending(opened, indexes[head], {row[0]: row[column] for row in typed})

        actions = {"a repository": repository, "publishers": publishers}
        yield Place(town=opened, folder=opened.home, actions=actions)


def _pending(opened: Town, index: EmbeddedIndex, typed: Mapping[str, str]) -> None:
    """What the form for a pending publisher takes."""
    publisher = Publisher(
        repository=f"{typed['Owner']}/{typed['Repository name']}",
        owner_id=str(opened.embedded.github.id_of(typed["Owner"])),
        workflow=typed["Workflow name"],
        environment=typed["Environment name"],
    )
    index.state.add_pending(typed["PyPI Project Name"], publisher, user="reader")


SETTINGS: Mapping[str, Callable[[Means], AbstractContextManager[Place]]] = {
    setting.__name__: setting for setting in (example, adopted, released, by_hand, examples, fresh)
}
