"""Trusted publishing: an identity token of a workflow against a short-lived upload token.

warehouse/oidc/views.py, services.py, models/github.py. Every refusal is a 422 with a code and a description.
"""

import re
from collections.abc import Iterable

import msgspec
from packaging.utils import canonicalize_name
from werkzeug import Request, Response

from tagship.rehearsal.identity import Claims, InvalidTokenError, Issuer, parts_of
from tagship.rehearsal.index.answers import RefusedError, json_answer
from tagship.rehearsal.index.creation import create, drop_invalidated
from tagship.rehearsal.index.records import Flag, Pending, Publisher, Token
from tagship.rehearsal.index.state import State
from tagship.shapes import read_json

TOKEN_LIFETIME = 900
"""Seconds that an upload token is good for."""
_PENDING_LIFETIME = 30 * 24 * 3600
_REQUIRED = (
    "event_name",
    "job_workflow_ref",
    "jti",
    "ref",
    "repository",
    "repository_owner",
    "repository_owner_id",
    "sha",
)
_WORKFLOW_FILE = re.compile(r"([^/]+\.(?:yml|yaml))(?=@)")


class _FailedError(Exception):
    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class _NoPublisherError(Exception):
    """Why no registered publisher fits the claims."""


class _Payload(msgspec.Struct, frozen=True):
    token: str


def audience(state: State) -> Response:
    """The `aud` claim that identity tokens for this index must have."""
    if Flag.NO_TRUSTED_PUBLISHING in state.flags:
        return json_answer(403, {"message": "Trusted publishing functionality not enabled"})
    return json_answer(200, {"audience": state.addresses.audience})


def mint(state: State, issuer: Issuer, request: Request) -> Response:
    """An upload token for the projects of the publisher whose workflow the identity token proves."""
    try:
        with state.lock:
            text, expires = _minted(state, issuer, request.get_data())
    except _FailedError as failed:
        error = {"code": failed.code, "description": failed.description}
        return json_answer(422, {"message": "Token request failed", "errors": [error]})
    return json_answer(200, {"success": True, "token": text, "expires": expires})


def _minted(state: State, issuer: Issuer, body: bytes) -> tuple[str, int]:
    claims = _verified(state, issuer, body)
    try:
        _reify_pending(state, claims)
        publisher = _matching(state.publishers, claims)
    except _NoPublisherError as reason:
        text = f"valid token, but no corresponding publisher ({reason})"
        raise _FailedError("invalid-publisher", text) from reason
    jti = _text(claims, "jti")
    if jti in state.spent:
        raise _FailedError("invalid-reuse-token", "invalid token: already used")
    state.spent.add(jti)
    expires = int(state.clock()) + TOKEN_LIFETIME
    projects = state.publishers[publisher]
    return state.add_token(Token(publisher=publisher, projects=projects, expires=expires)), expires


def _verified(state: State, issuer: Issuer, body: bytes) -> Claims:
    """The claims of the identity token in the request."""
    try:
        token = read_json(body, _Payload).token
    except (msgspec.DecodeError, RecursionError) as error:
        # The real words are pydantic's and change with it.
        text = f"1 validation error for TokenPayload\n{error}"
        raise _FailedError("invalid-payload", text) from error
    try:
        unverified = parts_of(token)[1]
    except InvalidTokenError as error:
        raise _FailedError("invalid-payload", "malformed JWT") from error
    if "iss" not in unverified:
        raise _FailedError("invalid-payload", "malformed JWT")
    if unverified["iss"] != issuer.url:
        raise _FailedError("invalid-payload", "unknown trusted publishing issuer")
    if Flag.NO_TRUSTED_PUBLISHING in state.flags:
        raise _FailedError("not-enabled", "github trusted publishing functionality not enabled")
    try:
        return issuer.verify(token, audience=state.addresses.audience, now=state.clock())
    except InvalidTokenError as error:
        raise _FailedError("invalid-token", "malformed or invalid token") from error


def _reify_pending(state: State, claims: Claims) -> None:
    """Turn a pending publisher into a project and its publisher; this stays even if the upload fails later."""
    oldest = state.clock() - _PENDING_LIFETIME
    state.pending = [pending for pending in state.pending if pending.created > oldest]
    try:
        publisher = _matching((pending.publisher for pending in state.pending), claims)
    except _NoPublisherError:
        return
    pending: Pending = next(p for p in state.pending if p.publisher == publisher)
    if canonicalize_name(pending.project) in state.projects:
        state.pending.remove(pending)
        raise _FailedError("invalid-pending-publisher", "valid token, but project already exists")
    try:
        project = create(state, pending.project, pending.user)
    except RefusedError as refused:
        raise _FailedError("invalid-payload", refused.reason) from refused
    state.pending.remove(pending)
    state.put(project)
    state.add_publisher(project.name, publisher)
    drop_invalidated(state, project, pending.user)


def _matching(publishers: Iterable[Publisher], claims: Claims) -> Publisher:
    """The publisher that fits best: one with the job's environment before one that takes any.

    The look-up is exact about case where the checks afterwards are not, so a renamed repository does not match.
    """
    for name in _REQUIRED:
        if claims.get(name) is None:
            raise _NoPublisherError(f"Missing claim {name!r}")
    workflow_ref = _text(claims, "job_workflow_ref")
    file = _WORKFLOW_FILE.search(workflow_ref)
    if file is None:
        raise _NoPublisherError("Could not job extract workflow filename from OIDC claims")
    wanted = (_text(claims, "repository"), _text(claims, "repository_owner_id"), file[1])
    environment = _text(claims, "environment").lower()
    fitting = {p.environment: p for p in publishers if (p.repository, p.owner_id, p.workflow) == wanted}
    found = (fitting.get(environment) if environment else None) or fitting.get("")
    if found is None:
        raise _NoPublisherError("Publisher with matching claims was not found")
    _check(found, claims, workflow_ref)
    return found


def _check(publisher: Publisher, claims: Claims, workflow_ref: str) -> None:
    if _text(claims, "repository_owner") != publisher.repository.partition("/")[0]:
        raise _NoPublisherError("Check failed for required claim 'repository_owner'")
    refs = [ref for ref in (_text(claims, "ref"), _text(claims, "sha")) if ref]
    if not refs:
        raise _NoPublisherError("The ref and sha claims are empty")
    expected = {f"{publisher.repository}/.github/workflows/{publisher.workflow}@{ref}" for ref in refs}
    if workflow_ref not in expected:
        raise _NoPublisherError(
            f"The job_workflow_ref claim does not match, expecting one of {sorted(expected)!r}, got {workflow_ref!r}"
        )
    if _text(claims, "event_name") == "pull_request_target":
        raise _NoPublisherError("Publishing from a workflow invoked via 'pull_request_target' is not supported.")


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
