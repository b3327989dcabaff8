"""A release with githubkit, whose models are strict: prints what it saw as JSON. Called with a file to attach."""

import json
import os
import sys
from pathlib import Path

from githubkit import GitHub
from githubkit.exception import RequestFailed
from githubkit.versions.latest.models import ReleaseAsset

client = GitHub(os.environ["GH_TOKEN"], auto_retry=False)
rest, where = client.rest, {"owner": "owner", "repo": "sample"}
commit = rest.repos.get_commit(**where, ref="tags/v1.0.0").parsed_data
runs = rest.actions.list_workflow_runs_for_repo(**where, head_sha=commit.sha).parsed_data.workflow_runs
run = next(run for run in runs if run.name == "Test Suite")
jobs = rest.actions.list_jobs_for_workflow_run(**where, run_id=run.id).parsed_data.jobs
checks = rest.checks.list_for_ref(**where, ref=commit.sha).parsed_data.check_runs
seen: dict[str, object] = {
    "default": rest.repos.get(**where).parsed_data.default_branch,
    "checks": [[c.name, c.status, c.conclusion, c.app.slug if c.app else None] for c in checks],
    "status": rest.repos.get_combined_status_for_ref(**where, ref=commit.sha).parsed_data.state,
    "run": [run.path, run.event, run.conclusion, [job.name for job in jobs]],
    "tag": rest.git.get_ref(**where, ref="tags/v1.0.0").parsed_data.object_.type,
}
body = {"ref": "main", "inputs": {"dry_run": "true"}}
started = rest.actions.create_workflow_dispatch(**where, workflow_id="publish.yml", data=body)
seen["dispatched"] = started.status_code in (200, 204)
release = {"tag_name": "v1.0.0", "name": "v1.0.0", "body": "hello", "draft": True}
draft = rest.repos.create_release(**where, data=release).parsed_data
path = Path(sys.argv[1])
asset = client.request(  # its own method asks api.github.com, which has no uploads
    "POST",
    draft.upload_url.partition("{")[0],
    params={"name": path.name},
    content=path.read_bytes(),
    headers={"Content-Type": "application/octet-stream"},
    response_model=ReleaseAsset,
).parsed_data
seen["asset"] = [asset.state, asset.size > 0, draft.draft]
published = rest.repos.update_release(**where, release_id=draft.id, data={"draft": False}).parsed_data
listed = rest.paginate(rest.repos.list_release_assets, **where, release_id=draft.id, per_page=1)
seen["release"] = [published.tag_name, published.draft, [a.name for a in listed]]
seen["latest"] = rest.repos.get_latest_release(**where).parsed_data.tag_name
try:
    rest.repos.get_release_by_tag(**where, tag="v9")
except RequestFailed as error:
    seen["missing"] = error.response.status_code
print(json.dumps(seen))
