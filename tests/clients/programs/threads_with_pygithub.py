"""A pull request and an issue with PyGithub: prints what it saw as JSON. The branch `topic` is there."""

import json
import os

import github

client = github.Github(auth=github.Auth.Token(os.environ["GH_TOKEN"]), retry=None)
repo = client.get_repo("owner/sample")
pull = repo.create_pull("main", "topic", title="A topic", body="hello")
seen: dict[str, object] = {
    "pull": [pull.number, pull.state, pull.head.label, pull.commits, pull.mergeable, pull.changed_files],
    "listed": [p.number for p in repo.get_pulls(state="open", head="owner:topic", base="main")],
}
try:
    repo.create_pull("main", "topic", title="Again")
except github.GithubException as error:
    seen["again"] = [error.status, error.data["errors"][0]["message"]]
merged = pull.merge(merge_method="squash")
seen["merged"] = [
    merged.merged,
    repo.get_pull(1).merge_commit_sha == merged.sha,
    repo.get_branch("main").commit.sha == merged.sha,
]
issue = repo.create_issue("Drift", body="x", labels=["watch"])
issue.create_comment("still so")
issue.edit(body="y")
seen["issues"] = [[i.number, i.body, i.comments] for i in repo.get_issues(labels=["watch"], creator="owner")]
seen["said"] = [comment.body for comment in issue.get_comments()]
issue.edit(state="closed")
seen["closed"] = [[i.number, i.pull_request is not None] for i in repo.get_issues(state="closed", direction="asc")]
print(json.dumps(seen))
