"""Runs the repository's own workflow under act, in the embedded world."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tagship.errors import UsageError, WorkflowFailed
from tagship.model import Event, Inputs, Manifest
from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.rehearsal.act import command, shims, tools
from tagship.rehearsal.act.grants import Office, Run, of_workflow
from tagship.rehearsal.act.lines import Log
from tagship.rehearsal.act.manifests import merged
from tagship.rehearsal.act.payload import payload, release
from tagship.rehearsal.act.survey import respell, surprises, survey
from tagship.rehearsal.github.state import Conclusion, WorkflowRun
from tagship.rehearsal.index import Publisher
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.result import Job
from tagship.rehearsal.world import Embedded
from tagship.services.reporter import Reporter
from tagship.services.shell import Output
from tagship.workflow import document, events
from tagship.workflow.document import Document, scalars
from tagship.workflow.events import Happened

NOTES = 2**20
"""Characters that are read of what stand-ins wrote down."""
_NAMES = re.compile(r"publish|releas|pypi|deploy", re.IGNORECASE)
"""What a workflow that publishes is called, where several upload something."""

_ON_RELEASE = re.compile(r"github\.event\.(?:action|release)\b|event_name\s*==\s*'release'")
_ON_PUSH = re.compile(r"'push'|refs/tags|ref_type|!=\s*'release'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """What a workflow is to run in."""

    embedded: Embedded
    project: Project
    event: Event
    inputs: Mapping[str, str]
    """Of a dispatch, as strings."""
    secrets: Mapping[str, str]
    """Those that the scenario sets, by name."""
    assumptions: Assumptions
    registered: bool
    """Whether the index knows the workflow as a publisher."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Performed:
    """How it went."""

    jobs: tuple[Job, ...]
    error: WorkflowFailed | None
    doubts: tuple[str, ...]
    """Why the end on GitHub may be another one."""
    not_rehearsed: tuple[str, ...]
    by: str
    """The event's name: `push`, `workflow_dispatch`, `release`."""
    manifest: Manifest
    """What the stages wrote, where the workflow has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ended:
    """What act left behind."""

    output: Output
    folder: Path


def chosen(project: Project, root: Path, named: str) -> Path:
    """The workflow file that is meant.

    Args:
        named: a path or file name, or empty for the one that publishes.

    Raises:
        UsageError: there is none, there are several, or it is a link.
    """
    found = _meant(project, root, named)
    if found.resolve() != root.resolve() / FOLDER / found.name:
        raise UsageError(
            f"Nothing was rehearsed: {FOLDER}/{found.name} is a link, and GitHub reads no workflow through one",
            remedy="Make it a file.",
        )
    return found


def _meant(project: Project, root: Path, named: str) -> Path:
    folder = root / FOLDER
    if named:
        found = next((path for path in (root / named, folder / named) if path.is_file()), None)
        if found is None or found.parent.resolve() != folder.resolve():
            raise UsageError(
                f"Nothing was rehearsed: {FOLDER}/{Path(named).name} is not in the commit", remedy="git add it."
            )
        return found
    if (folder / "publish.yml").is_file():
        return folder / "publish.yml"
    files = sorted({publisher.file for publisher in project.ci.publishers})
    named_so = [file for file in files if _NAMES.search(file)]
    files = named_so if len(named_so) == 1 else files
    if len(files) != 1:
        which = f"several publish: {', '.join(files)}" if files else f"none in {FOLDER} publishes"
        raise UsageError(f"Nothing was rehearsed: of the workflows, {which}", remedy="Name one: --workflow FILE.")
    return folder / files[0]


def perform(stage: Stage, file: Path, reporter: Reporter) -> Performed:
    """Run the workflow for an event.

    Raises:
        UsageError: act is not installed.
        ToolFailed: act could not be started.
    """
    embedded = stage.embedded
    path = embedded.shell.environment.get("PATH", "")
    programs = tools.find(path)
    found = document.read(file.read_bytes(), f"{FOLDER}/{file.name}")
    happened = _happened(stage, found)
    begun = events.started(found, happened)
    if isinstance(begun, events.NotStarted):
        return _nothing(found, begun.why)
    checkout = embedded.place.folder / "runner"
    has_gh = shutil.which("gh", path=path) is not None
    seen = survey(found, checkout, has_gh=has_gh, has_node=programs.node is not None)
    respell(checkout)
    folder = _fresh(embedded.place.folder / "act")
    machine = shims.make(folder, programs, embedded.uv(folder), path)
    _publishers(stage, file.name)
    run = _run_of(embedded, stage.event, happened.name, found)
    values, notes = of_workflow(seen, embedded, stage.project, stage.secrets)
    office = Office(
        run=Run(record=run, event=stage.event, name=happened.name, inputs=begun.inputs, file=file.name),
        survey=seen,
        embedded=embedded,
        assumptions=stage.assumptions,
        values=values,
        behind=embedded.doors.loopback,
    )
    seen.notes += notes
    shims.know(machine, embedded.doors.port, office.placeholders.values())
    (folder / "event.json").write_bytes(payload(stage.event, embedded, happened, found.file, begun.inputs))
    told = _told(embedded, run, seen.called)
    log = Log(reporter, embedded.place.clock.now, told, office.refusals, office.facts)
    words = (str(programs.act), *command.words(office, folder), "-W", found.file)
    (folder / "notes").touch()
    with command.following(folder / "log", log), _open(office):
        output = command.start(embedded, words, machine, folder)
    log.close()
    return _performed(office, log, _Ended(output=output, folder=folder))


def _happened(stage: Stage, found: Document) -> Happened:
    """The event, as far as it decides whether the workflow starts.

    Where releases start it and tags do not, or start it and publish nothing, the maintainer publishes the release of
    the tag, on the website.
    """
    event, git = stage.event, stage.embedded.github.git
    known = events.inputs(found.triggers[event.name]) if event.name in found.triggers else {}
    standard = Inputs()
    defaults = {"dry_run": "false", "target_env": standard.target_env, "override_reason": ""}
    by_release = "push" not in found.triggers or _publishes_releases(stage.project, found)
    if event.tag is not None and "release" in found.triggers and by_release:
        release(stage.embedded.github, event.tag, float(git.text("show", "--no-patch", "--format=%ct", event.sha)))
        types = [scalar.text for scalar in scalars(found.triggers["release"].filters.get("types"))]
        action = next((name for name in ("published", "released", "created") if name in types), "published")
        return Happened(name="release", ref=event.ref, action=action)
    given = {name: value for name, value in stage.inputs.items() if name in known or value != defaults[name]}
    return Happened(
        name=event.name,
        ref=event.ref,
        inputs=given,
        message=git.maybe("show", "--no-patch", "--format=%B", event.sha) or "",
        on_default_branch=git.maybe("cat-file", "-e", f"refs/heads/{event.default_branch}:{found.file}") is not None,
    )


def _publishes_releases(project: Project, found: Document) -> bool:
    """Whether every job that uploads, and not to TestPyPI, asks for the event of a release, and for no push."""
    named = {
        job.job for job in project.ci.publishers if found.file.endswith(f"/{job.file}") and job.index != "testpypi"
    }
    conditions = [job.condition for job in found.jobs.values() if job.id in named]
    asked = [_ON_RELEASE.search(text) and not _ON_PUSH.search(text) for text in conditions]
    return bool(asked) and all(asked)


def _nothing(found: Document, why: str) -> Performed:
    error = WorkflowFailed(
        f"{found.file} would not run: {why}",
        remedy="Change what starts it, or rehearse another event.",
        where=found.file,
    )
    skipped = tuple(Job(id=id_, name=id_, result="skipped") for id_ in found.jobs)
    return Performed(jobs=skipped, error=error, doubts=(), not_rehearsed=(), by="", manifest=Manifest())


def _run_of(embedded: Embedded, event: Event, name: str, found: Document) -> WorkflowRun:
    """The run on the embedded GitHub; where there was one of this event and file, it is one more attempt of it."""
    state, jobs = embedded.github, dict.fromkeys(found.jobs)
    before = (r for r in state.runs if (r.path, r.suite.sha, r.event) == (found.file, event.sha, name))
    run = next(before, None)
    if run is None:
        run = state.add_run(event, found.file, jobs=jobs)
        run.event = name
        return run
    state.rerun(run, jobs=jobs)
    return run


def _fresh(folder: Path) -> Path:
    """A folder for one run of act; a second run in the same world has its own."""
    number = next(n for n in range(1, 1000) if not folder.with_name(f"{folder.name}-{n}").exists())
    made = folder.with_name(f"{folder.name}-{number}")
    made.mkdir()
    return made


def _publishers(stage: Stage, file: str) -> None:
    """Let the index know the workflow, with the environment of each job that uploads."""
    embedded, name = stage.embedded, stage.project.name.value or "project"
    for job in stage.project.ci.publishers if stage.registered else ():
        if job.file == file:
            index = embedded.testpypi if job.index == "testpypi" else embedded.pypi
            publisher = Publisher(
                repository=embedded.github.full_name,
                owner_id=str(embedded.github.id_of(embedded.github.owner)),
                workflow=file,
                environment=job.environment.lower(),
            )
            index.state.add_publisher(name, publisher)


def _told(embedded: Embedded, run: WorkflowRun, called: Mapping[str, str]) -> Callable[[str, Conclusion], None]:
    """Tells the embedded GitHub how jobs of the run end; those of a called workflow stand behind their caller."""

    def ended(name: str, conclusion: Conclusion) -> None:
        caller = called.get(name.partition(" (")[0])
        embedded.github.set_jobs(run, {f"{caller} / {name}" if caller else name: conclusion})

    return ended


@contextlib.contextmanager
def _open(office: Office) -> Iterator[None]:
    """Let jobs ask for what they may hold."""
    doors = office.embedded.doors
    doors.loopback = office
    try:
        yield
    finally:
        doors.loopback = office.behind


def _performed(office: Office, log: Log, ended: _Ended) -> Performed:
    seen, run = office.survey, office.run.record
    order = list(seen.document.jobs)
    ran = {job.id for job in log.jobs.values()} | {seen.called.get(job.id, "") for job in log.jobs.values()}
    skipped = tuple(Job(id=id_, name=id_, result="skipped") for id_ in order if id_ not in ran)
    jobs = sorted((*log.jobs.values(), *skipped), key=lambda j: order.index(seen.called.get(j.id, j.id)))
    told = tuple(_described(job, office) for job in jobs)
    failed = next((job.finding for job in told if job.finding is not None), None)
    error = None
    if failed is not None:
        where = f"{failed.where}: " if failed.code == WorkflowFailed.code else ""
        error = WorkflowFailed(f"{where}{failed.title}\n{failed.why}", remedy=failed.remedy, where=failed.where)
    elif not ended.output.ok or log.errors:
        why = (
            f"it took longer than {command.LIMIT:g} s"
            if ended.output.timed_out
            else "\n".join(log.errors[-5:]) or ended.output.tail(5)
        )
        error = WorkflowFailed(
            f"The workflow did not run\n{why}", remedy="Its own words are above.", where=seen.document.file
        )
    for line in dict.fromkeys(_written(ended.folder / "notes")):
        job_id, _, words = line.partition("\t")
        if job_id:
            seen.doubt(job_id, words)
        else:
            seen.notes.append(words)
    results = {job.id: job.result for job in told}
    doubts = {**seen.doubtful, **surprises(seen, results)}
    gave_up = failed is None and error is not None  # act, before it came to the jobs: none was skipped on purpose
    return Performed(
        jobs=told,
        error=error,
        doubts=tuple(
            f"job {job}: {why}" for job, why in doubts.items() if gave_up or results.get(job, "") != "skipped"
        ),
        not_rehearsed=tuple(dict.fromkeys(seen.notes)),
        by=office.run.name,
        manifest=merged(office.embedded.github, run.id, run.latest.number),
    )


def _written(notes: Path) -> list[str]:
    """What stand-ins wrote down, in a place where every step may write whatever it likes."""
    if not notes.is_file():  # a named pipe has no end
        return []
    with notes.open(encoding="utf-8", errors="replace") as file:
        return file.read(NOTES).splitlines()


def _described(job: Job, office: Office) -> Job:
    allowed = office.permissions.get(job.id, {})
    return msgspec.structs.replace(
        job,
        permissions=tuple(f"{scope}: {level}" for scope, level in allowed.items()),
        environment=office.environments.get(job.id, ""),
        facts=office.facts.get(job.id, ()),
    )
