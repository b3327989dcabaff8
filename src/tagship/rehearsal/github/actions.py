"""GitHub Actions: workflow runs with their attempts and jobs, workflows, manual dispatch."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tagship.model import Event, Inputs
from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.checks import head_commit
from tagship.rehearsal.github.http import Call, Object, Reply, Route, not_found, refusal
from tagship.rehearsal.github.objects import commit
from tagship.rehearsal.github.state import Attempt, CheckRun, Json, WorkflowRun
from tagship.rehearsal.github.workflows import Workflow, workflow_at, workflows
from tagship.workflow import events

FILTERED = 1000
"""A filtered list of runs ends here (OpenAPI, actions/list-workflow-runs-for-repo)."""


STEP = "Run"


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a dispatch."""

    ref: str
    inputs: dict[str, str | bool | int | float] = {}
    return_run_details: bool = False


def run_shape(call: Call, of: WorkflowRun) -> Object:
    """A workflow run as it is in its newest attempt."""
    at = of.latest
    url = call.urls.repo(f"/actions/runs/{of.id}")
    flow = workflow_at(call.repo, of.path, of.suite.sha)
    number = call.repo.id_of(of.path)
    actor = shapes.account(call.repo, call.urls, of.actor)
    title = of.title or commit(call.repo.git, of.suite.sha).message.split("\n", 1)[0]
    back = f"{url}/attempts/{at.number - 1}" if at.number > 1 else None
    return {
        "id": of.id,
        "name": flow.name if flow else of.path,
        "node_id": shapes.node_id("WorkflowRun", of.id),
        "head_branch": of.suite.branch,
        "head_sha": of.suite.sha,
        "path": of.path,
        "display_title": title,
        "run_number": of.number,
        "event": of.event,
        "status": at.status,
        "conclusion": at.conclusion,
        "workflow_id": number,
        "check_suite_id": of.suite.id,
        "check_suite_node_id": shapes.node_id("CheckSuite", of.suite.id),
        "url": url,
        "html_url": call.urls.page(f"/actions/runs/{of.id}"),
        "pull_requests": [],
        "created_at": shapes.when(of.attempts[0].created),
        "updated_at": shapes.when(at.updated),
        "actor": actor,
        "triggering_actor": actor,
        "run_attempt": at.number,
        "referenced_workflows": [],
        "run_started_at": shapes.when(at.created),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": call.urls.repo(f"/check-suites/{of.suite.id}"),
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": back,
        "workflow_url": call.urls.repo(f"/actions/workflows/{number}"),
        "head_commit": head_commit(call, of.suite.sha),
        "repository": shapes.repository(call.repo, call.urls),
        "head_repository": shapes.repository(call.repo, call.urls),
    }


def list_runs(call: Call) -> Reply:
    """Workflow runs, the newest first."""
    return _runs(call, call.repo.runs)


def workflow_runs(call: Call) -> Reply:
    """The runs of one workflow."""
    flow = workflow_of(call)
    return _runs(call, [run for run in call.repo.runs if run.path == flow.path])


def _runs(call: Call, runs: list[WorkflowRun]) -> Reply:
    """Filter as the query says: `status` may name a status or a conclusion."""
    sha, event, branch = (call.query(name) for name in ("head_sha", "event", "branch"))
    state, actor, suite = (call.query(name) for name in ("status", "actor", "check_suite_id"))
    found = [
        run
        for run in reversed(runs)
        if sha in {"", run.suite.sha}
        and event in {"", run.event}
        and branch in {"", run.suite.branch}
        and state in {"", run.latest.status, run.latest.conclusion}
        and actor in {"", run.actor}
        and suite in {"", str(run.suite.id)}
    ]
    return call.page(found[:FILTERED], lambda r: run_shape(call, r), "workflow_runs")


def get_run(call: Call) -> Reply:
    """One run, in its newest attempt."""
    return Reply(body=run_shape(call, call.one(call.repo.runs)))


def run_jobs(call: Call) -> Reply:
    """The jobs of the newest attempt, or with `filter=all` of every one."""
    run = call.one(call.repo.runs)
    attempts = run.attempts if call.query("filter") == "all" else run.attempts[-1:]
    jobs = [(attempt, job) for attempt in attempts for job in attempt.jobs]
    return call.page(jobs, lambda pair: job_shape(call, run, *pair), "jobs")


def job_shape(call: Call, run: WorkflowRun, attempt: Attempt, job: CheckRun) -> Json:
    """A job of one attempt of a run."""
    flow = workflow_at(call.repo, run.path, run.suite.sha)
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": flow.name if flow else run.path,
        "head_branch": run.suite.branch,
        "run_url": call.urls.repo(f"/actions/runs/{run.id}"),
        "run_attempt": attempt.number,
        "node_id": shapes.node_id("CheckRun", job.id),
        "head_sha": run.suite.sha,
        "url": call.urls.repo(f"/actions/jobs/{job.id}"),
        "html_url": call.urls.page(f"/actions/runs/{run.id}/job/{job.id}"),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": shapes.when(job.started),
        "started_at": shapes.when(job.started),
        "completed_at": shapes.moment(job.completed),
        "name": job.name,
        "steps": [_step(job)],
        "check_run_url": call.urls.repo(f"/check-runs/{job.id}"),
        "labels": ["ubuntu-latest"],
        "runner_id": None,
        "runner_name": None,
        "runner_group_id": None,
        "runner_group_name": None,
    }


def _step(job: CheckRun) -> Json:
    """All that a job does is one step here."""
    return {
        "name": STEP,
        "number": 1,
        "status": job.status,
        "conclusion": job.conclusion,
        "started_at": shapes.when(job.started),
        "completed_at": shapes.moment(job.completed),
    }


def list_workflows(call: Call) -> Reply:
    """The workflows of the default branch."""
    return call.page(workflows(call.repo), lambda w: workflow_shape(call, w), "workflows")


def get_workflow(call: Call) -> Reply:
    """One workflow, by id or by the name of its file."""
    return Reply(body=workflow_shape(call, workflow_of(call)))


def workflow_of(call: Call) -> Workflow:
    """The workflow that the address names, by id or by the name of its file."""
    asked = call.args["workflow"]
    for flow in workflows(call.repo):
        if asked in {str(call.repo.id_of(flow.path)), flow.path.rsplit("/", 1)[1], flow.path}:
            return flow
    raise not_found()


def workflow_shape(call: Call, of: Workflow) -> Json:
    """A workflow."""
    number = call.repo.id_of(of.path)
    file = of.path.rsplit("/", 1)[1]
    return {
        "id": number,
        "node_id": shapes.node_id("Workflow", number),
        "name": of.name,
        "path": of.path,
        "state": _state(call, of),
        "created_at": shapes.when(call.repo.created),
        "updated_at": shapes.when(call.repo.created),
        "url": call.urls.repo(f"/actions/workflows/{number}"),
        "html_url": call.urls.page(f"/blob/{call.repo.default_branch}/{of.path}"),
        "badge_url": call.urls.page(f"/actions/workflows/{file}/badge.svg"),
    }


def _state(call: Call, of: Workflow) -> Literal["active", "disabled_inactivity", "disabled_manually"]:
    if of.path in call.repo.resting_workflows:
        return "disabled_inactivity"
    return "disabled_manually" if of.path in call.repo.disabled_workflows else "active"


def dispatch(call: Call) -> Reply:
    """Start a workflow by hand: the file as it is at the ref decides which inputs there are.

    Unlike other events, one caused by a `GITHUB_TOKEN` starts the workflow too (docs.github.com, "GITHUB_TOKEN").
    """
    flow, body = workflow_of(call), call.body(Dispatch)
    event = _event(call, body.ref)
    at = workflow_at(call.repo, flow.path, event.sha)
    if at is not None and at.problem:
        raise refusal(422, f"failed to parse workflow: {at.problem}")
    if at is None or at.inputs is None:
        raise refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    if _state(call, flow) != "active":
        raise refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    wrong = events.refused(body.inputs, at.inputs)
    if wrong:
        raise refusal(422, wrong)
    run = call.repo.add_run(event, flow.path, jobs={}, title=flow.name, actor=call.token.login)
    run.inputs = events.filled(body.inputs, at.inputs)
    call.repo.events.append(msgspec.structs.replace(event, run_id=str(run.id), inputs=_inputs(run.inputs)))
    if not body.return_run_details:
        return Reply(status=204)
    return Reply(
        body={
            "workflow_run_id": run.id,
            "run_url": call.urls.repo(f"/actions/runs/{run.id}"),
            "html_url": call.urls.page(f"/actions/runs/{run.id}"),
        }
    )


def _event(call: Call, ref: str) -> Event:
    full = (ref,) if ref.startswith("refs/") else (f"refs/heads/{ref}", f"refs/tags/{ref}")
    for name in full:
        event = call.repo.event("workflow_dispatch", name)
        if event is not None:
            return event
    raise refusal(422, f"No ref found for: {ref}")


def _inputs(given: Mapping[str, str]) -> Inputs:
    """The inputs that the generated workflow knows; others stay in the run."""
    return Inputs(
        dry_run=given.get("dry_run", "false") == "true",
        target_env="pypi" if given.get("target_env") == "pypi" else "testpypi",
        override_reason=given.get("override_reason", ""),
    )


_R = "/repos/{owner}/{repo}/actions"
ROUTES = (
    Route("GET", f"{_R}/runs", "actions:read", list_runs),
    Route("GET", f"{_R}/runs/{{id}}", "actions:read", get_run),
    Route("GET", f"{_R}/runs/{{id}}/jobs", "actions:read", run_jobs),
    Route("GET", f"{_R}/workflows", "actions:read", list_workflows),
    Route("GET", f"{_R}/workflows/{{workflow}}", "actions:read", get_workflow),
    Route("GET", f"{_R}/workflows/{{workflow}}/runs", "actions:read", workflow_runs),
    Route("POST", f"{_R}/workflows/{{workflow}}/dispatches", "actions:write", dispatch),
)
