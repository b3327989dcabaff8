"""The table of all checks of the set-up, and their judgement over what was observed; no I/O."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from tagship.errors import TagshipError, UsageError
from tagship.model import Fact, Finding, Page, Record, Severity, Status
from tagship.services.addresses import page_of
from tagship.services.reading import Unseen
from tagship.setup import ci, files, github, index, local, publishers, schedule, starting, tokens, workflow
from tagship.setup.check import Check, Group, Needs, Seen, unknown
from tagship.setup.observed import Observed

CHECKS: tuple[Check, ...] = (
    *local.CHECKS,
    *workflow.CHECKS,
    *starting.CHECKS,
    *ci.CHECKS,
    *files.CHECKS,
    *github.CHECKS,
    *index.CHECKS,
    *publishers.CHECKS,
    *tokens.CHECKS,
    *schedule.CHECKS,
)
"""All checks, in the order in which they are shown."""
_UNDONE = re.compile(r"(No workflow was written|Nothing was (written|compared)|Not published): ")
"""What errors begin with, and nobody who looks wanted to do."""
PROBLEM, UNSEEN = 1, 2
"""Exit codes."""


class Examined(Record, frozen=True, kw_only=True):
    """What one check said."""

    code: str
    """Its page: `tagship explain CODE`."""
    url: str
    """The same page, to be opened."""
    group: Group
    needs: Needs
    fact: Fact
    finding: Finding | None = None
    """What to do, where the fact is not ok. A severity of `note` is advice."""


class Examination(Record, frozen=True, kw_only=True):
    """What `tagship doctor --json` prints."""

    schema: Literal[1] = 1
    repository: str
    """`owner/name`; empty where it is not on GitHub."""
    project: str
    at: float
    """When, in seconds since 1970."""
    checks: tuple[Examined, ...]

    def exit_code(self, *, allow_unknown: bool = False) -> int:
        """1 for a problem, 2 where the worst is something unseen or still to be done, or nothing was looked at."""
        found = [check for check in self.checks if not _advice(check)]
        if any(check.fact.status is Status.PROBLEM for check in found):
            return PROBLEM
        open_ones = any(check.fact.status is not Status.OK for check in found)
        return UNSEEN if not self.checks or (open_ones and not allow_unknown) else 0


def _advice(check: Examined) -> bool:
    return check.finding is not None and check.finding.severity is Severity.NOTE


def examine(observed: Observed, checks: Iterable[Check] = CHECKS) -> Examination:
    """Judge what was observed."""
    project = observed.project
    return Examination(
        repository=project.repository.on_github or "",
        project=project.name.value or "",
        at=observed.now,
        checks=tuple(_examined(check, seen) for check in checks for seen in _look(check, observed)),
    )


def _look(check: Check, observed: Observed) -> Iterator[Seen]:
    try:
        seen = check.look(observed)
        yield from (seen,) if isinstance(seen, Seen) else seen
    except Unseen as missing:
        yield unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy)
    except TagshipError as error:
        yield unknown(_UNDONE.sub("", error.message), error.where, remedy=error.remedy, url=error.url)


def _examined(check: Check, seen: Seen) -> Examined:
    page, about = check.page, f"{seen.about}: " if seen.about not in seen.detail else ""
    fact = Fact(
        id=f"{check.id}:{seen.about}" if seen.about else check.id,
        title=page.title,
        status=seen.status,
        detail=seen.detail,
        how=seen.how,
        url=seen.url,
    )
    finding = None
    if seen.status is not Status.OK:
        finding = Finding(
            code=page.code,
            title=f"not seen: {page.title}" if seen.status is Status.UNKNOWN else f"{about}{seen.detail}",
            where=seen.how or seen.about,
            why=f"{about}{seen.detail}" if seen.status is Status.UNKNOWN else page.why,
            remedy=seen.remedy or page.remedy,
            severity=page.severity,
            url=seen.url,
            facts=(fact.id,),
        )
    return Examined(
        code=page.code, url=page_of(page.code), group=check.group, needs=check.needs, fact=fact, finding=finding
    )


def chosen(only: Sequence[str]) -> tuple[Check, ...]:
    """The checks of the groups, ids and codes that are named; all where none is.

    Raises:
        UsageError: there is no such check.
    """
    found = {id for word in only for id in _named(word)}
    return tuple(check for check in CHECKS if not only or check.id in found)


def _named(word: str) -> list[str]:
    wanted = word.lower()
    found = [check.id for check in CHECKS if wanted in (check.group, check.id, check.page.code.lower())]
    if not found:
        known = [*Group, *(check.id for check in CHECKS), *(check.page.code for check in CHECKS)]
        close = difflib.get_close_matches(word, known, n=1)
        raise UsageError(
            f"Nothing was looked at: there is no check or group {word}",
            remedy=f"{f'Did you mean {close[0]}? ' if close else ''}The groups are {', '.join(Group)}.",
        )
    return found


def catalogue() -> tuple[Page, ...]:
    """The pages of all checks."""
    return tuple(check.page for check in CHECKS)
