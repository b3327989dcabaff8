"""Everything that the checks of the set-up judge, as it was seen once; no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tagship.errors import ProjectError, TagshipError
from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.services.github import WorkflowRun
from tagship.services.github_shapes import Repository, Settings, WorkflowState
from tagship.services.index_settings import Listing
from tagship.services.reading import Reading
from tagship.setup.wanted import Wanted
from tagship.stages.gate_judge import Seen
from tagship.workflow.adopt import Adoption
from tagship.workflow.audit.lane import Lane
from tagship.workflow.document import Document
from tagship.workflow.files import is_stamped
from tagship.workflow.variant import Variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """The checkout."""

    changed: tuple[str, ...] = ()
    """Tracked files that differ from the commit."""
    untracked: tuple[str, ...] = ()
    """Files of the set-up that git does not know, ignored ones included."""
    unpushed: Reading[tuple[str, ...]] = field(default_factory=Reading)
    """Files of the set-up whose commit differs from the default branch of the remote."""
    shallow: bool = False
    remotes: Mapping[str, str | None] = field(default_factory=dict)
    """What each remote calls `owner/name`, by the remote's name; never its address, which may hold credentials."""
    message: str = ""
    """Of the newest commit."""
    tagged: Mapping[str, str] = field(default_factory=dict)
    """The commit of each tag, by the tag's full ref."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """Files of the repository that say how it is set up."""

    workflows: tuple[Document, ...] = ()
    """In the order of their names, also those that GitHub would refuse."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By path: Dependabot's file, CODEOWNERS and so on, those that are there."""
    pypirc: tuple[str, ...] = ()
    """Paths of `.pypirc` files that are committed."""

    def workflow(self, file: str) -> Document | None:
        """The workflow of a file name, or None where there is none."""
        return next((document for document in self.workflows if document.file.rpartition("/")[2] == file), None)

    def pushed(self, file: str) -> str:
        """Where a workflow says what is to happen for a push: its file, with the line where there is one."""
        document = self.workflow(file)
        trigger = document.triggers.get("push") if document is not None else None
        return f"{FOLDER}/{file}" + (f":{trigger.line}" if trigger is not None else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Runs:
    """What GitHub Actions shows of the default branch."""

    workflows: Reading[tuple[WorkflowState, ...]] = field(default_factory=Reading)
    head: Reading[Seen] = field(default_factory=Reading)
    """The runs and checks of its newest commit; None where there is no such branch."""
    watched: Reading[WorkflowRun] = field(default_factory=Reading)
    """The newest run that ended well of the workflow that looks after the releases; None where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """What was seen."""

    now: float
    """Seconds since 1970."""
    project: Project
    local: Local
    wanted: Variant | TagshipError
    """What tagship would write for this project, or why it would write nothing."""
    kept: Adoption | TagshipError
    """What tagship keeps in the repository, compared with what is there, or why that cannot be compared."""
    asked: Wanted | TagshipError | None = None
    """What GitHub should be set to, or why that cannot be said; None where nobody asked."""
    files: Files = field(default_factory=Files)
    runs: Runs = field(default_factory=Runs)
    github: Settings = field(default_factory=Settings)
    """The settings of the repository."""
    pypi: Listing = field(default_factory=Listing)
    """The project on PyPI."""
    testpypi: Listing = field(default_factory=Listing)
    elsewhere: Mapping[str, Reading[Repository]] = field(default_factory=dict)
    """The repositories that an index names where it does not name this one, by that name: this one under a former name,
    or another."""
    expires: str = ""
    """When the token that was used ends, as GitHub says it; empty where it does not end."""

    @property
    def names(self) -> frozenset[str]:
        """What the repository is called, in lower case: by the remote and by GitHub."""
        found = self.github.repository.value
        called = (self.project.repository.on_github, found.full_name if found else None)
        return frozenset(name.lower() for name in called if name)

    @property
    def variant(self) -> Variant:
        """What tagship would write for this project.

        Raises:
            TagshipError: nothing, and why.
        """
        if isinstance(self.wanted, TagshipError):
            raise self.wanted
        return self.wanted

    @property
    def adoption(self) -> Adoption:
        """What tagship keeps in the repository.

        Raises:
            TagshipError: it cannot be compared, and why.
        """
        if isinstance(self.kept, TagshipError):
            raise self.kept
        return self.kept

    @property
    def target(self) -> Wanted:
        """What GitHub should be set to.

        Raises:
            TagshipError: that cannot be said, and why.
        """
        if not isinstance(self.asked, Wanted):
            raise self.asked or ProjectError("what GitHub should be set to was not asked", remedy="")
        return self.asked

    @property
    def workflow(self) -> Document | None:
        """The workflow that publishes, by the name that tagship gives it; None where there is none.

        Raises:
            TagshipError: tagship would write nothing for this project.
        """
        return self.files.workflow(self.variant.file)

    @property
    def ours(self) -> Document | None:
        """The same, where it is tagship's own, edited or not; None where somebody wrote it by hand.

        Raises:
            TagshipError: as `workflow`.
        """
        document = self.workflow
        return document if document is not None and is_ours(document) else None


def is_ours(document: Document) -> bool:
    """Whether tagship wrote a workflow that publishes: its stamp says so, or what its jobs run."""
    return is_stamped(document.source) or Lane(document).generated
