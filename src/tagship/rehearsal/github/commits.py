"""A commit and a branch, as they are read."""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, refusal, segment
from tagship.rehearsal.github.objects import Commit, Person, commit, commit_of, ref
from tagship.rehearsal.github.state import Json


def person(who: Person) -> Json:
    """Author or committer inside a commit."""
    return {"name": who.name, "email": who.email, "date": shapes.when(who.date)}


def user(call: Call, email: str) -> Json:
    """The account behind an e-mail address; None where nobody has claimed it."""
    login = call.repo.logins.get(email)
    return None if login is None else shapes.account(call.repo, call.urls, login)


def commit_shape(call: Call, of: Commit) -> Object:
    """A commit."""
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
    Route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read", get_branch),
    Route("GET", "/repos/{owner}/{repo}/commits/{ref:path}", "contents:read", get_commit),
)
