"""Attestations that come with an upload: which the embedded index takes, and PyPI's words for the others."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from embedded import NOW, Here
from made_dists import good_wheel

from tagship.rehearsal.index import Flag, Project, Publisher, Token

NAME = "swp-1.0-py3-none-any.whl"
PUBLISHER = Publisher(repository="alice/swp", workflow="publish.yml", environment="pypi")
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
SLSA = "https://slsa.dev/provenance/v1"
START = "400 Invalid attestations supplied during upload: "
UNVERIFIED = f"{START}Could not verify the uploaded artifact using the included attestation: Verification failed: "
PAGE = f"/integrity/swp/1.0/{NAME}/provenance"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def attestation(file: Path, kind: str = PUBLISH, **changes: object) -> dict[str, object]:
    """An attestation of a file as it should be, but for its made-up signature; changes are of the statement."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.name, "digest": {"sha256": digest}}],
        "predicateType": kind,
        "predicate": None,
    } | changes
    return {
        "version": 1,
        "verification_material": {"certificate": encoded("made up"), "transparency_entries": [{"logIndex": "1"}]},
        "envelope": {"statement": encoded(json.dumps(statement)), "signature": encoded("made up")},
    }


def damaged(**changes: object) -> Callable[[Path], object]:
    """One attestation whose own fields are changed."""
    return lambda file: [attestation(file) | changes]


def stated(**changes: object) -> Callable[[Path], object]:
    """One attestation whose statement is changed."""
    return lambda file: [attestation(file, **changes)]


def subject(name: str, **digest: str) -> dict[str, object]:
    return {"name": name, "digest": digest}


@pytest.fixture
def job(here: Here) -> Here:
    """The project swp, and a token that was minted for its publisher."""
    here.state.add_project(Project(name="swp", roles={"alice": "Owner"}))
    here.state.add_publisher("swp", PUBLISHER)
    here.token = here.state.add_token(Token(publisher=PUBLISHER, projects=frozenset({"swp"}), expires=NOW + 900))
    return here


@pytest.mark.parametrize("kinds", [(PUBLISH,), (SLSA,), (PUBLISH, SLSA)])
def test_attestations_become_provenance(job: Here, tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """One of each kind is taken, byte for byte, and the pages lead to it."""
    file = good_wheel(tmp_path)
    sent = [attestation(file, kind) for kind in kinds]
    assert job.upload(file, attestations=json.dumps(sent)).status == "200 OK"
    publisher = {"kind": "GitHub", "repository": "alice/swp", "workflow": "publish.yml", "environment": "pypi"}
    page = job.get(PAGE)
    assert page.json == {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": sent}]}
    assert page.content_type == "application/vnd.pypi.integrity.v1+json"
    (link,) = job.get("/simple/swp/", "application/vnd.pypi.simple.v1+json").json["files"]
    assert link["provenance"] == f"https://pypi.org{PAGE}"


def test_a_subject_may_be_spelt_otherwise(job: Here, tmp_path: Path) -> None:
    """Two spellings of one file name are the same name."""
    file = good_wheel(tmp_path)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    sent = [attestation(file, subject=[subject("SWP-1.0.0-py3-none-any.whl", sha256=digest)])]
    assert job.upload(file, attestations=json.dumps(sent)).status == "200 OK"


REFUSED = [
    ("none", lambda file: [], f"{START}Malformed attestations: an empty attestation set is not permitted"),
    (
        "three",
        lambda file: [attestation(file)] * 3,
        f"{START}A maximum of 2 attestations per file are supported",
    ),
    (
        "two of one kind",
        lambda file: [attestation(file)] * 2,
        f"{START}Multiple attestations for the same file with the same predicate type ({PUBLISH}) are not supported",
    ),
    ("no list", lambda file: attestation(file), f"{START}Malformed attestations: Expected `array`, got `object`"),
    ("another version", damaged(version=2), f"{START}Malformed attestations: Input should be 1 - at `$[0]`"),
    (
        "no log entry",
        damaged(verification_material={"certificate": "", "transparency_entries": []}),
        f"{START}Malformed attestations: List should have at least 1 item after validation, not 0 - at "
        "`$[0].verification_material`",
    ),
    (
        "no base64",
        damaged(envelope={"statement": "A", "signature": ""}),
        f"{START}Malformed attestations: Data should be valid base64: Invalid base64-encoded string: number of data "
        "characters (1) cannot be 1 more than a multiple of 4 - at `$[0].envelope`",
    ),
    (
        "no statement",
        damaged(envelope={"statement": encoded("[]"), "signature": ""}),
        f"{UNVERIFIED}invalid statement: Expected `object`, got `array`",
    ),
    (
        "two subjects",
        stated(subject=[subject(NAME), subject(NAME)]),
        f"{UNVERIFIED}too many subjects in statement (must be exactly one)",
    ),
    (
        "no subject",
        stated(subject=[]),
        f"{UNVERIFIED}too many subjects in statement (must be exactly one)",
    ),
    ("subject without name", stated(subject=[{"digest": {}}]), f"{UNVERIFIED}invalid subject: missing name"),
    (
        "subject that is no file",
        stated(subject=[subject("swp.whl")]),
        f"{UNVERIFIED}invalid subject: Invalid wheel filename (wrong number of parts): 'swp'",
    ),
    (
        "another file",
        stated(subject=[subject("swp-1.1-py3-none-any.whl", sha256="0" * 64)]),
        f"{UNVERIFIED}subject does not match distribution name: swp-1.1-py3-none-any.whl != {NAME}",
    ),
    (
        "another digest",
        stated(subject=[subject(NAME, sha256="0" * 64)]),
        f"{UNVERIFIED}subject does not match distribution digest",
    ),
    (
        "another kind of digest",
        stated(subject=[subject(NAME, sha512="0" * 128)]),
        f"{UNVERIFIED}subject does not match distribution digest",
    ),
    (
        "unknown kind",
        stated(predicateType="https://example.invalid/v1"),
        f"{UNVERIFIED}unknown attestation type: https://example.invalid/v1",
    ),
]


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_other_attestations_are_refused(
    job: Here, tmp_path: Path, make: Callable[[Path], object], expected: str
) -> None:
    """What is not one attestation of a kind about exactly this file refuses the whole file, which is not kept."""
    file = good_wheel(tmp_path)
    answer = job.upload(file, attestations=json.dumps(make(file), ensure_ascii=False))
    assert (answer.status, job.state.files("swp")) == (expected, ())


def test_attestations_cannot_be_added_later(job: Here, tmp_path: Path) -> None:
    """The same file again, now with attestations, is a success that keeps none of them, however wrong they are."""
    file = good_wheel(tmp_path)
    answers = [job.upload(file).status, job.upload(file, attestations="nonsense").status]
    assert (answers, job.get(PAGE).json) == (["200 OK"] * 2, {"message": f"No provenance available for {NAME}"})


def test_attestations_may_be_switched_off(job: Here, tmp_path: Path) -> None:
    """While administrators have switched them off they are neither judged nor kept nor shown."""
    job.state.flags.add(Flag.NO_ATTESTATIONS)
    assert job.upload(good_wheel(tmp_path), attestations="nonsense").status == "200 OK"
    assert (job.get(PAGE).status_code, job.get(PAGE).json) == (403, {"message": "Attestations temporarily disabled"})


def test_provenance_is_of_one_file(job: Here, tmp_path: Path) -> None:
    """The address names project, version and file, and all three have to fit."""
    job.upload(good_wheel(tmp_path))
    for path in (f"other/1.0/{NAME}", f"swp/1.1/{NAME}", f"swp/nonsense/{NAME}", "swp/1.0/other.whl"):
        answer = job.get(f"/integrity/{path}/provenance")
        assert (answer.status_code, answer.json) == (404, {"message": "Not Found"})
