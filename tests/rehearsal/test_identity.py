"""The embedded identity provider, asked by the real client and checked by its published keys."""

import base64
import json
from collections.abc import Iterator
from threading import Thread

import id as real_client
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from werkzeug.serving import make_server
from werkzeug.test import Client

from tagship.rehearsal.identity import IdentityService, InvalidTokenError, Issuer, Job

NOW = 1_790_000_000.0
ISSUER = Issuer()
JOB = Job(
    repository="alice/swp",
    ref="refs/tags/v1.0",
    sha="ab" * 20,
    workflow="Publish",
    workflow_file="publish.yml",
    event_name="push",
    environment="pypi: live",
)


def test_a_job_of_a_called_workflow_names_its_own_file() -> None:
    """`job_workflow_ref` is the file in which the job stands, `workflow_ref` the one that was started."""
    job = msgspec.structs.replace(JOB, called_file="upload.yml")
    changed = {name: value for name, value in job.claims().items() if value != JOB.claims()[name]}
    assert changed == {"job_workflow_ref": "alice/swp/.github/workflows/upload.yml@refs/tags/v1.0"}


@pytest.fixture
def service() -> IdentityService:
    """A service whose clock stands still."""
    return IdentityService(ISSUER, lambda: NOW)


@pytest.fixture
def address(service: IdentityService) -> Iterator[str]:
    """The service on loopback."""
    server = make_server("127.0.0.1", 0, service, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/run-1/idtoken?api-version=2.0"
    server.shutdown()
    thread.join()
    server.server_close()


def test_real_client_gets_a_token(service: IdentityService, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `id` package finds a token for its audience, with the job's claims, where GitHub's variables are set."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", address)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", service.allow(JOB.claims()))
    token = real_client.detect_credential("pypi")
    assert token is not None
    claims = dict(ISSUER.verify(token, audience="pypi", now=NOW))
    file = "alice/swp/.github/workflows/publish.yml@refs/tags/v1.0"
    assert (len(str(claims.pop("jti"))), claims) == (
        32,
        {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": "pypi",
            "iat": NOW,
            "nbf": NOW - 5,
            "exp": NOW + 300,
            "sub": "repo:alice/swp:environment:pypi%3A live",
            "actor": "octocat",
            "base_ref": "",
            "environment": "pypi: live",
            "event_name": "push",
            "head_ref": "",
            "job_workflow_ref": file,
            "job_workflow_sha": "ab" * 20,
            "ref": "refs/tags/v1.0",
            "ref_protected": "false",
            "ref_type": "tag",
            "repository": "alice/swp",
            "repository_id": "1",
            "repository_owner": "alice",
            "repository_owner_id": "1",
            "repository_visibility": "public",
            "run_attempt": "1",
            "run_id": "1",
            "run_number": "1",
            "runner_environment": "github-hosted",
            "sha": "ab" * 20,
            "workflow": "Publish",
            "workflow_ref": file,
            "workflow_sha": "ab" * 20,
        },
    )


def test_subject_without_environment() -> None:
    """The subject of a job without environment names the ref, and the claim is left out."""
    claims = Job(
        repository="a/b", ref="refs/heads/main", sha="0" * 40, workflow="CI", workflow_file="c.yml", event_name="push"
    ).claims()
    assert (claims["sub"], claims["ref_type"], "environment" in claims) == (
        "repo:a/b:ref:refs/heads/main",
        "branch",
        False,
    )


def test_only_jobs_that_may(service: IdentityService) -> None:
    """Without a request token, and with a made-up one, there is no identity token."""
    client = Client(service)
    headers = [{}, {"Authorization": "bearer made-" + "up"}]
    assert [client.get("/idtoken?audience=pypi", headers=h).status_code for h in headers] == [401] * 2


def test_default_audience(service: IdentityService) -> None:
    """Without an audience the token is for the owner's page."""
    header = {"Authorization": f"Bearer {service.allow(JOB.claims())}"}
    answer = Client(service).get("/idtoken?api-version=2.0", headers=header).json
    assert answer is not None
    assert answer["count"] == len(answer["value"])
    assert ISSUER.verify(answer["value"], audience="https://github.com/alice", now=NOW)["aud"] == (
        "https://github.com/alice"
    )


def test_published_keys_verify_tokens(service: IdentityService) -> None:
    """Whoever follows the discovery document can verify a signature with the key of that id."""
    client = Client(service)
    configuration = client.get("/.well-known/openid-configuration").json
    assert configuration is not None
    assert configuration["jwks_uri"] == f"{configuration['issuer']}/.well-known/jwks"
    keys = client.get("/.well-known/jwks").json
    assert keys is not None
    (key,) = keys["keys"]
    signed, _, signature = ISSUER.token({}, audience="pypi", now=NOW).rpartition(".")
    assert json.loads(_bytes(signed.partition(".")[0])) == {"typ": "JWT", "alg": "RS256", "kid": key["kid"]}
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(_bytes(key[name]), "big") for name in ("e", "n")))
    numbers.public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://token.example.org"},
        {"aud": ["pypi", "testpypi"]},
        {"aud": "testpypi"},
        {"iat": None},
        {"exp": None},
        {"exp": NOW - 30},
        {"nbf": NOW + 31},
        {"iat": NOW + 31},
    ],
)
def test_tokens_that_do_not_verify(claims: dict[str, object]) -> None:
    """A genuine signature does not help where issuer, audience or times are wrong, several audiences included."""
    token = ISSUER.token(claims, audience="pypi", now=NOW)
    with pytest.raises(InvalidTokenError):
        ISSUER.verify(token, audience="pypi", now=NOW)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.e30.", "e30.e30.AAA"])
def test_what_is_no_token(token: str) -> None:
    """Text that is no token of ours is invalid, never another error."""
    with pytest.raises(InvalidTokenError):
        ISSUER.verify(token, audience="pypi", now=NOW)
