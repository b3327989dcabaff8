"""The verdicts on a commit: check runs, check suites, commit statuses. They are three different things."""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route
from tagship.rehearsal.github.objects import commit, commit_of
from tagship.rehearsal.github.state import CheckRun, CommitStatus, Json

RECENT_SUITES = 1000
"""A commit's check runs are those of so many newest suites (OpenAPI, checks/list-for-ref)."""


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


def annotations(call: Call) -> Reply:
    """The annotations of a check run; this world writes none."""
    call.one(call.repo.checks)
    return Reply(body=[])


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
        "description": None,
        "target_url": None,
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


ROUTES = (
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", "checks:read", check_runs),
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", "statuses:read", combined),
    Route("GET", "/repos/{owner}/{repo}/check-runs/{id}/annotations", "checks:read", annotations),
)
