"""A client of the artifact service, for machines that have not GitHub's own: the same requests, in the same order.

Followed: npm `@actions/artifact` 6.2.1, lib/internal/upload/upload-artifact.js and lib/internal/download.
"""

import base64
import hashlib
import io
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tagship.errors import Refused
from tagship.rehearsal.act.steps.step import Step
from tagship.services.http import Reply
from tagship.services.world import SystemClock
from tagship.shapes import read_json

_SERVICE = "twirp/github.actions.results.api.v1.ArtifactService"
_SCOPE = "Actions.Results"


class _Claims(msgspec.Struct):
    scp: str


class Artifact(msgspec.Struct):
    """An artifact as the service lists it."""

    name: str
    database_id: str
    workflow_run_backend_id: str
    workflow_job_run_backend_id: str
    digest: str = ""
    created_at: str = ""


class _Listed(msgspec.Struct):
    artifacts: list[Artifact] = []


class _Created(msgspec.Struct):
    signed_upload_url: str = ""


class _Finalized(msgspec.Struct):
    artifact_id: str = ""


class _Signed(msgspec.Struct):
    signed_url: str = ""


class _Problem(msgspec.Struct):
    msg: str = ""


class Client:
    """Asks as one job."""

    def __init__(self, step: Step) -> None:
        self._http = step.http
        self._address = step.variables["ACTIONS_RESULTS_URL"].rstrip("/")
        self._token = step.variables["ACTIONS_RUNTIME_TOKEN"]
        payload = self._token.split(".")[1]
        claims = read_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), _Claims)
        scopes = (scope.split(":") for scope in claims.scp.split())
        _, run, job = next(scope for scope in scopes if scope[0] == _SCOPE)
        self._ids = {"workflow_run_backend_id": run, "workflow_job_run_backend_id": job}

    def upload(self, name: str, files: Mapping[str, Path], *, days: int, archive: bool) -> tuple[str, str]:
        """Upload files as one archive, or a file as it is; returns the artifact's id and its sha256.

        Args:
            files: by their names inside of the archive.
            days: how long it is kept; 0 for the service's own choice.
        """
        data = _zipped(files) if archive else next(iter(files.values())).read_bytes()
        kind = "application/zip" if archive or name.endswith(".zip") else "application/octet-stream"
        digest = hashlib.sha256(data).hexdigest()
        ask: dict[str, str | int] = {**self._ids, "name": name, "version": 7, "mime_type": kind}
        made = self._rpc("CreateArtifact", ask | ({"expires_at": _after(days)} if days else {})).json(_Created)
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": kind}
        self._good(self._http.request("PUT", made.signed_upload_url, headers=headers, body=data))
        done = self._rpc(
            "FinalizeArtifact", self._ids | {"name": name, "size": str(len(data)), "hash": f"sha256:{digest}"}
        )
        return done.json(_Finalized).artifact_id, digest

    def list(self) -> list[Artifact]:
        """The run's artifacts, the newest of each name."""
        found = self._rpc("ListArtifacts", self._ids).json(_Listed).artifacts
        newest = {artifact.name: artifact for artifact in sorted(found, key=lambda a: int(a.database_id))}
        return list(newest.values())

    def delete(self, name: str) -> None:
        """Remove an artifact."""
        self._rpc("DeleteArtifact", self._ids | {"name": name})

    def download(self, artifact: Artifact, folder: Path, *, unpack: bool) -> str:
        """Put an artifact into a folder, an archive unpacked where that is wanted; returns the sha256 of what came."""
        ask = {
            "workflow_run_backend_id": artifact.workflow_run_backend_id,
            "workflow_job_run_backend_id": artifact.workflow_job_run_backend_id,
            "name": artifact.name,
        }
        signed = self._rpc("GetSignedArtifactURL", ask).json(_Signed)
        reply = self._good(self._http.request("GET", signed.signed_url))
        folder.mkdir(parents=True, exist_ok=True)
        zipped = reply.headers.get("content-type", "").startswith("application/zip")
        if zipped and unpack:
            with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
                archive.extractall(folder)
        else:
            name = f"{artifact.name}.zip" if zipped and not artifact.name.endswith(".zip") else artifact.name
            (folder / name).write_bytes(reply.body)
        return hashlib.sha256(reply.body).hexdigest()

    def _rpc(self, method: str, ask: Mapping[str, str | int]) -> Reply:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        address = f"{self._address}/{_SERVICE}/{method}"
        return self._good(self._http.request("POST", address, headers=headers, body=msgspec.json.encode(ask)))

    def _good(self, reply: Reply) -> Reply:
        if reply.ok:
            return reply
        said = reply.json(_Problem).msg if reply.headers.get("content-type", "").startswith("application/json") else ""
        raise Refused(
            f"The artifact service refused: {reply.status} {said or reply.reason}",
            remedy="Read its own words; GitHub's service has the same.",
        )


def _zipped(files: Mapping[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for inside, path in files.items():
            archive.write(path, inside)
    return buffer.getvalue()


def _after(days: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(SystemClock().now() + days * 86400))
