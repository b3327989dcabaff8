"""What a job of a rehearsal gets: a token with its permissions, and what its environment lets it have.

As on GitHub, the environment decides first; a job that is not let in never holds a credential.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tagship.model import Event, Target
from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.rehearsal import environments, fit
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.starting import Start
from tagship.rehearsal.world import Embedded
from tagship.services import oidc
from tagship.services.github import GitHub
from tagship.services.secret import Secret
from tagship.services.world import World
from tagship.stages import Stage, gate_called, needed
from tagship.stages.publish import TOKEN_VARIABLES


@dataclass(frozen=True, kw_only=True, slots=True)
class Granting:
    """What the credentials of a job depend on."""

    embedded: Embedded
    project: Project
    event: Event
    assumptions: Assumptions
    secrets: Mapping[str, str]
    """API tokens by their names; each is a secret of the environment that uses it."""
    start: Start
    """Whether GitHub starts anything at all."""


def granted(stage: Stage, world: World, granting: Granting) -> World:
    """The world as one job sees it: a token with the permissions of the stage's job, and no more."""
    permissions = dict(permission.split(": ", 1) for permission in stage.permissions)
    if not stage.after:  # the first of all
        world = replace(world, admitted=granting.start.facts, barred=granting.start.refused)
    if permissions.pop("id-token", "") == "write":
        world = _let_in(world, granting)
    token = granting.embedded.github.issue_token("github_token", permissions)
    variables = {**world.environment, "GH_TOKEN": token.value}
    if stage.name == "gate" and granting.project.config.inline_ci:
        variables[needed.VARIABLE] = _called(granting.project.config.inline_ci, granting)
    github = GitHub(world.http, variables["GITHUB_REPOSITORY"], Secret(token.value))
    return replace(world, environment=variables, github=github)


def _called(file: str, granting: Granting) -> str:
    """GitHub's word for how the workflow ended that the run calls: as it is assumed to have run for the commit.

    Its jobs are checks of this run then, behind the name of their caller.
    """
    github, event = granting.embedded.github, granting.event
    ran = [run.latest for run in github.runs if run.path == f"{FOLDER}/{file}" and run.latest.conclusion is not None]
    if not ran:
        return json.dumps({gate_called.JOB: {"result": "cancelled"}})
    own = environments.run_of(github, event, fit.job(granting.embedded, event, granting.project).workflow_file)
    github.set_jobs(own, {f"{gate_called.SHOWN} / {job.name}": job.conclusion for job in ran[-1].jobs})
    end = ran[-1].conclusion
    result = end if end in ("success", "cancelled", "skipped") else "failure"
    return json.dumps({gate_called.JOB: {"result": result}})


def _let_in(world: World, granting: Granting) -> World:
    """The world of the job that uploads: its environment decides first, and then gives it what it uploads with."""
    embedded, event = granting.embedded, granting.event
    job = fit.job(embedded, event, granting.project)
    if job.environment and fit.publishes(event):
        run = environments.run_of(embedded.github, event, job.workflow_file)
        admission = environments.admit(embedded, run, event.ref, job.environment, granting.assumptions)
        world = replace(world, admitted=admission.facts, barred=admission.refused)
    if world.barred is not None:
        return world
    name = TOKEN_VARIABLES[Target.TESTPYPI if fit.goes_to_testpypi(event) else Target.PYPI]
    secret = granting.secrets.get(name)
    if secret is None:
        return replace(world, environment={**world.environment, oidc.TOKEN: embedded.identity.allow(job.claims())})
    environments.keep_secret(embedded.github, job.environment or "", name)
    return replace(world, environment={**world.environment, name: secret})
