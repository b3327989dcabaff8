"""Who may see and do what at the embedded GitHub, and the mechanics of every answer."""

import re
import socket

import pytest

from tagship.rehearsal.github.app import ROUTES

REPO = "/repos/ada/engine"


def ask(world, method, path, token=None):
    answer = world.ask(method, path, token=token, body={"tag_name": "v1"} if method == "POST" else None)
    return answer.status, answer.json["message"] if answer.status >= 400 else "", answer.headers


def test_a_wrong_token_is_worse_than_none(world):
    """Anonymous reading works where a token that nobody issued is refused."""
    assert world.get("releases").status == 200
    for header in ("Bearer ghp_made_up", "token ghp_made_up", "Basic Og==", "nonsense"):
        assert world.get("releases", headers={"Authorization": header}).said == (401, "Bad credentials")


@pytest.mark.parametrize("scheme", ["Bearer", "token", "bearer"])
def test_both_words_before_a_token_are_understood(world, scheme):
    """`Bearer` and `token` mean the same."""
    header = {"Authorization": f"{scheme} {world.token().value}"}
    assert world.get("", headers=header).json["permissions"]["admin"] is True


def test_a_missing_permission_is_named(world):
    """What a token lacks for an action is 403 with the permission in a header, and anonymity is 401."""
    bot = world.token("github_token", contents="read")
    pat = world.token("fine-grained", contents="read")
    status, message, headers = ask(world, "POST", "releases", bot)
    assert (status, message) == (403, "Resource not accessible by integration")
    assert headers["X-Accepted-GitHub-Permissions"] == "contents=write"
    assert ask(world, "POST", "releases", pat)[:2] == (403, "Resource not accessible by personal access token")
    assert ask(world, "POST", "releases", world.token("classic", gist="write"))[:2] == (404, "Not Found")
    assert ask(world, "POST", "releases")[:2] == (401, "Requires authentication")


def test_settings_are_not_public(world):
    """On a public repository too, secrets and administration need their permission."""
    bot = world.token("github_token", contents="write", actions="write")
    for path in ("actions/secrets", "actions/permissions", "branches/main/protection", "immutable-releases"):
        assert world.get(path).said == (401, "Requires authentication")
        assert world.get(path, token=bot).said == (403, "Resource not accessible by integration")
    admin = world.token("fine-grained", secrets="read", administration="read")
    assert world.get("actions/secrets", token=admin).json == {"total_count": 0, "secrets": []}
    assert world.get("actions/permissions/workflow", token=admin).json == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }


def test_a_private_repository_is_hidden(private):
    """To those who may not see it, it does not exist; a job without `checks: read` is told so."""
    assert private.get("").said == private.get("releases").said == (404, "Not Found")
    assert private.get("", token=private.token("classic", public_repo="write")).status == 404
    bot = private.token("github_token", contents="read")
    assert private.get("commits/main", token=bot).status == 200
    lacking = private.get("commits/main/check-runs", token=bot)
    assert lacking.said == (403, "Resource not accessible by integration")
    assert lacking.headers["X-Accepted-GitHub-Permissions"] == "checks=read"


def test_there_is_one_repository(world):
    """Another name, another path and another method are 404; case does not matter."""
    assert [world.get(path).status for path in ("/repos/ada/other", "/nowhere", "/repos/Ada/Engine")] == [404, 404, 200]
    assert world.ask("PUT", "/rate_limit").status == 404


def test_an_agent_must_have_a_name(world):
    """A request without User-Agent is refused before anything else."""
    answer = world.get("", headers={"User-Agent": ""})
    assert (answer.status, answer.data[:43]) == (403, b"Request forbidden by administrative rules. ")


def test_the_limit_counts_down_and_comes_back(world):
    """Over the limit every request is 403 until the hour is over; /rate_limit and 304 are free."""
    token = world.state.issue_token("github_token", {"contents": "read"}, limit=2)
    first = world.get("", token=token)
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("2", "1")
    again = {"If-None-Match": first.headers["ETag"]}
    same = world.get("", token=token, headers=again)
    assert (same.status, same.data, same.headers["X-RateLimit-Remaining"]) == (304, b"", "1")
    assert world.get("/rate_limit", token=token).json["rate"]["remaining"] == 1
    assert world.get("", token=token).status == 200
    over = world.get("", token=token)
    assert (over.status, over.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert over.json["message"].startswith("API rate limit exceeded for ")
    assert world.get("/rate_limit", token=token).json["rate"]["remaining"] == 0
    world.clock.now = float(over.headers["X-RateLimit-Reset"])
    assert world.get("", token=token).status == 200


def test_a_changed_answer_has_another_etag(world):
    """An ETag holds for as long as the answer is the same."""
    before = world.get("releases").headers["ETag"]
    world.post("releases", token=world.token(), body={"tag_name": "v1"})
    after = world.get("releases", headers={"If-None-Match": before})
    assert (after.status, len(after.json)) == (200, 1)


def test_lists_come_in_pages_with_links(world):
    """Following `next` finds every item once; the first and the last page say so by what they lack."""
    names = [f"check {i}" for i in range(5)]
    for name in names:
        world.state.add_check(world.head, name)
    seen, links, path = [], [], f"commits/{world.head}/check-runs?per_page=2&status=completed"
    while path:
        answer = world.get(path)
        assert answer.json["total_count"] == 5
        seen += [run["name"] for run in answer.json["check_runs"]]
        parts = [part.split("; ") for part in answer.headers["Link"].split(", ")]
        found = {rel: url.strip("<>").removeprefix(world.url) for url, rel in parts}
        links.append(sorted(found))
        path = found.get('rel="next"', "")
    assert seen == names[::-1]
    ends, starts = ['rel="last"', 'rel="next"'], ['rel="first"', 'rel="prev"']
    assert links == [ends, [starts[0], *ends, starts[1]], starts]
    assert "Link" not in world.get("commits/main/check-runs").headers


def test_head_has_no_body(world):
    """HEAD answers as GET does, without the body."""
    answer = world.ask("HEAD", "commits/main")
    assert (answer.status, answer.data) == (200, b"")
    assert world.ask("HEAD", "releases/tags/v1").status == 404


def test_a_client_that_stops_sending_stops_nobody_else(world):
    """While one client owes the body of its request, others are answered."""
    with socket.create_connection(("127.0.0.1", int(world.url.rsplit(":", 1)[1]))) as slow:
        slow.sendall(b"POST /repos/ada/engine/releases HTTP/1.1\r\nUser-Agent: x\r\nContent-Length: 9\r\n\r\n{")
        assert world.get("commits/main").status == 200


@pytest.mark.parametrize(
    ("host", "prefix", "api", "uploads", "web"),
    [
        ("api.github.com", "", "api.github.com", "uploads.github.com", "github.com"),
        ("api.github.localhost", "", "api.github.localhost", "uploads.github.localhost", "github.localhost"),
        ("ghe.example", "/api/v3", "ghe.example/api/v3", "ghe.example/api/uploads", "ghe.example"),
        ("127.0.0.1:1", "", "127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_addresses_are_those_the_client_uses(world, host, prefix, api, uploads, web):
    """Every address is built from the Host header, and with `/api/v3` as an enterprise server has them."""
    token = world.token()
    made = world.post("releases", token=token, body={"tag_name": "v1"}).json
    answer = world.get(f"{prefix}{REPO}/releases/{made['id']}", headers={"Host": host}).json
    assert (answer["url"], answer["upload_url"], answer["html_url"]) == (
        f"http://{api}{REPO}/releases/{made['id']}",
        f"http://{uploads}{REPO}/releases/{made['id']}/assets{{?name,label}}",
        f"http://{web}/ada/engine/releases/tag/v1",
    )


@pytest.mark.parametrize(
    ("host", "read", "sent", "loaded"),
    [
        ("api.github.com", 200, 404, 404),
        ("uploads.github.com", 404, 201, 404),
        ("github.com", 404, 404, 200),
        ("localhost", 200, 201, 200),
    ],
)
def test_every_host_has_its_own_part(world, host, read, sent, loaded):
    """The API, uploads and downloads are at three hosts, and none answers for another."""
    token, headers = world.token(), {"Host": host}
    path = f"{REPO}/releases/{world.post('releases', token=token, body={'tag_name': 'v1'}).json['id']}"
    world.post(f"{path}/assets?name=a", token=token, data="a")
    assert world.get(path, token=token, headers=headers).status == read
    assert world.post(f"{path}/assets?name=b", token=token, data="b", headers=headers).status == sent
    assert world.get("/ada/engine/releases/download/v1/a", headers=headers).status == loaded


def test_bodies_that_make_no_sense_are_refused(world):
    """Broken JSON is 400, a wrong type 422."""
    token = world.token()
    assert world.post("releases", token=token, data="{").said == (400, "Problems parsing JSON")
    status, message = world.post("releases", token=token, body={"tag_name": 1}).said
    assert (status, message) == (422, "Invalid request.\n\nExpected `str | null`, got `int` - at `$.tag_name`")


def test_asking_too_fast_is_refused_for_a_while(world):
    """900 points a minute: reads cost one, writes five; then 403 with the seconds to wait, while the hour has room."""
    token = world.token("fine-grained", contents="write")
    token.recent.extend((world.clock.now - 20, False) for _ in range(898))
    assert world.get("releases", token=token).status == 200
    assert world.get("releases", token=token).status == 200
    answer = world.get("releases", token=token)
    assert (answer.status, answer.headers["Retry-After"]) == (403, "40")
    assert answer.json["message"].startswith("You have exceeded a secondary rate limit.")
    assert int(answer.headers["X-RateLimit-Remaining"]) > 0
    assert world.get("releases").status == 200, "another token is not concerned"
    world.clock.now += 40
    assert world.get("releases", token=token).status == 200


@pytest.mark.parametrize(("seconds", "so_many", "wait"), [(59, 80, "1"), (3500, 500, "100")])
def test_so_much_can_be_written(world, seconds, so_many, wait):
    """80 writes a minute and 500 an hour, then nothing; reading goes on."""
    token = world.token()
    token.recent.extend((world.clock.now - seconds, True) for _ in range(so_many))
    answer = world.post("releases", token=token, body={"tag_name": "v1"})
    assert (answer.status, answer.headers["Retry-After"]) == (403, wait)
    assert world.state.releases == []
    world.clock.now += int(wait)
    assert world.post("releases", token=token, body={"tag_name": "v1"}).status == 201


def described(route):
    """An address for a route; ids that nothing has."""
    named = {"owner": "ada", "repo": "engine", "attempt": "1", "branch": "main", "tag": "v1", "basehead": "main...main"}
    path = re.sub(r"{(\w+)(:path)?}", lambda m: named.get(m[1], "main" if m[1] in ("ref", "sha") else "1"), route.path)
    return route.method, path


GUARDED = [route for route in ROUTES if route.permission and route.place == "api"]


@pytest.mark.parametrize("route", GUARDED, ids=lambda r: f"{r.method} {r.path}")
def test_every_route_says_what_is_missing(world, route):
    """Each kind of token that lacks the permission of a route gets GitHub's answer for it, whatever the address names.

    A bad token 401; a job's and a fine-grained one 403 with the permission in a header, a classic one 404, none 401;
    what is public may be read by all.
    """
    method, path = described(route)
    needed = route.permission.removeprefix("!").replace(":", "=")
    resources, levels = zip(*(one.split("=") for one in needed.split("; ")), strict=True)
    resource, level = resources[0], levels[0]
    less = {} if level == "read" else dict.fromkeys(resources, "read")
    bad = world.ask(method, path, headers={"Authorization": "Bearer ghp_made_up"})
    assert bad.said == (401, "Bad credentials")
    public = level == "read" and not route.permission.startswith("!")
    holders = {"github_token": "integration", "fine-grained": "personal access token"}
    for kind, holder in holders.items():
        if resource == "metadata":
            continue  # no token is without
        answer = world.ask(method, path, token=world.state.issue_token(kind, less))
        assert answer.headers["X-Accepted-GitHub-Permissions"] == needed
        if not public:
            assert answer.said == (403, f"Resource not accessible by {holder}")
    answers = [world.ask(method, path), world.ask(method, path, token=world.token("classic", gist="write"))]
    if public:
        assert all(answer.status not in (401, 403) for answer in answers)
    else:
        assert [answer.said for answer in answers] == [(401, "Requires authentication"), (404, "Not Found")]


@pytest.mark.parametrize("route", GUARDED, ids=lambda r: f"{r.method} {r.path}")
def test_every_route_of_a_private_repository_is_hidden(private, route):
    """Without a token, and with a classic one of somebody else, there is no such repository."""
    method, path = described(route)
    for token in (None, private.token("classic", gist="write")):
        assert private.ask(method, path, token=token).said == (404, "Not Found")


def test_a_missing_field_is_named(world):
    """A body without what is required is refused in GitHub's words."""
    answer = world.post("git/refs", token=world.token(), body={"ref": "refs/tags/v1"})
    assert answer.said == (422, 'Invalid request.\n\n"sha" wasn\'t supplied.')


@pytest.mark.parametrize(("asked", "has_rate"), [(None, True), ("2022-11-28", True), ("2026-03-10", False)])
def test_the_version_of_the_api_is_chosen(world, asked, has_rate):
    """The oldest version answers whoever names none; the newer one leaves `rate` out of the limits."""
    answer = world.get("/rate_limit", headers={"X-GitHub-Api-Version": asked} if asked else {})
    assert answer.headers["X-GitHub-Api-Version-Selected"] == (asked or "2022-11-28")
    assert ("rate" in answer.json) == has_rate


def test_an_unknown_version_of_the_api_is_refused(world):
    """A version that GitHub does not have is 400, whatever was asked."""
    assert world.get("releases", headers={"X-GitHub-Api-Version": "2031-01-01"}).status == 400


def test_a_former_name_leads_to_the_repository(world):
    """Whoever asks for a name that the repository had is sent to its number, under which everything is as before."""
    world.state.former.add("Ada/motor")
    asked = world.ask("GET", "/repos/ada/motor/releases?per_page=5")
    number = world.state.id
    assert (asked.status, asked.json["message"]) == (301, "Moved Permanently")
    assert asked.headers["Location"].endswith(f"/repositories/{number}/releases?per_page=5")
    assert world.ask("GET", f"/repositories/{number}").json["full_name"] == "ada/engine"
    assert world.ask("GET", "/repos/ada/other").status == 404
