"""What the commits of a range say: the Conventional Commits (https://www.conventionalcommits.org/en/v1.0.0/) among
them, the pull requests they merge, who made them."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from tagship.services.git import Git

_SUBJECT = re.compile(r"(?P<kind>[A-Za-z][\w-]*)(?:\((?P<scope>[^()\n]+)\))?(?P<breaking>!)?:(?!:) *(?P<words>\S.*)")
_FOOTER = re.compile(
    r"^BREAKING[ -]CHANGE(?::| #)\s*(?P<words>.+(?:\n(?![\w-]+(?:: | #)|BREAKING[ -]CHANGE(?::| #)).+)*)",
    re.MULTILINE,
)
_MERGE = re.compile(r"Merge (?:pull request|PR) #(?P<number>\d+)\b")
_OTHER_MERGE = re.compile(r"Merge(?:d|s|) (?:branch|remote-tracking branch|tag|commit|\S+/\S+|.* into )", re.IGNORECASE)
_SQUASHED = re.compile(r"(?<!\s)\s*\(#(?P<number>\d+)\)\s*$")
_REVERTED = re.compile(r"^This reverts (?:commit )?(?P<sha>[0-9a-f]{7,40})\b", re.MULTILINE)
_CO_AUTHOR = re.compile(r"^Co-authored-by:(?P<name>[^<\n]+)<(?P<email>[^>\n]+)>", re.MULTILINE | re.IGNORECASE)
_BOT = re.compile(
    r"\[bot\]|^(?:dependabot|renovate|pre-commit-ci|github-actions|pyup|weblate|allcontributors|copilot)\b", re.I
)
_BOTS_BRANCH = re.compile(
    r"Merge (?:pull request|PR) #\d+ from [^/\s]+/(?P<bot>dependabot|renovate|pre-commit-ci|pyup)[/-]"
)
_FORMAT = "%H%n%P%n%aN%n%aE%n%s%n%b"
KINDS = frozenset(
    {"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test", "deps", "release"}
)
"""Kinds that are in use; another word before a colon may be anything: `mypy: ignore this`."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who made a commit; who has the same address is the same."""

    name: str
    email: str

    @property
    def bot(self) -> bool:
        """Whether it is a program."""
        return _is_bot(self.name, self.email)


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit."""

    sha: str
    subject: str
    body: str = ""
    author: Person = Person(name="", email="")
    merge: bool = False

    @property
    def kind(self) -> str:
        """`feat`, `fix`, …, in lower case; empty where the subject follows no convention."""
        match = _SUBJECT.match(self.title)
        return match["kind"].lower() if match and match["kind"].lower() in KINDS else ""

    @property
    def scope(self) -> str:
        """What the change is about: `cli` of `feat(cli): …`."""
        match = _SUBJECT.match(self.title) if self.kind else None
        return (match["scope"] or "") if match else ""

    @property
    def title(self) -> str:
        """The subject, or for a merged pull request its title; without the number."""
        told = self.subject
        if _MERGE.match(told):
            told = next((line.strip() for line in self.body.splitlines() if line.strip()), told)
        return _SQUASHED.sub("", told) if "(#" in told else told

    @property
    def words(self) -> str:
        """The title without the convention's prefix."""
        match = _SUBJECT.match(self.title) if self.kind else None
        return match["words"] if match else self.title

    @property
    def number(self) -> str:
        """The number of the pull request; empty where none is named."""
        match = _MERGE.match(self.subject) or _SQUASHED.search(self.subject)
        return match["number"] if match else ""

    @property
    def breaking(self) -> str:
        """What it says that it breaks, by `feat!: …` or a footer `BREAKING CHANGE: …`; empty where it does not."""
        match = _SUBJECT.match(self.title) if self.kind else None
        if match is None:
            return ""
        footer = _FOOTER.search(self.body)
        return " ".join(footer["words"].split()) if footer else self.words if match["breaking"] else ""

    @property
    def by_bot(self) -> str:
        """The program that made it, or whose branch it merged; empty for people."""
        branch = _BOTS_BRANCH.match(self.subject)
        return branch["bot"] if branch else self.author.name.removesuffix("[bot]") if self.author.bot else ""

    @property
    def people(self) -> tuple[Person, ...]:
        """Its author, and who is named as a co-author."""
        others = (Person(name=m["name"].strip(), email=m["email"]) for m in _CO_AUTHOR.finditer(self.body))
        return (self.author, *others)


@lru_cache(4096)
def _is_bot(name: str, email: str) -> bool:
    return bool(_BOT.search(name) or "[bot]@" in email or email == "noreply@anthropic.com")


def between(
    git: Git, start: str | None, end: str = "HEAD", *, merges: bool = False, folder: str = "."
) -> tuple[Commit, ...]:
    """The commits after a ref up to another, the newest first.

    Args:
        start: None for the beginning of the history.
        merges: whether what was merged stands for the commits it merged, by the first parents alone; otherwise
            every commit by itself, without merges.
        folder: of the package, where the repository holds several: what changed nothing in it is left out.

    """
    which = "--first-parent" if merges else "--no-merges"
    scope = f"{start}..{end}" if start else end
    paths = () if folder == "." else (f":(top,literal){folder}",)
    output = git.text("log", which, "-z", f"--format={_FORMAT}", "--end-of-options", scope, "--", *paths)
    return tuple(_commit(record) for record in output.split("\0") if record)


def _commit(record: str) -> Commit:
    sha, parents, name, email, subject, body = (*record.split("\n", 5), "", "")[:6]
    author = Person(name=name, email=email)
    return Commit(sha=sha, subject=subject, body=body, author=author, merge=" " in parents)


def part(commits: Iterable[Commit], *, stable: bool) -> Literal["major", "minor", "patch"] | None:
    """The part of the version that the commits raise; None where none follows the convention.

    Args:
        stable: whether there is a 1.0 already; before it, what breaks raises `minor` (https://semver.org, item 4).
    """
    known = [commit for commit in commits if commit.kind]
    if any(commit.breaking for commit in known):
        return "major" if stable else "minor"
    if any(commit.kind == "feat" for commit in known):
        return "minor"
    return "patch" if known else None


def effective(commits: Sequence[Commit]) -> tuple[Commit, ...]:
    """The commits without those that were taken back in the same range, their reverts, and merges of nothing new."""
    reverts = {commit.sha: match["sha"] for commit in commits if (match := _REVERTED.search(commit.body))}
    gone: set[str] = set()
    known = sorted(commit.sha for commit in commits)
    for sha, target in reverts.items():  # the newest first: a revert that was reverted itself takes nothing back
        found = known[min(bisect_left(known, target), len(known) - 1)]
        if found.startswith(target) and sha not in gone:
            gone |= {sha, found}
    return tuple(c for c in commits if c.sha not in gone and not (c.merge and not c.number and _plain_merge(c)))


def _plain_merge(commit: Commit) -> bool:
    return bool(_OTHER_MERGE.match(commit.subject))
