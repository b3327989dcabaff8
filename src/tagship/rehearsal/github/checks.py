"""The verdicts on a commit: check runs, check suites, commit statuses. They are three different things."""

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, not_found, refusal
from tagship.rehearsal.github.objects import commit, commit_of
from tagship.rehearsal.github.repository import conclude
from tagship.rehearsal.github.state import CheckRun, CheckSuite, CommitStatus, Json, StatusState

RECENT_SUITES = 1000
"""A commit's check runs are those of so many newest suites (OpenAPI, checks/list-for-ref)."""


class NewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST statuses/{sha}`."""

    state: StatusState
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


def check_shape(call: Call, of: CheckRun) -> Json:
    """A check run; those of GitHub Actions lead to their job."""
    url = call.urls.repo(f"/check-runs/{of.id}")
    run = next((r for r in call.repo.runs if r.suite is of.suite), None)
    page = call.urls.page(f"/actions/runs/{run.id}/job/{of.id}" if run else f"/runs/{of.id}")
    return {
        "id": of.id,
        "name": of.name,
        "node_id": shapes.node_id("CheckRun", of.id),
        "head_sha": of.suite.sha,
        "external_id": "",
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": of.status,
        "conclusion": of.conclusion,
        "started_at": shapes.when(of.started),
        "completed_at": shapes.moment(of.completed),
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": of.suite.id},
        "app": shapes.app(call.repo, call.urls, of.suite.app),
        "pull_requests": [],
    }


def check_runs(call: Call) -> Reply:
    """The check runs of a commit, the newest first; `filter=latest` is by suite and name only."""
    sha = commit_of(call.repo, call.args["ref"])
    suites = [s.id for s in call.repo.suites if s.sha == sha][-RECENT_SUITES:]
    return _checks(call, [c for c in call.repo.checks if c.suite.id in suites])


def _checks(call: Call, found: list[CheckRun]) -> Reply:
    if call.query("filter", "latest") == "latest":
        found = list({(c.suite.id, c.name): c for c in found}.values())
    name, status, app = call.query("check_name"), call.query("status"), call.query("app_id")
    wanted = [
        c
        for c in reversed(found)
        if name in {"", c.name} and status in {"", c.status} and app in {"", str(c.suite.app.id)}
    ]
    return call.page(wanted, lambda c: check_shape(call, c), "check_runs")


def get_check(call: Call) -> Reply:
    """One check run."""
    return Reply(body=check_shape(call, _check(call)))


def annotations(call: Call) -> Reply:
    """The annotations of a check run; this world writes none."""
    _check(call)
    return Reply(body=[])


def _check(call: Call) -> CheckRun:
    found = next((c for c in call.repo.checks if c.id == call.number("id")), None)
    if found is None:
        raise not_found()
    return found


def check_suites(call: Call) -> Reply:
    """The check suites of a commit."""
    sha = commit_of(call.repo, call.args["ref"])
    app = call.query("app_id")
    found = [s for s in call.repo.suites if s.sha == sha and app in {"", str(s.app.id)}]
    return call.page(found, lambda s: suite_shape(call, s), "check_suites")


def get_suite(call: Call) -> Reply:
    """One check suite."""
    return Reply(body=suite_shape(call, _suite(call)))


def suite_runs(call: Call) -> Reply:
    """The check runs of one suite."""
    suite = _suite(call)
    return _checks(call, [c for c in call.repo.checks if c.suite is suite])


def _suite(call: Call) -> CheckSuite:
    found = next((s for s in call.repo.suites if s.id == call.number("id")), None)
    if found is None:
        raise not_found()
    return found


def suite_shape(call: Call, of: CheckSuite) -> Json:
    """A check suite; that of a workflow run ends as its run does."""
    latest = list({c.name: c for c in call.repo.checks if c.suite is of}.values())
    run = next((r.latest for r in call.repo.runs if r.suite is of), None)
    over = bool(latest) and all(c.conclusion for c in latest)
    url = call.urls.repo(f"/check-suites/{of.id}")
    return {
        "id": of.id,
        "node_id": shapes.node_id("CheckSuite", of.id),
        "head_branch": of.branch,
        "head_sha": of.sha,
        "status": run.status if run else "completed" if over else "in_progress" if latest else "queued",
        "conclusion": run.conclusion if run else conclude(latest) if over else None,
        "url": url,
        "before": None,
        "after": of.sha,
        "pull_requests": [],
        "app": shapes.app(call.repo, call.urls, of.app),
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(max([of.created, *(c.completed or c.started for c in latest)])),
        "latest_check_runs_count": len(latest),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": head_commit(call, of.sha),
        "repository": shapes.repository(call.repo, call.urls),
    }


def head_commit(call: Call, sha: str) -> Json:
    """The short form of a commit inside runs and suites."""
    of = commit(call.repo.git, sha)
    return {
        "id": sha,
        "tree_id": of.tree,
        "message": of.message,
        "timestamp": shapes.when(of.committer.date),
        "author": {"name": of.author.name, "email": of.author.email},
        "committer": {"name": of.committer.name, "email": of.committer.email},
    }


def status_shape(call: Call, of: CommitStatus) -> Object:
    """A commit status."""
    return {
        "url": call.urls.repo(f"/statuses/{of.sha}"),
        "avatar_url": f"{call.urls.web}/identicons/{call.repo.id_of(of.creator)}.png",
        "id": of.id,
        "node_id": shapes.node_id("StatusContext", of.id),
        "state": of.state,
        "description": of.description,
        "target_url": of.target_url,
        "context": of.context,
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.created),
    }


def combined(call: Call) -> Reply:
    """The combined status: the newest of each context; `pending` also where there is none at all."""
    sha = commit_of(call.repo, call.args["ref"])
    newest = list({s.context.lower(): s for s in call.repo.statuses if s.sha == sha}.values())
    states = {status.state for status in newest}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    page = call.page(newest, lambda s: status_shape(call, s))
    return Reply(
        headers=page.headers,
        body={
            "state": state,
            "statuses": page.body if isinstance(page.body, list) else [],
            "sha": sha,
            "total_count": len(newest),
            "repository": shapes.repository(call.repo, call.urls),
            "commit_url": call.urls.repo(f"/commits/{sha}"),
            "url": call.urls.repo(f"/commits/{sha}/status"),
        },
    )


def list_statuses(call: Call) -> Reply:
    """All statuses of a commit, the newest first."""
    sha = commit_of(call.repo, call.args["ref"])
    found = [s for s in reversed(call.repo.statuses) if s.sha == sha]
    return call.page(found, lambda s: _with_creator(call, s))


def create_status(call: Call) -> Reply:
    """Report a status, as external CI does."""
    body = call.body(NewStatus)
    if commit_of(call.repo, call.args["sha"]) != call.args["sha"]:
        raise refusal(422, f"No commit found for SHA: {call.args['sha']}")
    made = call.repo.add_status(
        call.args["sha"], body.context, body.state, description=body.description or "", target_url=body.target_url
    )
    return Reply(
        status=201, body=_with_creator(call, made), headers={"Location": call.urls.repo(f"/statuses/{made.sha}")}
    )


def _with_creator(call: Call, of: CommitStatus) -> Json:
    return {**status_shape(call, of), "creator": shapes.account(call.repo, call.urls, of.creator)}


ROUTES = (
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", "checks:read", check_runs),
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-suites", "checks:read", check_suites),
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", "statuses:read", combined),
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/statuses", "statuses:read", list_statuses),
    Route("GET", "/repos/{owner}/{repo}/check-runs/{id}", "checks:read", get_check),
    Route("GET", "/repos/{owner}/{repo}/check-runs/{id}/annotations", "checks:read", annotations),
    Route("GET", "/repos/{owner}/{repo}/check-suites/{id}", "checks:read", get_suite),
    Route("GET", "/repos/{owner}/{repo}/check-suites/{id}/check-runs", "checks:read", suite_runs),
    Route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write", create_status),
)
