"""The audit of a workflow that publishes: rules about what can go wrong between a tag and an index.

`audit` judges one document; `RULES` has every rule in the order of the codes. What other linters find is not repeated
here (`tools` runs them): these are the rules about a release.
"""

from collections.abc import Iterator

from tagship.model import Finding, Page, Severity
from tagship.workflow import files, permissions
from tagship.workflow.audit.commands import COMMANDS
from tagship.workflow.audit.graph import GRAPH
from tagship.workflow.audit.jobs import JOBS
from tagship.workflow.audit.lane import Lane
from tagship.workflow.audit.rule import Hit, Rule
from tagship.workflow.document import Document

__all__ = ["RULES", "STRICT", "Hit", "Lane", "Rule", "audit", "catalogue", "publishes"]

STRICT = Page(
    code="TS01",
    title="GitHub would not run the file as it is written",
    why="A file that GitHub refuses starts nothing, and a key that is written twice is read differently by each tool.",
    remedy="Correct the line; `tagship sync` writes our own file again.",
    source="YAML 1.2.2; actions/languageservices, template-reader.ts",
    incident="A second `push:` made a tool forget the branches of the first, and nothing reached TestPyPI any more.",
)
SYNC = "Undo the edit: `tagship sync` shows what differs from the file that tagship wrote."
"""The remedy where the file is generated."""


def _edited(lane: Lane) -> Iterator[Hit]:
    """A file of tagship's own that is not as it was written."""
    source = lane.document.source
    if files.is_stamped(source) and not files.is_as_written(source):
        yield Hit(line=source.count("\n") or 1, title="the file was edited after tagship wrote it")


EDITED = Rule(
    find=_edited,
    page=Page(
        code="TS02",
        title="A generated file was edited",
        why="What was tested of this workflow no longer holds, and the next `tagship sync` leaves it alone.",
        remedy=SYNC,
        severity=Severity.WARNING,
        source="the digest in the last line of the file; moved pins do not count",
    ),
)
RULES: tuple[Rule, ...] = tuple(sorted((EDITED, *GRAPH, *JOBS, *COMMANDS), key=lambda rule: rule.page.code))


def publishes(document: Document) -> bool:
    """Whether a workflow uploads to an index."""
    return bool(Lane(document).uploads)


def audit(document: Document) -> tuple[Finding, ...]:
    """Everything that is to be said about a workflow, in the order of its lines.

    A file that GitHub would refuse is judged as far as it can be read. A workflow that publishes nothing has no other
    findings: `publishes` says so.
    """
    strict = (
        Finding(
            code=STRICT.code,
            title=problem.why,
            where=f"{document.file}:{problem.line}:{problem.column}",
            why=STRICT.why,
            remedy=STRICT.remedy,
            severity=Severity.ERROR,
        )
        for problem in (*document.problems, *permissions.problems(document))
    )
    lane = Lane(document)
    remedy = SYNC if files.is_stamped(document.source) else ""
    found = (finding for rule in RULES for finding in rule.findings(lane, remedy)) if lane.uploads else ()

    def order(finding: Finding) -> tuple[int, str]:
        return int(finding.where.removeprefix(f"{document.file}:").partition(":")[0]), finding.code

    return tuple(sorted((*strict, *found), key=order))


def catalogue() -> tuple[Page, ...]:
    """The page of every rule, in the order of the codes."""
    return (STRICT, *(rule.page for rule in RULES))
