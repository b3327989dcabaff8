"""The bench of broken set-ups: what each does to a first release, beside what the doctor says of it before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagship.model import Severity, Status
from tagship.setup.doctor import Examined
from tests.setup.broken import Broken
from tests.setup.worlds import Auth, Said, SetUp, Stagehand

PAGE = Path(__file__).parents[2] / "docs" / "misconfigurations.md"
_WRITE = "python benchmarks/misconfigurations.py"
HEAD = """\
# Broken set-ups

Each of these went wrong for somebody; the second column leads to a public report. Each is one change of a set-up in
which everything else is right, made in the embedded world. There a release is pushed, and says what the third column
says; before it `tagship doctor` says what the fourth one says. *Quiet* means that nothing fails: the release does not
happen, or happens unprotected, and nobody is told.

"""
FOOT = f"""
## What no check can see

What nobody can see beforehand is not in the table, and no check claims it: whether a publisher was registered that was
never used, which index an API token is of and what it may upload, and whether the owners of a project have a second
factor. The doctor says what it will ask the index with, and [the security checklist](security-checklist.md) has the
rest.

A test for each row holds both sides, and that the doctor says nothing else. Written by `{_WRITE}`.
"""
PARTS = {
    "Nobody says anything": ("",),
    "The push is refused": ("push",),
    "It does not begin": ("start", "plan"),
    "CI is no proof": ("gate",),
    "The upload is refused": ("publish",),
}
"""Headings, by where the release says it."""
_NUMBER = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{10,40}\b")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one broken set-up led to."""

    said: Said
    """By the first release."""
    checks: tuple[Examined, ...]
    """What the doctor said before, without what it says of a right set-up as well; advice left out."""
    named: Examined | None
    """The check that is to name it."""

    @property
    def changed(self) -> set[str]:
        """Ids of the checks that say something else than of a right set-up."""
        return {check.fact.id for check in self.checks}


@dataclass(kw_only=True)
class Bench:
    """Measures, and remembers what the doctor says where everything is right."""

    worlds: Stagehand

    def __post_init__(self) -> None:
        self._right: dict[tuple[Auth, bool], frozenset[tuple[str, str]]] = {}

    def measure(self, broken: Broken) -> Measured:
        """Break a right set-up, ask the doctor, and release."""
        right = self._seen_right(broken.auth, broken.fresh)
        with self.worlds.open(f"broken-{broken.id}", auth=broken.auth, fresh=broken.fresh) as made:
            broken.change(made)
            seen = _wrong(made)
            said = broken.first(made)
        new = tuple(check for check in seen if (check.fact.id, check.fact.detail) not in right)
        named = next((check for check in seen if check.fact.id == broken.named), None)
        return Measured(said=said, checks=new, named=named)

    def _seen_right(self, auth: Auth, fresh: bool) -> frozenset[tuple[str, str]]:
        if (auth, fresh) not in self._right:
            with self.worlds.open(f"right-{auth}-{fresh}", auth=auth, fresh=fresh) as made:
                self._right[auth, fresh] = frozenset((c.fact.id, c.fact.detail) for c in _wrong(made))
        return self._right[auth, fresh]


def _wrong(made: SetUp) -> tuple[Examined, ...]:
    """All that is not ok, advice left out."""
    return tuple(
        check
        for check in made.doctor().checks
        if check.fact.status is not Status.OK
        and check.finding is not None
        and check.finding.severity is not Severity.NOTE
    )


def row(broken: Broken, measured: Measured) -> str:
    """The line of the page."""
    said = "quiet" if not measured.said.where else _cell(measured.said.words)
    named = measured.named
    doctor = "not named" if named is None else f"{_cell(words(named))} (`{named.fact.id}`, {named.fact.status})"
    return f"| {broken.what[0].upper()}{broken.what[1:]}. | [{broken.happened}]({broken.report}) | {said} | {doctor} |"


def words(check: Examined) -> str:
    """What a check says: what was seen, and what to do."""
    return f"{check.fact.detail.rstrip('.')}. {check.finding.remedy if check.finding is not None else ''}".strip()


def _cell(said: str) -> str:
    text = " ".join(word for word in said.split() if word != "remote:").replace("|", "\\|").replace("<", "&lt;")
    return _NUMBER.sub("…", text)


def page(rows: Sequence[tuple[str, str]], unnamed: int) -> str:
    """The whole page.

    Args:
        rows: where the release says it, and the line.
    """
    head = ("| set-up | report | the first release says | the doctor says before |", "| --- | --- | --- | --- |")
    parts = [
        f"## {title}\n\n" + "\n".join((*head, *(line for where, line in rows if where in places)))
        for title, places in PARTS.items()
    ]
    sums = f"{len(rows)} set-ups; the doctor names {len(rows) - unnamed} of them.\n\n"
    whole = "\n\n".join(parts)
    return f"{HEAD}{sums}{whole}\n{FOOT}"
