"""Fits the embedded world to a project: by default everything is set up right, and every assumption can be changed."""

import fnmatch
import io
import tarfile
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version

from tagship.checks.rulebook import Limits
from tagship.errors import UsageError
from tagship.model import Event
from tagship.project.ci import FOLDER
from tagship.project.config import Check
from tagship.project.discover import Project
from tagship.rehearsal import recorded
from tagship.rehearsal.environments import Environments
from tagship.rehearsal.environments import described as described_environments
from tagship.rehearsal.github.state import Conclusion, Rule, Ruleset
from tagship.rehearsal.identity import Job
from tagship.rehearsal.index import EmbeddedIndex, Flag, Lifecycle, Publisher, Release, Staleness, Surface, Token
from tagship.rehearsal.index import Project as Listed
from tagship.rehearsal.index.state import with_release
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.result import Assumption
from tagship.rehearsal.world import Embedded
from tagship.services.addresses import ELSEWHERE, GITHUB
from tagship.setup.snapshot import Snapshot
from tagship.workflow.variant import publishers, suffix

CONCLUSIONS: tuple[Conclusion, ...] = (
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
)
ABSENT, NEVER_ENDS = "missing", "pending"
DAY = 86400
SHOWN = 6
"""Required CI that is listed by name."""
AS_OURS = "as tagship writes it"
"""Where what is known of a publishing job comes from, when no workflow says it."""
MAINTAINER, STRANGER = "maintainer", "somebody-else"


@dataclass(frozen=True, kw_only=True, slots=True)
class Publishing:
    """The job that uploads, as the project's own workflow says, or as tagship would write it."""

    workflow: str
    testpypi: str
    """Name of the environment for TestPyPI."""
    pypi: str
    source: str


def publishing(project: Project) -> Publishing:
    """Which workflow file and environments the index would be told."""
    names, end = project.config.environments, suffix(project)
    testpypi = f"{names.testpypi}{end}"
    found = next((job for job in publishers(project) if job.index != "testpypi"), None)
    if found is None:
        return Publishing(workflow=f"publish{end}.yml", testpypi=testpypi, pypi=f"{names.pypi}{end}", source=AS_OURS)
    return Publishing(
        workflow=found.file, testpypi=testpypi, pypi=found.environment, source=f"{found.file}, job {found.job}"
    )


def repository(embedded: Embedded, project: Project, default_branch: str, real: Snapshot | None = None) -> None:
    """Name the repository on the embedded GitHub after the real one, with the rules of a well-kept one."""
    slug = project.repository.slug.value or f"owner/{project.normalised or 'project'}"
    embedded.github.owner, _, embedded.github.name = slug.partition("/")
    embedded.github.default_branch = default_branch
    embedded.github.rulesets[:] = (_ruleset("tag", "update", "deletion"), _ruleset("branch", "non_fast_forward"))
    if real is not None:
        recorded.rules(embedded.github, real)


def _ruleset(target: Literal["branch", "tag"], *rules: str) -> Ruleset:
    """A rule of a well-kept repository: a tag is never moved or deleted, history is never rewritten."""
    return Ruleset(
        id=len(rules), name=f"Every {target}", target=target, created=0, rules=tuple(Rule(type=rule) for rule in rules)
    )


def indexes(embedded: Embedded, project: Project, version: str, assumptions: Assumptions) -> None:
    """Put the project on both indexes, with its publisher."""
    name = project.name.value or "project"
    job = publishing(project)
    slug = embedded.github.full_name
    owner_id = str(embedded.github.id_of(embedded.github.owner))
    for index, environment in ((embedded.pypi, job.pypi), (embedded.testpypi, job.testpypi)):
        publisher = Publisher(
            repository=slug,
            owner_id=owner_id,
            workflow="another.yml" if assumptions.publisher == "other-workflow" else job.workflow,
            environment="another" if assumptions.publisher == "other-environment" else environment.lower(),
        )
        _place(index, name, publisher, assumptions)
        real = assumptions.recorded
        if real is not None and assumptions.publisher == "registered":
            listing = real.pypi if index is embedded.pypi else real.testpypi
            recorded.publishers(index, listing, name, real, owner_id)
        _history(index, name, version, assumptions)
    embedded.pypi.state.hidden.add((canonicalize_name(name), version))


def _place(index: EmbeddedIndex, name: str, publisher: Publisher, assumptions: Assumptions) -> None:
    state, registered = index.state, assumptions.publisher != "missing"
    if assumptions.project == "new":
        if registered:
            state.add_pending(name, publisher, user=MAINTAINER)
    else:
        status = {"archived": Lifecycle.ARCHIVED, "quarantined": Lifecycle.QUARANTINED}
        owner = STRANGER if assumptions.project == "somebody-else" else MAINTAINER
        state.add_project(
            Listed(
                name=name,
                roles={owner: "Owner"},
                status=status.get(assumptions.project, Lifecycle.ACTIVE),
                limits=Limits(file=assumptions.file_limit) if assumptions.file_limit else Limits(),
            )
        )
        if registered and owner == MAINTAINER:
            state.add_publisher(name, publisher)
    if assumptions.similar:
        state.add_project(Listed(name=assumptions.similar, roles={STRANGER: "Owner"}))


def _history(index: EmbeddedIndex, name: str, version: str, assumptions: Assumptions) -> None:
    state = index.state
    at = state.clock() - assumptions.release_age * DAY
    stem = canonicalize_name(name).replace("-", "_")
    if assumptions.published == "other":
        state.add_bytes(f"{stem}-{version}.tar.gz", _other_sdist(name, version), uploaded=at)
    elif assumptions.release_age:
        owned = state.projects.get(canonicalize_name(name)) or Listed(name=name, roles={MAINTAINER: "Owner"})
        state.put(with_release(owned, Release(version=Version(version), created=at)))
    for pattern in assumptions.deleted:
        for filename in (f"{stem}-{version}.tar.gz", f"{stem}-{version}-py3-none-any.whl"):
            if fnmatch.fnmatchcase(filename, pattern):
                state.burnt.add(filename)
    if assumptions.read_only:
        state.flags.add(Flag.READ_ONLY)
    state.stale = {Surface.SIMPLE: Staleness(reads=assumptions.stale)} if assumptions.stale else {}


def _other_sdist(name: str, version: str) -> bytes:
    """An sdist of the version with other contents than any build would give."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: other bytes\n".encode()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{stem}/PKG-INFO")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return raw.getvalue()


def api_token(embedded: Embedded, project: Project, assumptions: Assumptions) -> dict[str, str]:
    """The variables that hold an API token, where one is to be used in place of trusted publishing."""
    kind = assumptions.api_token
    if kind == "none" and project.config.auth == "token":
        kind = "valid"  # the project publishes by token, and its secrets are as they should be
    if kind == "none":
        return {}
    name = project.name.value or "project"
    found: dict[str, str] = {}
    for index, variable in ((embedded.pypi, "PYPI_API_TOKEN"), (embedded.testpypi, "TEST_PYPI_API_TOKEN")):
        state = index.state
        match kind:
            case "valid":
                found[variable] = state.token_for(MAINTAINER, [name])
            case "other-project":
                found[variable] = state.token_for(MAINTAINER, ["another-project"])
            case "expired":
                mine = frozenset({canonicalize_name(name)})
                found[variable] = state.add_token(Token(user=MAINTAINER, projects=mine, expires=state.clock() - DAY))
            case _:
                found[variable] = "pypi-made-up-and-unknown-to-the-index"
    return found


def ci(embedded: Embedded, event: Event, project: Project, assumptions: Assumptions) -> None:
    """Let the required CI have run for the commit, each with the conclusion that is assumed.

    A workflow is named by its file, its own name, or one of its checks, with which it then ends.

    Raises:
        UsageError: an assumption names no CI of the project, or no conclusion that GitHub knows.
    """
    wanted = dict(assumptions.ci)
    pushed = Event(
        name="push",
        repository=event.repository,
        ref=f"refs/heads/{event.default_branch}",
        sha=event.sha,
        default_branch=event.default_branch,
    )
    runs: dict[str, dict[str, Conclusion | None]] = {}
    ends: dict[str, Conclusion] = {}
    known: list[str] = []
    for check in project.required_ci.value:
        labels = _labels(check, project)
        known += labels
        outcome = next((wanted.pop(label) for label in labels if label in wanted), "success")
        conclusion = _conclusion(outcome)
        if outcome == ABSENT:
            continue
        if not check.workflow and check.app not in ("", "github-actions"):
            embedded.github.add_check(pushed.sha, check.names[0], conclusion=conclusion)
            continue
        file = check.workflow or _made_by(check, project)
        runs.setdefault(file, {}).update(dict.fromkeys(check.names[:1] or _jobs(file, project), conclusion))
        if outcome == "startup_failure":
            ends[file] = "startup_failure"
        elif not check.names and conclusion is not None:
            ends[file] = conclusion
    for file, jobs in runs.items():
        run = embedded.github.add_run(
            pushed, f"{FOLDER}/{file}", jobs={} if ends.get(file) == "startup_failure" else jobs
        )
        if file in ends:
            embedded.github.finish(run, ends[file])
    if wanted:
        raise UsageError(
            f"Nothing was rehearsed: there is no required CI called {', '.join(wanted)}",
            remedy=f"Name one that is required: {', '.join(dict.fromkeys(known)) or 'there is none'}.",
        )


def _labels(check: Check, project: Project) -> tuple[str, ...]:
    """What a required piece is called: a workflow by its file, its name and its checks."""
    workflow = next((w for w in project.ci.workflows if w.file == check.workflow), None)
    if check.names or workflow is None:
        return (*check.names, *filter(None, (check.workflow,)))
    return (workflow.file, workflow.name, *_jobs(workflow.file, project))


def _jobs(file: str, project: Project) -> tuple[str, ...]:
    """The names of the checks of a workflow."""
    return tuple(name for w in project.ci.workflows if w.file == file for job in w.jobs for name in job.checks) or (
        file,
    )


def _made_by(check: Check, project: Project) -> str:
    """The workflow that makes a check, as far as its name says."""
    return next((w.file for w in project.ci.workflows if {*check.names} & {*_jobs(w.file, project)}), "ci.yml")


def _conclusion(outcome: str) -> Conclusion | None:
    """The conclusion of an assumed outcome; None where it never comes."""
    if outcome not in (*CONCLUSIONS, ABSENT, NEVER_ENDS, "startup_failure"):
        raise UsageError(
            f"Nothing was rehearsed: GitHub has no conclusion {outcome!r}",
            remedy=f"Use one of {', '.join((*CONCLUSIONS, 'startup_failure', ABSENT, NEVER_ENDS))}.",
        )
    return next((known for known in CONCLUSIONS if known == outcome), None)


def job(embedded: Embedded, event: Event, project: Project) -> Job:
    """The publish job of the run, as its identity tokens say."""
    found = publishing(project)
    return Job(
        repository=event.repository,
        owner_id=str(embedded.github.id_of(embedded.github.owner)),
        ref=event.ref,
        sha=event.sha,
        workflow="Publish to PyPI",
        workflow_file=found.workflow,
        event_name=event.name,
        environment=(found.testpypi if goes_to_testpypi(event) else found.pypi) or None,
        run_id=event.run_id or "1",
    )


def goes_to_testpypi(event: Event) -> bool:
    """Which of the two publishing jobs an event is for."""
    return event.tag is None or (event.name == "workflow_dispatch" and event.inputs.target_env == "testpypi")


def publishes(event: Event) -> bool:
    """Whether one of the publishing jobs runs at all, where all before it went well."""
    elsewhere = event.name == "push" and event.branch not in (None, event.default_branch)
    return not event.inputs.dry_run and not elsewhere


def environments(project: Project) -> Environments:
    """The environments that the publishing jobs name, and the tags that releases have."""
    found = publishing(project)
    return Environments(pypi=found.pypi, testpypi=found.testpypi, tags=f"{project.tags.value.prefix}*")


def described(project: Project, assumptions: Assumptions, also: tuple[str, ...]) -> tuple[Assumption, ...]:
    """All assumptions in words, with how to change each."""
    job = publishing(project)
    outcomes = []
    for check in project.required_ci.value:
        named = (assumptions.ci[label] for label in _labels(check, project) if label in assumptions.ci)
        outcomes.append(f"{check.label}: {next(named, 'success')}")
    outcomes.sort(key=lambda words: words.endswith(": success"))  # what is assumed to be otherwise is always shown
    more = len(outcomes) - SHOWN
    outcomes[SHOWN:] = [f"and {more} more: success"] if more > 0 else []
    environment = f", environment {job.pypi}" if job.pypi else ", no environment"
    rows = [
        Assumption(
            name="CI of the commit",
            value="; ".join(outcomes) or "none found",
            change="--ci 'NAME=failure', or missing, cancelled, skipped, pending …",
        ),
        Assumption(
            name="Trusted publisher",
            value=f"{assumptions.publisher}: {job.workflow}{environment} ({job.source})",
            change="--publisher missing",
        ),
        Assumption(
            name="Environments",
            value=described_environments(
                environments(project), project.repository.default_branch.value or "main", assumptions
            ),
            change="--environment other-tags, branch-only, missing; --reviewers approve, reject",
        ),
        Assumption(name="Project on the index", value=assumptions.project, change="--project new, somebody-else, …"),
        Assumption(name="This version on the index", value=assumptions.published, change="--published other"),
    ]
    rows += [Assumption(name="Repository", value=words, change="push first, or fetch") for words in also]
    home = project.repository
    if home.slug.value is None or (home.host.value or "").lower() in ELSEWHERE:
        slug = home.slug.value or f"owner/{project.normalised or 'project'}"
        why = home.slug.source if home.slug.value is None else f"the remote is on {home.host.value}"
        change = f"git remote add origin {GITHUB}/OWNER/NAME"
        rows.append(Assumption(name="GitHub repository", value=f"{slug} ({why})", change=change))
    return tuple(rows) if assumptions.recorded is None else recorded.described(rows, assumptions.recorded)


def version_of(ref: str, project: Project) -> str:
    """The version that a ref is about, empty for a branch: some parts of the world have to know it beforehand."""
    spelt = ref.removeprefix("refs/tags/").removeprefix(project.tags.value.prefix)
    try:
        return str(Version(spelt))
    except ValueError:
        return ""
