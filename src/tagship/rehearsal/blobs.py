"""The blob storage behind the artifact service: block blobs, as far as Azure's own client needs them for one file.

Bodies go to the disk as they come. Source: learn.microsoft.com, "Put Block", "Put Block List", "Put Blob", "Get Blob",
"Status and error codes".
"""

import base64
import hashlib
import re
import shutil
import uuid
from pathlib import Path

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.utils import send_file

from tagship.rehearsal.github.state import Artifact

LARGEST = 2 * 2**30
"""Bytes of one artifact; GitHub takes more, and the disk of a rehearsal should not."""
BLOCK_LIST = 8 * 2**20
"""Bytes of the list of 50,000 blocks, which is the longest."""
CHUNK = 2**20


def answer(request: Request, artifact: Artifact) -> Response:
    """Do what a signed request asks.

    Raises:
        HTTPException: it is refused, in the words of the storage.
    """
    if request.method == "PUT" and artifact.final:
        text = "This operation is not permitted as the blob is immutable due to a policy."
        raise refusal(409, "BlobImmutableDueToPolicy", text)
    match request.method, request.args.get("comp"):
        case "PUT", "block":
            return _put_block(request, artifact)
        case "PUT", "blocklist":
            return _put_blocks(request, artifact)
        case "PUT", None:
            return _put_blob(request, artifact)
        case "GET" | "HEAD", None:
            return _get(request, artifact)
    raise _bad_query()


def remove(artifact: Artifact) -> None:
    """Forget the blob and the blocks that were not made one."""
    artifact.path.unlink(missing_ok=True)
    shutil.rmtree(_blocks(artifact), ignore_errors=True)


def refusal(status: int, code: str, message: str) -> HTTPException:
    """An error as the storage words it, ready to be raised."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    headers = {"x-ms-error-code": code}
    return HTTPException(response=Response(body, status=status, content_type="application/xml", headers=headers))


def _put_block(request: Request, artifact: Artifact) -> Response:
    name = request.args.get("blockid", "")
    try:
        if not base64.b64decode(name, validate=True):
            raise _bad_query()
    except ValueError:
        raise _bad_query() from None
    _blocks(artifact).mkdir(exist_ok=True)
    return _save(request, _block(artifact, name))


def _put_blocks(request: Request, artifact: Artifact) -> Response:
    text = request.stream.read(BLOCK_LIST).decode("latin-1")
    blocks = [_block(artifact, name) for name in re.findall(r"<(?:Latest|Uncommitted|Committed)>([^<]*)</", text)]
    if not all(block.is_file() for block in blocks):
        raise refusal(400, "InvalidBlockList", "The specified block list is invalid.")
    if sum(block.stat().st_size for block in blocks) > LARGEST:
        raise _too_large()
    with artifact.path.open("wb") as whole:
        for block in blocks:
            with block.open("rb") as part:
                shutil.copyfileobj(part, whole)
    shutil.rmtree(_blocks(artifact), ignore_errors=True)
    return _stored(artifact)


def _put_blob(request: Request, artifact: Artifact) -> Response:
    if request.headers.get("x-ms-blob-type") != "BlockBlob":
        raise refusal(
            400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified."
        )
    _save(request, artifact.path)
    return _stored(artifact)


def _save(request: Request, path: Path) -> Response:
    """Write a body to a file; what was there before is replaced only by a whole one."""
    part, size, digest = path.with_suffix(".part"), 0, hashlib.md5(usedforsecurity=False)
    with part.open("wb") as file:
        while data := request.stream.read(CHUNK):
            size += len(data)
            if size > LARGEST:
                raise _too_large()
            digest.update(data)
            file.write(data)
    given = request.headers.get("Content-MD5")
    if given and given != base64.b64encode(digest.digest()).decode():
        text = "The MD5 value specified in the request did not match with the MD5 value calculated by the server."
        raise refusal(400, "Md5Mismatch", text)
    part.replace(path)
    return _created()


def _stored(artifact: Artifact) -> Response:
    with artifact.path.open("rb") as file:
        artifact.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    artifact.size = artifact.path.stat().st_size
    return _created()


def _get(request: Request, artifact: Artifact) -> Response:
    if not artifact.final:
        raise refusal(404, "BlobNotFound", "The specified blob does not exist.")
    return send_file(
        artifact.path,
        request.environ,
        mimetype=artifact.mime_type,
        as_attachment=True,
        download_name=artifact.name if artifact.bare else f"{artifact.name}.zip",
        etag=artifact.sha256,
        conditional=True,
        last_modified=artifact.updated,
    )


def _blocks(artifact: Artifact) -> Path:
    return artifact.path.with_suffix(".blocks")


def _block(artifact: Artifact, name: str) -> Path:
    return _blocks(artifact) / hashlib.sha256(name.encode()).hexdigest()


def _bad_query() -> HTTPException:
    text = "Value for one of the query parameters specified in the request URI is invalid."
    return refusal(400, "InvalidQueryParameterValue", text)


def _too_large() -> HTTPException:
    text = "The request body is too large and exceeds the maximum permissible limit."
    return refusal(413, "RequestBodyTooLarge", text)


def _created() -> Response:
    headers = {"ETag": '"0x8DD000000000000"', "x-ms-request-id": str(uuid.uuid4()), "x-ms-version": "2025-11-05"}
    return Response(status=201, headers=headers)
