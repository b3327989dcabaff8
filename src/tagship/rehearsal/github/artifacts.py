"""The artifacts of a workflow run in the REST interface: their list, the archive of one, and its end."""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Reply, Route, not_found, refusal
from tagship.rehearsal.github.state import Artifact, Json

LINK_SECONDS = 60
"""How long the address of an archive is good (OpenAPI, actions/download-artifact)."""


def artifact_shape(call: Call, of: Artifact) -> Json:
    """An artifact, with the run that it belongs to."""
    url = call.urls.repo(f"/actions/artifacts/{of.id}")
    run = next((run for run in call.repo.runs if run.id == of.run_id), None)
    return {
        "id": of.id,
        "node_id": shapes.node_id("Artifact", of.id),
        "name": of.name,
        "size_in_bytes": of.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": _is_expired(call, of),
        "digest": f"sha256:{of.sha256}",
        "created_at": shapes.when(of.created),
        "expires_at": shapes.when(of.expires),
        "updated_at": shapes.when(of.updated),
        "workflow_run": None
        if run is None
        else {
            "id": run.id,
            "repository_id": call.repo.id,
            "head_repository_id": call.repo.id,
            "head_branch": run.suite.branch,
            "head_sha": run.suite.sha,
        },
    }


def run_artifacts(call: Call) -> Reply:
    """The artifacts of one run, of all its attempts."""
    run, name = call.one(call.repo.runs), call.query("name")
    found = [of for of in call.repo.artifacts if of.run_id == run.id and of.final and name in {"", of.name}]
    return call.page(reversed(found), lambda of: artifact_shape(call, of), "artifacts")


def download(call: Call) -> Reply:
    """A signed address of the archive, to which the client is sent; 410 once the artifact has expired."""
    found = _artifact(call)
    if call.token.kind == "none":
        raise refusal(401, "Requires authentication")
    if call.args["format"] != "zip":
        raise not_found()
    if _is_expired(call, found):
        raise refusal(410, "Artifact has expired")
    return Reply(status=302, headers={"Location": found.signed("r", call.repo.clock() + LINK_SECONDS)})


def delete(call: Call) -> Reply:
    """Delete an artifact, with its bytes."""
    found = _artifact(call)
    call.repo.artifacts.remove(found)
    found.path.unlink(missing_ok=True)
    return Reply(status=204)


def _artifact(call: Call) -> Artifact:
    return call.one((of for of in call.repo.artifacts if of.final), "artifact")


def _is_expired(call: Call, of: Artifact) -> bool:
    return call.repo.clock() >= of.expires


_R = "/repos/{owner}/{repo}/actions"
ROUTES = (
    Route("DELETE", f"{_R}/artifacts/{{artifact}}", "actions:write", delete),
    Route("GET", f"{_R}/artifacts/{{artifact}}/{{format}}", "actions:read", download),
    Route("GET", f"{_R}/runs/{{id}}/artifacts", "actions:read", run_artifacts),
)
