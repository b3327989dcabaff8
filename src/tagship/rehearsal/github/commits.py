"""Commits, comparisons, branches and tags as lists: everything about history that is only read."""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, not_found, refusal, segment
from tagship.rehearsal.github.objects import Commit, Person, Ref, commit, commit_of, commits, find_commit, ref, refs
from tagship.rehearsal.github.state import Json

LISTED = 250
"""Commits of a comparison, at most."""


def person(who: Person) -> Json:
    """Author or committer inside a commit."""
    return {"name": who.name, "email": who.email, "date": shapes.when(who.date)}


def user(call: Call, email: str) -> Json:
    """The account behind an e-mail address; None where nobody has claimed it."""
    login = call.repo.logins.get(email)
    return None if login is None else shapes.account(call.repo, call.urls, login)


def commit_shape(call: Call, of: Commit) -> Object:
    """A commit as lists and comparisons have it."""
    url = call.urls.repo(f"/commits/{of.sha}")
    data: Object = {
        "author": person(of.author),
        "committer": person(of.committer),
        "message": of.message,
        "tree": {"sha": of.tree, "url": call.urls.repo(f"/git/trees/{of.tree}")},
        "url": call.urls.repo(f"/git/commits/{of.sha}"),
        "comment_count": 0,
        "verification": verification(signed=False),
    }
    return {
        "sha": of.sha,
        "node_id": shapes.node_id("Commit", of.sha),
        "commit": data,
        "url": url,
        "html_url": call.urls.page(f"/commit/{of.sha}"),
        "comments_url": f"{url}/comments",
        "author": user(call, of.author.email),
        "committer": user(call, of.committer.email),
        "parents": [_parent(call, sha) for sha in of.parents],
    }


def verification(*, signed: bool) -> Object:
    """Nobody's key is known here: what is signed is unverified, never verified."""
    return {
        "verified": False,
        "reason": "unknown_key" if signed else "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def _parent(call: Call, sha: str) -> Json:
    return {
        "sha": sha,
        "url": call.urls.repo(f"/commits/{sha}"),
        "html_url": call.urls.page(f"/commit/{sha}"),
    }


def get_commit(call: Call) -> Reply:
    """One commit by SHA, branch or tag."""
    sha = commit_of(call.repo, call.args["ref"])
    if "sha" in call.request.headers.get("Accept", "").split("."):
        return Reply(body=sha.encode(), headers={"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    return Reply(body=commit_shape(call, commit(call.repo.git, sha)))


def compare(call: Call) -> Reply:
    """What `base...head` adds; 404 where either end or a common ancestor is missing."""
    git = call.repo.git
    names = call.args["basehead"].split("...")
    if len(names) != 2:
        raise not_found()
    base, head = (_end(call, name) for name in names)
    common = git.maybe("merge-base", base, head)
    if common is None:
        raise not_found()
    behind, ahead = (int(n) for n in git.text("rev-list", "--left-right", "--count", f"{base}...{head}").split())
    found = commits(git, "--reverse", f"{base}..{head}")
    page = call.page(found[-LISTED:], lambda c: commit_shape(call, c))
    url, web = (at(f"/compare/{call.args['basehead']}") for at in (call.urls.repo, call.urls.page))
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    body: Object = {
        "url": url,
        "html_url": web,
        "permalink_url": call.urls.page(f"/compare/{base[:7]}...{head[:7]}"),
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": commit_shape(call, commit(git, base)),
        "merge_base_commit": commit_shape(call, commit(git, common)),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": page.body if isinstance(page.body, list) else [],
    }
    return Reply(body=body, headers=page.headers)


def _end(call: Call, name: str) -> str:
    found = find_commit(call.repo, name.removeprefix(f"{call.repo.owner}:"))
    if found is None:
        raise not_found()
    return found


def list_tags(call: Call) -> Reply:
    """Tags with their commits, annotated ones peeled; the last name first."""

    def shape(tag: Ref) -> Json:
        name = tag.name.removeprefix("refs/tags/")
        return {
            "name": name,
            "zipball_url": call.urls.repo(f"/zipball/{tag.name}"),
            "tarball_url": call.urls.repo(f"/tarball/{tag.name}"),
            "commit": {"sha": tag.peeled, "url": call.urls.repo(f"/commits/{tag.peeled}")},
            "node_id": shapes.node_id("Ref", tag.name),
        }

    return call.page(reversed(refs(call.repo.git, "refs/tags/")), shape)


def list_branches(call: Call) -> Reply:
    """Branches by name."""

    def shape(branch: Ref) -> Json:
        name = branch.name.removeprefix("refs/heads/")
        return {
            "name": name,
            "commit": {"sha": branch.sha, "url": call.urls.repo(f"/commits/{branch.sha}")},
            "protected": name in call.repo.protections,
        }

    return call.page(refs(call.repo.git, "refs/heads/"), shape)


def get_branch(call: Call) -> Reply:
    """One branch."""
    name = call.args["branch"]
    found = ref(call.repo.git, f"refs/heads/{name}")
    if found is None:
        raise refusal(404, "Branch not found")
    protection = call.repo.protections.get(name)
    contexts = [context for context, _ in protection.checks] if protection else []
    url = call.urls.repo(f"/branches/{segment(name)}")
    return Reply(
        body={
            "name": name,
            "commit": commit_shape(call, commit(call.repo.git, found.sha)),
            "_links": {"self": url, "html": call.urls.page(f"/tree/{name}")},
            "protected": protection is not None,
            "protection": {
                "enabled": protection is not None,
                "required_status_checks": {
                    "enforcement_level": "everyone" if protection else "off",
                    "contexts": contexts,
                    "checks": [],
                },
            },
            "protection_url": f"{url}/protection",
        }
    )


ROUTES = (
    Route("GET", "/repos/{owner}/{repo}/compare/{basehead:path}", "contents:read", compare),
    Route("GET", "/repos/{owner}/{repo}/tags", "contents:read", list_tags),
    Route("GET", "/repos/{owner}/{repo}/branches", "contents:read", list_branches),
    Route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read", get_branch),
)
LAST = (Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}", "contents:read", get_commit),)
"""After the checks and statuses of a commit: a ref may contain slashes."""
