"""The records that travel: between stages, between jobs on different machines, and to readers of `--json`.

Everything here is frozen and turns into JSON and back without loss. A `Fact` is something that was looked at;
a `Finding` is something to act on; a `Plan` says what is to be released; a `Dist` is one built file; a
`Manifest` carries all of it from one stage to the next and is only ever appended to.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from tagship.shapes import read_json


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that travels: immutable, compared by value, strict about unknown JSON keys.

    Subclasses repeat `frozen=True, kw_only=True`: msgspec does not inherit the second, mypy not the first.
    """


class Status(StrEnum):
    """What an observation said. `UNKNOWN` is never as good as `OK`."""

    OK = "ok"
    PENDING = "pending"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding matters, the gravest first: an `ERROR` stops the release, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Target(StrEnum):
    """Where a release goes."""

    NONE = "none"
    TESTPYPI = "testpypi"
    PYPI = "pypi"


class Fact(Record, frozen=True, kw_only=True):
    """Something observed, with how it was observed."""

    id: str
    """Stable dotted name, for example `index.visible`."""
    title: str
    """What was looked at, as a short phrase: `the index serves our files`."""
    status: Status
    detail: str = ""
    """What was seen, in words."""
    how: str = ""
    """How it was observed: a request, a command, a file."""
    url: str = ""
    """Where a person can look at it."""


class Finding(Record, frozen=True, kw_only=True):
    """Something to act on. The code names its page: `tagship explain CODE`."""

    code: str
    title: str
    where: str
    """The file, line, field or address that the finding is about."""
    why: str
    """What would go wrong."""
    remedy: str
    """What to do, as an instruction."""
    severity: Severity
    url: str = ""
    facts: tuple[str, ...] = ()
    """Ids of the facts that it rests on."""


class Inputs(Record, frozen=True, kw_only=True):
    """The inputs of a manual dispatch, with the defaults of the generated workflow."""

    dry_run: bool = False
    target_env: Literal["testpypi", "pypi"] = "testpypi"
    override_reason: str = ""


class Event(Record, frozen=True, kw_only=True):
    """What started the run, as GitHub (or the command line, elsewhere) tells it."""

    name: Literal["push", "workflow_dispatch"]
    repository: str
    """`owner/name`."""
    ref: str
    """Full ref: `refs/heads/main`, `refs/tags/v1.2.3`."""
    sha: str
    """The commit, 40 hex digits; never the id of a tag object."""
    default_branch: str
    run_id: str = ""
    """The same for every attempt of a run, so that jobs which ran again agree with those that did not."""
    inputs: Inputs = Inputs()

    @property
    def tag(self) -> str | None:
        """The tag's name, or None where the event is not about a tag."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else None

    @property
    def branch(self) -> str | None:
        """The branch's name, or None where the event is not about a branch."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None


class Page(Record, frozen=True, kw_only=True):
    """What is to be known about a code: printed by `tagship explain CODE`, and in the documentation."""

    code: str
    title: str
    why: str
    """What would go wrong for whom."""
    remedy: str
    severity: Severity = Severity.ERROR
    source: str = ""
    """The standard, document or tool that it follows."""
    incident: str = ""
    """Where it went wrong for real, or the project in which it was seen."""

    def finding(self, where: str, title: str = "", words: str = "", severity: Severity | None = None) -> Finding:
        """That it happened somewhere; title and severity are the page's own unless given, `words` add to why."""
        return Finding(
            code=self.code,
            title=title or self.title,
            where=where,
            why=f"{self.why}\n{words}" if words else self.why,
            remedy=self.remedy,
            severity=severity or self.severity,
        )


class Plan(Record, frozen=True, kw_only=True):
    """What is to be released, decided once and never again."""

    event: Event
    project: str
    """The project's name as it spells it."""
    package: str
    """The folder of the package inside the repository; `.` for the usual case."""
    version: str
    """Normalised PEP 440 version of the built files."""
    tag: str | None
    """The tag that is released; None for a development version."""
    target: Target
    reason: str
    """Why this target, in words."""
    prerelease: bool
    auth: Literal["trusted-publishing", "token"] = "trusted-publishing"
    """How uploads are authorised, as the project says."""
    epoch: int
    """Time of the commit, in seconds since 1970: the date inside every built file."""

    @property
    def development(self) -> bool:
        """Whether the version is made for this commit (`BASE.devN`) instead of declared by the project."""
        return self.tag is None


class Dist(Record, frozen=True, kw_only=True):
    """One built file."""

    filename: str
    kind: Literal["sdist", "wheel"]
    size: int
    """Bytes."""
    sha256: str
    """64 hex digits."""


class Entry(Record, frozen=True, kw_only=True):
    """What one stage did: the manifest's log has one for each stage that ran."""

    stage: str
    outcome: Literal["done", "failed", "skipped"]
    started: float
    """Seconds since 1970."""
    seconds: float
    said: tuple[str, ...] = ()
    """What the stage did, one sentence each."""
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Label and address of what came into being."""


class Manifest(Record, frozen=True, kw_only=True):
    """What travels from stage to stage, as a file of its own beside `dist/` and never inside it."""

    schema: Literal[1] = 1
    plan: Plan | None = None
    dists: tuple[Dist, ...] = ()
    """What is to be published."""
    local: tuple[Dist, ...] = ()
    """Built for this machine alone, to be tested and checked; never published."""
    log: tuple[Entry, ...] = ()

    def findings(self, severity: Severity | None = None) -> tuple[Finding, ...]:
        """All findings of all stages, or those of one severity, in the order they were made."""
        found = (finding for entry in self.log for finding in entry.findings)
        return tuple(f for f in found if severity is None or f.severity is severity)

    def entry(self, stage: str) -> Entry | None:
        """The newest log entry of a stage, or None where it did not run."""
        return next((e for e in reversed(self.log) if e.stage == stage), None)


def to_json(record: Record) -> bytes:
    """Encode a record as indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def manifest_from_json(data: bytes) -> Manifest:
    """Decode a manifest.

    Raises:
        msgspec.ValidationError: where the data is not a manifest of this schema.
    """
    return read_json(data, Manifest)
