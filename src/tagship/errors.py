"""Every error of tagship, sorted by what the reader does next.

Each has an exit code, a page (`tagship explain TE…`) and a remedy; the first words of a message say what did
not happen.
"""

from typing import ClassVar

from tagship.model import Finding, Severity


class TagshipError(Exception):
    """Base of all our errors; never raised itself."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "TE00"
    summary: ClassVar[str] = "tagship could not do what was asked"
    """One line for the table of exit codes."""
    advice: ClassVar[str] = "The message says what to do."
    """What to do where the message's own remedy is not enough: a sentence or two for the page."""

    def __init_subclass__(cls) -> None:
        cls.code = f"TE{cls.exit_code:02}"

    def __init__(self, message: str, *, remedy: str, where: str = "", url: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.where = where
        self.url = url

    def finding(self) -> Finding:
        """The error as a finding, for the log of the stage in which it happened."""
        return Finding(
            code=self.code,
            title=self.message.splitlines()[0] if self.message else self.summary,
            where=self.where,
            why="\n".join(self.message.splitlines()[1:]),
            remedy=self.remedy,
            severity=Severity.ERROR,
            url=self.url,
        )


class UsageError(TagshipError):
    """The command was called in a way that cannot work."""

    exit_code = 2
    summary = "the command was called in a way that cannot work"
    advice = (
        "Read the remedy: it names the option, the variable or the file. `--help` shows an example of every command."
    )


class ProjectError(TagshipError):
    """The repository or the project's own files cannot be read or used as they are."""

    exit_code = 3
    summary = "the repository or a project file cannot be used as it is"
    advice = (
        "Correct the file at the place that is named; `tagship config` then shows what was understood, and from where."
    )


class PlanRefused(TagshipError):
    """This event must not publish: wrong tag, wrong branch, wrong version."""

    exit_code = 4
    summary = "this tag, branch or version must not be published"
    advice = (
        "Nothing was published for this event. Tag the right commit with the right version, or release the next "
        "version; a tag that was public is never moved."
    )


class GateClosed(TagshipError):
    """The required CI of the commit did not succeed, or could not be shown to have succeeded."""

    exit_code = 5
    summary = "the required CI of the commit did not succeed"
    advice = (
        "Look at the run that is named. Correct it, or run it again if it was an accident, and then re-run the "
        "failed jobs: the gate looks again."
    )


class BuildFailed(TagshipError):
    """The project's build backend did not produce the files."""

    exit_code = 6
    summary = "the build failed"
    advice = (
        "Its last words are those of the build backend. What builds on your machine and not here mostly needs a "
        "file that is not committed, or a requirement that `[build-system] requires` does not name."
    )


class TestsFailed(TagshipError):
    """The project's tests failed against the installed package."""

    __test__ = False  # not a test class, whatever pytest reads into the name
    exit_code = 7
    summary = "the project's tests failed against the built package"
    advice = (
        "The tests ran against the installed wheel, outside of the source tree: look for a file that the wheel "
        "lacks, and for a test that needs something that is not installed or not reachable."
    )


class ChecksFailed(TagshipError):
    """The built files would be refused, or would not work once installed. The findings say why."""

    exit_code = 8
    summary = "the built files would be refused or would not work"
    advice = (
        "Each finding has a code and a remedy of its own; `tagship check` shows them all at once, before anything "
        "is uploaded."
    )


class Conflict(TagshipError):
    """Something with the same name and other content is already public."""

    exit_code = 9
    summary = "other bytes are already public under the same name"
    advice = (
        "Release the next version: a file name on an index can never be used again, nor what was published be "
        "replaced. If you did not upload the other bytes, find out who did."
    )


class Refused(TagshipError):
    """A service understood the request and said no."""

    exit_code = 10
    summary = "PyPI or GitHub refused a request"
    advice = (
        "The service's own words are in the message. Mostly it is a publisher, a permission, a token or an "
        "environment that differs in one word: `tagship doctor` compares them."
    )


class Unreachable(TagshipError):
    """A service could not be asked; nothing was changed by the request."""

    exit_code = 11
    summary = "a service could not be reached, nothing was changed"
    advice = "Run it again. If it stays, look at the network, the proxy and the status page of the service."


class UnknownOutcome(TagshipError):
    """A request that changes something got no clear answer, and looking did not settle it."""

    exit_code = 12
    summary = "a request was sent and its outcome is unknown"
    advice = "Run the same command again: it looks at what arrived before it sends anything."


class NotVisibleYet(TagshipError):
    """The files are uploaded, but the index does not show them within the time limit."""

    exit_code = 13
    summary = "uploaded, but the index does not show the files yet"
    advice = "Wait, and run `tagship verify` again. Caches of an index can be slow; nothing is known to be wrong."


class Broken(TagshipError):
    """What the index serves is incomplete, has other bytes, or does not work when installed."""

    exit_code = 14
    summary = "what the index serves is incomplete or does not work"
    advice = (
        "Stop, and compare what is named: other bytes than those that were built are a reason for an alarm. An "
        "incomplete release is completed by running the workflow again."
    )


class ToolFailed(TagshipError):
    """A program that tagship runs is missing, failed, or ran out of time."""

    exit_code = 15
    summary = "a program that tagship runs is missing, failed or hung"
    advice = "Install what is missing, or look at the program's own words, which are in the message."


class WorkflowFailed(TagshipError):
    """A job of the repository's own workflow failed, or the workflow did not run."""

    exit_code = 16
    summary = "a job of the repository's own workflow failed"
    advice = "Look at the step that is named: its last words are in the message."


class Drifted(TagshipError):
    """A file that tagship keeps in the repository is not what it would write, and was left as it is."""

    exit_code = 17
    summary = "a file is not what tagship would write, and was left as it is"
    advice = (
        "`tagship sync` shows the difference and takes it over; where the file was edited on purpose, it stays yours."
    )


ERRORS: tuple[type[TagshipError], ...] = (
    UsageError,
    ProjectError,
    PlanRefused,
    GateClosed,
    BuildFailed,
    TestsFailed,
    ChecksFailed,
    Conflict,
    Refused,
    Unreachable,
    UnknownOutcome,
    NotVisibleYet,
    Broken,
    ToolFailed,
    WorkflowFailed,
    Drifted,
)

UNDECIDED = 20
"""Exit code of a rehearsal in which nothing failed, and something that matters could not be known."""
AUDIT_WARNINGS = 21
"""Exit code of an audit with warnings, and nothing graver."""
AUDIT_ERRORS = 22
"""Exit code of an audit with errors."""
AUDIT_NOTHING = 23
"""Exit code of an audit that found no workflow that publishes: nothing was shown."""
INTERRUPTED = 130
"""Exit code after Ctrl-C."""
BUG = 70
"""Exit code of an error in tagship itself."""
