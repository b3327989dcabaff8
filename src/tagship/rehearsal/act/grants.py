"""What each job of a workflow holds: a token with its permissions, its secrets, and the services that it may ask.

GitHub gives every job its own, when its environment has let it in; act gives every job the same. So act gets
placeholders, and each job asks the `Office` on its first step (`grant`).
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from werkzeug import Request, Response

from tagship.errors import TagshipError, WorkflowFailed
from tagship.model import Event, Fact, Record
from tagship.project.discover import Project
from tagship.rehearsal import environments, fit
from tagship.rehearsal.act.grant import PATH
from tagship.rehearsal.act.survey import INPUT, Survey, reads
from tagship.rehearsal.github.state import WorkflowRun
from tagship.rehearsal.identity import Job
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.world import Embedded
from tagship.services import oidc
from tagship.services.addresses import ACTIONS_RESULTS
from tagship.workflow import document, permissions
from tagship.workflow.document import text, walk
from tagship.workflow.guide import READER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105  a secret's name
_UPLOADS = re.compile(r"PYPI|TWINE_PASSWORD|UV_PUBLISH|FLIT|HATCH_INDEX|POETRY_PYPI", re.IGNORECASE)
"""Names of secrets that authorise uploads."""
_USER = re.compile(r"USER", re.IGNORECASE)
_TEST = re.compile(r"TEST", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The run whose jobs these are."""

    record: WorkflowRun
    event: Event
    name: str
    """Of the event: `push`, `workflow_dispatch` or `release`."""
    inputs: Mapping[str, str]
    file: str
    """File name of the workflow."""


class Grant(Record, frozen=True, kw_only=True):
    """What one job is told."""

    refused: str = ""
    """Why its environment does not let it in."""
    values: dict[str, str] = msgspec.field(default_factory=dict)
    """What stands for each placeholder."""
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    masks: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Office:
    """Grants each job what it may hold, when it begins; a WSGI application in front of another one.

    `facts` are what environments said, `refusals` why a job was not begun, by job.
    """

    run: Run
    survey: Survey
    embedded: Embedded
    assumptions: Assumptions
    values: Mapping[str, str]
    """Of the secrets that the workflow reads."""
    behind: "WSGIApplication"
    placeholders: Mapping[str, str] = field(init=False)
    """By the name of the secret: what act is given."""
    permissions: Mapping[str, Mapping[str, str]] = field(init=False)
    environments: Mapping[str, str] = field(init=False)
    facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    refusals: dict[str, TagshipError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = {name: f"placeholder-{secrets.token_hex(12)}" for name in self.values}
        self.placeholders = made | {GITHUB_TOKEN: f"ghs_placeholder{secrets.token_hex(12)}"}
        found = self.survey.document
        self.permissions = permissions.effective(found, self.embedded.github.policy.default_permissions)
        self.environments = {job.id: self._named(job.environment) for job in found.jobs.values()}
        self._secrets = {job.id: frozenset(self._read_by(job.id)) for job in found.jobs.values()}
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer `grant`; everything else goes on."""
        request = Request(environ)
        if not request.path.startswith(PATH):
            return self.behind(environ, start_response)
        environ["tagship.service"] = "actions"
        with self._lock:
            grant = self.grant(request.path.removeprefix(PATH))
        return Response(msgspec.json.encode(grant), content_type="application/json")(environ, start_response)

    def grant(self, job: str) -> Grant:
        """What a job is granted; one that the workflow does not have gets nothing."""
        outer = job if job in self.permissions else self.survey.called.get(job, "")
        if outer not in self.permissions:
            return Grant()
        if words := self.survey.refused.get(job):
            remedy = "Use a newer version of the action; Dependabot keeps them up to date."
            self.refusals[job] = WorkflowFailed(f"The job was not begun\n{words}", remedy=remedy, where=job)
            return Grant(refused=words)
        file, environment = self.run.file, self.environments[outer]
        if job not in self.permissions:
            file, inner = self.survey.standing[job]
            environment = self._named(inner.environment, self._given(outer))
        if environment:
            said = environments.admit(self.embedded, self.run.record, self.run.event.ref, environment, self.assumptions)
            self.facts[outer] = said.facts
            if said.refused is not None:
                self.refusals[outer] = said.refused
                return Grant(refused=said.refused.message)
        scopes = dict(self.permissions[outer])
        identity = scopes.pop("id-token", "") == "write"
        token = self.embedded.github.issue_token("github_token", scopes).value
        values = {name: self.values[name] for name in self._secrets[outer]} | {GITHUB_TOKEN: token}
        runtime = self.embedded.artifacts.allow(self.run.record.id, job, attempt=self.run.record.latest.number)
        return Grant(
            values={self.placeholders[name]: value for name, value in values.items()},
            variables={
                "ACTIONS_RESULTS_URL": f"{ACTIONS_RESULTS}/",
                "ACTIONS_RUNTIME_TOKEN": runtime,
                "TAGSHIP_SCOPES": " ".join(f"{scope}:{level}" for scope, level in scopes.items()),
                **(self._identity(environment, file) if identity else {}),
            },
            masks=(*values.values(), runtime),
        )

    def _identity(self, environment: str, file: str) -> dict[str, str]:
        event, embedded = self.run.event, self.embedded
        job = Job(
            repository=event.repository,
            owner_id=str(embedded.github.id_of(embedded.github.owner)),
            ref=event.ref,
            sha=event.sha,
            workflow=self.survey.document.name,
            workflow_file=self.run.file,
            called_file=file,
            event_name=self.run.name,
            environment=environment or None,
            run_id=str(self.run.record.id),
            run_attempt=str(self.run.record.latest.number),
        )
        return {
            oidc.URL: f"{embedded.doors.url}/identity?api-version=2.0",
            oidc.TOKEN: embedded.identity.allow(job.claims()),
        }

    def _named(self, environment: str, inputs: Mapping[str, str] | None = None) -> str:
        """The name of an environment, an input in it filled in: of the run, or of the call of another workflow."""
        given = self.run.inputs if inputs is None else inputs
        return INPUT.sub(lambda found: given.get(found[1], ""), environment)

    def _given(self, job: str) -> dict[str, str]:
        """The inputs that a job gives to the workflow that it calls."""
        found = self.survey.document.jobs[job].node.get("with")
        entries = found.entries if isinstance(found, document.Mapping) else ()
        return {key.text: self._named(text(value)) for key, value in entries}

    def _read_by(self, job: str) -> Iterable[str]:
        """The secrets that reach a job: the repository's, and its environment's.

        A secret is taken for the repository's where a job without an environment reads it.
        """
        jobs = self.survey.document.jobs
        for name in self.values:
            users = {id_ for id_, other in jobs.items() if any(reads(s.text, name) for s in walk(other.node))}
            homes = {self.environments[user] for user in users} or {""}
            if "" in homes or self.environments[job] in homes:
                yield name


def of_workflow(
    survey: Survey, embedded: Embedded, project: Project, held: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """A value for every secret that the workflow reads: an upload token where its name says so, else a made-up one.

    The one that is wanted where there is one, and not missed, is left out.

    Args:
        held: the values that the scenario sets.

    Returns:
        the values by name, and what is to be said about them.
    """
    values: dict[str, str] = {}
    notes: list[str] = []
    for name in survey.secrets:
        if name.upper() == GITHUB_TOKEN:
            continue
        if name in held:
            values[name] = held[name]
        elif name == READER:
            notes.append(f"the secret {name}: there is none, as in most repositories")
        elif _UPLOADS.search(name) and _USER.search(name):
            values[name] = "__token__"
        elif _UPLOADS.search(name):
            index = embedded.testpypi if _TEST.search(name) else embedded.pypi
            values[name] = index.state.token_for(fit.MAINTAINER, [project.name.value or "project"])
        else:
            values[name] = f"made-up-{secrets.token_hex(12)}"
            notes.append(f"the secret {name}: a made-up value was used")
    return values, tuple(notes)
