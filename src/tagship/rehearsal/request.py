"""What is to be rehearsed: the scenario, and what the embedded world takes for granted."""

from typing import Literal

import msgspec

from tagship.model import Inputs, Record
from tagship.setup.snapshot import Snapshot


class Assumptions(Record, frozen=True, kw_only=True, rename="kebab"):
    """The state of the world at the start. The defaults are a world that fits the project.

    The same keys stand in a world file (TOML), each with an option of its own for the usual ones.
    """

    ci: dict[str, str] = msgspec.field(default_factory=dict)
    """Conclusion by workflow file, workflow name or check: `failure`, `cancelled`, `skipped`, …; `missing` for one
    that never ran, `pending` for one that never ends. What is not named succeeds."""
    publisher: Literal["registered", "missing", "other-workflow", "other-environment"] = "registered"
    """Whether the index knows the workflow as a trusted publisher, or one that differs in a single word."""
    project: Literal["existing", "new", "somebody-else", "archived", "quarantined"] = "existing"
    """The project on the index: ours with earlier releases, new with a pending publisher, or not usable."""
    published: Literal["nothing", "other"] = "nothing"
    """What the index has of this version: nothing, or an sdist with other bytes."""
    deleted: tuple[str, ...] = ()
    """File names that were used and deleted; `*` in a name stands for anything."""
    file_limit: int = 0
    """Bytes that one file of the project may have; 0 for what the index gives everybody."""
    release_age: int = 0
    """Days since the version got its first file, where it has one."""
    read_only: bool = False
    """Whether the index refuses all uploads."""
    stale: int = 0
    """How many times the index shows its old page after an upload."""
    api_token: Literal["none", "valid", "unknown", "expired", "other-project"] = "none"  # noqa: S105  no password
    """An API token to upload with, in place of trusted publishing."""
    environment: Literal["fits", "other-tags", "branch-only", "missing"] = "fits"
    """Which refs the deployment environments let in: those of the release, other tags, no tag; `missing` for none set
    up, which GitHub then makes unprotected."""
    reviewers: Literal["none", "approve", "reject"] = "none"
    """Whether the environment for PyPI requires a review, and how it ends."""
    wait_timer: int = 0
    """Minutes that the environment for PyPI lets a deployment wait."""
    push: Literal["taken", "refused"] = "taken"
    """What the remote does with the push of the tag or branch: a ruleset may let nobody make one."""
    merged: bool = False
    """Whether the commit counts as merged into the default branch, as a pull request will do it."""
    recorded: Snapshot | None = None
    """The real settings, as `tagship doctor --snapshot` recorded them: they replace what is assumed."""
    similar: str = ""
    """The name of an existing project of somebody else."""

    def __post_init__(self) -> None:
        """Take the project for what it was on PyPI, where that was seen and nothing else is asked for."""
        status = self.recorded.pypi.status if self.recorded is not None else None
        if status is None or status.hidden is not None or self.project != "existing":
            return
        known = {None: "new", "archived": "archived", "quarantined": "quarantined"}
        msgspec.structs.force_setattr(self, "project", known.get(status.value, "existing"))


class Request(Record, frozen=True, kw_only=True):
    """One rehearsal."""

    kind: Literal["tag", "push", "dispatch"] = "tag"
    tag: str | None = None
    """The tag to push; None for the one that comes next."""
    ref: str | None = None
    """For a dispatch: the branch or tag; None for the default branch."""
    inputs: Inputs = Inputs()
    """For a dispatch."""
    workflow: str | None = None
    """The repository's own workflow, to be run in place of the stages: its file name, or empty for the one that
    publishes."""
    package: str = "."
    """The package's folder inside the repository."""
    fault: tuple[str, ...] = ()
    """What is to go wrong, each in a world of its own: `KIND`, `KIND@3`, `KIND@publish:2`; `all`."""
    crash: tuple[str, ...] = ()
    """Where the process is to be killed: `publish`, `publish:4`; `all`."""
    offline: bool = False
    """Whether other projects' files may come from the cache alone."""
    assumptions: Assumptions = Assumptions()

    def __post_init__(self) -> None:
        """Take what git and GitHub call `refs/tags/v1.2.3` for `v1.2.3`."""
        for key, value in (("tag", self.tag), ("ref", self.ref)):
            if value:
                short = value.removeprefix("refs/tags/").removeprefix("refs/heads/")
                msgspec.structs.force_setattr(self, key, short)
