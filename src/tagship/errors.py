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


class ProjectError(TagshipError):
    """The repository or the project's own files cannot be read or used as they are."""

    exit_code = 3
    summary = "the repository or a project file cannot be used as it is"


class PlanRefused(TagshipError):
    """This event must not publish: wrong tag, wrong branch, wrong version."""

    exit_code = 4
    summary = "this tag, branch or version must not be published"


class GateClosed(TagshipError):
    """The required CI of the commit did not succeed, or could not be shown to have succeeded."""

    exit_code = 5
    summary = "the required CI of the commit did not succeed"


class BuildFailed(TagshipError):
    """The project's build backend did not produce the files."""

    exit_code = 6
    summary = "the build failed"


class TestsFailed(TagshipError):
    """The project's tests failed against the installed package."""

    __test__ = False  # not a test class, whatever pytest reads into the name
    exit_code = 7
    summary = "the project's tests failed against the built package"


class ChecksFailed(TagshipError):
    """The built files would be refused, or would not work once installed. The findings say why."""

    exit_code = 8
    summary = "the built files would be refused or would not work"


class Conflict(TagshipError):
    """Something with the same name and other content is already public."""

    exit_code = 9
    summary = "other bytes are already public under the same name"


class Refused(TagshipError):
    """A service understood the request and said no."""

    exit_code = 10
    summary = "PyPI or GitHub refused a request"


class Unreachable(TagshipError):
    """A service could not be asked; nothing was changed by the request."""

    exit_code = 11
    summary = "a service could not be reached, nothing was changed"


class UnknownOutcome(TagshipError):
    """A request that changes something got no clear answer, and looking did not settle it."""

    exit_code = 12
    summary = "a request was sent and its outcome is unknown"


class NotVisibleYet(TagshipError):
    """The files are uploaded, but the index does not show them within the time limit."""

    exit_code = 13
    summary = "uploaded, but the index does not show the files yet"


class Broken(TagshipError):
    """What the index serves is incomplete, has other bytes, or does not work when installed."""

    exit_code = 14
    summary = "what the index serves is incomplete or does not work"


class ToolFailed(TagshipError):
    """A program that tagship runs is missing, failed, or ran out of time."""

    exit_code = 15
    summary = "a program that tagship runs is missing, failed or hung"


class WorkflowFailed(TagshipError):
    """A job of the repository's own workflow failed, or the workflow did not run."""

    exit_code = 16
    summary = "a job of the repository's own workflow failed"


class Drifted(TagshipError):
    """A file that tagship keeps in the repository is not what it would write, and was left as it is."""

    exit_code = 17
    summary = "a file is not what tagship would write, and was left as it is"


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
