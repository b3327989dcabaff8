"""The embedded world of one rehearsal: servers that behave like PyPI, TestPyPI and GitHub, and the `World` whose
doors lead to them.

The stages are the same as in production, and so are the addresses they use; proxy, trust and credentials differ.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tagship import __version__
from tagship.model import Event
from tagship.rehearsal.artifacts import ArtifactService
from tagship.rehearsal.doors import Doors
from tagship.rehearsal.doors import environment as through
from tagship.rehearsal.github import EmbeddedGitHub, RepositoryState
from tagship.rehearsal.github.smart_http import SmartHttp
from tagship.rehearsal.identity import IdentityService, Issuer
from tagship.rehearsal.index import EmbeddedIndex
from tagship.rehearsal.keeper.dependencies import Dependencies
from tagship.rehearsal.keeper.handle import Keeper
from tagship.rehearsal.own_wheel import WithOwnWheel
from tagship.rehearsal.receive import PATH as PRE_RECEIVE
from tagship.rehearsal.receive import Receive
from tagship.rehearsal.result import Exchange, Process
from tagship.rehearsal.walls import environment as child
from tagship.services import addresses
from tagship.services.addresses import PYPI, TESTPYPI
from tagship.services.git import Git
from tagship.services.github import GitHub
from tagship.services.http import Http, Patience
from tagship.services.reporter import Reporter
from tagship.services.secret import Secret
from tagship.services.shell import Output, Shell
from tagship.services.uv import Uv
from tagship.services.world import Clock, Limits, Workspace, World
from tagship.stages.backend import HOOKS
from tagship.stages.installed import SMOKE

AGENT = f"tagship/{__version__}"
GITHUB_HOSTS = tuple(
    str(urlsplit(address).hostname) for address in (addresses.GITHUB, addresses.GITHUB_API, addresses.GITHUB_UPLOADS)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a rehearsal happens."""

    folder: Path
    """Private and thrown away."""
    cache: Path
    """Tagship's own, kept."""
    environ: Mapping[str, str]
    """The user's variables."""
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    wall: tuple[str, ...] = ()
    """A program that is put in front of the project's own code, to shut it in more closely; none where none can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """The running servers and what leads to them."""

    place: Place
    pypi: EmbeddedIndex
    testpypi: EmbeddedIndex
    github: RepositoryState
    identity: IdentityService
    artifacts: ArtifactService
    dependencies: Dependencies
    doors: Doors
    ca: Path
    shell: Shell
    exchanges: list[Exchange]
    processes: list[Process]

    def world(self, workspace: Workspace, variables: Mapping[str, str], reporter: Reporter) -> World:
        """The doors to this world for a run.

        Args:
            variables: what GitHub Actions would set, GH_TOKEN included.
        """
        patience = Patience(answer=self.place.limits.answer, sleep=self.place.clock.sleep)
        http = Http(proxy=self.doors.url, ca=self.ca, agent=AGENT, patience=patience)
        token = variables.get("GH_TOKEN", "")
        return World(
            workspace=workspace,
            environment=variables,
            shell=self.shell,
            uv=self.uv(workspace.scratch),
            http=http,
            github=GitHub(http, variables["GITHUB_REPOSITORY"], Secret(token) if token else None),
            clock=self.place.clock,
            reporter=reporter,
            limits=self.place.limits,
        )

    def uv(self, scratch: Path) -> Uv:
        """uv, with the caches of a rehearsal.

        Args:
            scratch: the folder it runs in.
        """
        return Uv(
            shell=self.shell,
            sandbox=self.shell.behind(self.place.wall),
            scratch=scratch,
            cache=self.place.cache / "uv",
            own_cache=self.place.folder / "uv",
            absent=self.dependencies.absent,
        )

    def started(self, event: Event, run_id: str) -> dict[str, str]:
        """The variables of a run, as a job of the workflow sees them."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.tag or event.branch or "",
            "GITHUB_SHA": event.sha,
            "GITHUB_REPOSITORY": event.repository,
            "GITHUB_RUN_ID": run_id,
            "GITHUB_RUN_ATTEMPT": "1",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.doors.url}/identity?api-version=2.0",
        }


@contextlib.contextmanager
def servers(place: Place, keeper: Keeper) -> Iterator[Embedded]:
    """Start everything; on the way out the servers stop and what they stored is gone."""
    issuer = Issuer()
    dependencies = Dependencies(keeper.ask)
    now = place.clock.now
    pypi = EmbeddedIndex(PYPI, now, issuer, WithOwnWheel(dependencies, place.folder))
    testpypi = EmbeddedIndex(TESTPYPI, now, issuer)
    identity = IdentityService(issuer, now)
    ca = place.folder / "ca.pem"
    exchanges: list[Exchange] = []
    lock = threading.Lock()

    processes: list[Process] = []

    def record(exchange: Exchange) -> None:
        if urlsplit(exchange.url).path == PRE_RECEIVE:
            return  # inside of GitHub, where nobody sees it
        with lock:
            exchanges.append(exchange)

    def watch(began: float, output: Output) -> None:
        with lock:
            at, seconds = doors.since_start(began), round(output.seconds, 4)
            processes.append(Process(at=at, seconds=seconds, program=_program(output.argv)))

    hosts: dict[str, EmbeddedIndex | EmbeddedGitHub | SmartHttp | ArtifactService] = {
        **dict.fromkeys(testpypi.hosts, testpypi),
        **dict.fromkeys(pypi.hosts, pypi),
    }
    plain = Shell(place.environ)  # replaced below, once the doors have an address
    state = RepositoryState(owner="owner", name="project", git=Git(plain, place.folder / "remote.git"), clock=now)
    website = EmbeddedGitHub(state)
    hosts.update(dict.fromkeys(GITHUB_HOSTS, website))
    hosts[GITHUB_HOSTS[0]] = SmartHttp(state, website)
    blobs = place.folder / "artifacts"
    blobs.mkdir(exist_ok=True)
    artifacts = ArtifactService(state, issuer, blobs, addresses.ACTIONS_RESULTS)
    hosts[str(urlsplit(addresses.ACTIONS_RESULTS).hostname)] = artifacts
    loopback = Receive(state, identity)
    with contextlib.closing(pypi), contextlib.closing(testpypi), Doors(hosts, loopback, record) as doors:
        inner = child.environment(place.environ, place.folder / "home", through(doors, ca) | keeper.mark)
        inner["UV_HTTP_TIMEOUT"] = str(max(1, round(place.limits.answer)))
        shell = Shell(inner, started=keeper.guard, ended=keeper.release, watch=watch)
        state.git = Git(shell, place.folder / "remote.git")
        doors.ca_file(ca)
        yield Embedded(
            place=place,
            pypi=pypi,
            testpypi=testpypi,
            github=state,
            identity=identity,
            artifacts=artifacts,
            dependencies=dependencies,
            doors=doors,
            ca=ca,
            shell=shell,
            exchanges=exchanges,
            processes=processes,
        )


def _program(argv: Sequence[str]) -> str:
    """What a program was run for, in a few words."""
    words = [Path(argv[0]).name, *argv[1:]]
    if words[0].startswith("python"):
        if HOOKS.name in (Path(word).name for word in words):
            return "build backend"
        if SMOKE.name in (Path(word).name for word in words):
            return "import"
        return words[words.index("-m") + 1] if "-m" in words else words[0]
    named = [word for word in words[1:] if not word.startswith("-") and "=" not in word and "/" not in word]
    return " ".join([words[0], *named[: 2 if words[0] == "uv" else 1]]) if words[0] in ("uv", "git") else words[0]
