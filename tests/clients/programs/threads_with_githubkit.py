"""A pull request and an issue with githubkit, which checks every answer: prints what it saw as JSON."""

import json
import os

from githubkit import GitHub
from githubkit.exception import RequestFailed

client = GitHub(os.environ["GH_TOKEN"], auto_retry=False)
rest = client.rest
where = ("owner", "sample")
pull = rest.pulls.create(*where, title="A topic", head="topic", base="main", body="hello").parsed_data
listed = rest.pulls.list(*where, state="open", head="owner:topic", base="main").parsed_data
seen: dict[str, object] = {
    "pull": [pull.number, pull.state, pull.head.label, pull.commits, pull.mergeable, pull.changed_files],
    "listed": [p.number for p in listed],
}
try:
    rest.pulls.create(*where, title="Again", head="topic", base="main")
except RequestFailed as error:
    seen["again"] = [error.response.status_code, error.response.json()["errors"][0]["message"]]
merged = rest.pulls.merge(*where, 1, merge_method="squash").parsed_data
after = rest.pulls.get(*where, 1, headers={"X-GitHub-Api-Version": "2022-11-28"}).json()  # the newer one lacks it
main = rest.repos.get_branch(*where, "main").parsed_data
seen["merged"] = [merged.merged, after["merge_commit_sha"] == merged.sha, main.commit.sha == merged.sha]
rest.issues.create(*where, title="Drift", body="x", labels=["watch"])
rest.issues.create_comment(*where, 2, body="still so")
rest.issues.update(*where, 2, body="y")
found = rest.issues.list_for_repo(*where, labels="watch", creator="owner").parsed_data
seen["issues"] = [[i.number, i.body, i.comments] for i in found]
seen["said"] = [comment.body for comment in rest.issues.list_comments(*where, 2).parsed_data]
rest.issues.update(*where, 2, state="closed")
closed = rest.issues.list_for_repo(*where, state="closed", direction="asc").parsed_data
seen["closed"] = [[i.number, bool(i.pull_request)] for i in closed]
print(json.dumps(seen))
