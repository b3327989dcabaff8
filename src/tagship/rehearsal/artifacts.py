"""The artifact service of GitHub Actions, embedded: what the jobs of a run hand to each other.

Two interfaces in one application. The results service speaks Twirp (https://twitchtv.github.io/twirp/docs/spec_v7.html):
`CreateArtifact`, `FinalizeArtifact`, `ListArtifacts`, `GetSignedArtifactURL`, `DeleteArtifact`, as the official client
uses them (npm `@actions/artifact` 6.2.1, `lib/generated/results/api/v1/artifact.d.ts` and `lib/internal/`), which is
inside actions/upload-artifact v7 and actions/download-artifact v8. The signed addresses that it hands out lead to the
blobs, which it serves itself.

A job may ask with its runtime token only. Its run, over all attempts, is all that it sees; within one attempt a name is
given once. The records are those of the embedded GitHub, so that its REST interface shows the same artifacts.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from tagship.rehearsal import blobs
from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.shapes import when
from tagship.rehearsal.github.state import Artifact, Json
from tagship.rehearsal.identity import InvalidTokenError, Issuer
from tagship.shapes import read_json

SERVICE = "/twirp/github.actions.results.api.v1.ArtifactService/"
AUDIENCE = "Actions.Results"
JOB_SECONDS = 6 * 3600
"""The longest that a job may take, and that its token is good for (docs.github.com, "Actions limits")."""
UPLOAD_SECONDS, DOWNLOAD_SECONDS = 3600, 600
LONGEST_DAYS = 90
"""For how long artifacts are kept at most, and where nobody says (docs.github.com, "Artifact and log retention")."""
MESSAGE = 2**20
"""Bytes of a request to the results service."""
_NOT_IN_NAMES = re.compile(r'[":<>|*?\r\n\\/]')
"""lib/internal/upload/path-and-artifact-name-validation.js"""
_STATUS = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "bad_route": 404,
    "already_exists": 409,
}
"""Twirp's codes, "Error Codes"."""
T = TypeVar("T")


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What all requests have; fields that we do not know are accepted, as protobuf has it."""

    workflow_run_backend_id: str
    workflow_job_run_backend_id: str = ""
    name: str = ""


class _Create(_Ask, frozen=True, kw_only=True):
    expires_at: datetime | None = None
    mime_type: str = "application/zip"


class _Finalize(_Ask, frozen=True, kw_only=True):
    size: int | str = 0
    hash: str | None = None


class _List(_Ask, frozen=True, kw_only=True):
    name_filter: str | None = None
    id_filter: int | str | None = None


@dataclass(frozen=True, slots=True)
class _Caller:
    """The job that asks."""

    run: str
    """The backend's id of the attempt of the run."""
    job: str


class ArtifactService:
    """WSGI application: the results service below `/twirp/`, the blobs below `/artifacts/`.

    Args:
        repository: whose artifacts these are; its lock and its clock are used.
        issuer: signs the runtime tokens, which are for this service and nothing else.
        folder: an empty folder for the blobs.
        address: where this application answers, for the signed addresses; no final slash.
    """

    def __init__(self, repository: RepositoryState, issuer: Issuer, folder: Path, address: str) -> None:
        self._repository = repository
        self._issuer = issuer
        self._folder = folder
        self._address = address
        self._runs: dict[str, tuple[int, int]] = {}
        """Run and attempt by the backend's id."""
        self._methods: Mapping[str, Callable[[bytes, _Caller], Mapping[str, Json]]] = {
            "CreateArtifact": self._create,
            "FinalizeArtifact": self._finalize,
            "ListArtifacts": self._list,
            "GetSignedArtifactURL": self._signed,
            "DeleteArtifact": self._delete,
        }

    def allow(self, run_id: int, job: str, *, attempt: int = 1) -> str:
        """The runtime token of a job, `ACTIONS_RUNTIME_TOKEN`: a JWT that names the run and the job in its scope."""
        run = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._address}/{run_id}/{attempt}"))
        self._runs[run] = (run_id, attempt)
        scope = f"Actions.GenericRead:00000000-0000-0000-0000-000000000000 {AUDIENCE}:{run}:{_job_id(run, job)}"
        now = self._repository.clock()
        return self._issuer.token({"scp": scope, "exp": int(now) + JOB_SECONDS}, audience=AUDIENCE, now=now)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        environ["tagship.service"] = "actions"
        request = Request(environ)
        try:
            response = self._rpc(request) if request.path.startswith("/twirp/") else self._blob(request)
        except HTTPException as error:
            response = Response.force_type(error.get_response(environ), environ)
        return response(environ, start_response)

    def _rpc(self, request: Request) -> Response:
        method = self._methods.get(request.path.removeprefix(SERVICE))
        if method is None or request.method != "POST":
            raise _error("bad_route", f"no handler for path {request.path!r}")
        if request.mimetype != "application/json":
            raise _error("bad_route", f"unexpected Content-Type: {request.headers.get('Content-Type')!r}")
        caller = self._caller(request)
        body = request.stream.read(MESSAGE + 1)
        if len(body) > MESSAGE:
            raise _error("malformed", "the request is too large")
        with self._repository.lock:
            return Response(msgspec.json.encode(method(body, caller)), content_type="application/json")

    def _caller(self, request: Request) -> _Caller:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer":
                raise InvalidTokenError("no bearer token")
            claims = self._issuer.verify(token.strip(), audience=AUDIENCE, now=self._repository.clock())
        except InvalidTokenError as error:
            raise _error("unauthenticated", f"the runtime token is not valid: {error}") from None
        scopes = (scope.split(":") for scope in str(claims.get("scp", "")).split())
        mine = next((scope for scope in scopes if scope[0] == AUDIENCE and len(scope) == 3), None)
        if mine is None or mine[1] not in self._runs:
            raise _error("permission_denied", "the runtime token has no scope for results")
        return _Caller(mine[1], mine[2])

    def _create(self, body: bytes, caller: _Caller) -> Mapping[str, Json]:
        ask = _read(body, _Create)
        run, attempt = self._own(ask, caller)
        if not ask.name or _NOT_IN_NAMES.search(ask.name):
            raise _error("invalid_argument", f"the artifact name is not valid: {ask.name!r}")
        before = self._of(ask.workflow_run_backend_id, ask.name)
        if before is not None and before.final:
            raise _error("already_exists", "an artifact with this name already exists on the workflow run")
        if before is not None:
            self._forget(before)
        now, number = self._repository.clock(), self._repository.new_id()
        latest = now + LONGEST_DAYS * 86400
        made = Artifact(
            id=number,
            run_id=run,
            attempt=attempt,
            name=ask.name,
            mime_type=ask.mime_type,
            address=f"{self._address}/artifacts/{number}",
            path=self._folder / str(number),
            created=now,
            updated=now,
            expires=min(ask.expires_at.timestamp(), latest) if ask.expires_at else latest,
            job=caller.job,
        )
        self._repository.artifacts.append(made)
        return {"ok": True, "signed_upload_url": made.signed("w", now + UPLOAD_SECONDS)}

    def _finalize(self, body: bytes, caller: _Caller) -> Mapping[str, Json]:
        ask = _read(body, _Finalize)
        self._own(ask, caller)
        found = self._of(ask.workflow_run_backend_id, ask.name)
        if found is None or not found.path.is_file():
            raise _error("not_found", f"nothing was uploaded for the artifact {ask.name!r}")
        if str(ask.size) != str(found.size) or ask.hash not in (None, f"sha256:{found.sha256}"):
            raise _error("invalid_argument", "size or hash are not those of what was uploaded")
        found.final, found.updated = True, self._repository.clock()
        return {"ok": True, "artifact_id": str(found.id)}

    def _list(self, body: bytes, caller: _Caller) -> Mapping[str, Json]:
        ask = _read(body, _List)
        run, _ = self._own(ask, caller)
        now = self._repository.clock()
        shown: list[Json] = [
            {
                "workflow_run_backend_id": self._backend(of),
                "workflow_job_run_backend_id": of.job,
                "database_id": str(of.id),
                "name": of.name,
                "size": str(of.size),
                "created_at": when(of.created),
                "digest": f"sha256:{of.sha256}",
            }
            for of in self._repository.artifacts
            if of.run_id == run
            and of.final
            and now < of.expires
            and ask.name_filter in (None, of.name)
            and (ask.id_filter is None or str(ask.id_filter) == str(of.id))
        ]
        return {"artifacts": shown}

    def _signed(self, body: bytes, caller: _Caller) -> Mapping[str, Json]:
        found = self._visible(_read(body, _Ask), caller)
        return {"name": found.name, "signed_url": found.signed("r", self._repository.clock() + DOWNLOAD_SECONDS)}

    def _delete(self, body: bytes, caller: _Caller) -> Mapping[str, Json]:
        found = self._visible(_read(body, _Ask), caller)
        self._forget(found)
        return {"ok": True, "artifact_id": str(found.id)}

    def _own(self, ask: _Ask, caller: _Caller) -> tuple[int, int]:
        """Run and attempt of the caller, who may speak for no other."""
        if (ask.workflow_run_backend_id, ask.workflow_job_run_backend_id) != (caller.run, caller.job):
            raise _error("permission_denied", "the runtime token is for another job")
        return self._runs[caller.run]

    def _visible(self, ask: _Ask, caller: _Caller) -> Artifact:
        """A finished artifact of any attempt of the caller's run."""
        run, _ = self._runs[caller.run]
        other, _ = self._runs.get(ask.workflow_run_backend_id, (None, 0))
        found = self._of(ask.workflow_run_backend_id, ask.name) if run == other else None
        if found is None or not found.final or self._repository.clock() >= found.expires:
            raise _error("not_found", f"there is no artifact {ask.name!r}")
        return found

    def _of(self, backend: str, name: str) -> Artifact | None:
        key = (*self._runs[backend], name)
        return next((a for a in self._repository.artifacts if (a.run_id, a.attempt, a.name) == key), None)

    def _backend(self, of: Artifact) -> str:
        return next(backend for backend, key in self._runs.items() if key == (of.run_id, of.attempt))

    def _forget(self, artifact: Artifact) -> None:
        self._repository.artifacts.remove(artifact)
        blobs.remove(artifact)

    def _blob(self, request: Request) -> Response:
        with self._repository.lock:
            now = self._repository.clock()
            found = next((a for a in self._repository.artifacts if f"/artifacts/{a.id}" == request.path), None)
        if found is None or not found.is_signed("w" if request.method == "PUT" else "r", request.args, now):
            text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed"
            raise blobs.refusal(403, "AuthenticationFailed", f"{text} correctly including the signature.")
        return blobs.answer(request, found)


def _job_id(run: str, job: str) -> str:
    return str(uuid.uuid5(uuid.UUID(run), job))


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return read_json(body, kind)
    except msgspec.DecodeError as error:
        raise _error("malformed", f"the json request could not be decoded: {error}") from None


def _error(code: str, message: str) -> HTTPException:
    """An error as Twirp has it, ready to be raised."""
    body = msgspec.json.encode({"code": code, "msg": message})
    return HTTPException(response=Response(body, status=_STATUS[code], content_type="application/json"))
