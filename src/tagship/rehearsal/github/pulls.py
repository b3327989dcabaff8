"""Pull requests: opened, listed, changed and merged by the rules of the base; their heads are real branches.

Sources: docs.github.com, "REST API endpoints for pull requests"; the words of refusals as clients have reported them:
tgymnich/fork-sync#112 (no commits), ovity/octotree#557 (a second one), stackitcloud/cloud-provider-stackit#10 (no such
head), danielroe/uppt#11 (GitHub Actions).
Reviews are not written here: `Pull.approvals` says who approved.
"""

import msgspec

from tagship.rehearsal.github import issues, shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, refusal, there
from tagship.rehearsal.github.merging import Method, merge, merged_tree
from tagship.rehearsal.github.objects import commits, ref
from tagship.rehearsal.github.refs import move
from tagship.rehearsal.github.rules import required
from tagship.rehearsal.github.state import Json, RefUpdate
from tagship.rehearsal.github.threads import Issue, Pull

NOT_PERMITTED = "GitHub Actions is not permitted to create or approve pull requests."


class NewPull(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST pulls`."""

    title: str
    head: str
    base: str
    body: str | None = None
    draft: bool = False
    maintainer_can_modify: bool = False


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT pulls/{number}/merge`."""

    commit_title: str | None = None
    commit_message: str | None = None
    sha: str | None = None
    merge_method: Method = "merge"


def pull_shape(call: Call, issue: Issue, of: Pull) -> Object:
    """A pull request as lists have it."""
    url, page = call.urls.repo(f"/pulls/{issue.number}"), call.urls.page(f"/pull/{issue.number}")
    thread = call.urls.repo(f"/issues/{issue.number}")
    addresses = {
        "comments": f"{thread}/comments",
        "commits": f"{url}/commits",
        "statuses": call.urls.repo(f"/statuses/{of.sha}"),
        "review_comments": f"{url}/comments",
        "review_comment": call.urls.repo("/pulls/comments{/number}"),
    }
    thread_of = issues.issue_shape(call, issue)
    kept = {"number", "state", "title", "body", "user", "labels", "assignee", "assignees", "milestone", "locked"}
    kept |= {"active_lock_reason", "author_association", "closed_at"}
    shape: Object = {
        **{key: value for key, value in thread_of.items() if key in kept},
        **{f"{name}_url": address for name, address in addresses.items()},
        "_links": {
            name: {"href": address}
            for name, address in {**addresses, "self": url, "html": page, "issue": thread}.items()
        },
        "url": url,
        "id": issue.id,
        "node_id": shapes.node_id("PullRequest", issue.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": thread,
        "created_at": shapes.when(issue.created),
        "updated_at": shapes.when(issue.updated),
        "merged_at": shapes.moment(of.merged),
        "merge_commit_sha": of.merge,
        "draft": of.draft,
        "auto_merge": None,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(call, of.owner, of.head, of.sha),
        "base": _end(call, call.repo.owner, of.base, of.base_sha),
    }
    return call.known(shape)


def _end(call: Call, owner: str, branch: str, sha: str) -> Object:
    """One of the two ends; a fork is another repository of the same name."""
    whole = shapes.whole_repository(call.repo, call.urls)
    if owner != call.repo.owner:
        whole |= {"full_name": f"{owner}/{call.repo.name}", "fork": True}
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.account(call.repo, call.urls, owner),
        "repo": call.known(whole),
    }


def _whole(call: Call, issue: Issue, of: Pull) -> Object:
    """A pull request by itself: with its figures, and whether it can be merged."""
    git = call.repo.git
    is_open = issue.closed is None
    fits = merged_tree(git, of.base_sha, of.sha) is not None if is_open else None
    numbers = git.text("diff", "--numstat", f"{of.base_sha}...{of.sha}").splitlines()
    rows = [line.split("\t") for line in numbers]
    missing = is_open and fits and bool(_lacking(call, of))
    return {
        **pull_shape(call, issue, of),
        "merged": of.merged is not None,
        "merged_by": shapes.account(call.repo, call.urls, of.merged_by) if of.merged_by else None,
        "mergeable": fits,
        "rebaseable": fits,
        "mergeable_state": ("blocked" if missing else "clean" if fits else "dirty") if is_open else "unknown",
        "maintainer_can_modify": False,
        "comments": len(issue.comments),
        "review_comments": 0,
        "commits": len(commits(git, f"{of.base_sha}..{of.sha}")),
        "additions": sum(int(row[0]) for row in rows if row[0].isdigit()),
        "deletions": sum(int(row[1]) for row in rows if row[1].isdigit()),
        "changed_files": len(rows),
    }


def _pulls(call: Call) -> list[tuple[Issue, Pull]]:
    """All of them, as they are now: an open one follows its branches, and closes with its head."""
    found = [(issue, issue.pull) for issue in call.repo.issues if issue.pull is not None]
    for issue, pull in found:
        if issue.closed is not None or pull.owner != call.repo.owner:
            continue
        head, base = (ref(call.repo.git, f"refs/heads/{name}") for name in (pull.head, pull.base))
        if head is None or base is None:
            issues.close(call, issue, None)
            continue
        pull.sha, pull.base_sha = head.sha, base.sha
    return found


def _pull(call: Call) -> tuple[Issue, Pull]:
    number = call.number("number")
    return there(next((pair for pair in _pulls(call) if pair[0].number == number), None))


def list_pulls(call: Call) -> Reply:
    """Pull requests by state, `head` (`owner:branch`) and base, the newest first."""
    head, base = call.query("head"), call.query("base")
    pulls = {
        issue.number: pull
        for issue, pull in _pulls(call)
        if head in ("", f"{pull.owner}:{pull.head}") and base in ("", pull.base)
    }
    found = issues.chosen(call, [issue for issue in call.repo.issues if issue.number in pulls])
    return call.page(found, lambda issue: pull_shape(call, issue, pulls[issue.number]))


def get_pull(call: Call) -> Reply:
    """One pull request."""
    return Reply(body=_whole(call, *_pull(call)))


def create(call: Call) -> Reply:
    """Open a pull request from a branch of this repository."""
    new, repo = call.body(NewPull), call.repo
    if call.token.kind == "github_token" and not repo.policy.can_approve_reviews:
        raise refusal(403, NOT_PERMITTED)
    owner, _, branch = new.head.rpartition(":")
    head, base = (ref(repo.git, f"refs/heads/{name}") for name in (branch, new.base))
    if base is None:
        raise _invalid({"field": "base", "code": "invalid"})
    if head is None or owner not in ("", repo.owner):
        raise _invalid({"field": "head", "code": "invalid"})
    if any(i.closed is None and (p.head, p.base) == (branch, new.base) for i, p in _pulls(call)):
        raise _custom(f"A pull request already exists for {repo.owner}:{branch}.")
    if repo.git.maybe("merge-base", base.sha, head.sha) is None:
        raise _custom(f"The {branch} branch has no history in common with {new.base}")
    if repo.git.contains(head.sha, base.sha):
        raise _custom(f"No commits between {new.base} and {branch}")
    issue = issues.open_issue(call, new.title, new.body)
    issue.pull = Pull(owner=repo.owner, head=branch, base=new.base, sha=head.sha, base_sha=base.sha, draft=new.draft)
    return Reply(
        status=201,
        body=_whole(call, issue, issue.pull),
        headers={"Location": call.urls.repo(f"/pulls/{issue.number}")},
    )


def _invalid(error: dict[str, str]) -> Exception:
    return refusal(422, "Validation Failed", [{"resource": "PullRequest", **error}])


def _custom(message: str) -> Exception:
    return _invalid({"code": "custom", "message": message})


def _lacking(call: Call, of: Pull) -> list[str]:
    """What the rules of the base still ask for, in GitHub's words."""
    needed = required(call.repo, f"refs/heads/{of.base}", call.token.login)
    few = needed.approvals - len(of.approvals)
    reviews = f"At least {needed.approvals} approving review{'s are' if needed.approvals > 1 else ' is'} required"
    return [*([f"{reviews} by reviewers with write access."] if few > 0 else []), *needed.lacking(call.repo, of.sha)]


def put_merge(call: Call) -> Reply:
    """Merge it: 405 where it cannot or must not be, 409 where its head is not the one that was meant."""
    issue, pull = _pull(call)
    wanted, repo = call.body(Merge), call.repo
    if issue.closed is not None or pull.draft:
        raise refusal(405, "Pull Request is not mergeable" if issue.closed else "Pull Request is still a draft")
    if wanted.sha not in (None, pull.sha):
        raise refusal(409, "Head branch was modified. Review and try the merge again.")
    lacking = _lacking(call, pull)
    if lacking:
        raise refusal(405, "Repository rule violations found\n\n" + "\n".join(lacking))
    title = wanted.commit_title or (
        f"{issue.title} (#{issue.number})"
        if wanted.merge_method == "squash"
        else f"Merge pull request #{issue.number} from {pull.owner}/{pull.head}"
    )
    said = wanted.commit_message
    if said is None:
        said = issue.title if wanted.merge_method == "merge" else ""
    who = (call.token.login, repo.clock())
    message = f"{title}\n\n{said}".rstrip()
    made = merge(repo.git, (pull.base_sha, pull.sha), wanted.merge_method, who, message)
    if made is None:
        raise refusal(405, "Pull Request is not mergeable")
    move(call, RefUpdate(ref=f"refs/heads/{pull.base}", before=pull.base_sha, after=made), pulled=True)
    issues.close(call, issue, None)
    pull.merged, pull.merged_by, pull.merge = repo.clock(), call.token.login, made
    body: Json = {"sha": made, "merged": True, "message": "Pull Request successfully merged"}
    return Reply(body=body)


_P = "/repos/{owner}/{repo}/pulls"
ROUTES = (
    Route("GET", _P, "pull_requests:read", list_pulls),
    Route("POST", _P, "pull_requests:write", create),
    Route("GET", f"{_P}/{{number}}", "pull_requests:read", get_pull),
    Route("PUT", f"{_P}/{{number}}/merge", "contents:write", put_merge),
)
