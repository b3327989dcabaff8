"""What the payload of each event has: the paths `github.event.…` that say something, and those that are empty.

Source: docs.github.com, "Webhook events and payloads", and the schemas of @octokit/webhooks, read in August 2026.
Only the names that workflows use are told apart; below an object that is not listed, every path counts as there.
"""

_COMMON = {"repository", "sender", "organization", "enterprise", "installation", "workflow"}
_PAYLOADS: dict[str, set[str]] = {
    "push": {"ref", "before", "after", "created", "deleted", "forced", "base_ref", "compare", "commits", "head_commit"}
    | {"pusher"},
    "workflow_dispatch": {"inputs", "ref"},
    "release": {"action", "release", "changes"},
    "pull_request": {"action", "number", "pull_request", "changes", "label", "assignee", "before", "after"}
    | {"requested_reviewer", "requested_team", "milestone", "reason"},
    "merge_group": {"action", "merge_group", "reason"},
    "schedule": {"schedule"},
    "create": {"ref", "ref_type", "master_branch", "description", "pusher_type"},
    "delete": {"ref", "ref_type", "pusher_type"},
    "workflow_run": {"action", "workflow_run"},
    "repository_dispatch": {"action", "branch", "client_payload"},
    "issues": {"action", "issue", "changes", "label", "assignee", "milestone"},
    "issue_comment": {"action", "issue", "comment", "changes"},
    "check_run": {"action", "check_run", "requested_action"},
    "check_suite": {"action", "check_suite"},
    "status": {"sha", "state", "context", "description", "target_url", "branches", "commit", "name", "id", "created_at"}
    | {"updated_at", "avatar_url"},
    "deployment": {"action", "deployment", "workflow_run"},
    "deployment_status": {"action", "deployment", "deployment_status", "check_run", "workflow_run"},
    "registry_package": {"action", "registry_package"},
}
_PAYLOADS["pull_request_target"] = _PAYLOADS["pull_request"]
_PAYLOADS["pull_request_review"] = _PAYLOADS["pull_request"] | {"review"}
_BELOW: dict[str, set[str]] = {
    "release": {"url", "assets_url", "upload_url", "html_url", "id", "node_id", "tag_name", "target_commitish", "name"}
    | {"draft", "author", "immutable", "prerelease", "created_at", "updated_at", "published_at", "assets", "body"}
    | {"tarball_url", "zipball_url", "discussion_url", "mentions_count", "reactions", "short_description_html"}
    | {"is_short_description_html_truncated"},
    "head_commit": {"id", "tree_id", "distinct", "message", "timestamp", "url", "author", "committer", "added"}
    | {"removed", "modified"},
    "pusher": {"name", "email", "date", "username"},
}


def exists(event: str, path: str) -> bool:
    """Whether the payload of an event has something at a path.

    Args:
        event: `push`; an event that is not in the table has everything, since nothing is known of it.
        path: what stands behind `github.event`: `.release.tag_name`.
    """
    names = path.strip(".").split(".")
    known = _PAYLOADS.get(event)
    if known is None and event != "workflow_call":
        return True
    if names[0] not in (known or set()) | _COMMON:
        return event == "workflow_call"  # the payload is that of the caller's event
    below = _BELOW.get(names[0])
    return below is None or len(names) == 1 or names[1] in below
