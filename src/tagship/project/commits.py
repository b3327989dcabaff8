"""What commit messages say by the Conventional Commits (https://www.conventionalcommits.org/en/v1.0.0/), and which
part of the version they raise."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tagship.services.git import Git

_SUBJECT = re.compile(r"(?P<kind>[A-Za-z][\w-]*)(?:\((?P<scope>[^()\n]+)\))?(?P<breaking>!)?: +(?P<words>\S.*)")
_FOOTER = re.compile(r"^BREAKING[ -]CHANGE(?:: | #)\s*(.+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit."""

    sha: str
    subject: str
    body: str = ""

    @property
    def kind(self) -> str:
        """`feat`, `fix`, …, in lower case; empty where the subject follows no convention."""
        match = _SUBJECT.match(self.subject)
        return match["kind"].lower() if match else ""

    @property
    def breaking(self) -> bool:
        """Whether it says that it breaks what worked: `feat!: …`, or a footer `BREAKING CHANGE: …`."""
        match = _SUBJECT.match(self.subject)
        return bool(match and match["breaking"]) or bool(match and _FOOTER.search(self.body))


def since(git: Git, tag: str | None) -> tuple[Commit, ...]:
    """The commits after a tag, or all there are, the newest first; merges are left out."""
    scope = (f"refs/tags/{tag}..HEAD",) if tag else ("HEAD",)
    output = git.text("log", "--no-merges", "--no-show-signature", "-z", "--format=%H%n%s%n%b", *scope, "--")
    records = (record.split("\n", 2) for record in output.split("\0") if record)
    return tuple(
        Commit(sha=sha, subject=subject, body=body) for sha, subject, body in ((*record, "")[:3] for record in records)
    )


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
