"""Conventional commits as git-cliff reads them (https://git-cliff.org), and as we do."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tagship.project.commits import KINDS, between
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.rehearsing import git

pytestmark = pytest.mark.requirement("B4", "B5")

CLIFF = Path(sys.executable).parent / "git-cliff"
CONFIG = """\
[git]
conventional_commits = true
filter_unconventional = false
split_commits = false
commit_parsers = []
protect_breaking_commits = true
"""


class Seen(msgspec.Struct, frozen=True):
    """What is compared of a commit."""

    kind: str = ""
    scope: str = ""
    breaking: str = ""
    """What it says that it breaks, its first paragraph on one line."""


class _Cliff(msgspec.Struct):
    id: str
    conventional: bool
    raw_message: str
    breaking_description: str | None = None
    scope: str | None = None
    group: str | None = None


class _Release(msgspec.Struct):
    commits: list[_Cliff]


def history(root: Path, messages: Sequence[str]) -> Path:
    """A repository with a commit for each message, word for word."""
    git(root, "init", "--quiet", "--initial-branch", "main")
    parts = []
    for message in messages:
        data = message.encode()
        who = b"somebody <s@example.invalid> 1700000000 +0000"
        parts.append(b"commit refs/heads/main\ncommitter %b\ndata %d\n%b\n" % (who, len(data), data))
    subprocess.run(("git", "fast-import", "--quiet"), cwd=root, input=b"".join(parts), check=True)
    return root


def ours(root: Path) -> dict[str, Seen]:
    """By commit: what we read."""
    return {
        commit.sha: Seen(commit.kind, commit.scope, paragraph(commit.breaking))
        for commit in between(Git(Shell(dict(os.environ)), root), None)
    }


def theirs(root: Path) -> dict[str, Seen]:
    """By commit: what git-cliff reads; its group is the type, as no parser renames it."""
    config = root / ".git" / "cliff.toml"
    config.write_text(CONFIG)
    words = (str(CLIFF), "--offline", "--context", "--config", str(config))
    done = subprocess.run(words, cwd=root, capture_output=True, check=True)
    found = msgspec.json.decode(done.stdout, type=list[_Release])
    return {
        one.id: Seen((one.group or "").lower(), one.scope or "", paragraph(one.breaking_description or ""))
        if one.conventional
        else Seen()
        for release in found
        for one in release.commits
    }


def paragraph(text: str) -> str:
    """The first paragraph on one line, without the number of the pull request, which we keep by itself."""
    return " ".join(text.strip().partition("\n\n")[0].split()).removesuffix(" (#12)")


WORDS = st.builds(
    lambda first, rest: f"{first}{rest}".rstrip(), st.sampled_from("aX0`"), st.text("abc XYZ019.,`()-", max_size=19)
)
KIND = st.sampled_from([*sorted(KINDS), "Feat", "FIX", "wip", "mypy", "see", "feat fix", ""])
SCOPE = st.sampled_from(["", "", "(cli)", "(a/b,c)", "(two words)", "()", "(a)(b)", " (late)"])
HEADER = st.builds(
    lambda kind, scope, bang, colon, words: f"{kind}{scope}{bang}{colon}{words} (#12)",
    KIND,
    SCOPE,
    st.sampled_from(["", "", "!", " !"]),
    st.sampled_from([": ", ": ", ":", ":  ", " : ", " "]),
    WORDS,
)
FOOTER = st.builds(
    lambda token, words: f"{token}{words}",
    st.sampled_from(
        [
            "BREAKING CHANGE: ",
            "BREAKING-CHANGE: ",
            "BREAKING CHANGE #",
            "BREAKING CHANGE:",
            "Refs: ",
            "Closes #",
            "Co-by: ",
        ]
    ),
    st.lists(WORDS, min_size=1, max_size=2).map("\n".join),
)
PARAGRAPH = st.builds(
    lambda start, lines: start + "\n".join(lines),
    st.sampled_from(["", "", "BREAKING CHANGES: ", "breaking change: ", "As said: "]),
    st.lists(WORDS, min_size=1, max_size=3),
)
MESSAGE = st.builds(
    lambda header, body, footers: "\n\n".join([header, *body, *(["\n".join(footers)] if footers else [])]) + "\n",
    HEADER,
    st.lists(PARAGRAPH, max_size=2),
    st.lists(FOOTER, max_size=3),
)


@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(MESSAGE, min_size=40, max_size=80))
def test_we_read_what_git_cliff_reads(messages: list[str]) -> None:
    """Type, scope and what is broken are the same for every message whose type is one that is in use."""
    with tempfile.TemporaryDirectory() as folder:
        root = history(Path(folder), messages)
        here, there = ours(root), theirs(root)
        known = {sha: seen if seen.kind in KINDS else Seen() for sha, seen in there.items()}
        assert len(here) == len(messages)
        text = {sha: git(root, "show", "--no-patch", "--format=%B", sha) for sha in here if here[sha] != known[sha]}
        assert {text[sha]: here[sha] for sha in text} == {text[sha]: known[sha] for sha in text}


DIFFERENT = {
    "a word that is no type in use, which may be anything before a colon": (
        "mypy: ignore this",
        Seen(),
        Seen("mypy"),
    ),
    "a footer that no blank line parts from the text: better one warning too many": (
        "fix: a\n\nSome words\nBREAKING CHANGE: it is gone",
        Seen("fix", "", "it is gone"),
        Seen("fix"),
    ),
    "a subject of two lines, which git joins": ("fix: a\nand more", Seen("fix"), Seen()),
}


@pytest.mark.parametrize("message, own, other", DIFFERENT.values(), ids=DIFFERENT)
def test_where_we_differ(message: str, own: Seen, other: Seen, tmp_path: Path) -> None:
    """What git-cliff reads otherwise is this alone, each with its reason."""
    root = history(tmp_path, [message])
    assert (list(ours(root).values()), list(theirs(root).values())) == ([own], [other])
