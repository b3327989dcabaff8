"""Issues with their comments and labels; pull requests are among them, as on GitHub.

Sources: docs.github.com, "REST API endpoints for issues", "… for issue comments", "… for labels".
"""

from typing import Literal

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, invalid, segment, there
from tagship.rehearsal.github.threads import Comment, Issue

LONGEST = 65_536
"""Characters of a body."""
Reason = Literal["completed", "not_planned", "duplicate", "reopened"]


class LabelName(msgspec.Struct, frozen=True, kw_only=True):
    """A label, where it is not given by its bare name."""

    name: str


class NewIssue(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST issues`."""

    title: str
    body: str | None = None
    labels: tuple[str | LabelName, ...] = ()


class ChangedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PATCH issues/{number}`: what is not named stays."""

    title: str | None = None
    body: str | msgspec.UnsetType | None = msgspec.UNSET
    state: Literal["open", "closed"] | None = None
    state_reason: Reason | None = None
    labels: tuple[str | LabelName, ...] | None = None


class NewComment(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a comment."""

    body: str


def association(call: Call, login: str) -> str:
    """What somebody is to the repository."""
    return "OWNER" if login == call.repo.owner else "COLLABORATOR" if login in call.repo.roles else "NONE"


def label_shape(call: Call, name: str) -> Object:
    """A label, as GitHub makes one that it did not know."""
    number = call.repo.labels[name]
    return {
        "id": number,
        "node_id": shapes.node_id("Label", number),
        "url": call.urls.repo(f"/labels/{segment(name)}"),
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def issue_shape(call: Call, of: Issue) -> Object:
    """An issue; one that is a pull request says so, and leads there."""
    repo, urls = call.repo, call.urls
    url, page = urls.repo(f"/issues/{of.number}"), urls.page(f"/issues/{of.number}")
    body: Object = {
        "id": of.id,
        "node_id": shapes.node_id("Issue", of.id),
        "url": url,
        "repository_url": urls.repo(),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "number": of.number,
        "state": "open" if of.closed is None else "closed",
        "state_reason": of.reason,
        "title": of.title,
        "body": of.body,
        "user": shapes.account(repo, urls, of.login),
        "labels": [label_shape(call, name) for name in of.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(of.comments),
        "closed_at": shapes.moment(of.closed),
        "closed_by": shapes.account(repo, urls, of.closed_by) if of.closed_by else None,
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.updated),
        "author_association": association(call, of.login),
    }
    if of.pull is not None:
        page = urls.page(f"/pull/{of.number}")
        body["html_url"] = page
        body["pull_request"] = {
            "url": urls.repo(f"/pulls/{of.number}"),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": shapes.moment(of.pull.merged),
        }
    return call.known(body)


def comment_shape(call: Call, issue: Issue, of: Comment) -> Object:
    """A comment."""
    return {
        "id": of.id,
        "node_id": shapes.node_id("IssueComment", of.id),
        "url": call.urls.repo(f"/issues/comments/{of.id}"),
        "html_url": f"{call.urls.page(f'/issues/{issue.number}')}#issuecomment-{of.id}",
        "issue_url": call.urls.repo(f"/issues/{issue.number}"),
        "body": of.body,
        "user": shapes.account(call.repo, call.urls, of.login),
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.created),
        "author_association": association(call, of.login),
        "performed_via_github_app": None,
    }


def chosen(call: Call, found: list[Issue]) -> list[Issue]:
    """Those in the state that was asked for, in the order that was asked for: open ones, the newest first."""
    state, sort = call.query("state", "open"), call.query("sort", "created")
    kept = [i for i in found if state == "all" or (i.closed is None) == (state == "open")]
    order = call.query("direction", "desc") == "desc"
    return sorted(kept, key=lambda i: (i.updated if sort == "updated" else i.created, i.number), reverse=order)


def list_issues(call: Call) -> Reply:
    """Issues and pull requests by state, labels (all of them) and creator."""
    labels = {name.casefold() for name in call.query("labels").split(",") if name}
    creator = call.query("creator").casefold()
    found = [
        issue
        for issue in call.repo.issues
        if labels <= {name.casefold() for name in issue.labels} and creator in ("", issue.login.casefold())
    ]
    return call.page(chosen(call, found), lambda issue: issue_shape(call, issue))


def get_issue(call: Call) -> Reply:
    """One issue or pull request."""
    return Reply(body=issue_shape(call, _issue(call)))


def create(call: Call) -> Reply:
    """Open an issue; labels that the repository does not have come into being."""
    new = call.body(NewIssue)
    issue = open_issue(call, new.title, new.body)
    issue.labels = label(call, new.labels)
    return Reply(status=201, body=issue_shape(call, issue), headers=_location(call, issue))


def open_issue(call: Call, title: str, body: str | None) -> Issue:
    """A new one, under the next number."""
    _valid(title, body)
    repo, now = call.repo, call.repo.clock()
    number = len(repo.issues) + 1
    issue = Issue(
        id=repo.new_id(), number=number, title=title, body=body, login=call.token.login, created=now, updated=now
    )
    repo.issues.append(issue)
    return issue


def update(call: Call) -> Reply:
    """Change what is named; close or open again."""
    issue, new = _issue(call), call.body(ChangedIssue)
    title = issue.title if new.title is None else new.title
    body = issue.body if isinstance(new.body, msgspec.UnsetType) else new.body
    _valid(title, body)
    issue.title, issue.body, issue.updated = title, body, call.repo.clock()
    if new.labels is not None:
        issue.labels = label(call, new.labels)
    if new.state == "closed":
        close(call, issue, new.state_reason or "completed")
    elif new.state == "open" and issue.closed is not None:
        issue.closed, issue.closed_by, issue.reason = None, "", "reopened"
    return Reply(body=issue_shape(call, issue))


def close(call: Call, issue: Issue, reason: Reason | None) -> None:
    """Close it, if it is open."""
    if issue.closed is None:
        issue.closed, issue.closed_by, issue.reason = call.repo.clock(), call.token.login, reason


def _valid(title: str, body: str | None) -> None:
    if not title.strip():
        raise invalid("Issue", "missing_field", "title")
    if len(body or "") > LONGEST:
        raise invalid("Issue", "custom", "body", f"body is too long (maximum is {LONGEST} characters)")


def label(call: Call, names: tuple[str | LabelName, ...]) -> list[str]:
    """The repository's labels of these names, made where they are missing; case does not count."""
    known = {name.casefold(): name for name in call.repo.labels}
    found: list[str] = []
    for given in names:
        wanted = given if isinstance(given, str) else given.name
        name = known.setdefault(wanted.casefold(), wanted)
        call.repo.labels.setdefault(name, call.repo.new_id())
        if name not in found:
            found.append(name)
    return found


def list_comments(call: Call) -> Reply:
    """What was said below an issue or a pull request, the oldest first."""
    issue = _issue(call)
    return call.page(issue.comments, lambda comment: comment_shape(call, issue, comment))


def create_comment(call: Call) -> Reply:
    """Say something below an issue or a pull request."""
    issue, said, now = _issue(call), call.body(NewComment).body, call.repo.clock()
    _valid_comment(said)
    comment = Comment(id=call.repo.new_id(), login=call.token.login, body=said, created=now)
    issue.comments.append(comment)
    issue.updated = now
    return Reply(status=201, body=comment_shape(call, issue, comment))


def _valid_comment(said: str) -> None:
    if not said.strip():
        raise invalid("IssueComment", "missing_field", "body")
    if len(said) > LONGEST:
        raise invalid("IssueComment", "custom", "body", f"body is too long (maximum is {LONGEST} characters)")


def _issue(call: Call) -> Issue:
    number = call.number("number")
    return there(next((issue for issue in call.repo.issues if issue.number == number), None))


def _location(call: Call, issue: Issue) -> dict[str, str]:
    return {"Location": call.urls.repo(f"/issues/{issue.number}")}


_I = "/repos/{owner}/{repo}/issues"
_EITHER = "issues:{0}; pull_requests:{0}"
ROUTES = (
    Route("GET", _I, _EITHER.format("read"), list_issues),
    Route("POST", _I, "issues:write", create),
    Route("GET", f"{_I}/{{number}}", _EITHER.format("read"), get_issue),
    Route("PATCH", f"{_I}/{{number}}", _EITHER.format("write"), update),
    Route("GET", f"{_I}/{{number}}/comments", _EITHER.format("read"), list_comments),
    Route("POST", f"{_I}/{{number}}/comments", _EITHER.format("write"), create_comment),
)
