"""The embedded artifact service: asked as its clients ask, by GitHub's own client, and through the REST interface."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import urllib3
from werkzeug.serving import WSGIRequestHandler, make_server

from tagship.model import Event
from tagship.rehearsal import blobs
from tagship.rehearsal.artifacts import AUDIENCE, ArtifactService
from tagship.rehearsal.github import EmbeddedGitHub, RepositoryState
from tagship.rehearsal.github.state import WorkflowRun
from tagship.rehearsal.identity import Issuer, parts_of
from tagship.services.git import Git
from tagship.services.shell import Shell

NOON = 1_790_000_000.0
DAY = 86400
ISSUER = Issuer()
NODE = Path(__file__).parents[2] / ".cache" / "node"
DRIVER = Path(__file__).parents[1] / "tools" / "artifact.mjs"
PUSH = Event(name="push", repository="ada/engine", ref="refs/tags/v1.0", sha="ab" * 20, default_branch="main")


@dataclass
class Served:
    """The service, and the REST interface beside it, on loopback."""

    url: str
    service: ArtifactService
    state: RepositoryState
    run: WorkflowRun
    now: list[float]
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def job(self, name: str = "build", *, run: int | None = None, attempt: int = 1) -> "Job":
        return Job(self, self.service.allow(run or self.run.id, name, attempt=attempt))

    def rest(self, method: str, path: str, **permissions: str) -> tuple[int, object]:
        """Ask the REST interface; GitHub's own description judges the answer."""
        token = self.state.issue_token("github_token", permissions or {"actions": "read"})
        headers = {"User-Agent": "test", "Authorization": f"Bearer {token.value}"}
        path = f"/repos/ada/engine/actions/{path}"
        reply = self.pool.request(method, self.url + path, headers=headers, redirect=False)
        return reply.status, reply.headers.get("Location") or (reply.json() if reply.data else None)


@dataclass
class Job:
    """A job that speaks the protocol by hand."""

    served: Served
    token: str

    @property
    def ids(self) -> dict[str, str]:
        scope = str(parts_of(self.token)[1]["scp"]).split()[-1]
        return dict(zip(("workflow_run_backend_id", "workflow_job_run_backend_id"), scope.split(":")[1:], strict=True))

    def call(self, method: str, **fields: object) -> tuple[int, dict]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        url = f"{self.served.url}/twirp/github.actions.results.api.v1.ArtifactService/{method}"
        reply = self.served.pool.request("POST", url, body=json.dumps(self.ids | fields), headers=headers)
        return reply.status, reply.json()

    def upload(self, name: str, data: bytes, **fields: object) -> str:
        """Upload in one piece and finish; the artifact's id."""
        url = self.call("CreateArtifact", name=name, version=7, **fields)[1]["signed_upload_url"]
        headers = {"x-ms-blob-type": "BlockBlob"}
        assert self.served.pool.request("PUT", url, body=data, headers=headers).status == 201
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return self.call("FinalizeArtifact", name=name, size=str(len(data)), hash=digest)[1]["artifact_id"]

    def names(self, **filters: object) -> list[str]:
        return [of["name"] for of in self.call("ListArtifacts", **filters)[1]["artifacts"]]

    def official(self, folder: Path, *calls: object) -> list:
        """What GitHub's own client makes of some calls."""
        script, result = folder / "artifact.mjs", folder / "result.json"
        (folder / "node_modules").exists() or (folder / "node_modules").symlink_to(NODE / "node_modules")
        shutil.copy(DRIVER, script)
        environ = {
            "PATH": os.environ["PATH"],
            "ACTIONS_RUNTIME_TOKEN": self.token,
            "ACTIONS_RESULTS_URL": f"{self.served.url}/",
            "GITHUB_API_URL": self.served.url,
            "GITHUB_WORKSPACE": str(folder),
        }
        words = ("node", "--preserve-symlinks-main", str(script), str(result))
        subprocess.run(words, input=json.dumps(calls), env=environ, check=True, capture_output=True, text=True)
        return json.loads(result.read_text())


class Quiet(WSGIRequestHandler):
    """Requests are asserted, not logged; bodies may come in chunks."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *words: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The service with one run of one repository."""
    now = [NOON]
    state = RepositoryState(owner="ada", name="engine", git=Git(Shell({}), tmp_path / "no.git"), clock=lambda: now[0])
    run = state.add_run(PUSH, ".github/workflows/publish.yml", jobs={})
    github = EmbeddedGitHub(state)

    def both(environ, start_response):
        mine = environ["PATH_INFO"].startswith(("/twirp/", "/artifacts/"))
        return (service if mine else github)(environ, start_response)

    server = make_server("127.0.0.1", 0, both, threaded=True, request_handler=Quiet)
    folder = tmp_path / "blobs"
    folder.mkdir()
    service = ArtifactService(state, ISSUER, folder, f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made = Served(f"http://127.0.0.1:{server.server_port}", service, state, run, now)
    try:
        yield made
    finally:
        made.pool.clear()
        server.shutdown()
        thread.join()
        server.server_close()


def archive(folder: Path, files: Mapping[str, bytes]) -> bytes:
    """A zip archive."""
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path.read_bytes()


def test_an_artifact_goes_from_one_job_to_another_with_its_digest(served, tmp_path):
    """What one job uploads, another job of the run lists by name and id and downloads, byte for byte."""
    data = archive(tmp_path, {"a.whl": b"wheel"})
    number = served.job("build").upload("dist", data)
    other = served.job("publish")
    listed = other.call("ListArtifacts", id_filter=number)[1]["artifacts"]
    assert listed == [
        {
            **served.job("build").ids,
            "database_id": number,
            "name": "dist",
            "size": str(len(data)),
            "created_at": "2026-09-21T14:13:20Z",
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        }
    ]
    assert (other.names(name_filter="dist"), other.names(name_filter="other")) == (["dist"], [])
    status, signed = other.call("GetSignedArtifactURL", name="dist")
    got = served.pool.request("GET", signed["signed_url"])
    assert (status, got.status, got.data) == (200, 200, data)
    assert (got.headers["Content-Type"], got.headers["Content-Disposition"]) == (
        "application/zip",
        "attachment; filename=dist.zip",
    )
    part = served.pool.request("GET", signed["signed_url"], headers={"Range": "bytes=2-5"})
    assert (part.status, part.data) == (206, data[2:6])


def test_an_upload_may_come_in_blocks(served):
    """Blocks become one blob in the order of the list, whatever the order in which they came."""
    job = served.job()
    url = job.call("CreateArtifact", name="log.txt", mime_type="text/plain")[1]["signed_upload_url"]
    names = [base64.b64encode(f"{i:04}".encode()).decode() for i in range(3)]
    for i in (2, 0, 1):
        put = served.pool.request("PUT", f"{url}&comp=block&blockid={names[i]}", body=f"<{i}>".encode())
        assert put.status == 201
    latest = "".join(f"<Latest>{name}</Latest>" for name in names)
    text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>'
    assert served.pool.request("PUT", f"{url}&comp=blocklist", body=text.encode()).status == 201
    assert job.call("FinalizeArtifact", name="log.txt", size=9)[0] == 200
    got = served.pool.request("GET", job.call("GetSignedArtifactURL", name="log.txt")[1]["signed_url"])
    kind, disposition = got.headers["Content-Type"], got.headers["Content-Disposition"]
    assert (got.data, kind) == (b"<0><1><2>", "text/plain; charset=utf-8")
    assert disposition == "attachment; filename=log.txt"


def test_a_name_is_given_once_in_an_attempt(served):
    """The second artifact of a name is refused with 409 in the same attempt, and taken in the next one."""
    served.job("build").upload("dist", b"1")
    words = "an artifact with this name already exists on the workflow run"
    again = served.job("another").call("CreateArtifact", name="dist")
    assert again == (409, {"code": "already_exists", "msg": words})
    second = served.job("build", attempt=2)
    second.upload("dist", b"22")
    assert [of["size"] for of in second.call("ListArtifacts")[1]["artifacts"]] == ["1", "2"]
    url = second.call("GetSignedArtifactURL", name="dist")[1]["signed_url"]
    assert served.pool.request("GET", url).data == b"22"


def test_an_upload_that_broke_off_can_be_made_again(served):
    """A name that was created and never finished is not taken, and not shown."""
    job = served.job()
    job.call("CreateArtifact", name="dist")
    assert job.names() == []
    job.upload("dist", b"x")
    assert job.names() == ["dist"]


def test_a_deleted_artifact_is_gone_and_its_name_free(served):
    """After its deletion an artifact is not listed or downloaded, and the name can be given again."""
    job = served.job()
    number = job.upload("dist", b"x")
    url = job.call("GetSignedArtifactURL", name="dist")[1]["signed_url"]
    assert job.call("DeleteArtifact", name="dist") == (200, {"ok": True, "artifact_id": number})
    assert (job.names(), served.pool.request("GET", url).status) == ([], 403)
    assert job.call("DeleteArtifact", name="dist")[0] == 404
    assert job.upload("dist", b"y") != number


def test_what_was_uploaded_must_be_what_was_announced(served):
    """Size and digest are compared when an upload ends, and a finished artifact cannot be written again."""
    job = served.job()
    url = job.call("CreateArtifact", name="dist")[1]["signed_upload_url"]
    put = {"x-ms-blob-type": "BlockBlob"}
    assert job.call("FinalizeArtifact", name="dist", size="4")[0] == 404
    served.pool.request("PUT", url, body=b"good", headers=put)
    digest = "sha256:" + hashlib.sha256(b"evil").hexdigest()
    assert job.call("FinalizeArtifact", name="dist", size="4", hash=digest)[0] == 400
    assert job.call("FinalizeArtifact", name="dist", size="5")[0] == 400
    assert job.names() == []
    assert job.call("FinalizeArtifact", name="dist", size="4")[0] == 200
    late = served.pool.request("PUT", url, body=b"evil", headers=put)
    assert (late.status, late.headers["x-ms-error-code"]) == (409, "BlobImmutableDueToPolicy")


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("", 401, "unauthenticated"),
        ("nonsense", 401, "unauthenticated"),
        (ISSUER.token({}, audience="pypi", now=NOON), 401, "unauthenticated"),
        (ISSUER.token({"scp": f"{AUDIENCE}:1:2"}, audience=AUDIENCE, now=NOON - DAY), 401, "unauthenticated"),
        (ISSUER.token({"scp": "Actions.Other:1:2"}, audience=AUDIENCE, now=NOON), 403, "permission_denied"),
        (ISSUER.token({"scp": f"{AUDIENCE}:1:2"}, audience=AUDIENCE, now=NOON), 403, "permission_denied"),
    ],
    ids=["none", "no token", "an identity token", "an old one", "another scope", "an unknown run"],
)
def test_only_a_job_may_ask(served, token, status, code):
    """Without a valid runtime token the answer is 401, with one that has no scope for the run 403."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    url = f"{served.url}/twirp/github.actions.results.api.v1.ArtifactService/ListArtifacts"
    reply = served.pool.request("POST", url, body=b"{}", headers=headers)
    assert (reply.status, reply.json()["code"]) == (status, code)


def test_a_job_sees_its_own_run_only(served):
    """Artifacts of another run are not listed, and can be neither read nor written nor deleted by its ids."""
    mine, theirs = served.job("build"), served.job("build", run=77)
    mine.upload("dist", b"x")
    assert theirs.names() == []
    for method in ("GetSignedArtifactURL", "DeleteArtifact"):
        assert theirs.call(method, **mine.ids, name="dist")[0] == 404
    for method in ("CreateArtifact", "FinalizeArtifact", "ListArtifacts"):
        assert theirs.call(method, **mine.ids, name="dist")[0] == 403


def test_a_signed_address_is_for_one_purpose_and_a_short_time(served):
    """An address for uploading cannot download, a changed one does nothing, and each ends."""
    job = served.job()
    upload = job.call("CreateArtifact", name="dist")[1]["signed_upload_url"]
    job.upload("dist", b"x")
    download = job.call("GetSignedArtifactURL", name="dist")[1]["signed_url"]
    bare = download.partition("?")[0]
    for url in (upload, bare, download.replace("se=", "se=9"), download[:-2] + "zz"):
        reply = served.pool.request("GET", url)
        assert (reply.status, reply.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    served.now[0] += 601
    assert served.pool.request("GET", download).status == 403


@pytest.mark.parametrize(
    ("query", "headers", "body", "code"),
    [
        ("&comp=block&blockid=!", {}, b"x", "InvalidQueryParameterValue"),
        ("&comp=block", {}, b"x", "InvalidQueryParameterValue"),
        ("&comp=page", {}, b"x", "InvalidQueryParameterValue"),
        ("&comp=blocklist", {}, b"<BlockList><Latest>eA==</Latest></BlockList>", "InvalidBlockList"),
        ("", {}, b"x", "MissingRequiredHeader"),
        ("", {"x-ms-blob-type": "BlockBlob", "Content-MD5": "AAAA"}, b"x", "Md5Mismatch"),
    ],
)
def test_the_storage_refuses_what_it_cannot_store(served, query, headers, body, code):
    """Each broken upload is refused with the code of the storage, and leaves nothing that could be finished."""
    job = served.job()
    url = job.call("CreateArtifact", name="dist")[1]["signed_upload_url"]
    reply = served.pool.request("PUT", url + query, body=body, headers=headers)
    assert (reply.status, reply.headers["x-ms-error-code"]) == (400, code)
    assert job.call("FinalizeArtifact", name="dist", size="1")[0] == 404


def test_no_artifact_fills_the_disk(served, monkeypatch):
    """A body beyond the bound is refused with 413 while it comes, in one piece as in blocks."""
    monkeypatch.setattr(blobs, "LARGEST", 10)
    job = served.job()
    url = job.call("CreateArtifact", name="dist")[1]["signed_upload_url"]
    put = {"x-ms-blob-type": "BlockBlob"}
    assert served.pool.request("PUT", url, body=b"x" * 11, headers=put).status == 413
    names = [base64.b64encode(bytes([i])).decode() for i in range(2)]
    for name in names:
        served.pool.request("PUT", f"{url}&comp=block&blockid={name}", body=b"x" * 9)
    listed = "".join(f"<Latest>{name}</Latest>" for name in names)
    assert served.pool.request("PUT", f"{url}&comp=blocklist", body=listed).status == 413


@pytest.mark.parametrize(
    ("method", "fields", "status", "code"),
    [
        ("CreateArtifact", {"name": ""}, 400, "invalid_argument"),
        ("CreateArtifact", {"name": "a/b"}, 400, "invalid_argument"),
        ("CreateArtifact", {"name": 7}, 400, "malformed"),
        ("GetSignedArtifactURL", {"name": "dist"}, 404, "not_found"),
        ("MigrateArtifact", {"name": "dist"}, 404, "bad_route"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_in_words(served, method, fields, status, code):
    """Each bad request has the status and the code of Twirp; a field that is unknown is none."""
    assert served.job().call(method, **fields, unknown_field={"value": 1})[0:1] == (status,)
    assert served.job().call(method, **fields)[1]["code"] == code


def test_artifacts_expire(served):
    """An artifact ends when its job said, at the latest after 90 days; then it is listed as expired, and gone."""
    job = served.job()
    short = job.upload("short", b"x", expires_at="2026-09-23T14:13:20Z")
    long = job.upload("long", b"x", expires_at="2030-01-01T00:00:00Z")
    rows = served.rest("GET", f"runs/{served.run.id}/artifacts")[1]["artifacts"]
    ends = {row["name"]: (row["id"], row["expired"], row["expires_at"]) for row in rows}
    assert ends == {
        "long": (int(long), False, "2026-12-20T14:13:20Z"),
        "short": (int(short), False, "2026-09-23T14:13:20Z"),
    }
    served.now[0] += 2 * DAY
    late = served.job()
    assert (late.names(), late.call("GetSignedArtifactURL", name="short")[0]) == (["long"], 404)
    status, body = served.rest("GET", f"artifacts/{short}/zip")
    assert (status, body["message"]) == (410, "Artifact has expired")
    (row,) = served.rest("GET", f"runs/{served.run.id}/artifacts?name=short")[1]["artifacts"]
    assert row["expired"] is True


def test_the_rest_interface_shows_the_same_artifacts(served):
    """A finished artifact is in the list of its run, can be fetched as a zip, and deleted."""
    number = served.job().upload("dist", b"archive")
    served.job().call("CreateArtifact", name="unfinished")
    listed = f"runs/{served.run.id}/artifacts"
    status, found = served.rest("GET", listed)
    (body,) = found["artifacts"]
    url = f"{served.url}/repos/ada/engine/actions/artifacts/{number}"
    assert status == 200
    assert {key: body[key] for key in ("name", "size_in_bytes", "digest", "archive_download_url", "workflow_run")} == {
        "name": "dist",
        "size_in_bytes": 7,
        "digest": f"sha256:{hashlib.sha256(b'archive').hexdigest()}",
        "archive_download_url": f"{url}/zip",
        "workflow_run": {
            "id": served.run.id,
            "repository_id": served.state.id,
            "head_repository_id": served.state.id,
            "head_branch": "v1.0",
            "head_sha": PUSH.sha,
        },
    }
    assert served.rest("GET", f"{listed}?name=dist") == (200, {"total_count": 1, "artifacts": [body]})
    assert served.rest("GET", f"{listed}?name=other") == (200, {"total_count": 0, "artifacts": []})
    status, location = served.rest("GET", f"artifacts/{number}/zip")
    assert (status, served.pool.request("GET", location).data) == (302, b"archive")
    assert urlsplit(location).path == f"/artifacts/{number}"
    assert served.rest("DELETE", f"artifacts/{number}", actions="read")[0] == 403
    assert served.rest("DELETE", f"artifacts/{number}", actions="write") == (204, None)
    assert served.rest("GET", f"artifacts/{number}/zip")[0] == 404
    assert served.rest("GET", "runs/12345/artifacts")[0] == 404


needs_node = [
    pytest.mark.tool("node"),
    pytest.mark.skipif(not (NODE / "node_modules").is_dir(), reason="run scripts/install-tools.sh"),
]


@pytest.fixture
def official(served, tmp_path):
    """A folder with two files to upload."""
    for name, data in {"out/a.whl": b"wheel" * 100, "out/sub/b.tar.gz": os.urandom(9 * 2**20)}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


class TestOfficial:
    """GitHub's own client is content."""

    pytestmark = needs_node

    def test_uploads_and_downloads(self, served, official):
        """What the official client uploads in one job, it lists and downloads in another, digest and all."""
        files = [str(official / "out/a.whl"), str(official / "out/sub/b.tar.gz")]
        (made,) = served.job("build").official(official, ["uploadArtifact", "dist", files, str(official / "out")])
        got = official / "got"
        digest = f"sha256:{made['digest']}"
        listed, found, back = served.job("publish").official(
            official,
            ["listArtifacts", {"latest": True}],
            ["getArtifact", "dist"],
            ["downloadArtifact", made["id"], {"path": str(got), "expectedHash": digest}],
        )
        row = {"name": "dist", "id": made["id"], "size": made["size"], "digest": digest}
        row["createdAt"] = "2026-09-21T14:13:20.000Z"
        assert (listed, found) == ({"artifacts": [row]}, {"artifact": row})
        assert back == {"downloadPath": str(got), "digestMismatch": False}
        for name in ("a.whl", "sub/b.tar.gz"):
            assert (got / name).read_bytes() == (official / "out" / name).read_bytes()

    def test_is_refused(self, served, official):
        """A second upload of a name fails at once with GitHub's words; deleted, the name is free again."""
        upload = ["uploadArtifact", "dist", [str(official / "out/a.whl")], str(official / "out")]
        first, again, missing, gone, third = served.job().official(
            official, upload, upload, ["getArtifact", "other"], ["deleteArtifact", "dist"], upload
        )
        assert again == {
            "error": "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) CONFLICT: "
            "an artifact with this name already exists on the workflow run"
        }
        assert missing["error"].startswith("Artifact not found for name: other")
        assert gone == {"id": first["id"]}
        assert third["id"] > first["id"]

    def test_uploads_a_file_as_it_is(self, served, official):
        """A file that is not archived keeps its name, kind and bytes."""
        (made,) = served.job().official(
            official,
            ["uploadArtifact", "", [str(official / "out/a.whl")], str(official / "out"), {"skipArchive": True}],
        )
        got = official / "got"
        served.job().official(official, ["downloadArtifact", made["id"], {"path": str(got)}])
        assert (got / "a.whl").read_bytes() == (official / "out/a.whl").read_bytes()

    def test_reads_another_run(self, served, official):
        """With a token for the REST interface the client finds and downloads artifacts of any run."""
        data = archive(official, {"a.whl": b"wheel"})
        number = int(served.job().upload("dist", data))
        token = served.state.issue_token("github_token", {"actions": "write"}).value
        by = {"token": token, "workflowRunId": served.run.id, "repositoryOwner": "ada", "repositoryName": "engine"}
        got = official / "got"
        listed, back, gone = served.job(run=77).official(
            official,
            ["listArtifacts", {"findBy": by}],
            ["downloadArtifact", number, {"findBy": by, "path": str(got)}],
            ["deleteArtifact", "dist", {"findBy": by}],
        )
        assert [(of["name"], of["id"]) for of in listed["artifacts"]] == [("dist", number)]
        assert (back["downloadPath"], (got / "a.whl").read_bytes(), gone) == (str(got), b"wheel", {"id": number})
        assert served.job().names() == []
