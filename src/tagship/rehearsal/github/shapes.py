"""JSON shapes that several resources share: accounts, the repository, apps, times, node ids.

The fields and their types are those of GitHub's OpenAPI description; the tests compare every answer with it.
"""

import base64
from datetime import UTC, datetime

from tagship.rehearsal.github.http import Object, Urls
from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.state import ACTIONS_BOT, App, Json

_ACCOUNT_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def moment(seconds: float | None) -> str | None:
    """A time as GitHub writes it, or None."""
    return None if seconds is None else when(seconds)


def when(seconds: float) -> str:
    """A time as GitHub writes it: `2026-11-20T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, key: int | str) -> str:
    """An opaque id for GraphQL."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def account(repo: RepositoryState, urls: Urls, login: str) -> Object:
    """A user, an organisation or a bot."""
    organisation = repo.organisation and login == repo.owner
    kind = "Organization" if organisation else "Bot" if login == ACTIONS_BOT else "User"
    number = repo.id_of(login)
    page = f"{urls.web}/apps/github-actions" if kind == "Bot" else f"{urls.web}/{login}"
    url = f"{urls.api}/users/{login.replace('[', '%5B').replace(']', '%5D')}"
    return {
        "login": login,
        "id": number,
        "node_id": node_id(kind, number),
        "avatar_url": f"{urls.web}/identicons/{number}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
        **{name: url + path for name, path in _ACCOUNT_LINKS.items()},
    }


def repository(repo: RepositoryState, urls: Urls) -> Object:
    """The repository as other resources contain it."""
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": account(repo, urls, repo.owner),
        "html_url": urls.page(),
        "description": None,
        "fork": repo.fork,
        "url": urls.repo(),
        **{name: urls.repo(path) for name, path in _REPOSITORY_LINKS.items()},
    }


def whole_repository(repo: RepositoryState, urls: Urls) -> Object:
    """The repository with its figures, as its own page and pull requests have it."""
    host, now = urls.web.split("://", 1)[1], when(repo.created)
    issues = sum(issue.closed is None for issue in repo.issues)
    return {
        **repository(repo, urls),
        "clone_url": f"{urls.page()}.git",
        "git_url": f"git://{host}/{repo.full_name}.git",
        "ssh_url": f"git@{host}:{repo.full_name}.git",
        "svn_url": urls.page(),
        "default_branch": repo.default_branch,
        "visibility": "private" if repo.private else "public",
        "language": "Python",
        "license": None,
        "homepage": None,
        "mirror_url": None,
        "topics": [],
        "created_at": now,
        "updated_at": now,
        "pushed_at": now,
        "archived": False,
        "disabled": False,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "has_downloads": True,
        **dict.fromkeys(("open_issues", "open_issues_count"), issues),
        **dict.fromkeys(("forks", "forks_count", "size", "stargazers_count"), 0),
        **dict.fromkeys(("watchers", "watchers_count"), 0),
    }


def app(repo: RepositoryState, urls: Urls, of: App) -> Json:
    """A GitHub App."""
    return {
        "id": of.id,
        "slug": of.slug,
        "node_id": node_id("App", of.id),
        "owner": account(repo, urls, "github"),
        "name": of.name,
        "description": "",
        "external_url": f"{urls.web}/apps/{of.slug}",
        "html_url": f"{urls.web}/apps/{of.slug}",
        "created_at": when(0),
        "updated_at": when(0),
        "permissions": {"checks": "write", "metadata": "read"},
        "events": [],
    }
