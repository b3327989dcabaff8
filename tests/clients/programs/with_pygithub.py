"""A release with PyGithub: prints what it saw as JSON. Called with the path of a file to attach."""

import json
import os
import sys

import github

client = github.Github(auth=github.Auth.Token(os.environ["GH_TOKEN"]), retry=None)
repo = client.get_repo("owner/sample")
commit = repo.get_commit("tags/v1.0.0")
run = next(run for run in repo.get_workflow_runs(head_sha=commit.sha) if run.name == "Test Suite")
seen: dict[str, object] = {
    "default": repo.default_branch,
    "checks": [[c.name, c.status, c.conclusion, c.app.slug] for c in commit.get_check_runs()],
    "status": commit.get_combined_status().state,
    "run": [run.path, run.event, run.conclusion, [job.name for job in run.jobs()]],
    "tag": repo.get_git_ref("tags/v1.0.0").object.type,
}
started = repo.get_workflow("publish.yml").create_dispatch("main", {"dry_run": "true"})
seen["dispatched"] = bool(started)
draft = repo.create_git_release("v1.0.0", "v1.0.0", "hello", draft=True)
asset = draft.upload_asset(sys.argv[1])
seen["asset"] = [asset.state, asset.size > 0, draft.draft]
published = draft.update_release("v1.0.0", "hello", draft=False)
seen["release"] = [published.tag_name, published.draft, [a.name for a in published.get_assets()]]
seen["latest"] = repo.get_latest_release().tag_name
try:
    repo.get_release("v9")
except github.UnknownObjectException as error:
    seen["missing"] = error.status
print(json.dumps(seen))
