"""Users and teams of the embedded GitHub: those whom the repository knows, and no others."""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, not_found
from tagship.rehearsal.github.repository import RepositoryState

TEAM = "@"
"""Before the name of a team, where it stands among users."""


def known(repo: RepositoryState) -> dict[int, str]:
    """Everybody by number; a team as `@name`."""
    people = (repo.owner, *repo.logins.values(), *repo.roles)
    teams = (f"{TEAM}{name}" for name in repo.teams) if repo.organisation else ()
    return {repo.id_of(name): name for name in (*people, *teams)}


def reviewer(call: Call, name: str) -> Object:
    """A user or a team as the reviewer of an environment."""
    if name.startswith(TEAM):
        return {"type": "Team", "reviewer": _team(call, name)}
    return {"type": "User", "reviewer": shapes.account(call.repo, call.urls, name)}


def get_user(call: Call) -> Reply:
    """A user."""
    name = call.args["user"]
    found = next((one for one in known(call.repo).values() if one.lower() == name.lower()), None)
    if found is None or found.startswith(TEAM):
        raise not_found()
    said = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    figures = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    dates = dict.fromkeys(("created_at", "updated_at"), shapes.when(0))
    return Reply(body={**shapes.account(call.repo, call.urls, found), **said, **figures, **dates, "blog": ""})


def get_team(call: Call) -> Reply:
    """A team; for members of the organisation only."""
    repo, name = call.repo, f"{TEAM}{call.args['team']}"
    inside = repo.organisation and call.args["organization"].lower() == repo.owner.lower()
    if not inside or name not in known(repo).values() or call.token.kind in ("none", "github_token"):
        raise not_found()
    return Reply(body=_team(call, name))


def _team(call: Call, name: str) -> Object:
    slug, number = name.removeprefix(TEAM), call.repo.id_of(name)
    url = f"{call.urls.api}/organizations/{call.repo.id_of(call.repo.owner)}/team/{number}"
    return {
        "id": number,
        "node_id": shapes.node_id("Team", number),
        "name": slug,
        "slug": slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"{call.urls.web}/orgs/{call.repo.owner}/teams/{slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": call.repo.id_of(call.repo.owner),
        "parent": None,
    }


ROUTES = (
    Route("GET", "/users/{user}", "", get_user),
    Route("GET", "/orgs/{organization}/teams/{team}", "", get_team),
)
