"""One repository of the embedded GitHub: its state, and the methods by which a rehearsal fills it in.

Commits, branches and tags are not here: they are read from the bare git repository, which is also the remote
that is pushed to.
"""

import itertools
import secrets as random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagship.model import Event
from tagship.rehearsal.github.policy import ActionsPolicy
from tagship.rehearsal.github.state import (
    ACTIONS,
    ACTIONS_BOT,
    NOTHING,
    App,
    Artifact,
    Attempt,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Conclusion,
    Deployment,
    Environment,
    Policy,
    Protection,
    RefUpdate,
    Release,
    Review,
    Ruleset,
    SecretDates,
    StatusState,
    WorkflowRun,
)
from tagship.rehearsal.github.threads import Issue
from tagship.rehearsal.github.tokens import HOURLY, PREFIXES, Token, TokenKind
from tagship.services.git import Git
from tagship.workflow.events import TAGS_AT_ONCE, skips

Jobs = Mapping[str, Conclusion | None]
DOWNLOADS = 20


@dataclass(kw_only=True)
class RepositoryState:
    """One repository. The lock is held around every request and every method here."""

    owner: str
    name: str
    git: Git
    """The bare repository."""
    clock: Callable[[], float]
    former: set[str] = field(default_factory=set)
    """Names that it had, `owner/name`: GitHub redirects who asks for them."""
    default_branch: str = "main"
    private: bool = False
    free: bool = False
    """Whether its owner pays for nothing: a private repository has no rules then."""
    organisation: bool = False
    id: int = 912345678
    policy: ActionsPolicy = field(default_factory=ActionsPolicy)
    immutable_releases: bool = False
    secret_scanning: bool = True
    push_protection: bool = True
    broken_uploads: int = 0
    """So many of the coming asset uploads end with 502 and leave a `starter` behind."""
    suites: list[CheckSuite] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    runs: list[WorkflowRun] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    disabled_workflows: set[str] = field(default_factory=set)
    resting_workflows: set[str] = field(default_factory=set)
    """Those with a schedule that GitHub stopped, since nothing happened in the repository for 60 days."""
    releases: list[Release] = field(default_factory=list)
    token_lifetime: float | None = None
    """Seconds after which the tokens of people end; None where they last."""
    burnt_tags: set[str] = field(default_factory=set)
    """Tags of deleted immutable releases: never to be used again."""
    environments: dict[str, Environment] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    reviews: dict[int, list[Review]] = field(default_factory=dict)
    """Of deployments, by the run's id."""
    secrets: dict[str, SecretDates] = field(default_factory=dict)
    organization_secrets: dict[str, SecretDates] = field(default_factory=dict)
    """Those that the repository gets."""
    rulesets: list[Ruleset] = field(default_factory=list)
    protections: dict[str, Protection] = field(default_factory=dict)
    roles: dict[str, Literal["read", "write", "maintain", "admin"]] = field(default_factory=dict)
    """Of people other than the owner, by login."""
    teams: tuple[str, ...] = ()
    """Of the organisation."""
    logins: dict[str, str] = field(default_factory=dict)
    """Whose commits: e-mail address to login."""
    issues: list[Issue] = field(default_factory=list)
    """Pull requests among them, by number from 1."""
    labels: dict[str, int] = field(default_factory=dict)
    """Their numbers by name."""
    fork: bool = False
    """Whether this repository is a fork of somebody's."""
    events: list[Event] = field(default_factory=list)
    """What started workflows so far, in order."""
    tokens: dict[str, Token] = field(default_factory=dict)
    downloads: dict[str, bytes] = field(default_factory=dict)
    """What redirects lead to, by the key in the address; the newest few."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._ids = itertools.count(70_000_001)
        self._named: dict[str, int] = {ACTIONS_BOT: 41898282}
        self.created = self.clock()
        self.anonymous = Token(kind="none", value="", permissions={}, login="", limit=HOURLY["none"])

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def role(self, login: str) -> Literal["read", "write", "maintain", "admin"]:
        """What somebody is here."""
        return "admin" if login == self.owner else self.roles.get(login, "read")

    def new_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    def id_of(self, name: str) -> int:
        """The id of something that is known by its name: a login, the path of a workflow."""
        return self._named.setdefault(name, 1_000_000 + len(self._named))

    def issue_token(
        self, kind: TokenKind, permissions: Mapping[str, str], *, login: str = "", limit: int | None = None
    ) -> Token:
        """Make a token that the API will accept.

        Args:
            permissions: `{"contents": "write", "checks": "read"}`, or the scopes of a classic token.
            login: whose it is; the owner's, or the Actions bot's for a `GITHUB_TOKEN`.
            limit: requests an hour instead of the real number.
        """
        with self.lock:
            login = login or (ACTIONS_BOT if kind == "github_token" else self.owner)
            value = PREFIXES[kind] + random.token_hex(18)
            granted = dict(permissions)
            if kind != "classic":  # workflows write pull-requests, the API pull_requests
                granted = {"metadata": "read", **{name.replace("-", "_"): permissions[name] for name in permissions}}
            token = Token(kind=kind, value=value, permissions=granted, login=login, limit=limit or HOURLY[kind])
            if kind != "github_token" and self.token_lifetime is not None:
                token.expires = self.clock() + self.token_lifetime
            self.tokens[value] = token
            return token

    def keep(self, data: bytes) -> str:
        """Keep something for a download; returns the key."""
        key = random.token_hex(16)
        self.downloads[key] = data
        if len(self.downloads) > DOWNLOADS:
            del self.downloads[next(iter(self.downloads))]
        return key

    def push(self, updates: Sequence[RefUpdate], token: Token) -> tuple[Event, ...]:
        """Record a push that git has already taken, and say which `push` events it starts.

        None for what a `GITHUB_TOKEN` pushed, for deletions, for commits that ask for it, and for the tags where
        more than three came at once (docs.github.com: "Events that trigger workflows", push; "GITHUB_TOKEN").
        """
        with self.lock:
            tags = sum(u.ref.startswith("refs/tags/") for u in updates)
            started = tuple(
                event
                for update in updates
                if token.kind != "github_token"
                and update.after != NOTHING
                and not (update.ref.startswith("refs/tags/") and tags > TAGS_AT_ONCE)
                and (event := self.event("push", update.ref)) is not None
                and not skips(self.git.text("log", "-1", "--format=%B", event.sha))
            )
            self.events.extend(started)
            return started

    def event(self, name: Literal["push", "workflow_dispatch"], ref: str) -> Event | None:
        """The event for a ref as it is now; None where the ref leads to no commit."""
        sha = self.git.commit(ref)
        if sha is None:
            return None
        return Event(name=name, repository=self.full_name, ref=ref, sha=sha, default_branch=self.default_branch)

    def add_check(
        self, sha: str, name: str, *, conclusion: Conclusion | None = "success", app: App | None = None
    ) -> CheckRun:
        """Report a check on a commit: over with a conclusion, in progress with None.

        An app other than GitHub Actions has one suite for each commit, so its second check of a name
        supersedes the first; checks of GitHub Actions come from `add_run`.
        """
        with self.lock:
            by = app or App(id=57789, slug="external-ci", name="External CI")
            found = (s for s in self.suites if s.sha == sha and s.app == by)
            return self._check(next(found, None) or self._suite(sha, None, by), name, conclusion)

    def add_status(self, sha: str, context: str, state: StatusState) -> None:
        """Report a commit status, as external CI does."""
        with self.lock:
            made = CommitStatus(
                id=self.new_id(), sha=sha, context=context, state=state, created=self.clock(), creator=self.owner
            )
            self.statuses.append(made)

    def add_run(self, event: Event, path: str, *, jobs: Jobs, title: str = "", actor: str = "") -> WorkflowRun:
        """Start a workflow run with its first attempt.

        Args:
            path: of the workflow, `.github/workflows/ci.yml`.
            jobs: name and conclusion of each job; None for one that is not over.
        """
        with self.lock:
            run = WorkflowRun(
                id=self.new_id(),
                number=1 + sum(r.path == path for r in self.runs),
                path=path,
                event=event.name,
                suite=self._suite(event.sha, event.branch or event.tag, ACTIONS),
                actor=actor or self.owner,
                title=title,
                inputs=inputs_of(event),
            )
            self.runs.append(run)
            self.rerun(run, jobs=jobs)
            return run

    def rerun(self, run: WorkflowRun, *, jobs: Jobs) -> Attempt:
        """Start one more attempt; its check runs join the same suite."""
        with self.lock:
            now = self.clock()
            attempt = Attempt(number=len(run.attempts) + 1, status="queued", conclusion=None, created=now, updated=now)
            run.attempts.append(attempt)
            self.set_jobs(run, jobs)
            return attempt

    def set_jobs(self, run: WorkflowRun, jobs: Jobs) -> None:
        """Set where the jobs of the newest attempt stand; new names are new jobs.

        A run without jobs stays queued: end it with `finish`.
        """
        with self.lock:
            attempt = run.latest
            known = {job.name: job for job in attempt.jobs}
            for name, conclusion in jobs.items():
                if name in known:
                    self._settle(known[name], conclusion)
                else:
                    attempt.jobs.append(self._check(run.suite, name, conclusion))
            attempt.updated = self.clock()
            if attempt.jobs:
                attempt.status = "completed" if all(j.conclusion for j in attempt.jobs) else "in_progress"
                attempt.conclusion = conclude(attempt.jobs) if attempt.status == "completed" else None

    def finish(self, run: WorkflowRun, conclusion: Conclusion) -> None:
        """End a run whatever its jobs say: `startup_failure` has none, `cancelled` may have."""
        with self.lock:
            attempt = run.latest
            attempt.status, attempt.conclusion, attempt.updated = "completed", conclusion, self.clock()

    def add_environment(
        self, name: str, *, policies: Sequence[tuple[Literal["branch", "tag"], str]] = ()
    ) -> Environment:
        """Create a deployment environment; with policies, only matching refs may deploy to it."""
        with self.lock:
            now = self.clock()
            environment = Environment(
                id=self.new_id(),
                name=name,
                created=now,
                updated=now,
                branches="custom" if policies else "all",
                policies=[Policy(id=self.new_id(), type=kind, name=pattern) for kind, pattern in policies],
            )
            self.environments[name] = environment
            return environment

    def _suite(self, sha: str, branch: str | None, app: App) -> CheckSuite:
        suite = CheckSuite(id=self.new_id(), sha=sha, branch=branch, app=app)
        self.suites.append(suite)
        return suite

    def _check(self, suite: CheckSuite, name: str, conclusion: Conclusion | None) -> CheckRun:
        check = CheckRun(
            id=self.new_id(),
            suite=suite,
            name=name,
            status="in_progress",
            conclusion=None,
            started=self.clock(),
            completed=None,
        )
        self._settle(check, conclusion)
        self.checks.append(check)
        return check

    def _settle(self, check: CheckRun, conclusion: Conclusion | None) -> None:
        check.conclusion = conclusion
        check.status = "completed" if conclusion else "in_progress"
        check.completed = self.clock() if conclusion else None


def inputs_of(event: Event) -> Mapping[str, str]:
    """The inputs of a dispatch as GitHub keeps them: all strings."""
    if event.name != "workflow_dispatch":
        return {}
    inputs = event.inputs
    return {
        "dry_run": str(inputs.dry_run).lower(),
        "target_env": inputs.target_env,
        "override_reason": inputs.override_reason,
    }


def conclude(checks: Sequence[CheckRun]) -> Conclusion:
    """The conclusion of a run or suite from those of its checks, the worst first."""
    seen = {check.conclusion for check in checks}
    order: tuple[Conclusion, ...] = ("failure", "timed_out", "cancelled", "action_required", "stale")
    worst = next((conclusion for conclusion in order if conclusion in seen), None)
    return worst or ("skipped" if seen == {"skipped"} else "success")
