"""GitHub's identity provider, embedded: tokens that prove which job of which workflow is running.

`Issuer` signs and verifies; the embedded index trusts its keys as PyPI trusts GitHub's. `IdentityService` is the
two hosts around it: the endpoint from which a job gets its token, and the published keys. Claims are those of
https://docs.github.com/en/actions/reference/security/oidc; GitHub's error texts are not documented.
"""

import base64
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from werkzeug import Request, Response

from tagship.model import Record
from tagship.services.addresses import ACTIONS_ISSUER, GITHUB
from tagship.shapes import read_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Claim = str | int | float | bool | list[str] | None
Claims = Mapping[str, Claim]

_LIFETIME = 300
"""Seconds that a token is good for."""
_LEEWAY = 30
"""Seconds by which clocks may differ (warehouse/oidc/services.py)."""
_KEY_ID = "rehearsal"


class InvalidTokenError(ValueError):
    """The token is not one that this issuer made for this audience and time."""


class Job(Record, frozen=True, kw_only=True):
    """One job of a workflow run, as far as its identity goes."""

    repository: str
    """`owner/name`."""
    repository_id: str = "1"
    owner_id: str = "1"
    ref: str
    """Full ref: `refs/tags/v1.0.0`."""
    sha: str
    workflow: str
    """The name inside the workflow file."""
    workflow_file: str
    """File name in `.github/workflows` of the workflow that was started."""
    called_file: str = ""
    """The same of the reusable workflow in which the job stands; empty where it is the one that was started."""
    event_name: str
    environment: str | None = None
    actor: str = "octocat"
    run_id: str = "1"
    run_number: str = "1"
    run_attempt: str = "1"

    def claims(self) -> Claims:
        """Everything GitHub says about the job, without what belongs to one token (audience, times, `jti`)."""
        owner = self.repository.partition("/")[0]
        folder = f"{self.repository}/.github/workflows"
        scope = f"environment:{self.environment.replace(':', '%3A')}" if self.environment else f"ref:{self.ref}"
        environment = {"environment": self.environment} if self.environment else {}
        return {
            "sub": f"repo:{self.repository}:{scope}",
            "actor": self.actor,
            "base_ref": "",
            "event_name": self.event_name,
            "head_ref": "",
            "job_workflow_ref": f"{folder}/{self.called_file or self.workflow_file}@{self.ref}",
            "job_workflow_sha": self.sha,
            "ref": self.ref,
            "ref_protected": "false",
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "repository": self.repository,
            "repository_id": self.repository_id,
            "repository_owner": owner,
            "repository_owner_id": self.owner_id,
            "repository_visibility": "public",
            "run_attempt": self.run_attempt,
            "run_id": self.run_id,
            "run_number": self.run_number,
            "runner_environment": "github-hosted",
            "sha": self.sha,
            "workflow": self.workflow,
            "workflow_ref": f"{folder}/{self.workflow_file}@{self.ref}",
            "workflow_sha": self.sha,
            **environment,
        }


class Issuer:
    """Makes and verifies RS256 tokens with a key of its own, which starts to be made when the issuer is."""

    url = ACTIONS_ISSUER

    def __init__(self) -> None:
        # 2048 bits take 50 to 150 ms: made while the rehearsal reads the project.
        with_key = ThreadPoolExecutor(max_workers=1, thread_name_prefix="issuer-key")
        self._key: Future[RSAPrivateKey] = with_key.submit(_make_key)
        with_key.shutdown(wait=False)

    def token(self, claims: Claims, *, audience: str, now: float) -> str:
        """Sign the claims for one audience; times and a fresh `jti` are added, given ones win."""
        start = int(now)
        own: Claims = {
            "iss": self.url,
            "aud": audience,
            "iat": start,
            "nbf": start - 5,
            "exp": start + _LIFETIME,
            "jti": secrets.token_hex(16),
        }
        header = {"typ": "JWT", "alg": "RS256", "kid": _KEY_ID}
        signed = f"{_encode(msgspec.json.encode(header))}.{_encode(msgspec.json.encode({**own, **claims}))}"
        return f"{signed}.{_encode(_sign(self._key.result(), signed.encode()))}"

    def verify(self, token: str, *, audience: str, now: float) -> Claims:
        """The claims of a genuine token, as PyPI checks it (warehouse/oidc/services.py `verify_jwt_signature`).

        Raises:
            InvalidTokenError: wrong signature, key, issuer, audience (several are wrong too) or time.
        """
        header, claims = parts_of(token)
        signed, _, signature = token.rpartition(".")
        if header.get("alg") != "RS256" or header.get("kid") != _KEY_ID:
            raise InvalidTokenError("not signed with a key of this issuer")
        if not _is_signed(self._key.result(), signed.encode(), _decode(signature)):
            raise InvalidTokenError("wrong signature")
        if claims.get("iss") != self.url or claims.get("aud") != audience:
            raise InvalidTokenError("wrong issuer or audience")
        issued, expires, not_before = (claims.get(name) for name in ("iat", "exp", "nbf"))
        if not isinstance(issued, int | float) or not isinstance(expires, int | float):
            raise InvalidTokenError("no time of issue or expiry")
        starts = [issued, *([not_before] if isinstance(not_before, int | float) else [])]
        if now >= expires + _LEEWAY or any(now < start - _LEEWAY for start in starts):
            raise InvalidTokenError("not valid at this time")
        return claims

    def configuration(self) -> dict[str, str | list[str]]:
        """The discovery document, `/.well-known/openid-configuration`."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        }

    def keys(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, `/.well-known/jwks` (RFC 7517)."""
        numbers = self._key.result().public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": _KEY_ID,
            "n": _encode(numbers.n.to_bytes(size, "big")),
            "e": _encode(numbers.e.to_bytes(3, "big")),
        }
        return {"keys": [key]}


class IdentityService:
    """WSGI application: a job's token endpoint at any path, and the issuer's documents below `/.well-known/`."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._jobs: dict[str, Claims] = {}

    def allow(self, claims: Claims) -> str:
        """Let a job ask for identity tokens; returns its request token. Without it, every request is refused."""
        token = f"rehearsal-request-{secrets.token_hex(16)}"
        self._jobs[token] = claims
        return token

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/.well-known/openid-configuration":
            return _json(200, self._issuer.configuration())
        if request.path == "/.well-known/jwks":
            return _json(200, self._issuer.keys())
        if request.method not in ("GET", "HEAD"):
            return _json(405, {"message": "Method not allowed"})
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = self._jobs.get(token.strip()) if kind.lower() == "bearer" else None
        if claims is None:
            return _json(401, {"message": "The job is not permitted to ask for an identity token"})
        audience = request.args.get("audience") or f"{GITHUB}/{claims.get('repository_owner')}"
        value = self._issuer.token(claims, audience=audience, now=self._clock())
        return _json(200, {"count": len(value), "value": value})


def parts_of(token: str) -> tuple[Claims, Claims]:
    """Header and claims of a token, not verified.

    Raises:
        InvalidTokenError: where it has not the form of a signed token.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError("not three parts")
    try:
        header, claims = (read_json(_decode(part), dict[str, Claim]) for part in parts[:2])
        _decode(parts[2])
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError("not base64 of JSON objects") from error
    return header, claims


def _json(status: int, body: object) -> Response:
    return Response(msgspec.json.encode(body), status=status, content_type="application/json; charset=utf-8")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _make_key() -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _sign(key: "RSAPrivateKey", data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _is_signed(key: "RSAPrivateKey", data: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
