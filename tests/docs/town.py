"""An embedded world in which a reader sits at a shell: a push starts the workflow, as it does on GitHub.

What GitHub would run in its jobs are the stages, by the code that `tagship rehearse` runs them with. The reader's
commands are processes of their own that find PyPI and GitHub at the real addresses.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from tagship.model import Event, Inputs, Manifest
from tagship.project.ci import FOLDER
from tagship.project.discover import Project, read
from tagship.rehearsal import environments, fit
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.github.state import WorkflowRun
from tagship.rehearsal.github.tokens import Token
from tagship.rehearsal.keeper.handle import MARK, Keeper
from tagship.rehearsal.pipeline import run_all
from tagship.rehearsal.receive import guard
from tagship.rehearsal.request import Assumptions, Request
from tagship.rehearsal.run import Pushed, start
from tagship.rehearsal.walls import scratch
from tagship.rehearsal.world import Embedded, Place, servers
from tagship.services.checkout import clone_at
from tagship.services.git import Git
from tagship.services.reporter import Silence
from tagship.services.world import Workspace
from tagship.stages import STAGES
from tagship.workflow.document import read as read_workflow
from tagship.workflow.events import Happened, Started, started

JOBS = tuple(dict.fromkeys(stage.job for stage in STAGES))
ALIKE = Assumptions()
LOOK = 0.3
"""Seconds between two looks at what was pushed."""


@dataclass
class Town:
    """The embedded services with somebody who watches what is pushed."""

    embedded: Embedded
    home: Path
    """The reader's home."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    refs: dict[str, str] = field(default_factory=dict)
    """Where each branch and tag was at the last look."""
    runs: int = 0

    @cached_property
    def reader(self) -> Token:
        """The reader's token, which is made up; whose it is turns out when the repository is made."""
        scopes = {"repo": "write", "workflow": "write", "read:org": "write"}
        return self.embedded.github.issue_token("classic", scopes)

    @property
    def bare(self) -> Git:
        """The repository on the embedded GitHub."""
        return self.embedded.github.git

    def create(self, slug: str, source: Path | None = None) -> None:
        """Make the repository on the embedded GitHub, empty or with what a folder has, which no workflow has seen."""
        github = self.embedded.github
        github.owner, _, github.name = slug.partition("/")
        self.reader.login = github.owner
        if source is None:
            self.embedded.shell.check(
                ("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(self.bare.root)),
                cwd=self.home,
            )
        else:
            self.embedded.shell.check(
                ("git", "clone", "--quiet", "--bare", str(source), str(self.bare.root)), cwd=self.home
            )
        self.bare.text("config", "core.hooksPath", "hooks")
        guard(self.bare.root, self.embedded.doors.url)
        self.refs = self._refs()

    def fit(self, project: Project) -> None:
        """Set everything up as a rehearsal assumes it: publishers, environments, rules, and green CI."""
        embedded = self.embedded
        fit.repository(embedded, project, "main")
        fit.indexes(embedded, project, "", ALIKE)
        environments.set_up(embedded.github, fit.environments(project), ALIKE)
        event = embedded.github.event("push", "refs/heads/main")
        assert event is not None
        fit.ci(embedded, event, project, ALIKE)

    def _refs(self) -> dict[str, str]:
        lines = self.bare.text("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def look(self) -> None:
        """Run what GitHub would run for everything that was pushed or started by hand since the last look."""
        with self.lock:
            if not self.bare.root.exists():
                return
            before, self.refs = self.refs, self._refs()
            for ref in sorted(self.refs):  # branches before tags
                if self.refs[ref] != before.get(ref):
                    self._pushed(ref)
            for run in list(self.embedded.github.runs):
                if run.event == "workflow_dispatch" and run.latest.status == "queued":
                    self._dispatched(run)

    def _pushed(self, ref: str) -> None:
        event = self.embedded.github.event("push", ref)
        if event is None or not (event.tag or event.branch == event.default_branch):
            return
        runner, project = self._checked_out(event)
        if not any(run.suite.sha == event.sha for run in self.embedded.github.runs):
            fit.ci(self.embedded, event, project, ALIKE)
        file = fit.publishing(project).workflow
        text = self.bare.maybe("show", f"{event.sha}:{FOLDER}/{file}")
        message = self.bare.text("log", "-1", "--format=%B", event.sha)
        happened = Happened(name="push", ref=ref, message=message)
        if text is not None and isinstance(started(read_workflow(text.encode(), file), happened), Started):
            event = msgspec.structs.replace(event, run_id=str(1_000_000_000 + self.runs))
            run = environments.run_of(self.embedded.github, event, file)
            run.title = message.partition("\n")[0]
            self._run(run, event, runner, project)

    def _dispatched(self, run: WorkflowRun) -> None:
        names = (f"refs/{kind}/{run.suite.branch}" for kind in ("tags", "heads"))
        ref = next(ref for ref in names if ref in self.refs)
        event = self.embedded.github.event("workflow_dispatch", ref)
        assert event is not None
        given: Mapping[str, object] = run.inputs or {}
        inputs = msgspec.convert({**given, "dry_run": given.get("dry_run") == "true"}, Inputs)
        event = msgspec.structs.replace(event, run_id=str(run.id), inputs=inputs)
        self._run(run, event, *self._checked_out(event))

    def _checked_out(self, event: Event) -> tuple[Git, Project]:
        self.runs += 1
        folder = self.embedded.place.folder / f"run-{self.runs}"
        folder.mkdir()
        runner = clone_at(self.bare, event.sha, folder / "runner")
        return runner, read(runner.root, runner)

    def _run(self, run: WorkflowRun, event: Event, runner: Git, project: Project) -> None:
        """Run the stages in the place of the workflow's jobs, and tell GitHub how the jobs ended."""
        github, folder = self.embedded.github, runner.root.parent
        work = folder / "work"
        work.mkdir()
        pushed = Pushed(request=Request(), project=project, event=event, branch="main", said="", assumed=(), changed=())
        workspace = Workspace(root=runner.root, package=".", dist=folder / "dist", local=folder / "local", scratch=work)
        github.set_jobs(run, dict.fromkeys(JOBS))
        scene = start(pushed, workspace, self.embedded, Silence())
        log = run_all(STAGES, Manifest(), scene.world_of).manifest.log
        for job in JOBS:
            outcomes = {
                entry.outcome for entry in log for stage in STAGES if (stage.name, stage.job) == (entry.stage, job)
            }
            ended = "failure" if "failed" in outcomes else "success" if outcomes else "skipped"
            github.set_jobs(run, {job: ended})

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again while a command runs, and once more after it: nothing is under way at the end."""
        over, wrong = threading.Event(), list[BaseException]()

        def watch() -> None:
            while not over.wait(LOOK):
                try:
                    self.look()
                except BaseException as error:  # shown by the one who waits
                    wrong.append(error)
                    return

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join()
        if wrong:
            raise wrong[0]
        self.look()

    def environ(self) -> dict[str, str]:
        """The variables of the reader's shell: the doors to this world, and a token that is made up."""
        inner = {name: value for name, value in self.embedded.shell.environment.items() if name != MARK}
        places = {"CACHE": ".cache", "CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state"}
        return {
            **inner,
            **{f"XDG_{kind}_HOME": str(self.home / place) for kind, place in places.items()},
            "HOME": str(self.home),
            "GH_TOKEN": self.reader.value,
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
        }


@contextlib.contextmanager
def town(home: Path, cache: Path, environ: Mapping[str, str]) -> Iterator[Town]:
    """Open the world.

    Args:
        home: the reader's.
        cache: tagship's own.
        environ: the variables in which the index for everything else is named.
    """
    with scratch.folder(cache) as folder, Keeper(environ, cache=cache, scratch=folder) as keeper:
        place = Place(folder=folder, cache=cache, environ=environ, clock=JumpingClock())
        with servers(place, keeper) as embedded:
            yield Town(embedded=embedded, home=home)
