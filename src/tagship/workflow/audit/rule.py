"""What a rule of the audit is: a page that explains it, and a function that looks at one workflow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tagship.model import Finding, Page, Severity
from tagship.workflow.audit.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a rule found."""

    line: int
    title: str
    """What was seen, as one short sentence without a full stop."""
    severity: Severity | None = None
    """Where it differs from the severity of the rule."""
    why: str = ""
    """What is particular about this place, before the words of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its page and its function."""

    page: Page
    find: Callable[[Lane], Iterator[Hit]]

    def findings(self, lane: Lane, remedy: str = "") -> Iterator[Finding]:
        """What the rule has to say about a workflow, each place once.

        Args:
            lane: the workflow.
            remedy: what to do in place of the page's own advice, where a command repairs the file.
        """
        page = self.page
        for hit in dict.fromkeys(self.find(lane)):
            yield Finding(
                code=page.code,
                title=hit.title,
                where=f"{lane.document.file}:{hit.line}",
                why=f"{hit.why} {page.why}".strip(),
                remedy=remedy or page.remedy,
                severity=hit.severity or page.severity,
            )
