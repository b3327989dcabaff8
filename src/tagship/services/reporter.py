"""What stages say while they run: events, given to one reporter, which turns them into text, JSON or a tree.

Nothing below the command line prints. A stage talks to its `Journal`, which passes every word on to the
reporter at once and remembers it for the manifest.
"""

from typing import Literal, Protocol

from tagship.model import Entry, Fact, Finding, Record


class StageStarted(Record, frozen=True, kw_only=True, tag="stage-started"):
    """A stage begins."""

    stage: str
    at: float
    """Seconds since 1970."""


class StageEnded(Record, frozen=True, kw_only=True, tag="stage-ended"):
    """A stage is over; the entry is what the manifest keeps of it."""

    entry: Entry


class Doing(Record, frozen=True, kw_only=True, tag="doing"):
    """What a stage is busy with right now; the next one replaces it on the screen."""

    stage: str
    text: str


class Said(Record, frozen=True, kw_only=True, tag="said"):
    """Something a stage did, for good."""

    stage: str
    text: str


class FactSeen(Record, frozen=True, kw_only=True, tag="fact"):
    """A stage observed something."""

    stage: str
    fact: Fact


class FindingMade(Record, frozen=True, kw_only=True, tag="finding"):
    """A stage found something to act on."""

    stage: str
    finding: Finding


Happening = StageStarted | StageEnded | Doing | Said | FactSeen | FindingMade


class Reporter(Protocol):
    """Where events go. Stages may run side by side: implementations must take calls from several threads."""

    def emit(self, event: Happening) -> None:
        """Take one event."""


class Silence:
    """The reporter that says nothing."""

    def emit(self, event: Happening) -> None:
        """Drop the event."""


class Journal:
    """The notebook of one running stage."""

    def __init__(self, stage: str, reporter: Reporter, *, started: float) -> None:
        self.stage = stage
        self.started = started
        self._reporter = reporter
        self._said: list[str] = []
        self._facts: list[Fact] = []
        self._findings: list[Finding] = []
        self._links: list[tuple[str, str]] = []
        self._skipped = False
        reporter.emit(StageStarted(stage=stage, at=started))

    def doing(self, text: str) -> None:
        """Say what is under way; not kept."""
        self._reporter.emit(Doing(stage=self.stage, text=text))

    def say(self, text: str) -> None:
        """Say what was done; kept."""
        self._said.append(text)
        self._reporter.emit(Said(stage=self.stage, text=text))

    def fact(self, fact: Fact) -> None:
        """Keep an observation."""
        self._facts.append(fact)
        self._reporter.emit(FactSeen(stage=self.stage, fact=fact))

    def finding(self, finding: Finding) -> None:
        """Keep something to act on."""
        self._findings.append(finding)
        self._reporter.emit(FindingMade(stage=self.stage, finding=finding))

    def link(self, label: str, url: str) -> None:
        """Keep the address of something that came into being."""
        self._links.append((label, url))

    def skip(self, reason: str) -> None:
        """Say that there is nothing to do here, and why."""
        self._skipped = True
        self.say(reason)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far."""
        return tuple(self._findings)

    def close(self, *, failed: bool, now: float) -> Entry:
        """End the stage and return its entry for the manifest."""
        outcome: Literal["done", "failed", "skipped"] = "failed" if failed else "skipped" if self._skipped else "done"
        entry = Entry(
            stage=self.stage,
            outcome=outcome,
            started=self.started,
            seconds=round(now - self.started, 4),
            said=tuple(self._said),
            facts=tuple(self._facts),
            findings=tuple(self._findings),
            links=tuple(self._links),
        )
        self._reporter.emit(StageEnded(entry=entry))
        return entry
