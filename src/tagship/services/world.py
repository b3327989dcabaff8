"""All doors to the outside in one frozen record. A stage reaches the outside through it and nothing else."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tagship.errors import TagshipError
from tagship.model import Fact, Target
from tagship.services import environment
from tagship.services.addresses import GITHUB_API, INDEXES
from tagship.services.git import Git
from tagship.services.github import GitHub
from tagship.services.http import Http, Patience
from tagship.services.index import Index
from tagship.services.reporter import Journal, Reporter, Silence
from tagship.services.secret import named
from tagship.services.shell import Shell
from tagship.services.uv import Uv

PATIENCE = Patience()
"""That of a release: it may take a while, as long as it goes well in the end."""
HURRY = Patience(connect=5.0, answer=15.0, again=(0.5,), longest=5.0, lasting=True)
"""That of somebody who waits for a look at the services, and can look again."""
LOOK, CHANGE = 120.0, 600.0
"""Seconds for everything that such a look asks, and for all changes that come of it."""


class Clock(Protocol):
    """Time, so that waiting can be tested without waiting."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """Where a run works."""

    root: Path
    """The checkout of the repository."""
    package: str
    """The package's folder inside of it; `.` for the usual case."""
    dist: Path
    """Where the files that are to be published go, and nothing else."""
    local: Path
    """Where a wheel goes that is for this machine alone."""
    scratch: Path
    """A folder for everything temporary, private to this run."""
    wheels: Path | None = None
    """Where the wheels lie that other machines made from our sdist; None where they are made here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long others may take before they count as hung, in seconds: the project's own code, and the services."""

    build: float = 1800
    """One call of the build backend."""
    tests: float = 1800
    """The project's tests, all together."""
    help: float = 30
    """One command that is asked for its help."""
    answer: float = 60
    """A service, without a byte of its answer."""
    upload: float = 300
    """An upload of nothing: each byte of the files adds to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The doors. `production` builds them from the environment, `rehearsal.world.open` the embedded ones."""

    workspace: Workspace
    environment: Mapping[str, str]
    """Variables of the run itself: `GITHUB_REF` and the like. Children get the shell's, not these."""
    shell: Shell
    uv: Uv
    http: Http
    github: GitHub
    clock: Clock
    reporter: Reporter
    journal: Journal = field(default_factory=lambda: Journal("", Silence(), started=0.0))
    """The notebook of the stage that is running."""
    limits: Limits = field(default_factory=Limits)
    admitted: tuple[Fact, ...] = ()
    """How the job was let in, where this process knows: on GitHub that is over before it begins."""
    barred: TagshipError | None = None
    """Why the job must not begin."""

    @property
    def git(self) -> Git:
        """Git in the checkout."""
        return Git(self.shell, self.workspace.root)

    @property
    def sandbox(self) -> Shell:
        """For the project's own code: its tests, imports and commands."""
        return self.uv.sandbox

    def index(self, target: Target) -> Index:
        """The index of a target; asking for the index of no target is a mistake in the caller."""
        return Index(INDEXES[target], self.http)

    def during(self, stage: str) -> "World":
        """The same world with a fresh notebook for a stage."""
        return replace(self, journal=Journal(stage, self.reporter, started=self.clock.now()))


def production(
    workspace: Workspace,
    environ: Mapping[str, str],
    reporter: Reporter,
    agent: str,
    patience: Patience = PATIENCE,
) -> World:
    """The doors to the real services, as the variables of the run describe them.

    Args:
        agent: the User-Agent.
        patience: how long services may take.

    Raises:
        UsageError: a token or the proxy's address cannot be used.
    """
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    bypass = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    http = Http(proxy=proxy, ca=None, agent=agent, bypass=bypass, patience=patience)
    token = named(environ, "GH_TOKEN", "GITHUB_TOKEN")
    shell = Shell(environment.production(environ))
    cache = Path(environ.get("UV_CACHE_DIR") or workspace.scratch / "uv")
    api = environ.get("GITHUB_API_URL") or GITHUB_API
    return World(
        workspace=workspace,
        environment=environ,
        shell=shell,
        uv=Uv(shell=shell, sandbox=shell, scratch=workspace.scratch, cache=cache, own_cache=workspace.scratch / "own"),
        http=http,
        github=GitHub(http, environ.get("GITHUB_REPOSITORY", ""), token, api=api),
        clock=SystemClock(),
        reporter=reporter,
    )
