"""What a rehearsal leaves behind: one record, from which the verdict, the report and `--json` are made."""

from typing import Literal

from tagship.model import Entry, Fact, Finding, Manifest, Record, Severity


class Assumption(Record, frozen=True, kw_only=True):
    """Something the embedded world took for granted, and how to change it."""

    name: str
    value: str
    change: str
    """The option or world-file key that changes it."""


class Exchange(Record, frozen=True, kw_only=True):
    """One request that the embedded world answered."""

    at: float
    """Seconds after the start of the rehearsal."""
    seconds: float
    service: str
    """`index`, `github`, `actions`, `dependencies`, `refused`."""
    method: str
    url: str
    status: int
    reason: str
    client: str
    """The program that asked, from its User-Agent: `twine/7.0.0`."""


class Process(Record, frozen=True, kw_only=True):
    """One program that was run."""

    at: float
    """Seconds after the start of the servers."""
    seconds: float
    program: str
    """What it was for: `build backend`, `uv pip install`, `git clone`, `pytest`."""


class Step(Record, frozen=True, kw_only=True):
    """One step of a job."""

    name: str
    result: Literal["success", "failure", "skipped"]
    seconds: float
    said: tuple[str, ...] = ()
    """The last lines that it printed."""


class Job(Record, frozen=True, kw_only=True):
    """One job of the repository's own workflow, run by act."""

    id: str
    """Its key in the file."""
    name: str
    """The key, with the values of its matrix."""
    result: Literal["success", "failure", "skipped", "cancelled"]
    started: float = 0.0
    """Seconds since 1970; 0 for one that did not run."""
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    permissions: tuple[str, ...] = ()
    """What its token could do: `contents: read`."""
    environment: str = ""
    facts: tuple[Fact, ...] = ()
    """What its environment said."""
    finding: Finding | None = None
    """Why it failed."""


class Run(Record, frozen=True, kw_only=True):
    """How one run of the command ended."""

    code: str = ""
    """Of the error, or of the warning that the release went on in spite of; empty where there was none."""
    failed: bool = False
    said: str = ""
    remedy: str = ""
    stage: str = ""
    """Where it failed."""
    seconds: float = 0.0
    """Real ones."""
    waited: float = 0.0
    """Seconds that passed on the release's own clock alone."""


class Cell(Record, frozen=True, kw_only=True):
    """One fault at one place, and how the release came out of it."""

    fault: str
    """As `--fault` takes it."""
    kind: str
    stage: str
    request: str
    """What was struck: method and address."""
    expected: str
    end: str
    wrong: tuple[str, ...]
    """What must not be; nothing where all is as it should."""
    runs: tuple[Run, ...]

    @property
    def ok(self) -> bool:
        """Whether it ended as was written down beforehand."""
        return self.end == self.expected and not self.wrong


class Rehearsal(Record, frozen=True, kw_only=True):
    """The whole result."""

    schema: Literal[1] = 1
    tagship: str
    """Version of the running tagship."""
    repository: str
    """Where the repository lies, as the user named it."""
    scenario: str
    """What was rehearsed, in words: `push of the tag v1.2.3`."""
    verdict: Literal["ready", "refused", "undecided"]
    """`undecided`: nothing failed, but something that matters could not be known."""
    headline: str
    """The verdict in one sentence."""
    exit_code: int
    manifest: Manifest
    stages: tuple[str, ...]
    """The names of all stages in their order, those that did not run included."""
    jobs: tuple[Job, ...] = ()
    """The jobs of the workflow, where the repository's own was run, in the order of the file."""
    assumptions: tuple[Assumption, ...] = ()
    not_rehearsed: tuple[str, ...] = ()
    enforced: tuple[Fact, ...] = ()
    """Which of the guarantees about leaving no trace the system enforced."""
    exchanges: tuple[Exchange, ...] = ()
    processes: tuple[Process, ...] = ()
    """Every program that was run, in the order of their ends."""
    cells: tuple[Cell, ...] = ()
    """Faults and crashes, each in a world of its own."""
    environment: tuple[tuple[str, str], ...] = ()
    """Label and value: interpreter, uv, git, platform."""
    started: float = 0.0
    """Seconds since 1970."""
    seconds: float = 0.0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest log entry of each stage that ran: what a stage said before it ran again no longer holds."""
        return tuple({entry.stage: entry for entry in self.manifest.log}.values())

    def repeats(self, entry: Entry) -> bool:
        """Whether an entry only says again that something failed: the summary does, after another stage's failure."""
        return entry.stage == "summary" and any(e.outcome == "failed" for e in self.entries if e.stage != "summary")

    @property
    def causes(self) -> tuple[tuple[str, Finding], ...]:
        """What stood in the way, with its stage."""
        failed = (entry for entry in self.entries if entry.outcome == "failed" and not self.repeats(entry))
        found = tuple((e.stage, f) for e in failed for f in e.findings if f.severity is Severity.ERROR)
        return found or tuple((job.name, job.finding) for job in self.jobs if job.finding is not None)
