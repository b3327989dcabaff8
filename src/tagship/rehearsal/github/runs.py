"""What can be done with a workflow run: run it again, cancel it, read its logs; and with a workflow: enable and
disable it.

docs.github.com, "REST API endpoints for workflow runs" and "for workflows". GitHub keeps logs at a
storage host of its own; here github.com has them, at an address that works for whoever was sent to it.
"""

import io
import re
import zipfile

import msgspec

from tagship.rehearsal.github.actions import STEP, workflow_of
from tagship.rehearsal.github.http import Call, Reply, Route, not_found, refusal
from tagship.rehearsal.github.repository import Jobs
from tagship.rehearsal.github.state import WorkflowRun

MONTH = 30 * 24 * 3600
"""A run can be run again for so long, in seconds."""


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a re-run."""

    enable_debug_logging: bool = False


def rerun(call: Call) -> Reply:
    """Run all jobs again."""
    run = call.one(call.repo.runs)
    return _again(call, run, {job.name: None for job in run.latest.jobs})


def rerun_failed(call: Call) -> Reply:
    """Run again what did not succeed; the other jobs are taken over with their results."""
    run = call.one(call.repo.runs)
    kept: Jobs = {job.name: "success" if job.conclusion == "success" else None for job in run.latest.jobs}
    if all(kept.values()) and run.latest.conclusion == "success":
        raise refusal(403, "This workflow run cannot be retried: it has no failed jobs")
    return _again(call, run, kept)


def _again(call: Call, run: WorkflowRun, jobs: Jobs) -> Reply:
    if call.request.get_data():
        call.body(Again)
    if run.latest.status != "completed":
        raise refusal(403, "This workflow is already running")
    if call.repo.clock() - run.attempts[0].created > MONTH:
        raise refusal(403, "Unable to retry this workflow run because it was created over a month ago")
    call.repo.rerun(run, jobs=jobs)
    return Reply(status=201, body={})


def cancel(call: Call) -> Reply:
    """End a run; what was not over is cancelled."""
    run = call.one(call.repo.runs)
    if run.latest.status == "completed":
        raise refusal(409, "Cannot cancel a workflow run that is completed.")
    call.repo.set_jobs(run, {job.name: "cancelled" for job in run.latest.jobs if job.conclusion is None})
    call.repo.finish(run, "cancelled")
    return Reply(status=202, body={})


def logs(call: Call) -> Reply:
    """The logs of the newest attempt: a redirect to an archive, one file for each job and for each of its steps."""
    attempt = call.one(call.repo.runs).latest
    if attempt.status != "completed":
        raise not_found()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, job in enumerate(attempt.jobs):
            name = re.sub(r"[/:<>\"|?*\\]", "", job.name)
            archive.writestr(f"{number}_{name}.txt", job.log)
            archive.writestr(f"{name}/1_{STEP}.txt", job.log)
    where = f"/actions/downloads/{call.repo.keep(data.getvalue())}"
    return Reply(status=302, headers={"Location": call.urls.page(where)})


def download(call: Call) -> Reply:
    """What a redirect leads to."""
    data = call.repo.downloads.get(call.args["key"])
    if data is None:
        raise not_found()
    return Reply(body=data, headers={"Content-Type": "application/zip"})


def enable(call: Call) -> Reply:
    """Let a workflow be started again."""
    call.repo.disabled_workflows.discard(workflow_of(call).path)
    call.repo.resting_workflows.discard(workflow_of(call).path)
    return Reply(status=204)


def disable(call: Call) -> Reply:
    """Keep a workflow from being started."""
    call.repo.disabled_workflows.add(workflow_of(call).path)
    return Reply(status=204)


_R = "/repos/{owner}/{repo}/actions"
ROUTES = (
    Route("POST", f"{_R}/runs/{{id}}/cancel", "actions:write", cancel),
    Route("POST", f"{_R}/runs/{{id}}/rerun", "actions:write", rerun),
    Route("POST", f"{_R}/runs/{{id}}/rerun-failed-jobs", "actions:write", rerun_failed),
    Route("GET", f"{_R}/runs/{{id}}/logs", "!actions:read", logs),
    Route("PUT", f"{_R}/workflows/{{workflow}}/enable", "actions:write", enable),
    Route("PUT", f"{_R}/workflows/{{workflow}}/disable", "actions:write", disable),
    Route("GET", "/{owner}/{repo}/actions/downloads/{key}", "", download, "web"),
)
