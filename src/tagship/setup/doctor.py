"""The table of all checks of the set-up, and their judgement over what was observed; no I/O."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from tagship.errors import TagshipError
from tagship.model import Fact, Finding, Page, Record, Severity, Status
from tagship.services.reading import Unseen
from tagship.setup import ci, files, local, workflow
from tagship.setup.check import Check, Group, Needs, Seen, unknown
from tagship.setup.observed import Observed

CHECKS: tuple[Check, ...] = (*local.CHECKS, *workflow.CHECKS, *ci.CHECKS, *files.CHECKS)
"""All checks, in the order in which they are shown."""
PROBLEM, UNSEEN = 1, 2
"""Exit codes."""


class Examined(Record, frozen=True, kw_only=True):
    """What one check said."""

    code: str
    """Its page: `tagship explain CODE`."""
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


def _look(check: Check, observed: Observed) -> tuple[Seen, ...]:
    try:
        seen = check.look(observed)
        return (seen,) if isinstance(seen, Seen) else tuple(seen)
    except Unseen as missing:
        return (unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy),)
    except TagshipError as error:
        return (unknown(error.message, error.where, remedy=error.remedy, url=error.url),)


def _examined(check: Check, seen: Seen) -> Examined:
    fact = Fact(
        id=f"{check.id}:{seen.about}" if seen.about else check.id,
        title=check.page.title,
        status=seen.status,
        detail=seen.detail,
        how=seen.how,
        url=seen.url,
    )
    finding = None
    if seen.status is not Status.OK:
        finding = check.page.finding(where=seen.about or seen.how, words=seen.detail)
        finding = msgspec.structs.replace(finding, remedy=seen.remedy or finding.remedy, url=seen.url, facts=(fact.id,))
    return Examined(code=check.page.code, group=check.group, needs=check.needs, fact=fact, finding=finding)


def catalogue() -> tuple[Page, ...]:
    """The pages of all checks."""
    return tuple(check.page for check in CHECKS)
