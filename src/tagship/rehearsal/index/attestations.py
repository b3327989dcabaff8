"""Attestations that are sent along with a file, and the provenance they become (PEP 740).

warehouse/attestations/services.py and pypi_attestations/_impl.py, version 0.0.30, in their order. Signatures,
certificates and log entries are not verified: none that verify can be made offline. What the statement says of the file
is.
"""

import base64
import binascii
from typing import Literal

import msgspec
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from tagship.checks.rulebook import Upload
from tagship.rehearsal.index.answers import RefusedError
from tagship.rehearsal.index.records import Publisher
from tagship.services.addresses import PYPI
from tagship.shapes import read_json

PUBLISH = f"{PYPI.docs}/attestations/publish/v1"
TYPES = (PUBLISH, "https://slsa.dev/provenance/v1")
"""Predicate types; one attestation of each is taken."""
_UNVERIFIED = "Could not verify the uploaded artifact using the included attestation: Verification failed:"


class _Material(msgspec.Struct, frozen=True):
    certificate: str
    transparency_entries: list[dict[str, msgspec.Raw]]

    def __post_init__(self) -> None:
        _bytes(self.certificate)
        if not self.transparency_entries:
            raise ValueError("List should have at least 1 item after validation, not 0")


class _Envelope(msgspec.Struct, frozen=True):
    statement: str
    signature: str

    def __post_init__(self) -> None:
        _bytes(self.statement)
        _bytes(self.signature)


class _Attestation(msgspec.Struct, frozen=True):
    version: int | bool
    verification_material: _Material
    envelope: _Envelope

    def __post_init__(self) -> None:
        if self.version != 1:
            raise ValueError("Input should be 1")


class _Subject(msgspec.Struct, frozen=True):
    digest: dict[str, str]
    name: str | None = None


class _Statement(msgspec.Struct, frozen=True):
    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: dict[str, msgspec.Raw] | None = None


def provenance(sent: Upload, publisher: Publisher | None) -> bytes:
    """The provenance object of an upload with attestations, as JSON.

    Raises:
        RefusedError: with PyPI's words; those about a malformed attestation are pydantic's there, msgspec's here.
    """
    if publisher is None:
        raise _refused("Attestations are only supported when using Trusted Publishing")
    try:
        attestations = read_json(sent.value("attestations"), list[_Attestation])
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refused(f"Malformed attestations: {error}") from error
    if not attestations:
        raise _refused("Malformed attestations: an empty attestation set is not permitted")
    if len(attestations) > len(TYPES):
        raise _refused(f"A maximum of {len(TYPES)} attestations per file are supported")
    seen: set[str] = set()
    for attestation in attestations:
        kind = _predicate_type(sent, _bytes(attestation.envelope.statement))
        if kind in seen:
            what = f"the same predicate type ({kind})"
            raise _refused(f"Multiple attestations for the same file with {what} are not supported")
        seen.add(kind)
    whose = {
        "kind": "GitHub",
        "repository": publisher.repository,
        "workflow": publisher.workflow,
        "environment": publisher.environment or None,
    }
    as_sent = msgspec.Raw(sent.value("attestations").encode())
    bundle = {"publisher": whose, "attestations": as_sent}
    return msgspec.json.encode({"version": 1, "attestation_bundles": [bundle]})


def _predicate_type(sent: Upload, text: bytes) -> str:
    """What kind of attestation a statement is, if it is about the uploaded file."""
    try:
        statement = read_json(text, _Statement)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refused(f"{_UNVERIFIED} invalid statement: {error}") from error
    if len(statement.subject) != 1:
        raise _refused(f"{_UNVERIFIED} too many subjects in statement (must be exactly one)")
    (subject,) = statement.subject
    if not subject.name:
        raise _refused(f"{_UNVERIFIED} invalid subject: missing name")
    try:
        named = _parsed(subject.name)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise _refused(f"{_UNVERIFIED} invalid subject: {error}") from error
    if named != _parsed(sent.filename):
        what = f"{subject.name} != {sent.filename}"
        raise _refused(f"{_UNVERIFIED} subject does not match distribution name: {what}")
    if subject.digest.get("sha256") != sent.hashes["sha256_digest"]:
        raise _refused(f"{_UNVERIFIED} subject does not match distribution digest")
    if statement.predicate_type not in TYPES:
        raise _refused(f"{_UNVERIFIED} unknown attestation type: {statement.predicate_type}")
    return statement.predicate_type


def _parsed(filename: str) -> tuple[object, ...]:
    """A file name, so that two spellings of one are the same."""
    return parse_wheel_filename(filename) if filename.endswith(".whl") else parse_sdist_filename(filename)


def _bytes(text: str) -> bytes:
    """As pydantic decodes it: characters that are not of the alphabet are passed over."""
    try:
        return base64.b64decode(text.encode())
    except binascii.Error as error:
        raise ValueError(f"Data should be valid base64: {error}") from error


def _refused(detail: str) -> RefusedError:
    return RefusedError(400, f"Invalid attestations supplied during upload: {detail}")
