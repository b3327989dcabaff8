"""What each job of a workflow holds: a token with its permissions, its secrets, and the services that it may ask.

GitHub gives every job its own; act gives every job the same. So act gets placeholders, and `grant` puts in their place,
inside each job, what is decided here.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from tagship.model import Event
from tagship.project.discover import Project
from tagship.rehearsal import fit
from tagship.rehearsal.act.survey import Survey
from tagship.rehearsal.identity import Job
from tagship.rehearsal.world import Embedded
from tagship.services import oidc
from tagship.services.addresses import ACTIONS_RESULTS
from tagship.workflow import permissions
from tagship.workflow.document import Job as Declared

GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105  a secret's name
_UPLOADS = re.compile(r"PYPI|TWINE_PASSWORD|UV_PUBLISH|FLIT|HATCH_INDEX|POETRY_PYPI", re.IGNORECASE)
"""Names of secrets that authorise uploads."""
_USER = re.compile(r"USER", re.IGNORECASE)
_TEST = re.compile(r"TEST", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The run whose jobs these are."""

    id: int
    attempt: int
    event: Event
    file: str
    """File name of the workflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grants:
    """For act, and for `grant`."""

    run: Run
    jobs: dict[str, dict[str, dict[str, str]]]
    """By job: `values` by placeholder, and `variables`."""
    secrets: Mapping[str, str]
    """Placeholder by the name of the secret: what act is given."""
    permissions: Mapping[str, Mapping[str, str]]
    environments: Mapping[str, str]
    notes: tuple[str, ...]


def grants(survey: Survey, run: Run, embedded: Embedded, project: Project, held: Mapping[str, str]) -> Grants:
    """Decide what each job holds.

    Args:
        held: the values of secrets that the scenario sets.
    """
    values, notes = _secrets(survey, embedded, project, held)
    placeholders = {name: f"placeholder-{secrets.token_hex(12)}" for name in values}
    placeholders[GITHUB_TOKEN] = f"ghs_placeholder{secrets.token_hex(12)}"
    allowed = permissions.effective(survey.document, embedded.github.policy.default_permissions)
    environments = {job.id: job.environment for job in survey.document.jobs.values()}
    jobs = {}
    for id_, job in survey.document.jobs.items():
        given = {placeholders[name]: value for name, value in values.items() if _may_read(job, name)}
        jobs[id_] = _job(id_, run, embedded, (survey.document.name, allowed[id_], environments[id_]))
        jobs[id_]["values"] |= given | {placeholders[GITHUB_TOKEN]: jobs[id_]["values"].pop(GITHUB_TOKEN)}
    jobs |= {inner: jobs[outer] for inner, outer in survey.called.items() if inner not in jobs}
    return Grants(run=run, jobs=jobs, secrets=placeholders, permissions=allowed, environments=environments, notes=notes)


def _may_read(job: Declared, name: str) -> bool:
    """Whether a job gets a secret; those of the repository reach every job."""
    return bool(job.id and name)


def _job(
    id_: str, run: Run, embedded: Embedded, about: tuple[str, Mapping[str, str], str]
) -> dict[str, dict[str, str]]:
    workflow, allowed, environment = about
    scopes = dict(allowed)
    identity = scopes.pop("id-token", "") == "write"
    token = embedded.github.issue_token("github_token", scopes)
    variables = {
        "ACTIONS_RESULTS_URL": f"{ACTIONS_RESULTS}/",
        "ACTIONS_RUNTIME_TOKEN": embedded.artifacts.allow(run.id, id_, attempt=run.attempt),
    }
    if identity:
        event = run.event
        job = Job(
            repository=event.repository,
            owner_id=str(embedded.github.id_of(embedded.github.owner)),
            ref=event.ref,
            sha=event.sha,
            workflow=workflow,
            workflow_file=run.file,
            event_name=event.name,
            environment=environment or None,
            run_id=str(run.id),
            run_attempt=str(run.attempt),
        )
        variables[oidc.URL] = f"{embedded.doors.url}/identity?api-version=2.0"
        variables[oidc.TOKEN] = embedded.identity.allow(job.claims())
    return {"values": {GITHUB_TOKEN: token.value}, "variables": variables}


def _secrets(
    survey: Survey, embedded: Embedded, project: Project, held: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """A value for every secret that the workflow reads: an upload token where its name says so, else a made-up one."""
    values: dict[str, str] = {}
    notes: list[str] = []
    for name in survey.secrets:
        if name.upper() == GITHUB_TOKEN:
            continue
        if name in held:
            values[name] = held[name]
        elif _UPLOADS.search(name) and _USER.search(name):
            values[name] = "__token__"
        elif _UPLOADS.search(name):
            index = embedded.testpypi if _TEST.search(name) else embedded.pypi
            values[name] = index.state.token_for(fit.MAINTAINER, [project.name.value or "project"])
        else:
            values[name] = f"made-up-{secrets.token_hex(12)}"
            notes.append(f"the secret {name}: a made-up value was used")
    return values, tuple(notes)
