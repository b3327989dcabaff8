"""The payload of an event, as GitHub sends it: what `github.event` is in the workflow.

Shapes: docs.github.com, "Webhook events and payloads", push and workflow_dispatch; fields that no release looks at are
left out.
"""

from collections.abc import Mapping

import msgspec

from tagship.model import Event
from tagship.rehearsal.github import RepositoryState
from tagship.rehearsal.github.state import NOTHING, Json, Release
from tagship.rehearsal.world import Embedded
from tagship.services.addresses import GITHUB, GITHUB_API, GITHUB_UPLOADS
from tagship.services.git import Git
from tagship.workflow.events import Happened


def payload(event: Event, embedded: Embedded, happened: Happened, workflow: str, inputs: Mapping[str, str]) -> bytes:
    """The payload as JSON.

    Args:
        happened: a `release` is about the release of the event's tag.
        workflow: path of the workflow file in the repository.
        inputs: of a dispatch, all as strings: act reads a boolean `true` as false.
    """
    state = embedded.github
    owner: dict[str, Json] = {"login": state.owner, "id": state.id_of(state.owner), "type": "User"}
    common: dict[str, Json] = {
        "ref": event.ref,
        "repository": {
            "id": state.id,
            "name": state.name,
            "full_name": state.full_name,
            "owner": {**owner, "name": state.owner},
            "private": state.private,
            "html_url": f"{GITHUB}/{state.full_name}",
            "url": f"{GITHUB_API}/repos/{state.full_name}",
            "default_branch": state.default_branch,
            "fork": False,
        },
        "sender": owner,
    }
    if happened.name == "release":
        return msgspec.json.encode(common | {"action": happened.action, "release": _release(state, event.tag or "")})
    if happened.name == "workflow_dispatch":
        given: dict[str, Json] = {**inputs}
        return msgspec.json.encode(common | {"inputs": given, "workflow": workflow})
    commit = _commit(state.git, event.sha, f"{GITHUB}/{state.full_name}")
    more: dict[str, Json] = {
        "before": NOTHING if event.tag is not None else state.git.maybe("rev-parse", f"{event.sha}^") or NOTHING,
        "after": event.sha,
        "created": event.tag is not None,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{GITHUB}/{state.full_name}/compare/{event.sha[:12]}",
        "commits": [] if event.tag is not None else [commit],
        "head_commit": commit,
        "pusher": {"name": state.owner, "email": f"{state.owner}@example.invalid"},
    }
    return msgspec.json.encode(common | more)


def release(state: RepositoryState, tag: str, commit_date: float) -> None:
    """Publish the release of a tag, as a maintainer does on the website, unless there is one."""
    with state.lock:
        if any(there.tag == tag for there in state.releases):
            return
        now = state.clock()
        made = Release(
            id=state.new_id(),
            tag=tag,
            target=state.default_branch,
            name=tag,
            body="",
            draft=False,
            prerelease=False,
            created=commit_date,
            author=state.owner,
            updated=now,
            published=now,
        )
        state.releases.append(made)


def _release(state: RepositoryState, tag: str) -> dict[str, Json]:
    found = next(there for there in state.releases if there.tag == tag)
    web, api = f"{GITHUB}/{state.full_name}", f"{GITHUB_API}/repos/{state.full_name}"
    return {
        "id": found.id,
        "tag_name": tag,
        "target_commitish": found.target,
        "name": found.name,
        "body": found.body,
        "draft": found.draft,
        "prerelease": found.prerelease,
        "html_url": f"{web}/releases/tag/{tag}",
        "url": f"{api}/releases/{found.id}",
        "upload_url": f"{GITHUB_UPLOADS}/repos/{state.full_name}/releases/{found.id}/assets{{?name,label}}",
        "assets": [],
        "author": {"login": found.author},
    }


def _commit(git: Git, sha: str, web: str) -> dict[str, Json]:
    shown = git.text("show", "--no-patch", "--format=%T%x00%cI%x00%an%x00%ae%x00%cn%x00%ce%x00%B", sha)
    tree, when, author, author_mail, committer, committer_mail, message = shown.split("\0")
    return {
        "id": sha,
        "tree_id": tree,
        "message": message.strip(),
        "timestamp": when,
        "url": f"{web}/commit/{sha}",
        "author": {"name": author, "email": author_mail},
        "committer": {"name": committer, "email": committer_mail},
        "distinct": True,
    }
