"""The things that the embedded GitHub remembers: plain mutable records. Times are seconds since 1970."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Union
from urllib.parse import urlencode

Json = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007  recursive

CheckStatus = Literal["queued", "in_progress", "completed", "waiting", "requested", "pending"]
Conclusion = Literal[
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
]
StatusState = Literal["error", "failure", "pending", "success"]

ACTIONS_BOT = "github-actions[bot]"


@dataclass(kw_only=True, slots=True, frozen=True)
class App:
    """A GitHub App that reports checks."""

    id: int
    slug: str
    name: str


ACTIONS = App(id=15368, slug="github-actions", name="GitHub Actions")


@dataclass(kw_only=True, slots=True)
class CheckSuite:
    """The check runs of one app for one push or one workflow run."""

    id: int
    sha: str
    branch: str | None
    app: App


@dataclass(kw_only=True, slots=True)
class CheckRun:
    """One check; for GitHub Actions it is one job of one attempt, under the same id."""

    id: int
    suite: CheckSuite
    name: str
    status: CheckStatus
    conclusion: Conclusion | None
    started: float
    completed: float | None
    log: str = ""


@dataclass(kw_only=True, slots=True)
class CommitStatus:
    """One report of an external CI."""

    id: int
    sha: str
    context: str
    state: StatusState
    created: float
    creator: str


@dataclass(kw_only=True, slots=True)
class Attempt:
    """One attempt of a workflow run."""

    number: int
    status: CheckStatus
    conclusion: Conclusion | None
    created: float
    updated: float
    jobs: list[CheckRun] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class WorkflowRun:
    """A workflow run: the id stays when it is run again, the attempts grow."""

    id: int
    number: int
    path: str
    event: str
    suite: CheckSuite
    actor: str
    title: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def latest(self) -> Attempt:
        """The attempt that counts."""
        return self.attempts[-1]


@dataclass(kw_only=True, slots=True)
class Artifact:
    """What a job of a workflow run left for others; it can be seen once it is `final`."""

    id: int
    run_id: int
    attempt: int
    job: str
    """The job that made it, as the artifact service names it."""
    name: str
    mime_type: str
    address: str
    """Of its blob, not signed."""
    path: Path
    """The blob."""
    created: float
    updated: float
    expires: float
    size: int = 0
    sha256: str = ""
    final: bool = False
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Signs addresses of the blob."""

    @property
    def bare(self) -> bool:
        """Whether it is one file as it is, and no archive of files."""
        return self.mime_type != "application/zip" or self.name.endswith(".zip")

    def signed(self, permission: Literal["r", "w"], until: float) -> str:
        """An address of the blob at which anybody may read or write until then."""
        until = int(until)
        query = {"sp": permission, "se": until, "sig": self._signature(permission, str(until))}
        return f"{self.address}?{urlencode(query)}"

    def is_signed(self, permission: Literal["r", "w"], query: Mapping[str, str], now: float) -> bool:
        """Whether the query of an address permits this now."""
        until, signature = query.get("se", ""), query.get("sig", "")
        right = hmac.compare_digest(signature.encode(), self._signature(permission, until).encode())
        return right and now < int(until)

    def _signature(self, permission: str, until: str) -> str:
        return hmac.digest(self.key, f"{permission}\n{until}".encode(), "sha256").hex()


@dataclass(kw_only=True, slots=True)
class Asset:
    """A file of a release. `starter` is what a broken upload leaves behind."""

    id: int
    name: str
    label: str | None
    content_type: str
    data: bytes
    sha256: str
    state: Literal["uploaded", "starter"]
    uploader: str
    created: float
    downloads: int = 0


@dataclass(kw_only=True, slots=True)
class Release:
    """A release; `created` is the date of its commit, as GitHub has it."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    created: float
    author: str
    updated: float
    published: float | None = None
    immutable: bool = False
    latest: Literal["true", "false", "legacy"] = "true"
    assets: list[Asset] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Policy:
    """A pattern of refs that may deploy to an environment."""

    id: int
    name: str
    type: Literal["branch", "tag"] = "branch"


DeploymentState = Literal["error", "failure", "inactive", "pending", "success", "queued", "in_progress"]


@dataclass(kw_only=True, slots=True, frozen=True)
class DeploymentStatus:
    """Where a deployment stood from a moment on."""

    id: int
    state: DeploymentState
    description: str
    created: float


@dataclass(kw_only=True, slots=True, frozen=True)
class Review:
    """What a reviewer said about the deployments of a run that waited."""

    environments: tuple[str, ...]
    state: Literal["approved", "rejected"]
    login: str
    comment: str


@dataclass(kw_only=True, slots=True)
class Deployment:
    """One use of an environment by a job of a run."""

    id: int
    run_id: int
    environment: str
    ref: str
    """Full."""
    sha: str
    login: str
    """Who started the run."""
    created: float
    statuses: list[DeploymentStatus] = field(default_factory=list)

    @property
    def state(self) -> DeploymentState:
        """Where it stands: waiting for its environment is `pending`."""
        return self.statuses[-1].state


@dataclass(kw_only=True, slots=True)
class Environment:
    """A deployment environment."""

    id: int
    name: str
    created: float
    updated: float
    wait_timer: int = 0
    """Minutes."""
    reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False
    can_admins_bypass: bool = True
    branches: Literal["all", "protected", "custom"] = "all"
    policies: list[Policy] = field(default_factory=list)
    secrets: dict[str, "SecretDates"] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True, frozen=True)
class SecretDates:
    """All that anybody can read about a secret."""

    created: float
    updated: float


@dataclass(kw_only=True, slots=True)
class Rule:
    """One rule of a ruleset; the parameters are kept as they were sent."""

    type: str
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True, frozen=True)
class Actor:
    """Somebody whom a ruleset does not bind: a user, a role, an app …"""

    type: str
    id: int | None
    """Of a role: 2 maintain, 4 write, 5 admin."""
    mode: Literal["always", "pull_request", "exempt"]


@dataclass(kw_only=True, slots=True)
class Ruleset:
    """A ruleset. Patterns are full refs, `~ALL` or `~DEFAULT_BRANCH`; bypass names are logins."""

    id: int
    name: str
    target: Literal["branch", "tag"]
    created: float
    enforcement: Literal["active", "evaluate", "disabled"] = "active"
    include: tuple[str, ...] = ("~ALL",)
    exclude: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    bypass: tuple[str, ...] = ()
    actors: tuple[Actor, ...] = ()
    """Further ones, as the API has them."""


@dataclass(kw_only=True, slots=True)
class Protection:
    """Classic branch protection."""

    checks: tuple[tuple[str, int | None], ...] = ()
    """Context and app id of each required check."""
    strict: bool = True
    enforce_admins: bool = True
    approvals: int = 1
    """Reviews needed; 0 for none."""
    force_pushes: bool = False
    deletions: bool = False


@dataclass(kw_only=True, slots=True, frozen=True)
class RefUpdate:
    """One ref of a push; 40 zeros where there was or will be none. `after` may be a tag object."""

    ref: str
    before: str
    after: str
    forward: bool | None = None
    """Whether it leads on from what was there; None where the repository can be asked."""


NOTHING = "0" * 40
