"""Trusted publishing on the embedded index: which identity tokens get an upload token, and the words for the others."""

import json
from pathlib import Path

import pytest
from embedded import NOW, Here
from made_dists import good_wheel

from tagship.rehearsal.identity import Claims, Issuer, Job
from tagship.rehearsal.index import Flag, Publisher

SHA = "0123456789abcdef0123456789abcdef01234567"
JOB = Job(
    repository="alice/swp",
    ref="refs/tags/v1.0",
    sha=SHA,
    workflow="Publish",
    workflow_file="publish.yml",
    event_name="push",
    environment="pypi",
)
PUBLISHER = Publisher(repository="alice/swp", workflow="publish.yml", environment="pypi")
NOT_FOUND = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
MALFORMED = ("invalid-payload", "malformed JWT")
INVALID = ("invalid-token", "malformed or invalid token")


def mint(here: Here, token: object, path: str = "/_/oidc/mint-token") -> tuple[int, object]:
    """Status and body of the answer."""
    answer = here.post(f"https://pypi.org{path}", json={"token": token})
    return answer.status_code, answer.json


def refused(code: str, description: str) -> tuple[int, object]:
    """The answer to a token that is not good enough."""
    return 422, {"message": "Token request failed", "errors": [{"code": code, "description": description}]}


def identity(here: Here, audience: str = "pypi", now: float = NOW, **changes: object) -> str:
    """An identity token of the job; None removes a claim."""
    claims: Claims = {**JOB.claims(), **changes}
    return here.issuer.token({k: v for k, v in claims.items() if v is not None}, audience=audience, now=now)


@pytest.fixture
def published(here: Here) -> Here:
    """The project swp, published by the job's workflow."""
    here.owned("swp")
    here.state.add_publisher("swp", PUBLISHER)
    return here


@pytest.mark.parametrize("path", ["/_/oidc/mint-token", "/_/oidc/github/mint-token"])
@pytest.mark.parametrize("host", ["pypi.org", "upload.pypi.org"])
def test_minted_token_uploads(published: Here, tmp_path: Path, host: str, path: str) -> None:
    """The job of the registered workflow gets a token for fifteen minutes, and uploads with it."""
    answer = published.post(f"https://{host}{path}", json={"token": identity(published)})
    body = answer.json
    assert body is not None
    token = body.pop("token")
    assert (answer.status_code, body) == (200, {"success": True, "expires": NOW + 900})
    assert published.upload(good_wheel(tmp_path), token=token).status == "200 OK"


REFUSED = [
    ("other repository", {"repository": "alice/fork"}, NOT_FOUND),
    ("other case", {"repository": "Alice/swp"}, NOT_FOUND),
    ("other owner id", {"repository_owner_id": "2"}, NOT_FOUND),
    ("other environment", {"environment": "testpypi"}, NOT_FOUND),
    ("no environment", {"environment": None}, NOT_FOUND),
    (
        "other workflow",
        {"job_workflow_ref": "alice/swp/.github/workflows/ci.yml@refs/tags/v1.0"},
        NOT_FOUND,
    ),
    (
        "reusable workflow elsewhere",
        {"job_workflow_ref": "acme/tools/.github/workflows/publish.yml@refs/heads/main"},
        "valid token, but no corresponding publisher (The job_workflow_ref claim does not match, expecting one of "
        f"['alice/swp/.github/workflows/publish.yml@{SHA}', 'alice/swp/.github/workflows/publish.yml@refs/tags/v1.0'], "
        "got 'acme/tools/.github/workflows/publish.yml@refs/heads/main')",
    ),
    (
        "no file in the reference",
        {"job_workflow_ref": "alice/swp"},
        "valid token, but no corresponding publisher (Could not job extract workflow filename from OIDC claims)",
    ),
    (
        "pull_request_target",
        {"event_name": "pull_request_target"},
        "valid token, but no corresponding publisher (Publishing from a workflow invoked via 'pull_request_target' is "
        "not supported.)",
    ),
    (
        "other owner",
        {"repository_owner": "bob"},
        "valid token, but no corresponding publisher (Check failed for required claim 'repository_owner')",
    ),
    (
        "neither ref nor sha",
        {"ref": "", "sha": ""},
        "valid token, but no corresponding publisher (The ref and sha claims are empty)",
    ),
]


@pytest.mark.parametrize(("changes", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_publisher_that_does_not_fit(published: Here, changes: dict[str, str], text: str) -> None:
    """A genuine token of another job is refused with what does not fit."""
    assert mint(published, identity(published, **changes)) == refused("invalid-publisher", text)


def test_missing_claim(published: Here) -> None:
    """A genuine token without a claim that PyPI needs is refused, and the claim is named."""
    for claim in ("ref", "repository", "event_name"):
        text = f"valid token, but no corresponding publisher (Missing claim {claim!r})"
        assert mint(published, identity(published, **{claim: None})) == refused("invalid-publisher", text)


def test_environment_of_publisher_is_optional(published: Here) -> None:
    """A publisher without environment takes a job of any, and one with the job's own comes first."""
    anywhere = Publisher(repository="alice/swp", workflow="publish.yml")
    published.owned("other")
    published.state.add_publisher("other", anywhere)
    for environment in ("staging", "PyPI"):
        assert mint(published, identity(published, environment=environment))[0] == 200
    minted = [token.publisher for token in published.state.tokens.values() if token.publisher]
    assert minted == [anywhere, PUBLISHER]


def test_tokens_of_another_issuer(published: Here) -> None:
    """A forged signature, a foreign audience, and times outside the leeway are all the same to the index."""
    tokens = [
        Issuer().token(JOB.claims(), audience="pypi", now=NOW),
        identity(published, audience="testpypi"),
        identity(published, now=NOW - 330),
        identity(published, now=NOW + 60),
        identity(published)[:-8] + "AAAAAAAA",
    ]
    assert [mint(published, token) for token in tokens] == [refused(*INVALID)] * 5
    assert mint(published, identity(published, now=NOW - 329))[0] == 200


def test_payloads_that_make_no_sense(published: Here) -> None:
    """What is no identity token of a known issuer is an invalid payload."""
    other = Issuer()
    other.url = "https://token.example.org"
    assert [mint(published, token) for token in ("made up", "a.b.c", other.token({}, audience="pypi", now=NOW))] == [
        refused(*MALFORMED),
        refused(*MALFORMED),
        refused("invalid-payload", "unknown trusted publishing issuer"),
    ]
    answer = published.post("https://pypi.org/_/oidc/mint-token", data=b"{}")
    assert (answer.status_code, json.loads(answer.data)["errors"][0]["code"]) == (422, "invalid-payload")


def test_identity_token_works_once(published: Here) -> None:
    """The same identity token a second time is refused; a new one of the same job is not."""
    token = identity(published)
    answers = [mint(published, token)[0], mint(published, token), mint(published, identity(published))[0]]
    assert answers == [200, refused("invalid-reuse-token", "invalid token: already used"), 200]


def test_pending_publisher_creates_the_project_when_minting(here: Here, tmp_path: Path) -> None:
    """The first token of a pending publisher makes the project, its owner's, even if nothing is uploaded."""
    here.state.add_pending("swp", PUBLISHER, user="carol")
    here.state.add_pending("swp", Publisher(repository="bob/swp", workflow="p.yml"), user="bob")
    assert mint(here, identity(here))[0] == 200
    project = here.state.projects["swp"]
    assert (project.roles, project.files, here.state.pending) == ({"carol": "Owner"}, (), [])
    assert mint(here, identity(here))[0] == 200


def test_pending_publisher_of_a_taken_name(here: Here) -> None:
    """Where the project exists by now, the pending publisher is void; where its name is not allowed, that is said."""
    here.owned("swp")
    here.state.add_pending("swp", PUBLISHER, user="carol")
    assert mint(here, identity(here)) == refused("invalid-pending-publisher", "valid token, but project already exists")
    assert mint(here, identity(here)) == refused("invalid-publisher", NOT_FOUND)
    here.state.add_pending("json", PUBLISHER, user="carol")
    text = "The name 'json' isn't allowed (conflict with Python Standard Library module name). See "
    more = "https://pypi.org/help/#project-name for more information."
    assert mint(here, identity(here)) == refused("invalid-payload", text + more)


def test_pending_publisher_expires(here: Here) -> None:
    """After thirty days a pending publisher is gone."""
    here.state.add_pending("swp", PUBLISHER, user="carol", created=NOW - 30 * 24 * 3600)
    assert mint(here, identity(here)) == refused("invalid-publisher", NOT_FOUND)
    assert here.state.projects == {}


def test_switched_off(published: Here) -> None:
    """While trusted publishing is switched off, the audience is forbidden and no token is minted."""
    published.state.flags.add(Flag.NO_TRUSTED_PUBLISHING)
    audience = published.get("/_/oidc/audience")
    words = {"message": "Trusted publishing functionality not enabled"}
    assert (audience.status_code, audience.json) == (403, words)
    text = "github trusted publishing functionality not enabled"
    assert mint(published, identity(published)) == refused("not-enabled", text)


def test_audience_and_burning(here: Here) -> None:
    """The audience is the index's, on both hosts; burning tokens is not offered yet."""
    answers = [here.get("/_/oidc/audience"), here.get("https://upload.pypi.org/_/oidc/audience")]
    assert [answer.json for answer in answers] == [{"audience": "pypi"}] * 2
    assert here.post("https://pypi.org/_/oidc/burn-token", json={}).status_code == 404
